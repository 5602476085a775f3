// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which signals are pending, who sent them and when; and the count of what became of each. Counts are
 * kept here whatever happens to records, so they are exact when the ring overflows or a storm of
 * signals is not told one by one.
 */
#include "signal.bpf.h"

/* So many records about one (sender, target, signal) in 2^26 ns, 67 ms; the rest is counted only. */
#define SHOWN_SHIFT 26
#define SHOWN_MAX   512

/* One queue. Of a standard signal one is pending at most; real-time ones lie in signal_queue. */
struct signal_queue {
	__u64 mask;
	struct signal_sent standard[SIGNAL_STANDARD];
	__u32 head[SIGNAL_STANDARD + 1], tail[SIGNAL_STANDARD + 1];
};

struct signal_place {
	__u64 queue;
	__u32 signal, number;
};

struct signals_map signals SEC(".maps");

struct signal_queues_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SIGNALS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct signal_queue);
} signal_queues SEC(".maps");

struct signal_places_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SIGNALS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct signal_place);
	__type(value, struct signal_sent);
} signal_places SEC(".maps");

/* Too large for the stack. */
__u64 signal_queue_empty[sizeof(struct signal_queue) / sizeof(__u64)];

__noinline __u64 task_start(__u64 task)
{
	return BPF_CORE_READ((struct task_struct *)task, group_leader, start_boottime);
}

/* --- counts ---------------------------------------------------------------------------------- */

static __always_inline struct signal_kept *tally_of(struct signal_sent *sent,
						     struct signal_whom *target, __u32 sig)
{
	struct signal_kept zero = {}, *tally;
	struct signal_key key = {
		.target_start = target->start,
		.target_pid = target->pid,
		.sender_start = sent->sender_start,
		.sender_pid = sent->sender_pid,
		.signal = sig,
		.cause = sent->cause,
	};

	tally = bpf_map_lookup_elem(&signals, &key);
	if (tally)
		return tally;
	bpf_map_update_elem(&signals, &key, &zero, BPF_NOEXIST);
	tally = bpf_map_lookup_elem(&signals, &key);
	if (!tally)
		count_loss(LOSS_MAP_FULL);
	return tally;
}

static __always_inline bool tally_shows(struct signal_kept *tally, __u64 now)
{
	if (tally->window != now >> SHOWN_SHIFT) {
		tally->window = now >> SHOWN_SHIFT;
		tally->shown = 0;
	}
	if (tally->shown++ < SHOWN_MAX)
		return true;
	__sync_fetch_and_add(&tally->counts.unshown, 1);
	return false;
}

static __always_inline void count_delay(struct signal_counts *counts, __u64 sent, __u64 now)
{
	if (!sent || now < sent)
		return;
	__sync_fetch_and_add(&counts->delay_ns, now - sent);
	if (now - sent > counts->delay_max_ns)
		counts->delay_max_ns = now - sent;
}

static __always_inline void count_outcome(struct signal_counts *counts, __u32 outcome)
{
	switch (outcome) {
	case SIGNAL_PENDING:
	case SIGNAL_BLOCKED: break;
	case SIGNAL_IGNORED:
	case SIGNAL_NOTHING:
	case SIGNAL_TOO_LATE: __sync_fetch_and_add(&counts->ignored, 1); break;
	case SIGNAL_MERGED: __sync_fetch_and_add(&counts->merged, 1); break;
	case SIGNAL_OVERFLOW: __sync_fetch_and_add(&counts->overflow, 1); break;
	case SIGNAL_DISCARDED: __sync_fetch_and_add(&counts->discarded, 1); break;
	case SIGNAL_UNSEEN: __sync_fetch_and_add(&counts->unseen, 1); break;
	case SIGNAL_TAKEN:
	case SIGNAL_READ:
		__sync_fetch_and_add(&counts->taken, 1);
		__sync_fetch_and_add(&counts->delivered, 1);
		break;
	default: __sync_fetch_and_add(&counts->delivered, 1);
	}
}

__noinline int signal_count(struct signal_sent *sent, struct signal_whom *target, __u32 sig, __u32 outcome,
		 __u32 sending)
{
	__u64 now = bpf_ktime_get_ns();
	struct signal_kept *tally;

	if (!sent || !target)
		return 0;
	tally = tally_of(sent, target, sig);
	if (!tally)
		return 1;
	if (sending)
		__sync_fetch_and_add(&tally->counts.sent, 1);
	else if (outcome < SIGNAL_DISCARDED)
		count_delay(&tally->counts, sent->ts, now);
	count_outcome(&tally->counts, outcome);
	tally->counts.last_ts = now;
	return tally_shows(tally, now);
}

/* --- queues ---------------------------------------------------------------------------------- */

__noinline int signal_pop(struct signal_sent *sent, __u64 queue, __u32 sig)
{
	struct signal_place place = { .queue = queue, .signal = sig };
	struct signal_queue *pending = bpf_map_lookup_elem(&signal_queues, &queue);
	struct signal_sent *found;
	__u32 i = sig - SIGNAL_STANDARD;

	if (!sent || !pending || sig < 1 || sig > SIGNAL_MAX || !(pending->mask & BIT_OF(sig)))
		return 0;
	if (sig < SIGNAL_STANDARD) {
		*sent = pending->standard[sig];
		pending->mask &= ~BIT_OF(sig);
		return 1;
	}
	if (i > SIGNAL_STANDARD)
		return 0;
	place.number = pending->head[i]++;
	if (pending->head[i] == pending->tail[i])
		pending->mask &= ~BIT_OF(sig);
	found = bpf_map_lookup_elem(&signal_places, &place);
	if (!found)
		return 0;
	*sent = *found;
	bpf_map_delete_elem(&signal_places, &place);
	return 1;
}

static __always_inline struct signal_queue *queue_get(__u64 queue)
{
	struct signal_queue *pending = bpf_map_lookup_elem(&signal_queues, &queue);

	if (pending)
		return pending;
	bpf_map_update_elem(&signal_queues, &queue, &signal_queue_empty, BPF_NOEXIST);
	pending = bpf_map_lookup_elem(&signal_queues, &queue);
	if (!pending)
		count_loss(LOSS_MAP_FULL);
	return pending;
}

/* A standard signal that the kernel takes for not pending, and we do not, went unseen: by ptrace, by
 * io_uring from a signalfd, … */
__noinline int signal_push(struct signal_sent *sent, struct signal_whom *target, __u64 queue, __u32 sig)
{
	struct signal_place place = { .queue = queue, .signal = sig };
	struct signal_queue *pending;
	struct signal_sent mine;
	__u32 i = sig - SIGNAL_STANDARD;

	if (!sent || !target || sig < 1 || sig > SIGNAL_MAX)
		return 0;
	pending = queue_get(queue);
	if (!pending)
		return 0;
	if (sig < SIGNAL_STANDARD) {
		if (pending->mask & BIT_OF(sig)) {
			mine = pending->standard[sig];
			signal_count(&mine, target, sig, SIGNAL_UNSEEN, 0);
		}
		pending->standard[sig] = *sent;
		pending->mask |= BIT_OF(sig);
		return 1;
	}
	if (i > SIGNAL_STANDARD)
		return 0;
	place.number = pending->tail[i]++;
	pending->mask |= BIT_OF(sig);
	mine = *sent; /* before 6.4 a map takes nothing out of memory handed to a function */
	if (bpf_map_update_elem(&signal_places, &place, &mine, BPF_ANY))
		count_loss(LOSS_MAP_FULL);
	return 1;
}

/* --- ends ------------------------------------------------------------------------------------ */

__noinline int signal_end(struct signal_sent *sent, struct signal_whom *target, __u32 sig, __u32 outcome,
	       __u32 group)
{
	struct record_signal *record;
	struct who who = {};

	if (!sent || !target)
		return 0;
	if (!signal_count(sent, target, sig, outcome, 0))
		return 0;
	record = record_reserve(sizeof(*record));
	if (!record)
		return 0;
	who.start = target->start;
	who.pid = target->pid;
	who.tid = target->tid;
	if (bpf_get_current_pid_tgid() >> 32 == target->pid)
		bpf_get_current_comm(who.comm, sizeof(who.comm));
	__builtin_memset(record, 0, sizeof(*record));
	head_fill(&record->head, RECORD_SIGNAL_END, sizeof(*record), &who);
	record->other_start = sent->sender_start;
	record->other_pid = sent->sender_pid;
	record->target_tid = target->tid;
	record->signal = sig;
	record->cause = sent->cause;
	record->outcome = outcome;
	record->group = group;
	record->delay_ns = sent->ts ? record->head.ts - sent->ts : ~0ull;
	record_submit(record);
	return 1;
}

__noinline int signal_take(__u32 sig, __u32 outcome)
{
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct signal_whom me = { .pid = pid_tgid >> 32, .tid = (__u32)pid_tgid };
	struct signal_sent sent = {};
	__u32 group = 0;

	if (!signal_pop(&sent, QUEUE_OF_THREAD(me.tid), sig)) {
		group = 1;
		if (!signal_pop(&sent, QUEUE_OF_PROCESS(me.pid), sig))
			return 0;
	}
	me.start = current_start();
	return signal_end(&sent, &me, sig, outcome, group);
}

struct discarding {
	struct signal_whom target;
	__u64 queue, mask;
	__u32 fatal;
};

/* The number of the lowest signal in a set that is not empty. The verifier would go through a loop over the
 * bits one by one; BPF has no instruction for it, but this becomes plain arithmetic. */
static __always_inline __u32 lowest_of(__u64 set)
{
	return __builtin_popcountll((set & -set) - 1) + 1;
}

static long discard_step(__u32 i, struct discarding *it)
{
	struct signal_sent sent = {};
	__u32 sig;

	/* As often as there are bits, and once for each further real-time signal of one number. */
	if (!it->mask)
		return 1;
	sig = lowest_of(it->mask);
	if (!signal_pop(&sent, it->queue, sig)) {
		it->mask &= ~BIT_OF(sig);
		return 0;
	}
	signal_end(&sent, &it->target, sig,
		   sig != it->fatal           ? SIGNAL_DISCARDED :
		   SIGNALS_CORE & BIT_OF(sig) ? SIGNAL_CORE :
						SIGNAL_TERMINATED,
		   it->queue >> 32);
	return 0;
}

#define DISCARD_MAX (1 << 16)

__noinline int signal_discard(struct signal_whom *target, __u64 queue, __u64 mask, __u32 fatal)
{
	struct signal_queue *pending = bpf_map_lookup_elem(&signal_queues, &queue);
	struct discarding it = { .queue = queue, .fatal = fatal };

	if (!target || !pending)
		return 0;
	it.mask = pending->mask & mask;
	it.target = *target;
	if (it.mask)
		bpf_loop(DISCARD_MAX, discard_step, &it, 0);
	return 1;
}

/* Of real-time signals that were noted while some of them were taken, some are left over here. */
__noinline int signal_heal(__u32 sig)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct signal_whom me = { .pid = pid_tgid >> 32, .tid = (__u32)pid_tgid };

	if (sig < 1 || sig > SIGNAL_MAX)
		return 0;
	me.start = current_start();
	if (!(BPF_CORE_READ(task, pending.signal.sig[0]) & BIT_OF(sig)))
		signal_discard(&me, QUEUE_OF_THREAD(me.tid), BIT_OF(sig), 0);
	if (!(BPF_CORE_READ(task, signal, shared_pending.signal.sig[0]) & BIT_OF(sig)))
		signal_discard(&me, QUEUE_OF_PROCESS(me.pid), BIT_OF(sig), 0);
	return 0;
}

/* --- what was pending before we looked --------------------------------------------------------- */

#define PF_KTHREAD 0x00200000

struct noting {
	struct signal_whom target;
	__u64 queue, wanted;
	struct pending_walk walk;
};

static __always_inline void note(struct noting *it, struct signal_sent *sent, __u32 sig)
{
	signal_push(sent, &it->target, it->queue, sig);
	signal_count(sent, &it->target, sig, SIGNAL_PENDING, 1);
}

static long note_step(__u32 i, struct noting *it)
{
	struct pending_entry entry = {};
	struct signal_sent sent = {};

	if (!pending_next(&it->walk, &entry))
		return 1;
	sent.cause = entry.cause;
	sent.sender_pid = entry.sender_pid;
	if (it->wanted & BIT_OF(entry.signal))
		note(it, &sent, entry.signal);
	return 0;
}

/* Those that the set has and no entry speaks of: who sent them is not known. */
static long note_bare_step(__u32 i, struct noting *it)
{
	struct signal_sent sent = { .cause = SIGNAL_CAUSE_UNKNOWN };

	if (it->wanted & ~it->walk.met & BIT_OF(i + 1))
		note(it, &sent, i + 1);
	return 0;
}

/* pending: address of a struct sigpending. What an event has told of is not noted again. */
static __always_inline void note_pending(struct signal_whom *target, __u64 queue, __u64 pending,
					 __u64 task)
{
	struct signal_queue *kept = bpf_map_lookup_elem(&signal_queues, &queue);
	struct noting it = { .queue = queue };
	__u64 gone;

	pending_begin(&it.walk, pending, queue >> 32, task);
	it.wanted = kept ? it.walk.set & ~kept->mask : it.walk.set;
	/* Every thread of a process that is being killed has it (kernel/signal.c, zap_process()). */
	if (!(queue >> 32) && target->pid != target->tid)
		it.wanted &= ~BIT_OF(SIGKILL);
	if (!it.wanted)
		return;
	it.target = *target;
	bpf_loop(PENDING_MAX, note_step, &it, 0);
	bpf_loop(SIGNAL_MAX, note_bare_step, &it, 0);
	/* Taken between our reading and our noting it: the event that told of it found nothing noted. */
	gone = it.wanted & ~BPF_CORE_READ((struct sigpending *)pending, signal.sig[0]);
	if (gone)
		signal_discard(target, queue, gone, 0);
}

/* Run once, after the hooks are attached; writes nothing. */
SEC("?iter/task")
int signal_note_pending(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct signal_whom whom = {};
	__u64 address;

	if (!task || (task->flags & PF_KTHREAD) || task->tgid == settings.own_tgid)
		return 0;
	address = address_of(task);
	task = (void *)address;
	whom.pid = BPF_CORE_READ(task, tgid);
	whom.tid = BPF_CORE_READ(task, pid);
	whom.start = task_start(address);
	note_pending(&whom, QUEUE_OF_THREAD(whom.tid),
		     address + bpf_core_field_offset(struct task_struct, pending), address);
	if (whom.pid == whom.tid)
		note_pending(&whom, QUEUE_OF_PROCESS(whom.pid),
			     (__u64)BPF_CORE_READ(task, signal) +
				     bpf_core_field_offset(struct signal_struct, shared_pending),
			     address);
	return 0;
}

/* A task ended: its queue goes with it, and its process's with the last task. */
static __always_inline int signal_task_exited(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 pid_tgid = bpf_get_current_pid_tgid();
	struct signal_whom whom = { .pid = pid_tgid >> 32, .tid = (__u32)pid_tgid };
	__u64 queue = QUEUE_OF_THREAD(whom.tid);
	__u32 fatal = BPF_CORE_READ(task, exit_code) & 0x7f;

	whom.start = current_start();
	signal_discard(&whom, queue, ~0ull, fatal);
	bpf_map_delete_elem(&signal_queues, &queue);
	if (BPF_CORE_READ(task, signal, live.counter))
		return 0;
	queue = QUEUE_OF_PROCESS(whom.pid);
	signal_discard(&whom, queue, ~0ull, fatal);
	bpf_map_delete_elem(&signal_queues, &queue);
	return 0;
}

SEC("?tp_btf/sched_process_exit")
int BPF_PROG(signal_exit_btf, struct task_struct *task)
{
	return signal_task_exited();
}

SEC("?tp/sched/sched_process_exit")
int signal_exit_perf(void *ctx)
{
	return signal_task_exited();
}

char _license[] SEC("license") = "GPL";
