/* A disk that fails: the n-th write below a folder gives an error, by LD_PRELOAD.
   FAIL_UNDER folder; FAIL_AT n (0 = never); FAIL_WITH errno; FAIL_ON = 1: all later ones fail too; FAIL_COUNT file that is told how many there were */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_long seen;

static int is_ours(int fd) {
    char link[64], path[4096];
    const char *under = getenv("FAIL_UNDER");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (!under || size < 0) return 0;
    path[size] = 0;
    return strncmp(path, under, strlen(under)) == 0;
}

static int fails(int fd) {
    int before = errno;
    if (!is_ours(fd)) { errno = before; return 0; }
    errno = before;
    const char *at = getenv("FAIL_AT"), *with = getenv("FAIL_WITH"), *on = getenv("FAIL_ON");
    long number = atomic_fetch_add(&seen, 1) + 1, wanted = at ? atol(at) : 0;
    if (!wanted || (number != wanted && !(on && *on == '1' && number > wanted))) return 0;
    errno = with ? atoi(with) : EIO;
    return 1;
}

__attribute__((destructor)) static void tell(void) {
    const char *path = getenv("FAIL_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (file) { fprintf(file, "%ld", seen); fclose(file); }
}

#define FAILING(type, name, parameters, arguments)                        \
    type name parameters {                                                \
        static type (*real) parameters;                                   \
        if (!real) real = (type (*) parameters) dlsym(RTLD_NEXT, #name);  \
        return fails(fd) ? -1 : real arguments;                           \
    }

FAILING(ssize_t, write, (int fd, const void *from, size_t size), (fd, from, size))
FAILING(ssize_t, pwrite, (int fd, const void *from, size_t size, off_t at), (fd, from, size, at))
FAILING(ssize_t, pwrite64, (int fd, const void *from, size_t size, off64_t at), (fd, from, size, at))
FAILING(ssize_t, writev, (int fd, const struct iovec *from, int count), (fd, from, count))
FAILING(int, fsync, (int fd), (fd))
FAILING(int, fdatasync, (int fd), (fd))
FAILING(int, ftruncate, (int fd, off_t size), (fd, size))
FAILING(int, ftruncate64, (int fd, off64_t size), (fd, size))
