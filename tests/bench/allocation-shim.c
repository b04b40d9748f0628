/* SPDX-License-Identifier: Apache-2.0 */
/* Allocations of one process, counted: preloaded, it keeps two numbers in the file that ALLOCATION_SHIM names, those of the
 * thread that main() runs on and those of all others. */

#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAIN, OTHERS, COUNTERS };

static _Atomic unsigned long early[COUNTERS], *counters = early;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static void count(void) {
        counters[gettid() == getpid() ? MAIN : OTHERS]++;
}

void *malloc(size_t size) {
        count();
        return __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
        count();
        return __libc_calloc(n, size);
}

void *realloc(void *p, size_t size) {
        count();
        return __libc_realloc(p, size);
}

__attribute__((constructor)) static void begin(void) {
        const char *path = getenv("ALLOCATION_SHIM");
        int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
        void *shared =
                fd >= 0 ? mmap(NULL, sizeof(early), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;

        if (shared != MAP_FAILED)
                counters = shared;
        if (fd >= 0)
                close(fd);
}
