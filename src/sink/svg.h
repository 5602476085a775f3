/* SPDX-License-Identifier: GPL-2.0-only */
/* Graphs drawn by graphviz's dot(1). */
#ifndef IPCTRACE_SVG_H
#define IPCTRACE_SVG_H

#include "sink/sink.h"

/* Draws into a file in memory, given back at its beginning; the caller closes it. Returns 0,
 * -ENOENT when there is no dot(1), or another -errno; says nothing. */
int svg_draw(const struct model *model, const struct graph *graph, FILE **svg);
/* A file that only lives in memory; NULL when there is none to be had. */
FILE *memory_file(const char *name);
/* Copies the rest of a stream to another. */
int stream_copy(FILE *from, FILE *to);

#endif /* IPCTRACE_SVG_H */
