/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a perfect sensor would get: the core's definitions of a border, applied to the exact velocity. */

#include "accuracy/trial.h"

/* In place of trial_run(): every true rep is found, at its end, with the figures that its exact velocity gives. */
int ideal_run(const struct trial *t, struct trial_truth *ret_truth, struct outcome *ret);
