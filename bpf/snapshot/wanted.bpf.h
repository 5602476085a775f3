/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tasks wait on, noted by the pass over them, so that the pass over all descriptors can leave out
 * what nobody waits for: on a large machine that is nearly everything.
 */
#ifndef IPCTRACE_WANTED_BPF_H
#define IPCTRACE_WANTED_BPF_H

#include "maps.bpf.h"

struct wanted_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WANTED_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct watched_key);
	__type(value, __u32); /* the look that wanted it last */
};

/* Notes what those facts are of, and its other end. */
int want(const struct file_facts *facts);

/* The same of memory in which somebody waits for a word: who has it mapped is to be read. */
int want_memory(const struct file_facts *facts);

/* Could a wait depend on a file with those facts? Yes where it isn't certain. */
int is_wanted(const struct file_facts *facts);
/* The same of a mapping of it. */
int is_wanted_memory(const struct file_facts *facts);

#endif /* IPCTRACE_WANTED_BPF_H */
