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

#define CALL(name, i386, arm, program)	   {SYS_##name, COMPAT(i386, arm), program, CALL_MOVES_NOTHING, false}
#define MEMORY(name, i386, arm, program)                                                           \
	{SYS_##name, COMPAT(i386, arm), program, CALL_MOVES_NOTHING, true}
#define TRANSFER(name, i386, arm, program) {SYS_##name, COMPAT(i386, arm), program, CALL_MOVES, false}
#define PLAIN(name, i386, arm, moves)	   {SYS_##name, COMPAT(i386, arm), NULL, moves, false}

const struct call_row call_rows[] = {
#ifdef SYS_open
	TRANSFER(open, 5, 5, "open_exit"), /* a FIFO's waits for the other side */
	TRANSFER(creat, 8, 8, "open_exit"),
	CALL(mknod, 14, 14, "mknod_exit"),
	CALL(unlink, 10, 10, "unlink_exit"),
	CALL(dup2, 63, 63, "dup_exit"),
	CALL(pipe, 42, 42, "pipe_exit"),
	CALL(epoll_create, 254, 250, "new_fd_exit"),
	CALL(inotify_init, 291, 316, "new_fd_exit"),
	CALL(eventfd, 323, 351, "eventfd_exit"),
	CALL(signalfd, 321, 349, "signalfd_exit"),
#endif
	TRANSFER(openat, 295, 322, "openat_exit"),
	TRANSFER(openat2, 437, 437, "openat_exit"),
	CALL(mknodat, 297, 324, "mknodat_exit"),
	CALL(unlinkat, 301, 328, "unlinkat_exit"),
	CALL(open_by_handle_at, 342, 371, "new_fd_exit"),
	CALL(mq_open, 277, 274, "open_exit"),
	CALL(memfd_create, 356, 385, "new_fd_exit"),
	CALL(memfd_secret, 447, 447, "new_fd_exit"),
	CALL(epoll_create1, 329, 357, "new_fd_exit"),
	CALL(eventfd2, 328, 356, "eventfd_exit"),
	CALL(signalfd4, 327, 355, "signalfd_exit"),
	CALL(timerfd_create, 322, 350, "new_fd_exit"),
	CALL(inotify_init1, 332, 360, "new_fd_exit"),
	CALL(fanotify_init, 338, 367, "new_fd_exit"),
	CALL(userfaultfd, 374, 388, "new_fd_exit"),
	CALL(perf_event_open, 336, 364, "new_fd_exit"),
	CALL(pidfd_open, 434, 434, "new_fd_exit"),
	CALL(io_uring_setup, 425, 425, "new_fd_exit"),
	CALL(open_tree, 428, 428, "new_fd_exit"),
	CALL(fsopen, 430, 430, "new_fd_exit"),
	CALL(fsmount, 432, 432, "new_fd_exit"),
	CALL(fspick, 433, 433, "new_fd_exit"),
	CALL(landlock_create_ruleset, 444, 444, "new_fd_exit"),
	CALL(bpf, 357, 386, "maybe_fd_exit"),
	CALL(seccomp, 354, 383, "maybe_fd_exit"),
	CALL(pidfd_getfd, 438, 438, "pidfd_getfd_exit"),
	CALL(socket, 359, 281, "socket_exit"),
	CALL(accept, -1, 285, "accept_exit"),
	CALL(accept4, 364, 366, "accept_exit"),
	CALL(bind, 361, 282, "socket_state_exit"),
	CALL(connect, 362, 283, "connect_exit"),
	CALL(listen, 363, 284, "socket_state_exit"),
	CALL(shutdown, 373, 293, "socket_state_exit"),
	CALL(socketpair, 360, 288, "socketpair_exit"),
	CALL(pipe2, 331, 359, "pipe_exit"),
	CALL(close, 6, 6, "close_exit"),
	CALL(close_range, 436, 436, "close_range_exit"),
	CALL(dup, 41, 41, "dup_exit"),
	CALL(dup3, 330, 358, "dup_exit"),
	CALL(fcntl, 221, 221, "fcntl_exit"),	/* fcntl64; the older one is in the extra rows */
	CALL(ioctl, 54, 54, "ioctl_exit"),
	CALL(clone, 120, 120, "clone_exit"),
	CALL(clone3, 435, 435, "clone3_exit"),
	CALL(unshare, 310, 337, "unshare_exit"),
	CALL(rt_sigaction, 174, 174, "signal_action_exit"),
	CALL(rt_sigprocmask, 175, 175, "signal_mask_exit"),
	CALL(rt_sigtimedwait, 177, 177, "signal_wait_exit"),
	CALL(kill, 37, 37, "signal_kill_exit"),
	CALL(tkill, 238, 238, "signal_kill_exit"),
	CALL(tgkill, 270, 268, "signal_tgkill_exit"),
	CALL(rt_sigqueueinfo, 178, 178, "signal_kill_exit"),
	CALL(rt_tgsigqueueinfo, 335, 363, "signal_tgkill_exit"),
	CALL(pidfd_send_signal, 424, 424, "signal_pidfd_exit"),
	MEMORY(mmap, 192, 192, "mmap_exit"),	/* mmap2 */
	MEMORY(munmap, 91, 91, "munmap_exit"),
	MEMORY(mremap, 163, 163, "mremap_exit"),
	MEMORY(remap_file_pages, 257, 253, "remap_file_pages_exit"),
	MEMORY(mprotect, 125, 125, "mprotect_exit"),
	MEMORY(madvise, 219, 220, "madvise_exit"),
	MEMORY(pkey_mprotect, 380, 394, "mprotect_exit"),
	MEMORY(shmget, 395, 307, "shmget_exit"),
	MEMORY(shmat, 397, 305, "shmat_exit"),
	MEMORY(shmdt, 398, 306, "shmdt_exit"),
	MEMORY(shmctl, 396, 308, "shmctl_exit"),
	PLAIN(read, 3, 3, CALL_MOVES_IN),
	PLAIN(readv, 145, 145, CALL_MOVES_IN),
	PLAIN(preadv2, 378, 392, CALL_MOVES_IN),
	PLAIN(recvfrom, 371, 292, CALL_MOVES_IN),
	PLAIN(write, 4, 4, CALL_MOVES_OUT),
	PLAIN(writev, 146, 146, CALL_MOVES_OUT),
	PLAIN(pwritev2, 379, 393, CALL_MOVES_OUT),
	{SYS_sendto, COMPAT(369, 290), "sendto_exit", CALL_MOVES_OUT_TO, false},
	TRANSFER(mq_timedsend, 279, 276, "mq_send_exit"),
	PLAIN(mq_timedreceive, 280, 277, CALL_MOVES_IN),
	TRANSFER(sendfile, 239, 239, "sendfile_exit"),
	TRANSFER(splice, 313, 340, "splice_exit"),
	TRANSFER(tee, 315, 342, "tee_exit"),
	TRANSFER(vmsplice, 316, 343, "vmsplice_exit"),
	TRANSFER(sendmsg, 370, 296, "sendmsg_exit"),
	TRANSFER(recvmsg, 372, 297, "recvmsg_exit"),
	TRANSFER(sendmmsg, 345, 374, "sendmmsg_exit"),
	TRANSFER(recvmmsg, 337, 365, "recvmmsg_exit"),
};

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
