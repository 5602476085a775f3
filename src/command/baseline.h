/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Findings that are known and accepted: the JSON document of an earlier check. Numbers that change
 * from run to run (pids, inodes) don't count: a finding is known when the earlier one had the same
 * rule, the same name and file of the program, and the same kind and name of object.
 */
#ifndef IPCTRACE_BASELINE_H
#define IPCTRACE_BASELINE_H

#include <jansson.h>

#include "check/check.h"

/* Reads the document. 0, or -errno after saying why. To be freed by json_decref(). */
int baseline_read(const char *path, json_t **baseline);
/* Drops the findings that the baseline knows; *known is how many. 0 or -ENOMEM. */
int baseline_apply(const json_t *baseline, const struct model *model, struct findings *findings,
		   size_t *known);

#endif /* IPCTRACE_BASELINE_H */
