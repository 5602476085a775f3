/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of one thing that may have more of them than the kernel takes at once. */
#ifndef IPCTRACE_PART_BPF_H
#define IPCTRACE_PART_BPF_H

extern struct rows_part rows_part; /* rows.bpf.c; the reader goes from part to part */

_Static_assert(ROWS_AT_ONCE * sizeof(struct record_in_flight) <= 8 * 4096 &&
		       ROWS_AT_ONCE * sizeof(struct record_segment) <= 8 * 4096 &&
		       ROWS_AT_ONCE * sizeof(struct record_wait_peer) <= 8 * 4096 &&
		       ROWS_AT_ONCE * sizeof(struct record_signal_queued) + sizeof(struct record_signal_state) <=
			       8 * 4096,
	       "a part fits into what the kernel takes");

/* number: of the row, from control.zero: which the verifier does not know, or it would follow each. True where it is to be told of now. */
static __always_inline bool is_in_part(__u32 number)
{
	if (number - rows_part.first < ROWS_AT_ONCE)
		return true;
	if (number > rows_part.first)
		rows_part.more = 1;
	return false;
}

#endif /* IPCTRACE_PART_BPF_H */
