/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin for qemu-user that tells how many instructions the guest has run. QEMU's own libinsn is in no package of Debian,
 * nor is qemu-plugin.h: what is used of it is declared here, and is the same in QEMU 7.2 (interface 1) and 10 (2 to 4). */

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#ifndef INTERFACE
#        define INTERFACE 1
#endif

struct qemu_plugin_tb;
struct qemu_info_t;
typedef uint64_t plugin_id;

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id, void (*cb)(plugin_id id, struct qemu_plugin_tb *tb));
void qemu_plugin_register_vcpu_tb_exec_cb(
        struct qemu_plugin_tb *tb, void (*cb)(unsigned vcpu, void *n), int registers, void *n);
void qemu_plugin_register_atexit_cb(plugin_id id, void (*cb)(plugin_id id, void *data), void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);

extern int qemu_plugin_version;
int qemu_plugin_install(plugin_id id, const struct qemu_info_t *info, int argc, char **argv);

int qemu_plugin_version = INTERFACE;
static uint64_t instructions;

/* A block of instructions that is left only at its end. */
static void run(unsigned vcpu, void *n) {
        (void) vcpu;
        instructions += (uintptr_t) n;
}

static void translate(plugin_id id, struct qemu_plugin_tb *tb) {
        (void) id;
        qemu_plugin_register_vcpu_tb_exec_cb(tb, run, 0, (void *) (uintptr_t) qemu_plugin_tb_n_insns(tb));
}

static void tell(plugin_id id, void *data) {
        (void) id;
        (void) data;
        fprintf(stderr, "instructions: %" PRIu64 "\n", instructions);
}

int qemu_plugin_install(plugin_id id, const struct qemu_info_t *info, int argc, char **argv) {
        (void) info;
        (void) argc;
        (void) argv;
        qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
        qemu_plugin_register_atexit_cb(id, tell, NULL);
        return 0;
}
