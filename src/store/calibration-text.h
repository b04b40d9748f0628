/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is known of a sensor as text: its layout in memory is no format, numbers in the order of their declaration are. */

#include <repcast/calibration.h>

/* 2 counters, x, the lower triangle of P, bias and sigma of the gyroscope: 60 numbers of at most 25 characters */
#define CALIBRATION_TEXT_MAX 2048

void calibration_to_text(const struct calibration *c, char ret[static CALIBRATION_TEXT_MAX]);

/* Returns 0, or -EINVAL for text that is not one, or is of no possible sensor. */
int calibration_from_text(const char *text, struct calibration *ret);
