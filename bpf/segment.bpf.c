// SPDX-License-Identifier: GPL-2.0-only
/*
 * System V objects by their ids. There is no iterator for them, so this walks the radix tree in
 * which an IPC namespace keeps them (ipc/util.c).
 */
#include "segment.bpf.h"
#include "idr.bpf.h"

#define INDEX_MASK 0x7fff /* ipc/util.h: IPCMNI, where it is not extended (24 bits) */

__noinline __u64 task_ipc_ns(__u64 task)
{
	if (!task)
		task = bpf_get_current_task();
	return (__u64)BPF_CORE_READ((struct task_struct *)task, nsproxy, ipc_ns);
}

__noinline __u32 segment_indexes(__u64 ns)
{
	struct ipc_namespace *space = (void *)ns;

	if (!space || BPF_CORE_READ(space, ids[SHM_IDS].in_use) <= 0)
		return 0;
	return BPF_CORE_READ(space, ids[SHM_IDS].max_idx) + 1;
}

__noinline __u64 ipc_entry(__u64 ns, __u32 ids, __u32 index)
{
	struct ipc_ids *kind = (void *)ns + bpf_core_field_offset(struct ipc_namespace, ids) +
			       (ids & 3) * bpf_core_type_size(struct ipc_ids);

	return idr_at((void *)kind + bpf_core_field_offset(struct ipc_ids, ipcs_idr),
		      index & INDEX_MASK);
}

__noinline int segment_sample_index(struct record_segment *record, __u64 ns, __u32 index)
{
	struct shmid_kernel *segment;

	if (!record || !ns)
		return 0;
	record->ipc_ns = BPF_CORE_READ((struct ipc_namespace *)ns, ns.inum);
	segment = (void *)ipc_entry(ns, SHM_IDS, index);
	if (!segment || BPF_CORE_READ(segment, shm_perm.deleted))
		return 0;
	record->id = BPF_CORE_READ(segment, shm_perm.id);
	record->exists = 1;
	record->key = BPF_CORE_READ(segment, shm_perm.key);
	record->mode = BPF_CORE_READ(segment, shm_perm.mode);
	record->size = BPF_CORE_READ(segment, shm_segsz);
	record->attached = BPF_CORE_READ(segment, shm_nattch);
	record->changed = BPF_CORE_READ(segment, shm_ctim);
	record->detached = BPF_CORE_READ(segment, shm_dtim);
	record->creator_pid = BPF_CORE_READ(segment, shm_cprid, numbers[0].nr);
	return 1;
}

__noinline int segment_sample(struct record_segment *record, __u64 ns, __u32 id)
{
	if (!record)
		return 0;
	if (segment_sample_index(record, ns, id) && record->id == id)
		return 1;
	record->exists = 0;
	record->id = id;
	return 0;
}

char _license[] SEC("license") = "GPL";
