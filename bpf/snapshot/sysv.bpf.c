// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who last used a System V semaphore or message queue. The objects keep their struct pid (ipc/sem.c:
 * sempid, ipc/msg.c: q_lspid, q_lrpid, since 4.17), so a number that is in use again doesn't mislead.
 */
#include "sysv.bpf.h"

#define PIDTYPE_TGID 1 /* include/linux/pid_types.h */

static __always_inline __u32 living(struct pid *pid)
{
	struct hlist_head *tasks = (void *)pid + bpf_core_field_offset(struct pid, tasks) +
				   PIDTYPE_TGID * bpf_core_type_size(struct hlist_head);

	return pid && BPF_CORE_READ(tasks, first) ? BPF_CORE_READ(pid, numbers[0].nr) : 0;
}

/* What has that id now, and not only its index. */
static __always_inline struct kern_ipc_perm *perm_of(__u64 ns, __u32 ids, __u32 id)
{
	struct kern_ipc_perm *perm = (void *)ipc_entry(ns, ids, id);

	if (!perm || BPF_CORE_READ(perm, id) != (int)id || BPF_CORE_READ(perm, deleted))
		return NULL;
	return perm;
}

/* sem_op < 0 waits until the value is as large, 0 until it is 0: ipc/sem.c, perform_atomic_semop(). */
static __always_inline bool holds_up(struct sem *sem, int op)
{
	int value = BPF_CORE_READ(sem, semval);

	return op < 0 ? value + op < 0 : op == 0 && value;
}

__noinline __u32 sem_last_user(__u64 ns, __u32 id, const struct sops *sops)
{
	struct sem_array *set = (void *)perm_of(ns, SEM_IDS, id);
	struct sem *sem;

	if (!set || !sops)
		return 0;
	for (__u32 i = 0; i < SOPS_MAX; i++) {
		__u32 num = sops->sop[i].num;

		if (i >= sops->count)
			return 0;
		if (num >= (__u32)BPF_CORE_READ(set, sem_nsems))
			continue;
		sem = (void *)set + bpf_core_field_offset(struct sem_array, sems) +
		      num * bpf_core_type_size(struct sem);
		if (holds_up(sem, sops->sop[i].op))
			return living(BPF_CORE_READ(sem, sempid));
	}
	return 0;
}

__noinline __u32 msg_last_user(__u64 ns, __u32 id, __u32 sent)
{
	struct msg_queue *queue = (void *)perm_of(ns, MSG_IDS, id);

	if (!queue)
		return 0;
	return living(sent ? BPF_CORE_READ(queue, q_lspid) : BPF_CORE_READ(queue, q_lrpid));
}

char _license[] SEC("license") = "GPL";
