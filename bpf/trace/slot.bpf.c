// SPDX-License-Identifier: GPL-2.0-only
/* Sends what a slot holds now, and notices who becomes a peer by what it got. */
#include "slot.bpf.h"
#include "socket.bpf.h"
#include "space.bpf.h"

__noinline int facts_watch(const struct file_facts *facts)
{
	if (!facts)
		return 0;
	if (facts->kind == FILE_EVENTFD)
		object_watch(facts->file, facts->dev); /* the inode is everybody's */
	else if (mode_is_channel(facts->mode) || facts->kind == FILE_MQ || facts->kind == FILE_PTY)
		object_watch(facts->ino, facts->dev);
	return 0;
}

/* Not on the stack, which is short here: see emit.bpf.h. */
static const struct slot_cause held_before = {.type = RECORD_SLOT, .nr = -1};

/* Its other threads may have forked before it was marked, and whoever else has its table may not be marked
 * at all: none of them is known yet. The reader looks at all tables then. */
static __always_inline bool is_alone(struct task_struct *task)
{
	return BPF_CORE_READ(task, files, count.counter) == 1 &&
	       BPF_CORE_READ(task, signal, nr_threads) == 1;
}

__noinline int peer_begin(void)
{
	__u64 table = current_table();

	process_set_mark(bpf_get_current_pid_tgid() >> 32, MARK_PEER);
	if (table)
		table_scan(&held_before, NULL, table, 0, SCAN_MAX, MARK_PEER);
	if (!is_alone((void *)bpf_get_current_task_btf()))
		control.peers_at_work = 1;
	if (settings.mappings)
		space_doubt();
	return 0;
}

static __always_inline __u32 become_peer(struct task_struct *task, __u32 fd)
{
	__u64 table = current_table();
	struct watched_key key = {};

	if (!control.selective || call_is_own(task) || !table)
		return 0;
	if (!file_channel(&key, table_file(table, fd)))
		return 0;
	if (!bpf_map_lookup_elem(&watched, &key)) {
		if (!socket_is_watched(table_file(table, fd)))
			return 0;
		object_watch(key.ino, key.dev); /* what it moves counts */
	}
	peer_begin();
	return MARK_PEER;
}

/* Inline: the verifier allows eight frames, and a descriptor in a message is the seventh. */
static __always_inline __u32 mark_after(__u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	__u32 mark = process_mark(task->tgid);

	return mark ? mark : become_peer(task, fd);
}

__noinline int slot_mark(__u32 fd)
{
	return mark_after(fd);
}

static __always_inline int send(struct slot_cause *cause, __u32 fd, __u32 mark)
{
	__u64 table = current_table();

	if (cause && mark && table)
		slot_send(cause, NULL, table, fd, mark);
	return 0;
}

__noinline int slot_changed_send(struct slot_cause *cause, __u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();

	return send(cause, fd, process_mark(task->tgid));
}

__noinline int slot_filled_send(struct slot_cause *cause, __u32 fd)
{
	return send(cause, fd, mark_after(fd));
}

char _license[] SEC("license") = "GPL";
