// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls that change which shared memory a process has mapped. Private mappings are dismissed by one
 * comparison, and unmapping by one look whether the address space has anything shared at all.
 *
 * What a call left is read from the kernel's own tree where it can be (mmap, mremap, shmat); the
 * rest follows from the arguments. Where other tasks use the address space as well, the order of
 * records need not be that of the changes: such records are in doubt, and the source reads that
 * space anew by iterator.
 */
#include "call.bpf.h"
#include "emit.bpf.h"
#include "mapping.bpf.h"
#include "segment.bpf.h"
#include "space.bpf.h"

#define MAP_TYPE	 0x0f
#define MAP_SHARED	 0x01
#define MAP_SHARED_VALIDATE 0x03
#define MAP_FIXED	 0x10
#define MREMAP_DONTUNMAP 4

#define SPACE_KNOWN    1 /* has, or may have, something shared */
#define SPACE_THREADED 2 /* was seen with several users: records about it are in doubt */
#define SPACE_ADVISED  4 /* what a fork takes along may have changed since it was sampled */

static __always_inline __u32 space_flags(__u64 space)
{
	__u32 *flags = bpf_map_lookup_elem(&spaces, &space);

	if (flags)
		return *flags;
	return control.spaces_known ? 0 : SPACE_KNOWN;
}

static __always_inline void space_set(__u64 space, __u32 flags)
{
	if (bpf_map_update_elem(&spaces, &space, &flags, BPF_ANY))
		count_loss(LOSS_MAP_FULL);
}

static __always_inline bool space_is_shared(__u64 space)
{
	return BPF_CORE_READ((struct mm_struct *)space, mm_users.counter) > 1;
}

/* Notes that the current task's space has something shared; returns whether it is in doubt. */
static __always_inline __u32 space_note(__u64 space)
{
	__u32 flags = space_flags(space), now = flags | SPACE_KNOWN;

	if (space_is_shared(space))
		now |= SPACE_THREADED;
	if (now != flags || !control.spaces_known)
		space_set(space, now);
	return now & SPACE_THREADED ? 1 : 0;
}

struct found {
	struct file_facts facts;
	__u64 start, end, offset;
	__u32 access, shared;
};

static long vma_found(struct task_struct *task, struct vm_area_struct *vma, struct found *found)
{
	unsigned long flags = BPF_CORE_READ(vma, vm_flags);
	__u64 file = (__u64)BPF_CORE_READ(vma, vm_file);

	if (!(flags & VM_MAYSHARE) || !file)
		return 0;
	file_sample(&found->facts, file);
	if (!kind_is_memory(found->facts.kind))
		return 0;
	found->start = BPF_CORE_READ(vma, vm_start);
	found->end = BPF_CORE_READ(vma, vm_end);
	found->offset = (__u64)BPF_CORE_READ(vma, vm_pgoff) << settings.page_shift;
	found->access = mapping_access(flags);
	found->shared = 1;
	return 0;
}

/* What one call did, as far as its arguments tell. */
struct mapping_cause {
	__u64 gone_start, gone_end;
	__u64 at;		/* what lies here now is to be told; 0 = nothing */
	__s64 result;
	__s32 nr;
	__u32 access;		/* mprotect */
	__u32 doubt;
};

static __always_inline void mapping_fill(struct record_mapping *record,
					 const struct mapping_cause *cause, __u64 space)
{
	__builtin_memset(record, 0, sizeof(*record));
	head_fill(&record->head, RECORD_MAPPING, sizeof(*record), NULL);
	record->space = space;
	record->gone_start = cause->gone_start;
	record->gone_end = cause->gone_end;
	record->nr = cause->nr;
	record->result = cause->result;
	record->access = cause->access;
	record->doubt = cause->doubt;
}

/* The record's place is taken by now: what is found is at least as new. The kernel gives no look at
 * a tree that is being changed, and then it is left to the source. */
static __always_inline void mapping_sample(struct record_mapping *record,
					   const struct mapping_cause *cause)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct found found = {};

	if (bpf_find_vma(task, cause->at, vma_found, &found, 0)) {
		record->doubt = 1;
		return;
	}
	if (!found.shared)
		return;
	record->start = found.start;
	record->end = found.end;
	record->offset = found.offset;
	record->access = found.access;
	record->facts = found.facts;
}

/* Whoever maps what a selected process has mapped is a peer. Read-only mappings of a plain file are
 * no communication until someone may write. */
static __always_inline __u32 mapper_mark(struct record_mapping *record, __u32 mark)
{
	struct watched_key key = {.ino = record->facts.ino, .dev = record->facts.dev};
	bool reads_only = record->facts.kind == FILE_REGULAR &&
			  !(record->access & MAPPING_MAY_WRITE);
	__u32 value = reads_only ? WATCHED_WRITERS : WATCHED, *watch;

	if (!control.selective || !record->facts.kind)
		return mark;
	if (mark & MARK_SELECTED) {
		watch = bpf_map_lookup_elem(&watched, &key);
		if ((!watch || *watch > value) &&
		    bpf_map_update_elem(&watched, &key, &value, BPF_ANY))
			count_loss(LOSS_MAP_FULL);
		return mark;
	}
	if (mark)
		return mark;
	watch = bpf_map_lookup_elem(&watched, &key);
	if (!watch || (*watch == WATCHED_WRITERS && reads_only))
		return 0;
	return MARK_PEER;
}

__noinline int mapping_send(struct mapping_cause *cause)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32, mark = process_mark(tgid), now;
	__u64 space = current_space();
	struct record_mapping *record;

	if (!cause || !space || tgid == settings.own_tgid || (!mark && !cause->at))
		return 0;
	record = record_reserve(sizeof(*record));
	if (!record)
		return 0;
	cause->doubt = space_note(space);
	mapping_fill(record, cause, space);
	if (cause->at)
		mapping_sample(record, cause);
	now = mapper_mark(record, mark);
	if (!now || (!record->facts.kind && record->gone_start == record->gone_end &&
		     !record->doubt)) {
		bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);
		return 0;
	}
	/* Marked first: the reader takes nothing of what unmarked ones tell of themselves. */
	if (!mark)
		process_set_mark(tgid, now);
	record_submit(record);
	if (!mark)
		peer_begin();
	return 0;
}

__noinline int space_doubt(void)
{
	struct mapping_cause cause = {.nr = -1, .doubt = 1};
	__u64 space = current_space();
	struct record_mapping *record;

	if (!space)
		return 0;
	space_note(space);
	record = record_reserve(sizeof(*record));
	if (!record)
		return 0;
	mapping_fill(record, &cause, space);
	record_submit(record);
	return 0;
}

static __always_inline __u64 page_up(__u64 size)
{
	__u64 mask = (1ULL << settings.page_shift) - 1;

	return (size + mask) & ~mask;
}

static __always_inline bool is_failure(long ret)
{
	return ret < 0 && ret > -4096;
}

/* mmap(addr, len, prot, flags, …) */
static __always_inline int on_mmap(struct call *call)
{
	__u32 flags = call->arg[3], type = flags & MAP_TYPE;
	bool shared = type == MAP_SHARED || type == MAP_SHARED_VALIDATE;
	struct mapping_cause cause = {.nr = call->nr, .result = call->ret};

	if ((!shared && !(flags & MAP_FIXED)) || is_failure(call->ret))
		return 0;
	if (!shared && !space_flags(current_space()))
		return 0;
	if (flags & MAP_FIXED) {
		cause.gone_start = call->ret;
		cause.gone_end = call->ret + page_up(call->arg[1]);
	}
	if (shared)
		cause.at = call->ret;
	return mapping_send(&cause);
}

/* munmap(addr, len) */
static __always_inline int on_munmap(struct call *call)
{
	struct mapping_cause cause = {
		.nr = call->nr,
		.gone_start = call->arg[0],
		.gone_end = call->arg[0] + page_up(call->arg[1]),
	};

	if (call->ret || !space_flags(current_space()))
		return 0;
	return mapping_send(&cause);
}

/* mremap(old, old_len, new_len, flags, new): an old_len of 0 makes a second mapping of the same. */
static __always_inline int on_mremap(struct call *call)
{
	struct mapping_cause cause = {.nr = call->nr, .result = call->ret, .at = call->ret};

	if (is_failure(call->ret) || !space_flags(current_space()))
		return 0;
	if (!(call->arg[3] & MREMAP_DONTUNMAP)) {
		cause.gone_start = call->arg[0];
		cause.gone_end = call->arg[0] + page_up(call->arg[1]);
	}
	return mapping_send(&cause);
}

/* remap_file_pages(addr, …): maps another part of the same file there; seldom used, so read anew. */
static __always_inline int on_remap_file_pages(struct call *call)
{
	struct mapping_cause cause = {.nr = call->nr, .at = call->arg[0]};

	if (call->ret || !space_flags(current_space()))
		return 0;
	return mapping_send(&cause);
}

/* mprotect(addr, len, prot): a range of mappings can be read and written, or no more. PROT_READ and
 * PROT_WRITE are the same numbers as MAPPING_READ and MAPPING_WRITE. */
static __always_inline int on_mprotect(struct call *call)
{
	struct mapping_cause cause = {
		.nr = call->nr,
		.gone_start = call->arg[0],
		.gone_end = call->arg[0] + page_up(call->arg[1]),
		.access = call->arg[2] & (MAPPING_READ | MAPPING_WRITE),
	};

	if (call->ret || !space_flags(current_space()))
		return 0;
	return mapping_send(&cause);
}

#define MADV_DONTFORK 10
#define MADV_DOFORK   11

/* madvise(addr, len, advice) */
static __always_inline int on_madvise(struct call *call)
{
	__u64 space;
	__u32 flags;

	if (call->ret || (call->arg[2] != MADV_DONTFORK && call->arg[2] != MADV_DOFORK))
		return 0;
	space = current_space();
	flags = space_flags(space);
	if (flags)
		space_set(space, flags | SPACE_ADVISED);
	return 0;
}

/* --- System V -------------------------------------------------------------------------------- */

__noinline int segment_send(__u32 id, __s32 nr, __s64 result, __u64 arg0, __u64 arg1)
{
	__u64 ns = task_ipc_ns(0);
	struct record_segment *record;

	if (!process_mark(bpf_get_current_pid_tgid() >> 32))
		return 0;
	record = record_reserve(sizeof(*record));
	if (!record)
		return 0;
	__builtin_memset(record, 0, sizeof(*record));
	head_fill(&record->head, RECORD_SEGMENT, sizeof(*record), NULL);
	record->nr = nr;
	record->result = result;
	record->arg[0] = arg0;
	record->arg[1] = arg1;
	segment_sample(record, ns, id);
	record_submit(record);
	return 0;
}

/* shmget(key, size, flags) returns the id. */
static __always_inline int on_shmget(struct call *call)
{
	return is_failure(call->ret) ? 0 : segment_send(call->ret, call->nr, call->ret,
							call->arg[0], call->arg[2]);
}

/* shmat(id, addr, flags) returns the address. */
static __always_inline int on_shmat(struct call *call)
{
	struct mapping_cause cause = {.nr = call->nr, .result = call->ret, .at = call->ret};

	if (is_failure(call->ret))
		return 0;
	mapping_send(&cause);
	return segment_send(call->arg[0], call->nr, call->ret, call->arg[0], 0);
}

/* shmdt(addr): the length only the model knows, so it lies between addr and the end of all. */
static __always_inline int on_shmdt(struct call *call)
{
	struct mapping_cause cause = {
		.nr = call->nr, .gone_start = call->arg[0], .gone_end = ~0ULL};

	if (call->ret || !space_flags(current_space()))
		return 0;
	return mapping_send(&cause);
}

#define IPC_RMID 0
#define IPC_SET	 1
#define IPC_64	 0x100

/* shmctl(id, command, …) */
static __always_inline int on_shmctl(struct call *call)
{
	__u32 command = call->arg[1] & ~IPC_64;

	if (call->ret || (command != IPC_RMID && command != IPC_SET))
		return 0;
	return segment_send(call->arg[0], call->nr, 0, call->arg[0], command);
}

/* --- fork and exec --------------------------------------------------------------------------- */

#define CLONE_VM     0x00000100
#define CLONE_THREAD 0x00010000

/*
 * A new space has an address that another had, which may be known by it still: exec lets go of the old space
 * (exec_mmap()) before its tracepoint tells, and so does exit before 6.16 (exit_mm()). So a space that begins is
 * told of even if nothing shared is in it, when something was known to be at its address.
 */
__noinline int space_forked(struct who *child, __u64 space, __u64 clone_flags)
{
	__u64 from = current_space(), key = space;
	struct record_space *record;
	__u32 flags;

	if (!child || !space || !from || (clone_flags & CLONE_THREAD))
		return 0;
	flags = space_flags(from);
	if (!(clone_flags & CLONE_VM)) {
		if (flags)
			space_set(space, SPACE_KNOWN);
		else if (bpf_map_delete_elem(&spaces, &key))
			return 0;
	}
	record = record_reserve(sizeof(*record));
	if (!record)
		return 0;
	head_fill(&record->head, RECORD_SPACE, sizeof(*record), child);
	record->space = space;
	record->made_from = from;
	record->maker_start = current_start();
	record->maker_pid = bpf_get_current_pid_tgid() >> 32;
	/* Another thread may have changed the space meanwhile. */
	record->doubt = flags && !(clone_flags & CLONE_VM) &&
			((flags & SPACE_ADVISED) || space_is_shared(from));
	record_submit(record);
	return 0;
}

__noinline int space_begun(void)
{
	__u64 space = current_space();
	struct record_space *record;

	if (control.spaces_known && bpf_map_delete_elem(&spaces, &space))
		return 0;
	record = record_reserve(sizeof(*record));
	if (!record)
		return 0;
	__builtin_memset(record, 0, sizeof(*record));
	head_fill(&record->head, RECORD_SPACE, sizeof(*record), NULL);
	record->space = space;
	record_submit(record);
	return 0;
}

CALL_EXIT(mapping_exit)
{
	switch (call_action(call)) {
	case CALL_ON_MMAP: return on_mmap(call);
	case CALL_ON_MUNMAP: return on_munmap(call);
	case CALL_ON_MREMAP: return on_mremap(call);
	case CALL_ON_REMAP_FILE_PAGES: return on_remap_file_pages(call);
	case CALL_ON_MPROTECT: return on_mprotect(call);
	case CALL_ON_MADVISE: return on_madvise(call);
	case CALL_ON_SHMGET: return on_shmget(call);
	case CALL_ON_SHMAT: return on_shmat(call);
	case CALL_ON_SHMDT: return on_shmdt(call);
	case CALL_ON_SHMCTL: return on_shmctl(call);
	}
	return 0;
}

char _license[] SEC("license") = "GPL";
