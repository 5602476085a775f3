/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * check: mistakes in the use of IPC, found by looking at a model. It knows neither the kernel nor an
 * output format; a recording serves as well as the machine. One table of rules gives --help, the
 * names that --ignore takes, and what a finding says.
 */
#ifndef IPCTRACE_CHECK_H
#define IPCTRACE_CHECK_H

#include "model/model.h"

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE };

struct inspection;

struct rule {
	const char *id; /* "unused-pipe-end": the contract's, never changed */
	enum severity severity;
	const char *why; /* why it matters: one line */
	const char *fix; /* what to do: a sentence */
	bool is_of_window; /* it needs what happened over a time; the state alone does not tell */
	/* Looks for it and adds what it finds. 0 or -ENOMEM. */
	int (*find)(struct inspection *inspection);
};

#define RULES_MAX 64
extern const struct rule rules[];
extern const size_t rules_count;

/* The rule of that name (len bytes), or NULL. */
const struct rule *rule_find(const char *name, size_t len);
/* "error", "warning", "note" */
const char *severity_name(enum severity severity);

struct finding {
	const struct rule *rule;
	const struct process *process; /* NULL = nobody in particular */
	const struct object *object; /* NULL = none */
	char *message; /* a sentence; may hold hostile bytes: sinks escape it */
};

struct findings {
	struct finding *items;
	size_t count;
};

/*
 * Applies every rule but those whose bit (index in the table) is set in `ignored`. Findings come
 * sorted: errors first, then in the order of rules, processes and objects. 0 or -ENOMEM;
 * findings_free() frees what is in it in either case.
 */
int check_run(struct model *model, uint64_t ignored, struct findings *findings);
/* Drops the one at that place. */
void findings_remove(struct findings *findings, size_t index);
void findings_free(struct findings *findings);

#endif /* IPCTRACE_CHECK_H */
