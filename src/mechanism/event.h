/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An event as people see it: mechanisms make it from a record and the change it caused, sinks
 * print it. One walk over its facts serves text and JSON; neither knows what the facts mean.
 */
#ifndef IPCTRACE_EVENT_H
#define IPCTRACE_EVENT_H

#include "model/model.h"

enum fact_type {
	FACT_UINT, FACT_INT, FACT_TEXT, FACT_BOOL, FACT_PROCESS, FACT_OBJECT, FACT_NULL,
	FACT_WORDS,	/* text of its own, of ours: not hostile */
};

#define FACT_WORDS_MAX 160

struct fact {
	const char *key;	/* JSON key */
	enum fact_type type;
	union {
		uint64_t number;
		int64_t integer;
		bool truth;
		const struct process *process;
		const struct object *object;
		struct { const char *bytes; size_t len; } text; /* hostile: sinks escape it */
		char words[FACT_WORDS_MAX];
	};
};

#define EVENT_FACTS_MAX 14
#define EVENT_FDS_MAX	4

struct event {
	uint64_t ts;
	const char *name;	/* "pipe.create": mechanism.verb, from the contract */
	const struct process *process;
	uint32_t tid;
	const struct process *party;	/* whom it concerns as well; NULL = none */
	bool by_kernel;			/* no process did it */
	char comm[RECORD_COMM_LEN];	/* of the task; hostile */
	const struct object *object;	/* NULL = none */
	int fds[EVENT_FDS_MAX];
	size_t fds_count;
	bool has_result;
	int64_t result;
	bool before;		/* a snapshot row: not an event of the window; sinks leave it out */
	char words[320];	/* text: "dup2 4 → 0"; may hold hostile bytes: sinks escape it */
	char copy[128];		/* of the text of a fact; the name of a Unix socket fits */
	const char *end;	/* text: "read end", "write end", …; NULL = none */
	struct fact facts[EVENT_FACTS_MAX]; /* further keys of the JSON line */
	size_t facts_count;
};

#endif /* IPCTRACE_EVENT_H */
