/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The files that make a fresh mosquitto the broker of one hub and of the screens that look at it: their texts, and how they
 * are told from files of others. */

#include <stdbool.h>

#define BROKER_FOLDER    "/etc/mosquitto"
#define BROKER_CONF      BROKER_FOLDER "/conf.d/repcast.conf"
#define BROKER_ACL       BROKER_FOLDER "/repcast.acl"
#define BROKER_PASSWORDS BROKER_FOLDER "/repcast.passwd"
#define HUB_CONF         REPCASTCONFDIR "/repcast.conf.d/50-broker.conf"
#define HUB_PASSWORD     REPCASTCONFDIR "/broker-password"
#define WALL_PASSWORD    REPCASTCONFDIR "/wall-password"
#define COACH_PASSWORD   REPCASTCONFDIR "/coach-password"

/* Users of the broker. */
#define HUB_USER   "repcast"
#define WALL_USER  "wall"
#define COACH_USER "coach"

struct broker_settings {
        unsigned port, web_port;
        const char *prefix;     /* of the topics */
        const char *discovery;  /* prefix under which Home Assistant is told */
        const char *web_folder; /* which the broker serves; NULL = none */
        bool coach;             /* a user who may give commands */
};

/* Each returns a text to be freed, or NULL: no memory. */
char *broker_conf_text(const struct broker_settings *s);
char *broker_acl_text(const struct broker_settings *s);
char *hub_conf_text(const struct broker_settings *s);

/* Does the text come from here? The configurations begin with a line that says so, the list of passwords names the users
 * above and nobody else. */
bool broker_text_is_ours(const char *text);
bool broker_passwords_are_ours(const char *text);

/* Does the list name just those users? */
bool broker_passwords_fit(const char *text, bool coach);

/* A broker that somebody else has set up stays as it is: is there anything in its files that makes listeners, users or
 * rights? Returns 0; 1: yes, and said so on standard error; or a negative errno value: -ENOENT, no mosquitto is installed. */
int broker_look_for_others(const char *root);
