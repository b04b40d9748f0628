/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A recording and what was found in it, as a drawing: an output of replay that writes an SVG file. */

#include <stdio.h>

#include "ctl/output.h"
#include "ctl/scene.h"

struct picture {
        struct output output;
        const char *path; /* of the file to write */
        FILE *file;
        struct output_source source;
        struct scene scene;
};

/* path lives as long as the picture. The file is made at begin and complete after end. */
void picture_init(struct picture *p, const char *path);
