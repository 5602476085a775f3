// SPDX-License-Identifier: GPL-2.0-only
/*
 * A seccomp filter from one table. By hand, since classic BPF for a flat list is a page, and a static
 * binary needs no further library for it.
 */
#include "util/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* CPPFLAGS=-DSECCOMP_REFUSAL=SECCOMP_RET_KILL_PROCESS shows what a list lacks. */
#ifndef SECCOMP_REFUSAL
#define SECCOMP_REFUSAL (SECCOMP_RET_ERRNO | ENOSYS)
#endif

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

/* A call that is allowed, if of that argument (its low half) the bits of the mask are the value. */
struct allowed {
	int nr;
	uint32_t arg, mask, value;
};

/* Creating and truncating are not reading, whatever the access mode. */
#define OPEN_FLAGS_WRITE (O_ACCMODE | O_CREAT | O_TRUNC)
#define ANY              ~0u

static const struct allowed reading[] = {
	/* files and streams that are open */
	{ SYS_read, 0, 0, 0 },
	{ SYS_write, 0, 0, 0 },
	{ SYS_readv, 0, 0, 0 },
	{ SYS_writev, 0, 0, 0 },
	{ SYS_pread64, 0, 0, 0 },
	{ SYS_lseek, 0, 0, 0 },
	{ SYS_close, 0, 0, 0 },
	{ SYS_fcntl, 0, 0, 0 },
	{ SYS_getdents64, 0, 0, 0 },
	{ SYS_fadvise64, 0, 0, 0 },
	/* files by name */
	{ SYS_openat, 2, OPEN_FLAGS_WRITE, O_RDONLY },
	{ SYS_newfstatat, 0, 0, 0 },
	{ SYS_fstat, 0, 0, 0 },
	{ SYS_statx, 0, 0, 0 },
	{ SYS_statfs, 0, 0, 0 },
	{ SYS_fstatfs, 0, 0, 0 },
	{ SYS_readlinkat, 0, 0, 0 },
	{ SYS_faccessat, 0, 0, 0 },
#ifdef SYS_faccessat2
	{ SYS_faccessat2, 0, 0, 0 },
#endif
	{ SYS_getcwd, 0, 0, 0 },
	/* the output that becomes visible at the end, or is thrown away */
	{ SYS_renameat, 0, 0, 0 },
	{ SYS_renameat2, 0, 0, 0 },
	{ SYS_unlinkat, 0, 0, 0 },
#ifdef __x86_64__
	{ SYS_open, 1, OPEN_FLAGS_WRITE, O_RDONLY },
	{ SYS_stat, 0, 0, 0 },
	{ SYS_lstat, 0, 0, 0 },
	{ SYS_readlink, 0, 0, 0 },
	{ SYS_access, 0, 0, 0 },
	{ SYS_rename, 0, 0, 0 },
	{ SYS_unlink, 0, 0, 0 },
	{ SYS_poll, 0, 0, 0 },
	{ SYS_epoll_wait, 0, 0, 0 },
	{ SYS_time, 0, 0, 0 },
#endif
	/* is it a terminal; an event is detached */
	{ SYS_ioctl, 1, ANY, TCGETS },
	{ SYS_ioctl, 1, ANY, TIOCGWINSZ },
	{ SYS_ioctl, 1, ANY, PERF_EVENT_IOC_DISABLE },
	/* what the kernel says of sockets (sock_diag); nothing can be sent elsewhere */
	{ SYS_socket, 0, ANY, AF_NETLINK },
	{ SYS_sendto, 4, ANY, 0 },
	{ SYS_recvfrom, 0, 0, 0 },
	/* memory that others share, and who used System V objects last */
	{ SYS_process_vm_readv, 0, 0, 0 },
	{ SYS_semctl, 2, ANY, SEM_INFO },
	{ SYS_semctl, 2, ANY, SEM_STAT_ANY },
	{ SYS_semctl, 2, ANY, GETPID },
	{ SYS_msgctl, 1, ANY, MSG_INFO },
	{ SYS_msgctl, 1, ANY, MSG_STAT_ANY },
	/* maps and iterators, and a program of ours that is loaded */
	{ SYS_bpf, 0, ANY, BPF_MAP_GET_NEXT_KEY },
	{ SYS_bpf, 0, ANY, BPF_PROG_TEST_RUN },
	{ SYS_bpf, 0, ANY, BPF_OBJ_GET_INFO_BY_FD },
	{ SYS_bpf, 0, ANY, BPF_LINK_CREATE },
	{ SYS_bpf, 0, ANY, BPF_LINK_DETACH },
	{ SYS_bpf, 0, ANY, BPF_ITER_CREATE },
	/* memory, none of it to execute */
	{ SYS_brk, 0, 0, 0 },
	{ SYS_mmap, 2, PROT_EXEC, 0 },
	{ SYS_mprotect, 2, PROT_EXEC, 0 },
	{ SYS_mremap, 0, 0, 0 },
	{ SYS_munmap, 0, 0, 0 },
	{ SYS_madvise, 0, 0, 0 },
	/* time, waiting, signals */
	{ SYS_epoll_pwait, 0, 0, 0 },
	{ SYS_ppoll, 0, 0, 0 },
	{ SYS_clock_gettime, 0, 0, 0 },
	{ SYS_clock_nanosleep, 0, 0, 0 },
	{ SYS_nanosleep, 0, 0, 0 },
	{ SYS_gettimeofday, 0, 0, 0 },
	{ SYS_restart_syscall, 0, 0, 0 },
	{ SYS_futex, 0, 0, 0 },
	{ SYS_wait4, 0, 0, 0 },
	{ SYS_waitid, 0, 0, 0 },
	{ SYS_rt_sigaction, 0, 0, 0 },
	{ SYS_rt_sigprocmask, 0, 0, 0 },
	{ SYS_rt_sigreturn, 0, 0, 0 },
	/* ourselves */
	{ SYS_getpid, 0, 0, 0 },
	{ SYS_getuid, 0, 0, 0 },
	{ SYS_gettid, 0, 0, 0 },
	{ SYS_getrandom, 0, 0, 0 },
	{ SYS_uname, 0, 0, 0 },
	{ SYS_sysinfo, 0, 0, 0 },
	{ SYS_sched_getaffinity, 0, 0, 0 },
	{ SYS_capget, 0, 0, 0 },
	{ SYS_capset, 0, 0, 0 },
	{ SYS_prctl, 0, ANY, PR_CAP_AMBIENT },
	{ SYS_exit, 0, 0, 0 },
	{ SYS_exit_group, 0, 0, 0 },
};

/* What posix_spawn(3), the dynamic linker and dot(1) need besides. */
static const struct allowed drawing[] = {
	{ SYS_memfd_create, 0, 0, 0 },
	{ SYS_clone, 0, 0, 0 },
#ifdef SYS_clone3
	{ SYS_clone3, 0, 0, 0 },
#endif
	{ SYS_execve, 0, 0, 0 },
	{ SYS_dup3, 0, 0, 0 },
	{ SYS_dup, 0, 0, 0 },
#ifdef __x86_64__
	{ SYS_vfork, 0, 0, 0 },
	{ SYS_fork, 0, 0, 0 },
	{ SYS_dup2, 0, 0, 0 },
	{ SYS_arch_prctl, 0, 0, 0 },
	{ SYS_getrlimit, 0, 0, 0 },
#endif
	{ SYS_mmap, 0, 0, 0 },
	{ SYS_mprotect, 0, 0, 0 },
	{ SYS_set_tid_address, 0, 0, 0 },
	{ SYS_set_robust_list, 0, 0, 0 },
#ifdef SYS_rseq
	{ SYS_rseq, 0, 0, 0 },
#endif
	{ SYS_prlimit64, 0, 0, 0 },
	{ SYS_prctl, 0, 0, 0 },
	{ SYS_geteuid, 0, 0, 0 },
	{ SYS_getgid, 0, 0, 0 },
	{ SYS_getegid, 0, 0, 0 },
	{ SYS_getppid, 0, 0, 0 },
	{ SYS_sigaltstack, 0, 0, 0 },
	{ SYS_sched_yield, 0, 0, 0 },
	{ SYS_getrusage, 0, 0, 0 },
	{ SYS_pipe2, 0, 0, 0 },
};

/* --- the filter ------------------------------------------------------------------------------ */

#define ROW_LENGTH 6
#define FILTER_MAX (ROW_LENGTH * (COUNT(reading) + COUNT(drawing)) + 8)

struct filter {
	struct sock_filter code[FILTER_MAX];
	unsigned short length;
};

static void add(struct filter *filter, struct sock_filter instruction)
{
	filter->code[filter->length++] = instruction;
}

static void add_load(struct filter *filter, size_t offset)
{
	add(filter, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void add_return(struct filter *filter, uint32_t action)
{
	add(filter, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* Begins and ends with the number of the call in the accumulator. */
static void add_row(struct filter *filter, const struct allowed *row)
{
	/* Both architectures are little-endian: the low half is the first. */
	size_t argument = offsetof(struct seccomp_data, args) + row->arg * sizeof(uint64_t);

	if (!row->mask) {
		add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, row->nr, 0, 1));
		add_return(filter, SECCOMP_RET_ALLOW);
		return;
	}
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, row->nr, 0, 5));
	add_load(filter, argument);
	add(filter, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, row->mask));
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, row->value, 0, 1));
	add_return(filter, SECCOMP_RET_ALLOW);
	add_load(filter, offsetof(struct seccomp_data, nr));
}

#ifdef ARCHITECTURE
static void add_architecture(struct filter *filter)
{
	add_load(filter, offsetof(struct seccomp_data, arch));
	add(filter, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
	add_return(filter, SECCOMP_REFUSAL);
	add_load(filter, offsetof(struct seccomp_data, nr));
}

int seccomp_confine(bool may_draw)
{
	struct filter filter = { .length = 0 };
	struct sock_fprog program = { .filter = filter.code };

	add_architecture(&filter);
	for (size_t i = 0; i < COUNT(reading); i++)
		add_row(&filter, &reading[i]);
	for (size_t i = 0; i < COUNT(drawing) && may_draw; i++)
		add_row(&filter, &drawing[i]);
	/* x32 numbers (bit 30) are on no list either. */
	add_return(&filter, SECCOMP_REFUSAL);
	program.len = filter.length;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
		return -errno;
	return 0;
}
#else
int seccomp_confine(bool may_draw)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return -EOPNOTSUPP;
}
#endif
