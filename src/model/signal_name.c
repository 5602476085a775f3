// SPDX-License-Identifier: GPL-2.0-only
/* What signals, causes and outcomes are called: one table each. */
#include "model/internal.h"

#define RT(n) [SIGNAL_RTMIN + (n)] = "SIGRTMIN+" #n

/* The C library keeps the kernel's first two real-time signals and calls the third SIGRTMIN. */
#define SIGNAL_RTMIN 34

static const char *const signals[] = {
	[1] = "SIGHUP",
	[2] = "SIGINT",
	[3] = "SIGQUIT",
	[4] = "SIGILL",
	[5] = "SIGTRAP",
	[6] = "SIGABRT",
	[7] = "SIGBUS",
	[8] = "SIGFPE",
	[9] = "SIGKILL",
	[10] = "SIGUSR1",
	[11] = "SIGSEGV",
	[12] = "SIGUSR2",
	[13] = "SIGPIPE",
	[14] = "SIGALRM",
	[15] = "SIGTERM",
	[16] = "SIGSTKFLT",
	[17] = "SIGCHLD",
	[18] = "SIGCONT",
	[19] = "SIGSTOP",
	[20] = "SIGTSTP",
	[21] = "SIGTTIN",
	[22] = "SIGTTOU",
	[23] = "SIGURG",
	[24] = "SIGXCPU",
	[25] = "SIGXFSZ",
	[26] = "SIGVTALRM",
	[27] = "SIGPROF",
	[28] = "SIGWINCH",
	[29] = "SIGIO",
	[30] = "SIGPWR",
	[31] = "SIGSYS",
	[32] = "SIGRTMIN-2",
	[33] = "SIGRTMIN-1",
	RT(0),
	RT(1),
	RT(2),
	RT(3),
	RT(4),
	RT(5),
	RT(6),
	RT(7),
	RT(8),
	RT(9),
	RT(10),
	RT(11),
	RT(12),
	RT(13),
	RT(14),
	RT(15),
	RT(16),
	RT(17),
	RT(18),
	RT(19),
	RT(20),
	RT(21),
	RT(22),
	RT(23),
	RT(24),
	RT(25),
	RT(26),
	RT(27),
	RT(28),
	RT(29),
	RT(30),
};
_Static_assert(sizeof(signals) / sizeof(signals[0]) == SIGNAL_COUNT + 1, "every signal has a name");

const char *signal_name(uint32_t signal)
{
	return signal && signal <= SIGNAL_COUNT ? signals[signal] : "SIG?";
}

static const char *const causes[] = {
	[SIGNAL_BY_PROCESS] = NULL,
	[SIGNAL_BY_KERNEL] = "kernel",
	[SIGNAL_CHILD_EXITED] = "child exited",
	[SIGNAL_CHILD_KILLED] = "child killed",
	[SIGNAL_CHILD_DUMPED] = "child dumped core",
	[SIGNAL_CHILD_TRAPPED] = "child trapped",
	[SIGNAL_CHILD_STOPPED] = "child stopped",
	[SIGNAL_CHILD_CONTINUED] = "child continued",
	[SIGNAL_TIMER] = "timer",
	[SIGNAL_ALARM] = "alarm",
	[SIGNAL_BROKEN_PIPE] = "broken pipe",
	[SIGNAL_FAULT] = "fault",
	[SIGNAL_TERMINAL] = "terminal",
	[SIGNAL_HANGUP] = "terminal hung up",
	[SIGNAL_ORPHANED] = "orphaned process group",
	[SIGNAL_RESIZED] = "terminal resized",
	[SIGNAL_IO] = "input or output possible",
	[SIGNAL_LIMIT] = "resource limit",
	[SIGNAL_PARENT_DIED] = "parent died",
	[SIGNAL_MESSAGE] = "message queue",
	[SIGNAL_SECCOMP] = "seccomp",
	[SIGNAL_CAUSE_UNKNOWN] = "unknown",
};
_Static_assert(sizeof(causes) / sizeof(causes[0]) == SIGNAL_CAUSE_MAX, "every cause has a name");

const char *signal_cause_name(uint32_t cause)
{
	return cause < SIGNAL_CAUSE_MAX ? causes[cause] : "unknown";
}

static const char *const outcomes[] = {
	[SIGNAL_PENDING] = "pending",
	[SIGNAL_BLOCKED] = "blocked, pending",
	[SIGNAL_HANDLED] = "handler",
	[SIGNAL_TERMINATED] = "terminated",
	[SIGNAL_CORE] = "terminated, core",
	[SIGNAL_STOPPED] = "stopped",
	[SIGNAL_CONTINUED] = "continued",
	[SIGNAL_IGNORED] = "ignored",
	[SIGNAL_NOTHING] = "does nothing by default",
	[SIGNAL_TOO_LATE] = "target is ending",
	[SIGNAL_MERGED] = "merged into a pending one",
	[SIGNAL_OVERFLOW] = "queue overflow",
	[SIGNAL_TAKEN] = "taken by sigwait",
	[SIGNAL_READ] = "taken by signalfd",
	[SIGNAL_DISCARDED] = "discarded",
	[SIGNAL_UNSEEN] = "went unseen",
};
_Static_assert(sizeof(outcomes) / sizeof(outcomes[0]) == SIGNAL_OUTCOME_MAX,
	       "every outcome has a name");

const char *signal_outcome_name(uint32_t outcome)
{
	return outcome < SIGNAL_OUTCOME_MAX ? outcomes[outcome] : "unknown";
}
