/* Preloaded before the C library: writes and syncs of a database fail as those of a bad or full disk do.
 *
 * io_faults(first, many, code): from now on the first-th call (from 1) that changes a file whose name has
 * "coupon.db" fails with errno `code`, and so do the ones after it, `many` in all. Files beside it by which
 * processes wait for each other are left alone: they hold no bytes of the database.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long calls, first_bad, last_bad;
static atomic_int error_code;

void io_faults(long first, long many, int code) {
    atomic_store(&calls, 0);
    atomic_store(&error_code, code);
    atomic_store(&last_bad, first + many - 1);
    atomic_store(&first_bad, first);
}

long io_calls(void) { return atomic_load(&calls); }

static int is_of_database(int fd) {
    char link[32], name[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, name, sizeof name - 1);
    if (size <= 0) return 0;
    name[size] = 0;
    char *found = strstr(name, "coupon.db");
    return found && !strstr(found, ".lock") && !strstr(found, ".turn") && !strstr(found, ".checkpoint");
}

static int fails(int fd) {
    if (!atomic_load(&first_bad) || !is_of_database(fd)) return 0;
    long call = atomic_fetch_add(&calls, 1) + 1;
    if (call < atomic_load(&first_bad) || call > atomic_load(&last_bad)) return 0;
    errno = atomic_load(&error_code);
    return 1;
}

#define REAL(type, name, ...) \
    static type (*real)(__VA_ARGS__); \
    if (!real) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name);

ssize_t write(int fd, const void *bytes, size_t size) {
    REAL(ssize_t, write, int, const void *, size_t)
    return fails(fd) ? -1 : real(fd, bytes, size);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) {
    REAL(ssize_t, pwrite, int, const void *, size_t, off_t)
    return fails(fd) ? -1 : real(fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
    REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t)
    return fails(fd) ? -1 : real(fd, bytes, size, at);
}

int fsync(int fd) {
    REAL(int, fsync, int)
    return fails(fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
    REAL(int, fdatasync, int)
    return fails(fd) ? -1 : real(fd);
}

int ftruncate(int fd, off_t size) {
    REAL(int, ftruncate, int, off_t)
    return fails(fd) ? -1 : real(fd, size);
}

int ftruncate64(int fd, off64_t size) {
    REAL(int, ftruncate64, int, off64_t)
    return fails(fd) ? -1 : real(fd, size);
}
