/* SPDX-License-Identifier: Apache-2.0 */
/* This machine's addresses in the house. */

#include "ctl/house.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define LINK_LOCAL 0xa9fe0000u /* 169.254.0.0/16, RFC 3927: an address for want of one */

static bool is_useful(const struct ifaddrs *a) {
        const struct sockaddr_in *in = (const void *) a->ifa_addr;

        if (!in || in->sin_family != AF_INET || !(a->ifa_flags & IFF_UP) || (a->ifa_flags & IFF_LOOPBACK))
                return false;
        return (ntohl(in->sin_addr.s_addr) & 0xffff0000u) != LINK_LOCAL;
}

void house_print_addresses(unsigned port, FILE *stream) {
        struct ifaddrs *list = NULL;
        char text[INET_ADDRSTRLEN];
        bool any = false;

        if (getifaddrs(&list) < 0)
                list = NULL;
        for (const struct ifaddrs *a = list; a; a = a->ifa_next) {
                const struct sockaddr_in *in = (const void *) a->ifa_addr;

                if (!is_useful(a) || !inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text)))
                        continue;
                fprintf(stream, "%s http://%s:%u/\n", any ? "             " : "Dashboard:   ", text, port);
                any = true;
        }
        if (!any)
                fprintf(stream, "Dashboard:    http://localhost:%u/ (this machine is in no network)\n", port);
        freeifaddrs(list);
}
