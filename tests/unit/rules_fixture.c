// SPDX-License-Identifier: GPL-2.0-only
#include "rules_fixture.h"

struct findings findings;

void check(struct script *s)
{
	findings_free(&findings);
	assert_int_equal(check_run(s->model, 0, &findings), 0);
}

void assert_none(struct script *s)
{
	check(s);
	assert_int_equal(findings.count, 0);
	findings_free(&findings);
}
