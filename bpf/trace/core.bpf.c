// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one hook on the exit of system calls, and the maps behind all tracing programs. The root
 * program tail-calls whatever the loader put under the call's number; a call that nobody asked
 * for costs the hook and one array look-up.
 */
#define IPCTRACE_CORE_BPF
#include "call.bpf.h"
#include "transfer.bpf.h"

/*
 * read and write come most often by far, so they are counted right here: a tail call is an indirect
 * jump, which costs as much as the counting.
 */
static __always_inline __u8 count_plain_transfer(struct task_struct *task, __u32 nr, __u32 fd, long ret)
{
	__u8 moves;

	if (nr >= CALLS_MAX)
		return CALL_MOVES_NOTHING;
	barrier_var(nr);
	moves = settings.transfer_call[nr & (CALLS_MAX - 1)];
	if (moves != CALL_MOVES_NOTHING && moves != CALL_MOVES && control.count_transfers)
		transfer_count(fd, moves == CALL_MOVES_IN ? DIRECTION_IN : DIRECTION_OUT, ret, nr,
			       (__u64)task->tgid << 32 | task->pid);
	return moves;
}

/* Which program of `dispatch` has more to do than to count; CALL_NONE = none. */
static __always_inline __u32 next_program(__u32 nr, __u8 moves, long ret, __u64 destination)
{
	if (moves == CALL_MOVES_NOTHING || moves == CALL_MOVES)
		return nr;
	if (moves == CALL_MOVES_OUT_TO && destination)
		return nr;
	/* A signalfd gives a whole number of 128 bytes. */
	if (control.signalfds && moves == CALL_MOVES_IN && ret > 0 && !(ret & 127))
		return CALL_SIGNALFD_READ;
	return CALL_NONE;
}

SEC("?tp_btf/sys_exit")
int BPF_PROG(root_btf, struct pt_regs *regs, long ret)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct call call;
	__u32 next;

	if (!ARCH_IS_COMPAT(task)) {
		__u32 nr = ARCH_SYSCALL_NR(regs);

		next = next_program(nr, count_plain_transfer(task, nr, ARCH_ARG0(regs), ret), ret,
				    ARCH_ARG4(regs));
	} else {
		call_init(&call, regs, ret);
		next = next_program(call.nr, count_plain_transfer(task, call.nr, call.arg[0], ret), ret,
				    call.arg[4]);
	}
	if (next != CALL_NONE)
		bpf_tail_call(ctx, &dispatch, next);
	return 0;
}

SEC("?tp/raw_syscalls/sys_exit")
int root_perf(struct trace_event_raw_sys_exit *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct pt_regs *regs = (void *)bpf_task_pt_regs(task);
	long ret = ctx->ret;
	struct call call;
	__u32 next;

	call_init(&call, regs, ret);
	next = next_program(call.nr, count_plain_transfer(task, call.nr, call.arg[0], ret), ret,
			    call.arg[4]);
	if (next != CALL_NONE)
		bpf_tail_call(ctx, &dispatch, next);
	return 0;
}

/* Self-test: counts the exits of one call made by one thread, to prove the hook on this kernel. */
CALL_EXIT(selftest_exit)
{
	if (call->task->pid == control.test_tid)
		control.test_calls++;
	return 0;
}

char _license[] SEC("license") = "GPL";
