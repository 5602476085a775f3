/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of rules share: the rules run over a script's model, and what they found. */
#ifndef IPCTRACE_RULES_FIXTURE_H
#define IPCTRACE_RULES_FIXTURE_H

#include "check/check.h"
#include "records.h"

/* Of the last check(); the test frees them. */
extern struct findings findings;

void check(struct script *s);
/* Checks; nothing may be found. */
void assert_none(struct script *s);

#endif /* IPCTRACE_RULES_FIXTURE_H */
