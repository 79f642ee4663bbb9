// Counts what a process allocates and copies, for Tools/benchmark: preloaded into the daemon, it adds up in
// memory that the tool maps as well. Copies are those by the C library's memcpy and memmove; what the compiler
// copies in place is not seen, and what the kernel copies is counted by system calls.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct counters {
    _Atomic uint64_t allocations, allocated_bytes, copies, copied_bytes;
};

static struct counters none;
static struct counters *counters = &none;

__attribute__((constructor)) static void map_counters(void) {
    const char *path = getenv("HOLDFAST_COUNTERS");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *mapped = mmap(NULL, sizeof(none), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (mapped != MAP_FAILED) counters = mapped;
    close(file);
}

static void allocated(size_t size) {
    atomic_fetch_add_explicit(&counters->allocations, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&counters->allocated_bytes, size, memory_order_relaxed);
}

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) {
    allocated(size);
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    allocated(count * size);
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
    allocated(size);
    return __libc_realloc(old, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
    allocated(size);
    void *memory = __libc_memalign(alignment, size);
    if (!memory) return 12;
    *result = memory;
    return 0;
}

void *memmove(void *to, const void *from, size_t count) {
    atomic_fetch_add_explicit(&counters->copies, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&counters->copied_bytes, count, memory_order_relaxed);
    unsigned char *target = to;
    const unsigned char *source = from;
    if (target <= source || target >= source + count) {
        __asm__ volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(count) : : "memory");
    } else {
        while (count-- > 0) target[count] = source[count];
    }
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t count) { return memmove(to, from, count); }
