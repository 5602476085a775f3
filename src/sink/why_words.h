/* SPDX-License-Identifier: GPL-2.0-only */
/* How a wait is worded, for text and JSON alike. */
#ifndef IPCTRACE_WHY_WORDS_H
#define IPCTRACE_WHY_WORDS_H

#include "model/why.h"

#define WHY_SUMMARY_MAX 1024
#define RELIEF_MAX      512

const char *verdict_name(enum verdict verdict);
/* "read"; "?" where the call is not known */
const char *wait_call(const struct wait *wait);
/* What ends it other than its wakers: "ends by itself: it has a timeout"; NULL = nothing does.
 * Escaped for a terminal. */
const char *relief_words(const struct model *model, const struct wait *wait, char buf[RELIEF_MAX]);
/* What outside can end it, through wait->outsides[i]: "any client of tcp:… can end it". Escaped for a
 * terminal. */
void outside_words(const struct model *model, const struct wait *wait, unsigned int i,
		   char buf[RELIEF_MAX]);
/* "fork", "exec", "dup", "passed", "opened"; NULL = unknown */
const char *waker_how(const struct waker *waker);
/* One or two plain sentences; escaped for a terminal. */
const char *why_summary(const struct model *model, const struct why *why,
			char buf[WHY_SUMMARY_MAX]);

#endif /* IPCTRACE_WHY_WORDS_H */
