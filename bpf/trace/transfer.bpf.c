// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data plane: calls that move bytes through pipes and sockets, and the time slept in them.
 * Bytes, calls and time asleep are added up in the kernel per (process, object), in a tally of theirs
 * or in the table of transfers. Only the first transfer is an event of its own.
 */
#include "socket.bpf.h"
#include "transfer.bpf.h"

#define EPIPE	     32
#define ECONNRESET   104
#define RCV_SHUTDOWN 1 /* include/net/sock.h */

struct tally tallies[TALLIES_MAX];

/* Ends the sleep that sched_switch saw begin; returns its length in ns. */
static __always_inline __u64 asleep_end(__u32 tid)
{
	__u32 slot = tid & (ASLEEP_MAX - 1);
	struct asleep *state = bpf_map_lookup_elem(&asleep, &slot);
	__u64 slept;

	if (!state || !state->since || state->tid != tid)
		return 0;
	slept = bpf_ktime_get_ns() - state->since;
	state->since = 0;
	return slept;
}

static __always_inline void asleep_begin(__u32 tid)
{
	__u32 slot = tid & (ASLEEP_MAX - 1);
	struct asleep *state = bpf_map_lookup_elem(&asleep, &slot);

	if (!state || (state->since && state->tid == tid))
		return;
	state->tid = tid;
	state->since = bpf_ktime_get_ns();
}

static __always_inline void sums_add(__u64 *byte_sum, __u64 *op_sum, __u64 *slept_sum, __s64 bytes,
				     __u64 slept)
{
	if (bytes >= 0) {
		__sync_fetch_and_add(byte_sum, bytes);
		__sync_fetch_and_add(op_sum, 1);
	}
	if (slept)
		__sync_fetch_and_add(slept_sum, slept);
}

static __always_inline void transfer_add(struct transfer *transfer, __u32 direction, __s64 bytes,
					 __u64 slept)
{
	if (direction == DIRECTION_IN)
		sums_add(&transfer->bytes_in, &transfer->ops_in, &transfer->blocked_in, bytes, slept);
	else
		sums_add(&transfer->bytes_out, &transfer->ops_out, &transfer->blocked_out, bytes,
			 slept);
}

static __always_inline bool tally_is_of(const struct tally *tally, const struct transfer_key *key)
{
	return tally->key.ino == key->ino && tally->key.pid == key->pid && tally->key.start == key->start &&
	       tally->key.dev == key->dev;
}

/* Takes the key's place, unless somebody is counted in it. The taker fills it and sets its state. */
static __always_inline struct tally *tally_take(const struct transfer_key *key)
{
	struct tally *tally = &tallies[tally_index(key)];
	__u64 state = tally->state;

	if (state > TALLY_REFUSED || __sync_val_compare_and_swap(&tally->state, state, TALLY_FILLING) != state)
		return NULL;
	tally->key = *key;
	return tally;
}

static __always_inline bool tally_hold(const struct transfer_key *key)
{
	struct tally *tally = tally_take(key);

	if (!tally)
		return false;
	__builtin_memset(&tally->sum, 0, sizeof(tally->sum));
	__sync_lock_test_and_set(&tally->state, TALLY_HELD);
	return true;
}

static __always_inline void tally_refuse(const struct transfer_key *key, __u64 era)
{
	struct tally *tally = tally_take(key);

	if (!tally)
		return;
	tally->era = era;
	__sync_lock_test_and_set(&tally->state, TALLY_REFUSED);
}

static __always_inline bool table_hold(const struct transfer_key *key)
{
	struct transfer zero = {};

	control.spilled = 1;
	return !bpf_map_update_elem(&transfers, key, &zero, BPF_NOEXIST);
}

/*
 * The first transfer of this process on this object: makes its entry. A record says so, with all
 * that is needed to know the object even if its making was missed. Global, since each pointer that
 * is followed costs the verifier a search of the kernel's types, once a path.
 * Returns 1 where there is an entry now; a peer has none on what is not watched.
 */
__noinline int transfer_begin(struct transfer_key *place, __u32 fd, __u32 nr, __s64 result)
{
	struct slot_cause cause = {.type = RECORD_USE, .nr = nr, .result = result};
	struct transfer_key copy, *key = &copy;
	__u64 era;
	__u32 mark;

	if (!place)
		return 0;
	copy = *place;	/* before 6.4 a map's key may not lie in memory that was handed in */
	mark = process_mark(key->pid);
	if (!mark)
		return 0;
	if (mark & MARK_PEER) {
		/* Read before the look, on processors too that read out of order: that is why it is atomic. */
		era = __sync_fetch_and_or(&control.watch_era, 0);
		if (!object_is_watched(key->ino, key->dev)) {
			tally_refuse(key, era);
			return 0;
		}
	}
	if (!tally_hold(key) && !table_hold(key)) {
		if (bpf_map_lookup_elem(&transfers, key))
			return 1;
		count_loss(LOSS_MAP_FULL);
		return 0;
	}
	slot_send(&cause, NULL, current_table(), fd, mark);
	return 1;
}

/* What is read through the pointer is read after the value: its address hangs on it. By themselves these
 * processors may read later words first. */
#ifdef __TARGET_ARCH_arm64
static __always_inline struct tally *tally_after(struct tally *tally, __u64 state)
{
	asm volatile("%[nothing] &= 0; %[tally] += %[nothing]" : [nothing] "+r"(state), [tally] "+r"(tally));
	return tally;
}
#else
static __always_inline struct tally *tally_after(struct tally *tally, __u64 state)
{
	return tally;
}
#endif

/* Where what the process moves through that object is added up; NULL = it is not. */
static __always_inline struct transfer *transfer_get(struct transfer_key *key, __u32 fd, __u32 nr, __s64 result)
{
	struct tally *tally = &tallies[tally_index(key)];
	__u64 state = *(volatile __u64 *)&tally->state; /* first: one that is held stays so for long, a refusal does not */
	struct transfer *transfer;

	tally = tally_after(tally, state);
	if (tally_is_of(tally, key)) {
		if (state == TALLY_HELD)
			return &tally->sum;
		if (state == TALLY_REFUSED && tally->era == control.watch_era)
			return NULL;
	}
	transfer = bpf_map_lookup_elem(&transfers, key);
	if (transfer || !transfer_begin(key, fd, nr, result))
		return transfer;
	state = *(volatile __u64 *)&tally->state;
	if (state == TALLY_HELD && tally_is_of(tally_after(tally, state), key))
		return &tally->sum;
	return bpf_map_lookup_elem(&transfers, key);
}

/* Nothing was read from that socket: has the other end shut down sending, or closed (net/unix/af_unix.c,
 * unix_shutdown(), unix_release_sock())? Nothing may have been asked for, too. */
static __noinline int socket_is_at_end(__u32 fd)
{
	struct file *file = (void *)current_file(fd);
	struct socket *socket;

	if (!file || BPF_CORE_READ(file, f_inode, i_sb, s_magic) != SOCKFS_MAGIC)
		return 0;
	socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk, sk_shutdown) & RCV_SHUTDOWN;
}

/*
 * Counts one call that moved `bytes` (or failed, < 0) through descriptor fd. Called for every
 * read and write of every traced process: mind each load, and each call. Marks are not looked at where
 * there is a tally, which only the marked have.
 */
__noinline int transfer_count(__u32 fd, __u32 direction, __s64 bytes, __u32 nr, __u64 pid_tgid)
{
	struct transfer_key key = {.pid = pid_tgid >> 32};
	struct transfer *transfer;
	__u64 slept;

	if (!process_mark(key.pid))
		return 0;
	slept = asleep_end((__u32)pid_tgid);
	if (bytes < 0 && !slept && bytes != -EPIPE && bytes != -ECONNRESET)
		return 0;
	if (!current_transfer(&key, fd))
		return 0;
	transfer = transfer_get(&key, fd, nr, bytes);
	if (!transfer)
		return 0;
	if (bytes == -EPIPE)
		__sync_fetch_and_add(&transfer->broken, 1);
	if ((!bytes || bytes == -ECONNRESET) && direction == DIRECTION_IN && socket_is_at_end(fd))
		__sync_fetch_and_add(&transfer->ended, 1);
	transfer_add(transfer, direction, bytes, slept);
	return 0;
}

__noinline __u64 call_slept(void)
{
	return asleep_end((__u32)bpf_get_current_pid_tgid());
}

__noinline int transfer_waited(__u32 fd, __u32 direction, __u64 slept, __u32 nr)
{
	struct transfer_key key = {.pid = bpf_get_current_pid_tgid() >> 32};
	struct transfer *transfer;

	if (!process_mark(key.pid) || !current_transfer(&key, fd))
		return 0;
	transfer = transfer_get(&key, fd, nr, 0);
	if (transfer)
		transfer_add(transfer, direction, -1, slept);
	return 0;
}

/* read, write and their kin are counted by the root program itself (core.bpf.c); what follows moves
 * data between two descriptors, or in a direction that the call does not tell. */

/* splice(in, off, out, …): both sides; at least one is a pipe */
static __always_inline int on_splice(struct call *call)
{
	call_count(call, call->arg[0], DIRECTION_IN, call->ret);
	call_count(call, call->arg[2], DIRECTION_OUT, call->ret);
	return 0;
}

/* tee(in, out): duplicates, so the input is not consumed and only the output gets bytes */
static __always_inline int on_tee(struct call *call)
{
	call_count(call, call->arg[1], DIRECTION_OUT, call->ret);
	return 0;
}

/* sendfile(out, in, …) */
static __always_inline int on_sendfile(struct call *call)
{
	call_count(call, call->arg[0], DIRECTION_OUT, call->ret);
	call_count(call, call->arg[1], DIRECTION_IN, call->ret);
	return 0;
}

#define FMODE_WRITE 2
#define PF_KTHREAD  0x00200000

/* vmsplice(fd, …): the direction is that of the pipe's end */
static __always_inline int on_vmsplice(struct call *call)
{
	struct file *file = (void *)current_file(call->arg[0]);

	if (file && (BPF_CORE_READ(file, f_mode) & FMODE_WRITE))
		call_count(call, call->arg[0], DIRECTION_OUT, call->ret);
	else
		call_count(call, call->arg[0], DIRECTION_IN, call->ret);
	return 0;
}

static __always_inline bool task_is_going_to_sleep(struct task_struct *task)
{
	struct task_struct___before_5_14 *older = (void *)task;

	if (bpf_core_field_exists(struct task_struct, __state))
		return task->__state != 0;
	return BPF_CORE_READ(older, state) != 0;
}

/* Is the task in a call that moves data? */
static __always_inline bool task_is_in_transfer(struct task_struct *task)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(task);
	__u32 nr = ARCH_SYSCALL_NR(regs);

	if (nr >= CALLS_MAX)
		return false;
	barrier_var(nr);
	if (ARCH_IS_COMPAT(task))
		nr = settings.compat_nr[nr & (CALLS_MAX - 1)];
	if (nr >= CALLS_MAX)
		return false;
	barrier_var(nr);
	return settings.transfer_call[nr & (CALLS_MAX - 1)];
}

/*
 * When a task falls asleep in a transfer, notes the time; the call's exit ends the sleep. A transfer
 * that sleeps several times counts from its first sleep.
 */
SEC("?tp_btf/sched_switch")
int BPF_PROG(fell_asleep, bool preempt, struct task_struct *prev)
{
	if (preempt || prev->pid == 0 || !task_is_going_to_sleep(prev))
		return 0;
	if (process_mark(prev->tgid) && task_is_in_transfer(prev))
		asleep_begin(prev->pid);
	return 0;
}

/* Run once at the start, for the tasks that are there already. Who sleeps in a transfer now is
 * blocked from now on as far as the window goes. */
SEC("?iter/task")
int note_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;

	if (!task || (task->flags & PF_KTHREAD) || task->tgid == settings.own_tgid)
		return 0;
	if (task_is_going_to_sleep(task) && task_is_in_transfer(task))
		asleep_begin(task->pid);
	return 0;
}

CALL_EXIT(transfer_exit)
{
	switch (call_action(call)) {
	case CALL_ON_SPLICE: return on_splice(call);
	case CALL_ON_TEE: return on_tee(call);
	case CALL_ON_SENDFILE: return on_sendfile(call);
	case CALL_ON_VMSPLICE: return on_vmsplice(call);
	}
	return 0;
}

char _license[] SEC("license") = "GPL";
