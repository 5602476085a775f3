/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One system call at its exit: number, arguments and result, the same for 64-bit and 32-bit
 * programs and for both kinds of exit hook. pt_regs still holds the arguments at exit.
 */
#ifndef IPCTRACE_CALL_BPF_H
#define IPCTRACE_CALL_BPF_H

#include "maps.bpf.h"

#define IPC_SHMAT 21 /* include/uapi/linux/ipc.h */
#define IPC_SHMDT 22

struct call {
	struct task_struct *task;	/* current */
	long ret;
	int nr;				/* 64-bit numbering */
	bool compat;
	bool socketcall;
	__u64 arg[6];
};

static __always_inline bool call_is_own(const struct task_struct *task)
{
	return task->tgid == settings.own_tgid;
}

/* A 32-bit socketcall(2) carries its real arguments in memory. */
static __always_inline int call_unwrap_socketcall(struct call *call)
{
	__u32 which = (__u32)call->arg[0], inner[6] = {};

	if (which >= SOCKETCALL_MAX)
		return CALL_NONE;
	barrier_var(which);
	which &= SOCKETCALL_MAX - 1;
	if (bpf_probe_read_user(inner, sizeof(inner), (void *)call->arg[1])) {
		count_loss(LOSS_READ_FAILED);
		return CALL_NONE;
	}
	for (int i = 0; i < 6; i++)
		call->arg[i] = inner[i];
	call->socketcall = true;
	return settings.compat_socketcall[which];
}

/* The old 32-bit mmap(2): all its arguments in memory. */
static __always_inline int call_unwrap_mmap(struct call *call)
{
	__u32 inner[5] = {};

	if (bpf_probe_read_user(inner, sizeof(inner), (void *)call->arg[0])) {
		count_loss(LOSS_READ_FAILED);
		return CALL_NONE;
	}
	for (int i = 0; i < 5; i++)
		call->arg[i] = inner[i];
	return settings.mmap_nr;
}

/*
 * A 32-bit ipc(2): which, first, second, third, pointer. The shmat in it stores the address where
 * `third` points, and returns 0 (ipc/syscall.c).
 */
static __always_inline int call_unwrap_ipc(struct call *call)
{
	__u32 which = (__u32)call->arg[0] & 0xffff, at = 0;
	__u64 first = call->arg[1], second = call->arg[2], third = call->arg[3];
	__u64 pointer = call->arg[4];

	if (which >= IPC_CALLS_MAX)
		return CALL_NONE;
	call->arg[0] = which == IPC_SHMDT ? pointer : first;
	call->arg[1] = second;
	call->arg[2] = third;
	if (which == IPC_SHMAT && call->ret == 0) {
		if (bpf_probe_read_user(&at, sizeof(at), (void *)third))
			count_loss(LOSS_READ_FAILED);
		call->ret = at;
	}
	barrier_var(which);
	return settings.compat_ipc[which & (IPC_CALLS_MAX - 1)];
}

static __always_inline int call_unwrap(struct call *call, int native)
{
	switch (native) {
	case CALL_SOCKETCALL: return call_unwrap_socketcall(call);
	case CALL_OLD_MMAP: return call_unwrap_mmap(call);
	case CALL_IPC: return call_unwrap_ipc(call);
	}
	return native;
}

static __always_inline int call_compat_nr(struct call *call, int nr)
{
	__u32 i = nr;
	int native;

	if (i >= CALLS_MAX)
		return CALL_NONE;
	barrier_var(i);
	native = settings.compat_nr[i & (CALLS_MAX - 1)];
	return call_unwrap(call, native);
}

static __always_inline void call_init(struct call *call, struct pt_regs *regs, long ret)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();

	call->task = task;
	call->ret = ret;
	call->socketcall = false;
	call->compat = ARCH_IS_COMPAT(task);
	if (!call->compat) {
		call->nr = ARCH_SYSCALL_NR(regs);
		call->arg[0] = ARCH_ARG0(regs);
		call->arg[1] = ARCH_ARG1(regs);
		call->arg[2] = ARCH_ARG2(regs);
		call->arg[3] = ARCH_ARG3(regs);
		call->arg[4] = ARCH_ARG4(regs);
		call->arg[5] = ARCH_ARG5(regs);
		return;
	}
	call->arg[0] = ARCH_COMPAT_ARG0(regs);
	call->arg[1] = ARCH_COMPAT_ARG1(regs);
	call->arg[2] = ARCH_COMPAT_ARG2(regs);
	call->arg[3] = ARCH_COMPAT_ARG3(regs);
	call->arg[4] = ARCH_COMPAT_ARG4(regs);
	call->arg[5] = ARCH_COMPAT_ARG5(regs);
	call->nr = call_compat_nr(call, ARCH_SYSCALL_NR(regs));
}

/* What a program that looks at several calls is to do at the exit of this one: enum call_action. */
static __always_inline __u32 call_action(const struct call *call)
{
	__u32 nr = call->nr;

	if (nr >= CALLS_MAX)
		return CALL_ON_NOTHING;
	barrier_var(nr);
	return settings.call_action[nr & (CALLS_MAX - 1)];
}

/*
 * CALL_EXIT(name): a program run at the exit of the system calls that the loader's table gives to
 * `name`. It is made twice, for the two hooks (DESIGN: which of them loses nothing depends on the
 * kernel): tp_btf/sys_exit gives the registers, the perf tracepoint leaves us to find them.
 */
#define CALL_EXIT(name)                                                                            \
	static __always_inline int name(struct call *call);                                        \
	SEC("?tp_btf/sys_exit")                                                                    \
	int BPF_PROG(name##_btf, struct pt_regs *regs, long ret)                                   \
	{                                                                                          \
		struct call call;                                                                  \
		call_init(&call, regs, ret);                                                       \
		return name(&call);                                                                \
	}                                                                                          \
	SEC("?tp/raw_syscalls/sys_exit")                                                           \
	int name##_perf(struct trace_event_raw_sys_exit *ctx)                                      \
	{                                                                                          \
		struct task_struct *task = (void *)bpf_get_current_task_btf();                     \
		struct call call;                                                                  \
		call_init(&call, (void *)bpf_task_pt_regs(task), ctx->ret);                        \
		return name(&call);                                                                \
	}                                                                                          \
	static __always_inline int name(struct call *call)

#endif /* IPCTRACE_CALL_BPF_H */
