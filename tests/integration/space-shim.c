/* SPDX-License-Identifier: Apache-2.0 */
/* A disk with little room, for one process: preloaded, it makes every disk's free room what SPACE_SHIM says, in bytes. */

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/statvfs.h>

int statvfs(const char *path, struct statvfs *ret);

int statvfs(const char *path, struct statvfs *ret) {
        static int (*real)(const char *, struct statvfs *);
        const char *room = getenv("SPACE_SHIM");
        int r;

        if (!real)
                *(void **) &real = dlsym(RTLD_NEXT, "statvfs");
        r = real(path, ret);
        if (r == 0 && room && *room) {
                ret->f_frsize = 1;
                ret->f_bavail = strtoul(room, NULL, 10);
        }
        return r;
}
