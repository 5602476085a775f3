/* SPDX-License-Identifier: GPL-2.0-only */
/* Signals: how many there were from one process to another, and which are pending. */
#ifndef IPCTRACE_MODEL_SIGNAL_H
#define IPCTRACE_MODEL_SIGNAL_H

#include "model/process.h"

struct model;

#define SIGNAL_COUNT 64

/* What one sender did to one process with one signal, in the window. */
struct signal_tally {
	struct signal_key key;
	struct process *sender, *target; /* sender NULL = the kernel */
	struct signal_counts counts;
	UT_hash_handle hh;		/* model->signals */
};

/* A signal that was pending when last looked at. */
struct pending {
	struct process_key target;
	struct process *sender; /* NULL = the kernel, or unknown */
	uint32_t signal;
	uint32_t cause; /* enum signal_cause */
	uint32_t sender_pid; /* 0 = none; of one that is gone, too */
	struct pending *next, *prev;
};

/* NULL = not known. */
const struct signal_tally *model_signal(const struct model *model, const struct signal_key *key);
/* Sent, and nothing has become of them yet. */
uint64_t signal_pending(const struct signal_counts *counts);
/* Signals that all threads of the process block; false = not known. */
bool process_blocks(const struct process *process, uint64_t *blocked);
/* "SIGTERM", "SIGRTMIN+2". Never NULL. */
const char *signal_name(uint32_t signal);
/* "child exited"; NULL where a process sent it. */
const char *signal_cause_name(uint32_t cause);
const char *signal_outcome_name(uint32_t outcome);

#endif /* IPCTRACE_MODEL_SIGNAL_H */
