/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a packet. The first byte chooses the format, the rest is the packet: what decodes encodes to the very
 * same bytes. */

#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "sensor/packet.h"
#include "sensor/unpack.h"

static struct packet packet_of(const struct unpacked *u) {
        struct packet packet = {.counter = u->time, .n_samples = u->n};

        for (unsigned k = 0; k < u->n; k++) {
                memcpy(packet.samples[k].f_mps2, u->samples[k].f_mps2, sizeof(packet.samples[k].f_mps2));
                memcpy(packet.samples[k].w_radps, u->samples[k].w_radps, sizeof(packet.samples[k].w_radps));
        }
        return packet;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct packet_format format = {.accel_range_g = 8, .gyro_range_dps = 1000};
        uint8_t again[PACKET_SIZE_MAX];
        struct profile profile;
        struct packet packet;
        struct unpacked u;
        int k;

        if (size < 1)
                return 0;
        format.counter = data[0] % _PACKET_COUNTER_MAX;
        data++;
        size--;
        packet_profile(&format, &profile);
        k = unpack_find(&profile, 0, data, size);
        if (k >= 0)
                k = unpack(&profile.packets[0], data, size, &u);
        if (k < 0) {
                must(k == -EBADMSG || k == -ENOENT);
                return 0;
        }
        must(u.n >= 1 && u.n <= PACKET_SAMPLES_MAX);
        packet = packet_of(&u);
        must(packet_encode(&format, &packet, again, sizeof(again)) == (int) size);
        must(memcmp(again, data, size) == 0);
        return 0;
}
