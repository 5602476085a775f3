// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whom a Unix connect() or sendto() waits for: the socket whose queue is full, which the caller's own
 * socket does not tell. That socket keeps the sleepers in a list of its own (net/unix/af_unix.c,
 * unix_wait_for_peer()).
 */
#include "file.bpf.h"
#include "part.bpf.h"
#include "wanted.bpf.h"

#define SLEEPERS_MAX 4096
#define STACK_MAX    65536 /* THREAD_SIZE is no larger anywhere */

struct sleepers {
	struct seq_file *seq;
	struct list_head *head, *at;
	__u64 file;
	__u32 met;
};

/* Others put entries there to be told without sleeping (poll); a sleeper's lies on its own stack. */
static __always_inline struct task_struct *sleeper_of(struct wait_queue_entry *entry)
{
	struct task_struct *task = BPF_CORE_READ(entry, private);
	__u64 stack = (__u64)BPF_CORE_READ(task, stack);

	return stack && (__u64)entry - stack < STACK_MAX ? task : NULL;
}

static __always_inline void peer_row(struct sleepers *sleepers, struct task_struct *task)
{
	struct record_wait_peer row = {};

	row.head.type = RECORD_WAIT_PEER;
	row.head.flags = RECORD_ROW;
	row.head.size = sizeof(row);
	row.head.pid = BPF_CORE_READ(task, tgid);
	row.head.tid = BPF_CORE_READ(task, pid);
	file_sample(&row.facts, sleepers->file);
	want(&row.facts);
	bpf_seq_write(sleepers->seq, &row, sizeof(row));
}

static long sleeper_step(__u32 i, struct sleepers *sleepers)
{
	struct list_head *at = sleepers->at;
	struct wait_queue_entry *entry;
	struct task_struct *task;

	if (!at || at == sleepers->head)
		return 1;
	entry = (void *)at - bpf_core_field_offset(struct wait_queue_entry, entry);
	task = sleeper_of(entry);
	if (task && is_in_part(sleepers->met++))
		peer_row(sleepers, task);
	sleepers->at = BPF_CORE_READ(at, next);
	return 0;
}

SEC("?iter/unix")
int rows_peer(struct bpf_iter__unix *ctx)
{
	struct sleepers sleepers = {.seq = ctx->meta->seq, .met = control.zero};
	struct unix_sock *sock = ctx->unix_sk;
	struct socket *socket;
	struct list_head *head;

	if (!sock)
		return 0;
	socket = BPF_CORE_READ(sock, sk.sk_socket);
	if (!socket)
		return 0;
	sleepers.file = (__u64)BPF_CORE_READ(socket, file);
	head = (void *)sock + bpf_core_field_offset(struct unix_sock, peer_wq) +
	       bpf_core_field_offset(struct socket_wq, wait) +
	       bpf_core_field_offset(struct wait_queue_head, head);
	sleepers.head = head;
	sleepers.at = BPF_CORE_READ(head, next);
	bpf_loop(SLEEPERS_MAX, sleeper_step, &sleepers, 0);
	return 0;
}

char _license[] SEC("license") = "GPL";
