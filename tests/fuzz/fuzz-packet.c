/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a packet. The first byte chooses the format, the rest is the packet: what decodes encodes to the very
 * same bytes. */

#include <errno.h>
#include <string.h>

#include "fuzz.h"
#include "sensor/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct packet_format format = {.accel_range_g = 8, .gyro_range_dps = 1000};
        uint8_t again[PACKET_SIZE_MAX];
        struct packet packet;
        int k;

        if (size < 1)
                return 0;
        format.counter = data[0] % _PACKET_COUNTER_MAX;
        data++;
        size--;
        k = packet_decode(&format, data, size, &packet);
        if (k < 0) {
                must(k == -EBADMSG || k == -EPROTONOSUPPORT);
                return 0;
        }
        must(packet.n_samples >= 1 && packet.n_samples <= PACKET_SAMPLES_MAX);
        must(packet_encode(&format, &packet, again, sizeof(again)) == (int) size);
        must(memcmp(again, data, size) == 0);
        return 0;
}
