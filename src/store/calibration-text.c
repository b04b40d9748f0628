/* SPDX-License-Identifier: Apache-2.0 */
/* A calibration as numbers between blanks. */

#include "store/calibration-text.h"

#include <errno.h>
#include <float.h>
#include <stdint.h>
#include <string.h>

#include "util/macros.h"
#include "util/number.h"

#define N         CALIBRATION_N
#define N_DOUBLES (N + N * (N + 1) / 2 + 3 + 1)
#define N_COUNTS  2

_Static_assert((N_DOUBLES + N_COUNTS) * NUMBER_FORMAT_MAX <= CALIBRATION_TEXT_MAX, "the text needs more room");

/* Where each number of the text stands: the one list for both directions. */
static void list(struct calibration *c, double *ret[static N_DOUBLES]) {
        size_t n = 0;

        for (unsigned i = 0; i < N; i++)
                ret[n++] = &c->x[i];
        for (unsigned i = 0; i < N; i++)
                for (unsigned j = 0; j <= i; j++)
                        ret[n++] = &c->P[i][j];
        for (unsigned i = 0; i < 3; i++)
                ret[n++] = &c->gyro_bias_radps[i];
        ret[n++] = &c->gyro_sigma_radps;
}

void calibration_to_text(const struct calibration *c, char ret[static CALIBRATION_TEXT_MAX]) {
        struct calibration copy = *c;
        double *numbers[N_DOUBLES];
        const double counts[N_COUNTS] = {c->flipped, c->rests};
        char *p = ret;

        list(&copy, numbers);
        for (size_t i = 0; i < N_COUNTS + N_DOUBLES; i++) {
                double value = i < N_COUNTS ? counts[i] : *numbers[i - N_COUNTS];
                char text[NUMBER_FORMAT_MAX];

                if (number_format_double(value, text) < 0)
                        strcpy(text, "0"); /* not finite: a variance of 0, which nobody will believe */
                if (i > 0)
                        *p++ = ' ';
                p = stpcpy(p, text);
        }
}

/* Cut the next word off. */
static int take_number(const char **text, double max, double *ret) {
        char word[NUMBER_FORMAT_MAX];
        size_t n = strcspn(*text, " ");

        if (n >= sizeof(word))
                return -EINVAL;
        memcpy(word, *text, n);
        word[n] = '\0';
        *text += n + ((*text)[n] == ' ');
        return number_parse_double(word, -max, max, ret) < 0 ? -EINVAL : 0;
}

int calibration_from_text(const char *text, struct calibration *ret) {
        struct calibration c = {.version = CALIBRATION_VERSION};
        double counts[N_COUNTS], *numbers[N_DOUBLES];

        for (size_t i = 0; i < N_COUNTS; i++)
                if (take_number(&text, UINT32_MAX, &counts[i]) < 0 || counts[i] < 0)
                        return -EINVAL;
        list(&c, numbers);
        for (size_t i = 0; i < N_DOUBLES; i++)
                if (take_number(&text, DBL_MAX, numbers[i]) < 0)
                        return -EINVAL;
        if (*text != '\0')
                return -EINVAL;
        c.flipped = (uint32_t) counts[0];
        c.rests = (uint32_t) counts[1];
        for (unsigned i = 0; i < N; i++)
                for (unsigned j = 0; j < i; j++)
                        c.P[j][i] = c.P[i][j];
        if (calibration_check(&c) < 0)
                return -EINVAL;
        *ret = c;
        return 0;
}
