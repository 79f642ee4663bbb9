// A disk that takes 5 ms for a sync, as many do, for Tools/benchmark: preloaded into the daemon, each fdatasync does
// what it does and then waits. Everything else of the disk stays as it is.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

int fdatasync(int descriptor) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    int status = real(descriptor);
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    return status;
}
