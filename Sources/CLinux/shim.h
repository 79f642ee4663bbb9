// Linux's own calls on files. The C library declares some of them only under _GNU_SOURCE, which a module
// cannot set, and has no function for others; here they have names that Swift can call.
#ifndef HOLDFAST_CLINUX_H
#define HOLDFAST_CLINUX_H
#include <linux/falloc.h>
#include <linux/fs.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

extern int fallocate(int descriptor, int mode, off_t offset, off_t length);
extern int sync_file_range(int descriptor, off_t offset, off_t length, unsigned int flags);
extern ssize_t preadv2(
    int descriptor, const struct iovec *vectors, int count, off_t offset, int flags);

// open(2), O_DIRECT, which <fcntl.h> has under _GNU_SOURCE only; the number is the architecture's.
#if defined(__arm__) || defined(__aarch64__)
static const int linux_open_direct = 0200000;
#else
static const int linux_open_direct = 040000;
#endif

// fallocate(2): frees the blocks of a range and keeps the size.
static inline int linux_punch(int descriptor, off_t offset, off_t length) {
    return fallocate(
        descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}

// sync_file_range(2) with SYNC_FILE_RANGE_WRITE, which the header has under _GNU_SOURCE only.
static inline int linux_start_writeback(int descriptor, off_t offset, off_t length) {
    return sync_file_range(descriptor, offset, length, 2);
}

// preadv2(2): reads what is in the page cache, and says EAGAIN for what is not.
static inline ssize_t linux_read_nowait(int descriptor, void *buffer, size_t count, off_t offset) {
    struct iovec vector = {buffer, count};
    return preadv2(descriptor, &vector, 1, offset, RWF_NOWAIT);
}

struct linux_cachestat_range {
    uint64_t offset;
    uint64_t length;
};

struct linux_cachestat {
    uint64_t cached;
    uint64_t dirty;
    uint64_t writeback;
    uint64_t evicted;
    uint64_t recently_evicted;
};

// cachestat(2), since Linux 6.5 (the number is the same on every architecture).
static inline long linux_cachestat(
    int descriptor, struct linux_cachestat_range *range, struct linux_cachestat *result) {
    return syscall(451, descriptor, range, result, 0);
}
#endif
