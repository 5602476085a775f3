// SPDX-License-Identifier: GPL-2.0-only
/* Why there is a signal, and a task by its number. */
#include "signal.bpf.h"
#include "idr.bpf.h"

#define PF_EXITING 0x00000004

/* The two values of a siginfo pointer that are none: SEND_SIG_NOINFO and SEND_SIG_PRIV. */
#define INFO_NONE 0
#define INFO_PRIV 1

/* --- why ------------------------------------------------------------------------------------- */

/* exit_notify() and disassociate_ctty() send the same two signals; the second still has its tty. */
static __always_inline __u32 hangup_cause(struct task_struct *task)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);

	if (!(BPF_CORE_READ(task, flags) & PF_EXITING))
		return SIGNAL_HANGUP;
	return BPF_CORE_READ(signal, leader) && BPF_CORE_READ(signal, tty) ? SIGNAL_HANGUP :
									     SIGNAL_ORPHANED;
}

/* Sent by the kernel with nothing to tell. */
static __always_inline __u32 bare_cause(struct task_struct *task, __u32 sig, bool is_priv)
{
	switch (sig) {
	case SIGPIPE: return SIGNAL_BROKEN_PIPE;
	case SIGXFSZ:
	case SIGXCPU: return SIGNAL_LIMIT;
	}
	if (!is_priv)
		return BPF_CORE_READ(task, flags) & PF_EXITING ? SIGNAL_PARENT_DIED :
								 SIGNAL_BY_KERNEL;
	if (sig == 1 /* SIGHUP */ || sig == SIGCONT)
		return hangup_cause(task);
	return pending_bare_cause(sig);
}

static __always_inline __u32 told_cause(struct task_struct *task, __u32 sig, __s32 code)
{
	bool ending = BPF_CORE_READ(task, flags) & PF_EXITING;

	if (code > 0 && code <= CLD_LAST && (sig == SIGCHLD || (ending && code <= CLD_KILLED_LAST)))
		return SIGNAL_CHILD_EXITED + code - 1;
	switch (sig) {
	case SIGSEGV:
	case SIGBUS:
	case SIGILL:
	case SIGFPE:
	case SIGTRAP: return SIGNAL_FAULT;
	case SIGSYS: return SIGNAL_SECCOMP;
	case SIGIO: return SIGNAL_IO;
	}
	return code == SI_KERNEL ? bare_cause(task, sig, true) : SIGNAL_BY_KERNEL;
}

/* si_pid is in the numbers of the parent's namespace; whoever ends or stops is the current task. */
static __always_inline __u32 child_of(struct task_struct *task, const struct siginfo_start *info)
{
	if (info->code > CLD_KILLED_LAST || (BPF_CORE_READ(task, flags) & PF_EXITING))
		return bpf_get_current_pid_tgid() >> 32;
	return info->pid;
}

static __always_inline int origin_told(struct signal_origin *origin, struct task_struct *task, __u32 sig,
					const struct siginfo_start *info)
{
	origin->code = info->code;
	switch (info->code) {
	case SI_TIMER: origin->cause = SIGNAL_TIMER; break;
	case SI_MESGQ: origin->cause = SIGNAL_MESSAGE; break;
	case SI_SIGIO: origin->cause = SIGNAL_IO; return 0;
	default:
		origin->cause = info->code <= 0 ? SIGNAL_BY_PROCESS :
						  told_cause(task, sig, info->code);
	}
	if (info->code < 0 && info->code != SI_TKILL)
		origin->value = info->value;
	else if (origin->cause == SIGNAL_FAULT || origin->cause == SIGNAL_SECCOMP)
		origin->value = info->address;
	else if (origin->cause >= SIGNAL_CHILD_EXITED && origin->cause <= SIGNAL_CHILD_CONTINUED) {
		origin->value = (__u32)info->value;
		origin->child = child_of(task, info);
	}
	return 0;
}

/*
 * Why there is this signal. si_code tells a process's from the kernel's: send_sig(…, 0), as for a
 * broken pipe, looks like a kill() by oneself when delivered, but has no siginfo when sent.
 */
__noinline int signal_origin_fill(struct signal_origin *origin, __u64 address, __u32 sig)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct siginfo_start info = {};

	if (!origin)
		return 0;
	if (address == INFO_NONE || address == INFO_PRIV) {
		origin->code = address == INFO_PRIV ? SI_KERNEL : 0;
		origin->cause = bare_cause(task, sig, address == INFO_PRIV);
		return 0;
	}
	bpf_probe_read_kernel(&info, sizeof(info), (void *)address);
	return origin_told(origin, task, sig, &info);
}

/* --- whom ------------------------------------------------------------------------------------ */

/* By its number in the first pid namespace: no kfunc finds it for a perf tracepoint. A thread that ends
 * as the last of its group has no number any more when it tells the parent (release_task()); its leader,
 * a zombie, has one. */
__noinline __u64 task_by_pid(__u32 nr)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	void *ns = BPF_CORE_READ(task, group_leader, thread_pid, numbers[0].ns);
	struct pid *pid;
	__u64 link;

	if (!ns || !bpf_core_field_exists(struct pid_namespace, idr))
		return 0;
	pid = (void *)idr_at(ns + bpf_core_field_offset(struct pid_namespace, idr), nr);
	if (!pid || BPF_CORE_READ(pid, numbers[0].nr) != nr)
		return 0;
	link = (__u64)BPF_CORE_READ(pid, tasks[0].first);
	return link ? link - bpf_core_field_offset(struct task_struct, pid_links) : 0;
}

char _license[] SEC("license") = "GPL";
