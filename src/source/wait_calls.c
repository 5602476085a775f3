// SPDX-License-Identifier: GPL-2.0-only
/* Which system calls a task may sleep in, what that is called, and which argument limits the time. */
#include "source/calls.h"

#include <sys/syscall.h>

#include "ipctrace/record.h"

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441
#endif

#define NR_CLONE3 435 /* on every architecture */

#if defined(__x86_64__)
#define I386(nr) (nr)
#else
#define I386(nr) (-1)
#endif

/* x86: 32-bit numbers that the table of traced calls doesn't have (arch/x86/entry/syscalls). */
static const struct wait_row {
	const char *name;
	int nr, compat_nr, compat_time64;
	__u16 call;
} rows[] = {
	{ "read", SYS_read, -1, -1, WAIT_CALL(WAIT_READ, 0, 0) },
	{ "readv", SYS_readv, -1, -1, WAIT_CALL(WAIT_READ, 0, 0) },
	{ "preadv2", SYS_preadv2, -1, -1, WAIT_CALL(WAIT_READ, 0, 0) },
	{ "recvfrom", SYS_recvfrom, -1, -1, WAIT_CALL(WAIT_READ, 0, 0) },
	{ "recvmsg", SYS_recvmsg, -1, -1, WAIT_CALL(WAIT_READ, 0, 0) },
	{ "recvmmsg", SYS_recvmmsg, -1, -1, WAIT_CALL(WAIT_READ, LIMIT_POINTER, 4) },
	{ "mq_timedreceive", SYS_mq_timedreceive, 280, 419, WAIT_CALL(WAIT_READ, LIMIT_POINTER, 4) },
	{ "write", SYS_write, -1, -1, WAIT_CALL(WAIT_WRITE, 0, 0) },
	{ "writev", SYS_writev, -1, -1, WAIT_CALL(WAIT_WRITE, 0, 0) },
	{ "pwritev2", SYS_pwritev2, -1, -1, WAIT_CALL(WAIT_WRITE, 0, 0) },
	{ "sendto", SYS_sendto, -1, -1, WAIT_CALL(WAIT_WRITE, 0, 0) },
	{ "sendmsg", SYS_sendmsg, -1, -1, WAIT_CALL(WAIT_WRITE, 0, 0) },
	{ "sendmmsg", SYS_sendmmsg, -1, -1, WAIT_CALL(WAIT_WRITE, 0, 0) },
	{ "vmsplice", SYS_vmsplice, -1, -1, WAIT_CALL(WAIT_WRITE, 0, 0) },
	{ "mq_timedsend", SYS_mq_timedsend, 279, 418, WAIT_CALL(WAIT_WRITE, LIMIT_POINTER, 4) },
	{ "splice", SYS_splice, -1, -1, WAIT_CALL(WAIT_SPLICE, 0, 0) },
	{ "tee", SYS_tee, -1, -1, WAIT_CALL(WAIT_SENDFILE, 0, 0) },
	{ "sendfile", SYS_sendfile, -1, -1, WAIT_CALL(WAIT_SENDFILE, 0, 0) },
	{ "accept", SYS_accept, -1, -1, WAIT_CALL(WAIT_ACCEPT, 0, 0) },
	{ "accept4", SYS_accept4, -1, -1, WAIT_CALL(WAIT_ACCEPT, 0, 0) },
	{ "connect", SYS_connect, 362, -1, WAIT_CALL(WAIT_CONNECT, 0, 0) },
#ifdef SYS_poll
	{ "poll", SYS_poll, 168, -1, WAIT_CALL(WAIT_POLL, LIMIT_MS, 2) },
	{ "select", SYS_select, 142, -1, WAIT_CALL(WAIT_SELECT, LIMIT_POINTER, 4) },
	{ "epoll_wait", SYS_epoll_wait, 256, -1, WAIT_CALL(WAIT_EPOLL, LIMIT_MS, 3) },
	{ "pause", SYS_pause, 29, -1, WAIT_CALL(WAIT_SIGNAL, 0, 0) },
#endif
	{ "ppoll", SYS_ppoll, 309, 414, WAIT_CALL(WAIT_POLL, LIMIT_POINTER, 2) },
	{ "pselect6", SYS_pselect6, 308, 413, WAIT_CALL(WAIT_SELECT, LIMIT_POINTER, 4) },
	{ "epoll_pwait", SYS_epoll_pwait, 319, -1, WAIT_CALL(WAIT_EPOLL, LIMIT_MS, 3) },
	{ "epoll_pwait2", SYS_epoll_pwait2, 441, -1, WAIT_CALL(WAIT_EPOLL, LIMIT_POINTER, 3) },
	{ "futex", SYS_futex, 240, 422, WAIT_CALL(WAIT_FUTEX, LIMIT_POINTER, 3) },
	{ "semop", SYS_semop, -1, -1, WAIT_CALL(WAIT_SEM, 0, 0) },
	{ "semtimedop", SYS_semtimedop, 420, -1, WAIT_CALL(WAIT_SEM, LIMIT_POINTER, 3) },
	{ "msgsnd", SYS_msgsnd, 400, -1, WAIT_CALL(WAIT_MSG_SEND, 0, 0) },
	{ "msgrcv", SYS_msgrcv, 401, -1, WAIT_CALL(WAIT_MSG_RECEIVE, 0, 0) },
	{ "wait4", SYS_wait4, 114, -1, WAIT_CALL(WAIT_CHILD, 0, 0) },
	{ "waitid", SYS_waitid, 284, -1, WAIT_CALL(WAIT_CHILD, 0, 0) },
	{ "flock", SYS_flock, 143, -1, WAIT_CALL(WAIT_FLOCK, 0, 0) },
	{ "fcntl", SYS_fcntl, -1, -1, WAIT_CALL(WAIT_FCNTL, 0, 0) },
#ifdef SYS_open
	{ "open", SYS_open, -1, -1, WAIT_CALL(WAIT_OPEN, 0, 0) },
	{ "creat", SYS_creat, -1, -1, WAIT_CALL(WAIT_OPEN, 0, 0) },
#endif
	{ "openat", SYS_openat, -1, -1, WAIT_CALL(WAIT_OPEN, 0, 0) },
	{ "openat2", SYS_openat2, -1, -1, WAIT_CALL(WAIT_OPEN, 0, 0) },
	{ "nanosleep", SYS_nanosleep, 162, -1, WAIT_CALL(WAIT_SLEEP, LIMIT_ALWAYS, 0) },
	{ "clock_nanosleep", SYS_clock_nanosleep, 267, 407, WAIT_CALL(WAIT_SLEEP, LIMIT_ALWAYS, 0) },
	{ "rt_sigsuspend", SYS_rt_sigsuspend, 179, -1, WAIT_CALL(WAIT_SIGNAL, 0, 0) },
	{ "rt_sigtimedwait", SYS_rt_sigtimedwait, 177, 421, WAIT_CALL(WAIT_SIGNAL, LIMIT_POINTER, 2) },
};

const char *wait_call_name(int nr)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].nr == nr)
			return rows[i].name;
#ifdef SYS_vfork
	if (nr == SYS_vfork)
		return "vfork";
#endif
	return nr == SYS_clone ? "clone" : nr == NR_CLONE3 ? "clone3" : NULL;
}

static void restart_fill_settings(struct settings *settings)
{
	settings->restart_call[RESTART_ITSELF] = SYS_restart_syscall;
#ifdef SYS_poll
	settings->restart_call[RESTART_POLL] = SYS_poll;
#else
	settings->restart_call[RESTART_POLL] = -1; /* ppoll() is begun anew as itself */
#endif
	settings->restart_call[RESTART_FUTEX] = SYS_futex;
	settings->restart_call[RESTART_NANOSLEEP] = SYS_nanosleep;
	settings->restart_call[RESTART_CLOCK_NANOSLEEP] = SYS_clock_nanosleep;
}

void wait_calls_fill_settings(struct settings *settings)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		settings->wait_call[rows[i].nr] = rows[i].call;
		if (I386(rows[i].compat_nr) >= 0)
			settings->compat_nr[rows[i].compat_nr] = rows[i].nr;
		if (I386(rows[i].compat_time64) >= 0)
			settings->compat_nr[rows[i].compat_time64] = rows[i].nr;
	}
#ifdef __x86_64__
	settings->compat_nr[0] = SYS_restart_syscall;
	settings->compat_nr[7] = SYS_wait4; /* waitpid */
#endif
	restart_fill_settings(settings);
#ifdef SYS_vfork
	settings->vfork_call[0] = SYS_vfork;
#else
	settings->vfork_call[0] = -1;
#endif
	settings->vfork_call[1] = SYS_clone;
	settings->vfork_call[2] = NR_CLONE3;
}
