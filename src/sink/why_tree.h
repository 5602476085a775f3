/* SPDX-License-Identifier: GPL-2.0-only */
/* The lines of why's tree. */
#ifndef IPCTRACE_WHY_TREE_H
#define IPCTRACE_WHY_TREE_H

#include <stdio.h>

#include "model/why.h"

#define TREE_WIDTH 20 /* of what one wait has several of, shown */

struct tree {
	FILE *out;
	const struct model *model;
};

void tree_indent(const struct tree *tree, unsigned int depth);
/* " waits in read on fd 0, pipe:[88231], for 12.1 s", " is stopped, for 3.0 s", and ends the line */
void tree_wait(const struct tree *tree, const struct wait *wait);
/* Ends the line with that it isn't known which of them matters, and says what they do; marks the process. */
void tree_threads(const struct tree *tree, struct process *process, unsigned int depth);
/* Where the first of these waits for no more than its process's other threads, as others of them do: one line for all
 * of that process, which are marked. False = nothing was printed. */
bool tree_pool(const struct tree *tree, struct wait *const *waits, size_t count);

#endif /* IPCTRACE_WHY_TREE_H */
