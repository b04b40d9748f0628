/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a hypothesis pays for what it claims, in nats. Private to the core. */

#include <repcast/beam.h>

/* Price of going from one leg to another whatever the motion, or -1 where no way leads. The whole state machine. */
double hypothesis_price(enum leg from, enum leg to);

/* ROM that it may count on; 0 = none. One that was learned from a rep does not tell whether that rep was laid out right. */
double hypothesis_rom(const struct beam *b, const struct hypothesis *h);

/* Price of staying in the leg since the last weighing. What is charged once only is remembered. */
double hypothesis_stay(const struct beam *b, struct hypothesis *h);

/* What staying tells of the motion: nothing, unless it is a hold. */
void hypothesis_rest(const struct beam *b, struct hypothesis *h);

/* Price of going over to another leg now, or -1. */
double hypothesis_leave(const struct beam *b, const struct hypothesis *h, enum leg to);

/* Go over. up_first: the order of the movements from here on, where that is still open. */
void hypothesis_go(const struct beam *b, struct hypothesis *h, enum leg to, bool up_first);
