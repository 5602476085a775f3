/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* About the tracing itself: what was asked for, what was lost. */
#ifndef IPCTRACE_RECORD_TRACING_H
#define IPCTRACE_RECORD_TRACING_H

#include "ipctrace/record/type.h"

struct record_select {
	struct record head;
	__u32 pid;		/* 0 = every process */
	__u32 follow;		/* 1 = with descendants */
};

enum loss {
	LOSS_RING_FULL,		/* event dropped: ring buffer full */
	LOSS_MAP_FULL,		/* transfer not counted: table of transfers full */
	LOSS_TEXT_CUT,		/* a string was longer than its room */
	LOSS_READ_FAILED,	/* user or kernel memory could not be read: an event is missing */
	LOSS_RECURSION,		/* a hook was skipped by the kernel's recursion guard */
	LOSS_TABLE_CUT,		/* a descriptor table was too large to send whole */
	LOSS_UNRESOLVED,	/* the model met a descriptor it could not explain */
	LOSS_MAX
};

struct record_loss {
	struct record head;
	__u64 total[LOSS_MAX];
	__u32 resyncs;
	__u32 pad;
};

#endif /* IPCTRACE_RECORD_TRACING_H */
