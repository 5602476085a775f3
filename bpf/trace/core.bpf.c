// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one hook on the exit of system calls, and the maps behind all tracing programs. The root
 * program tail-calls whatever the loader put under the call's number; a call that nobody asked
 * for costs the hook and one array look-up.
 */
#define IPCTRACE_CORE_BPF
#include "call.bpf.h"

SEC("?tp_btf/sys_exit")
int BPF_PROG(root_btf, struct pt_regs *regs, long ret)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct call call;

	if (!ARCH_IS_COMPAT(task)) {
		bpf_tail_call(ctx, &dispatch, ARCH_SYSCALL_NR(regs));
		return 0;
	}
	call_init(&call, regs, ret);
	bpf_tail_call(ctx, &dispatch, call.nr);
	return 0;
}

SEC("?tp/raw_syscalls/sys_exit")
int root_perf(struct trace_event_raw_sys_exit *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();
	struct call call;

	if (!ARCH_IS_COMPAT(task)) {
		bpf_tail_call(ctx, &dispatch, ctx->id);
		return 0;
	}
	call_init(&call, (void *)bpf_task_pt_regs(task), ctx->ret);
	bpf_tail_call(ctx, &dispatch, call.nr);
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
