/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The radix tree in which the kernel keeps what has a number: IPC objects of a namespace, and pids
 * (lib/xarray.c). Whoever walks it is in an RCU read-side section, and nodes are freed by RCU.
 */
#ifndef IPCTRACE_IDR_BPF_H
#define IPCTRACE_IDR_BPF_H

#include "maps.bpf.h"

#define IDR_LEVELS_MAX 4 /* of 6 bits each: pids have 22, IPC ids 24 at most */
#define XA_INTERNAL    2
#define XA_TAG_MASK    3

/* What stands under that number, 0 = nothing. Entries that lead to a further node have tag 2; the nodes
 * know how many bits they stand above. */
static __always_inline __u64 idr_at(struct idr *idr, __u32 index)
{
	__u64 head = (__u64)BPF_CORE_READ(idr, idr_rt.xa_head), entry = head;
	__u32 mask = bpf_core_field_size(struct xa_node, slots) / sizeof(void *) - 1;

	for (int i = 0; i < IDR_LEVELS_MAX && (entry & XA_TAG_MASK) == XA_INTERNAL; i++) {
		struct xa_node *node = (void *)(entry - XA_INTERNAL);
		unsigned char shift = BPF_CORE_READ(node, shift);
		void **slots = (void *)node + bpf_core_field_offset(struct xa_node, slots);

		/* One node above is too low for this index. */
		if (i == 0 && (index >> (shift & 31)) > mask)
			return 0;
		entry = 0;
		bpf_probe_read_kernel(&entry, sizeof(entry),
				      &slots[(index >> (shift & 31)) & mask]);
	}
	/* A tree of one entry, at index 0, has no node. */
	if (index && entry == head)
		return 0;
	return entry & XA_TAG_MASK ? 0 : entry;
}

#endif /* IPCTRACE_IDR_BPF_H */
