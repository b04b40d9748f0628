/* SPDX-License-Identifier: Apache-2.0 */
/* The uplink's thread, and the hub's name: two hubs that bear the same would write into each other's topics.
 *
 *     we                                      the other one, if there is one
 *     connect, listen to status and owner
 *     claim ------------------------------->  judges: who has had the name for longer?
 *           <------------------------------ claim   it: we withdraw, and ask again from time to time
 *                                                   we: it withdraws, or is gone
 *     hear our own claim come back, and no "online" of another: the name is ours
 *     an "online" of another that stays without an answer was left by one that is gone
 *
 * A machine that was copied with its id has our client id too: to connect throws the other one out. Who is thrown out comes
 * back under an id of its own and claims; so both stand side by side until one withdraws. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message/claim.h"
#include "mqtt/uplink-private.h"
#include "util/log.h"
#include "util/macros.h"

/* For an answer, when somebody else may be there: a few round trips of a slow network. */
#define CLAIM_US       (SECOND_US * 5 / 2)
#define CLAIM_AGAIN_US (SECOND_US * 4 / 5)

/* So many connections in a row that ended soon: another client may have our id. MQTT 5 has a word for it, which mosquitto
 * 2.0.11 does not say. */
#define SHORT_LIVES_MAX 2

static struct claim our_claim(const struct uplink *u) {
        struct claim c = {
                .held_s = u->held_since_us > 0 ? (double) (uplink_now_us() - u->held_since_us) * 1e-6 : 0};

        snprintf(c.session, sizeof(c.session), "%s", u->config.run);
        return c;
}

static void publish_claim(struct uplink *u) {
        const struct claim claim = our_claim(u);
        char *json;

        u->claim_due_us = u->state == LINK_CLAIMING ? uplink_now_us() + CLAIM_AGAIN_US : UINT64_MAX;
        u->claimed_us = uplink_now_us();
        if (claim_to_json(&claim, &json) < 0)
                return; /* again when its time comes */
        (void) client_publish(u->client, u->claim_topic, json, 1, false);
        free(json);
}

/* Answers are told apart from echoes by their session; who asks faster is answered once in that time. */
static void claim_soon(struct uplink *u) {
        u->claim_due_us = MIN(u->claim_due_us, MAX(uplink_now_us(), u->claimed_us + CLAIM_AGAIN_US));
}

void uplink_claim(struct uplink *u) {
        u->deadline_us = uplink_now_us() + CLAIM_US;
        u->claim_echoed = u->rival = u->outdone = false;
        (void) client_subscribe(u->client, u->status_topic);
        (void) client_subscribe(u->client, u->claim_topic);
        publish_claim(u);
}

static bool has_a_say(const struct uplink *u) {
        return u->state == LINK_CLAIMING || uplink_is_online(u);
}

bool uplink_is_granted(const struct uplink *u) {
        return u->state == LINK_CLAIMING && u->claim_echoed && !u->rival;
}

bool uplink_is_outdone(const struct uplink *u) {
        return has_a_say(u) && u->outdone;
}

uint64_t uplink_claim_due_us(const struct uplink *u) {
        return has_a_say(u) && (u->state != LINK_CLAIMING || u->rival) ? u->claim_due_us : UINT64_MAX;
}

void uplink_claim_again(struct uplink *u) {
        publish_claim(u);
}

void uplink_receive_claim(struct uplink *u, const void *payload, size_t size, bool retained) {
        const struct claim ours = our_claim(u);
        struct claim theirs;

        if (retained || !has_a_say(u) || claim_from_json(payload, size, &theirs) < 0)
                return;
        if (strcmp(theirs.session, ours.session) == 0)
                u->claim_echoed = true;
        else if (claim_beats(&theirs, &ours))
                u->outdone = true;
        else
                claim_soon(u);
}

/* Our own status: the will of an earlier connection may come after our birth and overwrite it. */
void uplink_receive_status(struct uplink *u, const void *payload, size_t size) {
        struct status_heard heard;
        const bool known = status_from_json(payload, size, &heard) == 0,
                   own = known && strcmp(heard.session, u->config.run) == 0;

        u->rival = known && !own && heard.online;
        if (u->state == LINK_CLAIMING)
                return;
        u->birth_overwritten = !own || !heard.online;
        if (u->rival)
                claim_soon(u); /* it judges, and answers or withdraws */
}

void uplink_withdraw(struct uplink *u) {
        snprintf(u->why, sizeof(u->why),
                "another hub is \"%s\" at broker %s already and stays it; this one keeps its events: give each "
                "hub a "
                "name of its own (Name= in [hub])",
                u->config.hub, u->broker_label);
        client_disconnect(u->client); /* no will: it would overwrite the other's birth */
        u->held_since_us = 0;
        u->own_id = true;
}

void uplink_take_name(struct uplink *u) {
        u->claim_due_us = UINT64_MAX;
        if (u->held_since_us == 0)
                u->held_since_us = uplink_now_us();
        if (!u->claim_echoed && u->refusal[0] == '\0')
                uplink_tell_refusal(u, "to pass on its claim to its name", "nothing comes back");
}

void uplink_judge_end(struct uplink *u, bool lasted) {
        const enum client_end end = u->client ? client_end(u->client) : CLIENT_LOST;

        u->short_lives = lasted ? 0 : u->short_lives + 1;
        u->own_id = end == CLIENT_TAKEN_OVER || u->short_lives >= SHORT_LIVES_MAX;
        if (u->own_id)
                u->session_broker = -1;
}

void uplink_client_id(const struct uplink *u, char *ret, size_t size) {
        if (u->own_id)
                snprintf(ret, size, "%s-%.8s", u->config.client_id, u->config.run);
        else
                snprintf(ret, size, "%s", u->config.client_id);
}
