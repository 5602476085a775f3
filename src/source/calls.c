// SPDX-License-Identifier: GPL-2.0-only
/* The table of system calls; numbers of calls newer than the build machine's headers are written
 * out, they are the same on all architectures from 424 on. */
#include "source/calls.h"

#include <sys/syscall.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

/* i386: arch/x86/entry/syscalls/syscall_32.tbl; arm: arch/arm/tools/syscall.tbl */
#if defined(__x86_64__)
#define COMPAT(i386, arm) (i386)
#elif defined(__aarch64__)
#define COMPAT(i386, arm) (arm)
#else
#define COMPAT(i386, arm) (-1)
#endif

#define CALL(name, i386, arm, action)	  {SYS_##name, COMPAT(i386, arm), action, CALL_MOVES_NOTHING, false}
#define MEMORY(name, i386, arm, action)	  {SYS_##name, COMPAT(i386, arm), action, CALL_MOVES_NOTHING, true}
#define TRANSFER(name, i386, arm, action) {SYS_##name, COMPAT(i386, arm), action, CALL_MOVES, false}
#define PLAIN(name, i386, arm, moves)	  {SYS_##name, COMPAT(i386, arm), CALL_ON_NOTHING, moves, false}

const struct call_row call_rows[] = {
#ifdef SYS_open
	TRANSFER(open, 5, 5, CALL_ON_OPEN), /* a FIFO's waits for the other side */
	TRANSFER(creat, 8, 8, CALL_ON_OPEN),
	CALL(mknod, 14, 14, CALL_ON_MKNOD),
	CALL(unlink, 10, 10, CALL_ON_UNLINK),
	CALL(dup2, 63, 63, CALL_ON_DUP),
	CALL(pipe, 42, 42, CALL_ON_PIPE),
	CALL(epoll_create, 254, 250, CALL_ON_NEW_FD),
	CALL(inotify_init, 291, 316, CALL_ON_NEW_FD),
	CALL(eventfd, 323, 351, CALL_ON_EVENTFD),
	CALL(signalfd, 321, 349, CALL_ON_SIGNALFD),
#endif
	TRANSFER(openat, 295, 322, CALL_ON_OPENAT),
	TRANSFER(openat2, 437, 437, CALL_ON_OPENAT),
	CALL(mknodat, 297, 324, CALL_ON_MKNODAT),
	CALL(unlinkat, 301, 328, CALL_ON_UNLINKAT),
	CALL(open_by_handle_at, 342, 371, CALL_ON_NEW_FD),
	CALL(mq_open, 277, 274, CALL_ON_OPEN),
	CALL(memfd_create, 356, 385, CALL_ON_NEW_FD),
	CALL(memfd_secret, 447, 447, CALL_ON_NEW_FD),
	CALL(epoll_create1, 329, 357, CALL_ON_NEW_FD),
	CALL(eventfd2, 328, 356, CALL_ON_EVENTFD),
	CALL(signalfd4, 327, 355, CALL_ON_SIGNALFD),
	CALL(timerfd_create, 322, 350, CALL_ON_NEW_FD),
	CALL(inotify_init1, 332, 360, CALL_ON_NEW_FD),
	CALL(fanotify_init, 338, 367, CALL_ON_NEW_FD),
	CALL(userfaultfd, 374, 388, CALL_ON_NEW_FD),
	CALL(perf_event_open, 336, 364, CALL_ON_NEW_FD),
	CALL(pidfd_open, 434, 434, CALL_ON_NEW_FD),
	CALL(io_uring_setup, 425, 425, CALL_ON_NEW_FD),
	CALL(open_tree, 428, 428, CALL_ON_NEW_FD),
	CALL(fsopen, 430, 430, CALL_ON_NEW_FD),
	CALL(fsmount, 432, 432, CALL_ON_NEW_FD),
	CALL(fspick, 433, 433, CALL_ON_NEW_FD),
	CALL(landlock_create_ruleset, 444, 444, CALL_ON_NEW_FD),
	CALL(bpf, 357, 386, CALL_ON_MAYBE_FD),
	CALL(seccomp, 354, 383, CALL_ON_MAYBE_FD),
	CALL(pidfd_getfd, 438, 438, CALL_ON_PIDFD_GETFD),
	CALL(socket, 359, 281, CALL_ON_SOCKET),
	CALL(accept, -1, 285, CALL_ON_ACCEPT),
	CALL(accept4, 364, 366, CALL_ON_ACCEPT),
	CALL(bind, 361, 282, CALL_ON_BIND),
	CALL(connect, 362, 283, CALL_ON_CONNECT),
	CALL(listen, 363, 284, CALL_ON_SOCKET_STATE),
	CALL(shutdown, 373, 293, CALL_ON_SOCKET_STATE),
	CALL(socketpair, 360, 288, CALL_ON_SOCKETPAIR),
	CALL(pipe2, 331, 359, CALL_ON_PIPE),
	CALL(close, 6, 6, CALL_ON_CLOSE),
	CALL(close_range, 436, 436, CALL_ON_CLOSE_RANGE),
	CALL(dup, 41, 41, CALL_ON_DUP),
	CALL(dup3, 330, 358, CALL_ON_DUP),
	CALL(fcntl, 221, 221, CALL_ON_FCNTL),	/* fcntl64; the older one is in the extra rows */
	CALL(ioctl, 54, 54, CALL_ON_IOCTL),
	CALL(clone, 120, 120, CALL_ON_CLONE),
	CALL(clone3, 435, 435, CALL_ON_CLONE3),
	CALL(unshare, 310, 337, CALL_ON_UNSHARE),
	CALL(rt_sigaction, 174, 174, CALL_ON_SIGNAL_ACTION),
	CALL(rt_sigprocmask, 175, 175, CALL_ON_SIGNAL_MASK),
	CALL(rt_sigtimedwait, 177, 177, CALL_ON_SIGNAL_WAIT),
	CALL(kill, 37, 37, CALL_ON_SIGNAL_KILL),
	CALL(tkill, 238, 238, CALL_ON_SIGNAL_KILL),
	CALL(tgkill, 270, 268, CALL_ON_SIGNAL_TGKILL),
	CALL(rt_sigqueueinfo, 178, 178, CALL_ON_SIGNAL_KILL),
	CALL(rt_tgsigqueueinfo, 335, 363, CALL_ON_SIGNAL_TGKILL),
	CALL(pidfd_send_signal, 424, 424, CALL_ON_SIGNAL_PIDFD),
	MEMORY(mmap, 192, 192, CALL_ON_MMAP),	/* mmap2 */
	MEMORY(munmap, 91, 91, CALL_ON_MUNMAP),
	MEMORY(mremap, 163, 163, CALL_ON_MREMAP),
	MEMORY(remap_file_pages, 257, 253, CALL_ON_REMAP_FILE_PAGES),
	MEMORY(mprotect, 125, 125, CALL_ON_MPROTECT),
	MEMORY(madvise, 219, 220, CALL_ON_MADVISE),
	MEMORY(pkey_mprotect, 380, 394, CALL_ON_MPROTECT),
	MEMORY(shmget, 395, 307, CALL_ON_SHMGET),
	MEMORY(shmat, 397, 305, CALL_ON_SHMAT),
	MEMORY(shmdt, 398, 306, CALL_ON_SHMDT),
	MEMORY(shmctl, 396, 308, CALL_ON_SHMCTL),
	PLAIN(read, 3, 3, CALL_MOVES_IN),
	PLAIN(readv, 145, 145, CALL_MOVES_IN),
	PLAIN(preadv2, 378, 392, CALL_MOVES_IN),
	PLAIN(recvfrom, 371, 292, CALL_MOVES_IN),
	PLAIN(write, 4, 4, CALL_MOVES_OUT),
	PLAIN(writev, 146, 146, CALL_MOVES_OUT),
	PLAIN(pwritev2, 379, 393, CALL_MOVES_OUT),
	{SYS_sendto, COMPAT(369, 290), CALL_ON_SENDTO, CALL_MOVES_OUT_TO, false},
	TRANSFER(mq_timedsend, 279, 276, CALL_ON_MQ_SEND),
	PLAIN(mq_timedreceive, 280, 277, CALL_MOVES_IN),
	TRANSFER(sendfile, 239, 239, CALL_ON_SENDFILE),
	TRANSFER(splice, 313, 340, CALL_ON_SPLICE),
	TRANSFER(tee, 315, 342, CALL_ON_TEE),
	TRANSFER(vmsplice, 316, 343, CALL_ON_VMSPLICE),
	TRANSFER(sendmsg, 370, 296, CALL_ON_SENDMSG),
	TRANSFER(recvmsg, 372, 297, CALL_ON_RECVMSG),
	TRANSFER(sendmmsg, 345, 374, CALL_ON_SENDMMSG),
	TRANSFER(recvmmsg, 337, 365, CALL_ON_RECVMMSG),
};

static const char *const programs[CALL_ACTIONS] = {
	[CALL_ON_NEW_FD ... CALL_ON_CLONE3] = "descriptor_exit",
	[CALL_ON_UNSHARE ... CALL_ON_CLOSE_RANGE] = "table_exit",
	[CALL_ON_SPLICE ... CALL_ON_VMSPLICE] = "transfer_exit",
	[CALL_ON_MQ_SEND] = "mq_send_exit",
	[CALL_ON_MKNOD ... CALL_ON_UNLINKAT] = "fifo_exit",
	[CALL_ON_SOCKET ... CALL_ON_SENDTO] = "socket_exit",
	[CALL_ON_SENDMSG ... CALL_ON_RECVMMSG] = "message_exit",
	[CALL_ON_MMAP ... CALL_ON_SHMCTL] = "mapping_exit",
	[CALL_ON_SIGNAL_ACTION ... CALL_ON_SIGNAL_PIDFD] = "signal_call_exit",
	[CALL_ON_SIGNALFD] = "signalfd_exit",
};

const char *call_program(enum call_action action)
{
	return programs[action];
}

const size_t call_rows_count = sizeof(call_rows) / sizeof(call_rows[0]);

/* Further 32-bit numbers of calls that have one row above. */
static const struct {
	int compat_nr, nr;
} compat_extra[] = {
	{55, SYS_fcntl},	 /* fcntl */
	{187, SYS_sendfile},	 /* sendfile; 239 is sendfile64 */
	{417, SYS_recvmmsg},	 /* recvmmsg_time64 */
	{421, SYS_rt_sigtimedwait}, /* rt_sigtimedwait_time64 */
	{67, SYS_rt_sigaction},	 /* sigaction */
	{126, SYS_rt_sigprocmask}, /* sigprocmask */
	{418, SYS_mq_timedsend}, /* the _time64 ones */
	{419, SYS_mq_timedreceive},
#ifdef __aarch64__
	{289, SYS_sendto},	 /* send */
	{291, SYS_recvfrom},	 /* recv */
#endif
};

/* socketcall(2) numbers, include/uapi/linux/net.h */
static const struct {
	int which, nr;
} socketcalls[] = {
	{1, SYS_socket},   {2, SYS_bind},     {3, SYS_connect},    {4, SYS_listen},
	{13, SYS_shutdown}, {5, SYS_accept},   {8, SYS_socketpair}, {9, SYS_sendto},
	{10, SYS_recvfrom}, {11, SYS_sendto}, {12, SYS_recvfrom},   {16, SYS_sendmsg},
	{17, SYS_recvmsg}, {18, SYS_accept4}, {19, SYS_recvmmsg},  {20, SYS_sendmmsg},
};

/* ipc(2) numbers, include/uapi/linux/ipc.h */
static const struct {
	int which, nr;
} ipc_calls[] = {
	{21, SYS_shmat}, {22, SYS_shmdt}, {23, SYS_shmget}, {24, SYS_shmctl},
};

#define NR_I386_SOCKETCALL 102
#define NR_I386_OLD_MMAP   90
#define NR_I386_IPC	   117

void calls_fill_settings(struct settings *settings)
{
	for (size_t i = 0; i < CALLS_MAX; i++)
		settings->compat_nr[i] = CALL_NONE;
	for (size_t i = 0; i < sizeof(settings->compat_socketcall) / sizeof(__u16); i++)
		settings->compat_socketcall[i] = CALL_NONE;
#ifdef SYS_open
	settings->open_call[OPEN_CALL_OPEN] = SYS_open;
	settings->open_call[OPEN_CALL_CREAT] = SYS_creat;
#else
	settings->open_call[OPEN_CALL_OPEN] = -1;
	settings->open_call[OPEN_CALL_CREAT] = -1;
#endif
	settings->open_call[OPEN_CALL_AT] = SYS_openat;
	settings->open_call[OPEN_CALL_AT2] = SYS_openat2;
	for (size_t i = 0; i < call_rows_count; i++) {
		if (call_rows[i].compat_nr >= 0)
			settings->compat_nr[call_rows[i].compat_nr] = call_rows[i].nr;
		settings->transfer_call[call_rows[i].nr] = call_rows[i].moves;
		settings->call_action[call_rows[i].nr] = call_rows[i].action;
	}
	for (size_t i = 0; i < sizeof(compat_extra) / sizeof(compat_extra[0]); i++)
		settings->compat_nr[compat_extra[i].compat_nr] = compat_extra[i].nr;
	for (size_t i = 0; i < sizeof(socketcalls) / sizeof(socketcalls[0]); i++)
		settings->compat_socketcall[socketcalls[i].which] = socketcalls[i].nr;
	for (size_t i = 0; i < IPC_CALLS_MAX; i++)
		settings->compat_ipc[i] = CALL_NONE;
	for (size_t i = 0; i < sizeof(ipc_calls) / sizeof(ipc_calls[0]); i++)
		settings->compat_ipc[ipc_calls[i].which] = ipc_calls[i].nr;
	settings->mmap_nr = SYS_mmap;
#ifdef __x86_64__
	settings->compat_nr[NR_I386_SOCKETCALL] = CALL_SOCKETCALL;
	settings->compat_nr[NR_I386_OLD_MMAP] = CALL_OLD_MMAP;
	settings->compat_nr[NR_I386_IPC] = CALL_IPC;
#endif
}
