/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel types our BPF programs use, and only the members they use: CO-RE relocates each
 * access against the running kernel's BTF at load, so order and size here are free, names are not.
 * Every member below has kept its name from Linux 5.10 to 7.2 unless a comment says otherwise;
 * members were checked against the BTF of Debian's 5.10, 6.1, 6.12 and 7.2 and of a 6.18 build.
 * What differs by architecture (registers, thread_info) is in <arch>/arch.h.
 */
#ifndef IPCTRACE_VMLINUX_H
#define IPCTRACE_VMLINUX_H

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u16 __le16;
typedef __u32 __le32;
typedef __u64 __be64;
typedef __u32 __wsum;
typedef __u16 __sum16;
typedef _Bool bool;
typedef int pid_t;
typedef unsigned long size_t;

enum { false = 0, true = 1 };

/* include/uapi/linux/bpf.h */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PROG_ARRAY = 3,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,	/* 5.8 */
	BPF_MAP_TYPE_TASK_STORAGE = 29,	/* 5.11 */
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
};
enum { BPF_F_NO_PREALLOC = 1, BPF_F_MMAPABLE = 1 << 10 };
enum { BPF_LOCAL_STORAGE_GET_F_CREATE = 1 };
enum { BPF_RB_NO_WAKEUP = 1, BPF_RB_FORCE_WAKEUP = 2 };
enum { BPF_RB_AVAIL_DATA = 0 };
/* Numbers are not used, only whether the running kernel's enum has the name. */
enum bpf_func_id { BPF_FUNC_loop = 181 /* 5.17 */ };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct list_head {
	struct list_head *next, *prev;
};

/* include/linux/time64.h */
struct timespec64 {
	__s64 tv_sec;
};

typedef struct {
	u32 val;
} kuid_t;

struct cred {
	kuid_t uid;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
	unsigned long *close_on_exec;
	unsigned long *open_fds;
};

struct files_struct {
	atomic_t count;
	struct fdtable *fdt;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct inode *d_inode;
	struct dentry *d_parent;
	struct qstr d_name;
};

/* include/linux/mount.h, fs/mount.h */
struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

/* include/linux/fs_struct.h */
struct fs_struct {
	struct path pwd;
};

/* include/linux/ns_common.h, fs/mount.h, include/linux/nsproxy.h */
struct ns_common {
	unsigned int inum;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
};

struct super_block {
	u32 s_dev;
	unsigned long s_flags;
	unsigned long s_magic;
};

struct inode {
	unsigned short i_mode;
	struct super_block *i_sb;
	unsigned long i_ino;
	unsigned int i_nlink;		/* in an anonymous union */
	__s64 i_atime_sec, i_mtime_sec; /* 6.11 */
	u32 i_atime_nsec, i_mtime_nsec; /* 6.11 */
	u32 i_rdev;
	long long i_size;
	struct pipe_inode_info *i_pipe;	/* in an anonymous union */
	struct file_lock_context *i_flctx;
	void *i_private;
};

/* include/linux/filelock.h */
struct file_lock_context {
	struct list_head flc_flock, flc_posix;
};

struct file_lock_core {
	struct list_head flc_list;
	void *flc_owner;
	unsigned int flc_flags;
	unsigned char flc_type;
	pid_t flc_pid;
	struct file *flc_file;
};

struct file_lock {
	struct file_lock_core c;	/* 6.9 */
	long long fl_start, fl_end;
};

/* include/linux/fs.h */
struct file_lock___before_6_9 {
	struct list_head fl_list;
	void *fl_owner;
	unsigned int fl_flags;
	unsigned char fl_type;
	unsigned int fl_pid;
	struct file *fl_file;
	long long fl_start, fl_end;
};

struct file {
	unsigned int f_mode;
	void *private_data;
	struct inode *f_inode;
	unsigned int f_flags;
	struct path f_path;
};

/* ipc/mqueue.c, include/uapi/linux/mqueue.h */
struct mq_attr {
	long mq_flags, mq_maxmsg, mq_msgsize, mq_curmsgs;
};

struct mqueue_inode_info {
	struct inode vfs_inode;
	struct mq_attr attr;
};

/* include/linux/tty.h */
struct tty_struct {
	int index;
	struct tty_struct *link;
	void *driver_data;
};

struct tty_file_private {
	struct tty_struct *tty;
};

struct pipe_buffer {
	unsigned int len;
};

struct pipe_inode_info {
	unsigned int head, tail;
	unsigned int max_usage;		/* 5.5: buffers a writer may fill */
	unsigned int ring_size;		/* 5.5: slots in bufs, a power of two */
	unsigned int readers, writers;
	struct pipe_buffer *bufs;
};

/* include/linux/kref.h, include/linux/refcount.h */
typedef struct {
	atomic_t refs;
} refcount_t;

struct kref {
	refcount_t refcount;
};

struct eventfd_ctx {
	struct kref kref;
	__u64 count;
	unsigned int flags;
	int id;
};

struct hlist_head {
	void *first;
};

struct hlist_node {
	void *next;
};

/* include/linux/xarray.h, include/linux/idr.h */
struct xarray {
	void *xa_head;
};

struct xa_node {
	unsigned char shift;
	void *slots[64];		/* 16 where CONFIG_BASE_SMALL is set */
};

struct idr {
	struct xarray idr_rt;
};

struct pid_namespace {
	struct idr idr;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct hlist_head tasks[4];
	struct upid numbers[1];
};

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	__be32 skc_daddr;		/* in anonymous unions, as are the next three */
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sk_buff {
	struct sk_buff *next;
	unsigned int len;
	char cb[48];
};

struct sk_buff_head {
	struct sk_buff *next;
	__u32 qlen;
};

struct socket {
	short type;
	struct file *file;
	struct sock *sk;
};

struct sock {
	struct sock_common __sk_common;
	struct sk_buff_head sk_receive_queue;
	struct {
		atomic_t rmem_alloc;
	} sk_backlog;
	atomic_t sk_drops;
	u32 sk_ack_backlog, sk_max_ack_backlog;	/* 5.4 */
	u8 sk_shutdown;			/* a plain member since 5.6 */
	struct socket *sk_socket;
	u16 sk_protocol;		/* a plain member since 5.6 */
	int sk_err;
	long sk_rcvtimeo, sk_sndtimeo;	/* LONG_MAX = none */
};

struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
};

struct scm_stat {
	atomic_t nr_fds;
};

struct request_sock {
	struct request_sock *dl_next;
	struct sock *sk;
};

struct request_sock_queue {
	struct request_sock *rskq_accept_head;
};

struct inet_connection_sock {
	struct request_sock_queue icsk_accept_queue;
	u32 icsk_user_timeout;
};

struct tcp_sock {
	u32 rcv_nxt, copied_seq, snd_una, write_seq;
};

struct sockaddr_un {
	char sun_path[108];
};

/* include/net/af_unix.h; len counts the family too */
struct unix_address {
	int len;
	struct sockaddr_un name[0];
};

/* include/linux/wait.h, include/linux/net.h; these names since 4.13 */
struct wait_queue_head {
	struct list_head head;
};

struct wait_queue_entry {
	void *private;
	struct list_head entry;
};

struct socket_wq {
	struct wait_queue_head wait;
};

struct unix_sock {
	struct sock sk;
	struct unix_address *addr;
	struct sock *peer;
	struct scm_stat scm_stat;	/* 5.7 */
	struct socket_wq peer_wq;
};

struct unix_skb_parms {
	u32 consumed;			/* of a stream's buffer, read already */
	struct scm_fp_list *fp;
};

struct scm_fp_list {
	short count;
	struct file *fp[253];		/* SCM_MAX_FD, include/net/scm.h */
};

/* include/uapi/asm-generic/signal.h; one word on all 64-bit architectures */
typedef struct {
	unsigned long sig[1];
} sigset_t;

struct sigpending {
	struct list_head list;
	sigset_t signal;
};

struct sigaction {
	void *sa_handler;
	unsigned long sa_flags;
	sigset_t sa_mask;
};

struct k_sigaction {
	struct sigaction sa;
};

struct sighand_struct {
	struct k_sigaction action[64];
};

struct kernel_siginfo {
	int si_code;	/* in an anonymous structure */
};

struct sigqueue {
	struct list_head list;
	struct kernel_siginfo info;
};

/* include/linux/hrtimer_types.h: bit 0 of state = it runs */
struct hrtimer {
	u8 state;
};

/* since 7.x; seen on 7.2 */
struct hrtimer___queued {
	bool is_queued;
};

/* include/linux/sched.h, CONFIG_SCHED_INFO */
struct sched_info {
	unsigned long long last_arrival;
};

/* include/linux/rbtree.h, fs/eventpoll.c */
struct rb_node {
	unsigned long __rb_parent_color;
	struct rb_node *rb_right, *rb_left;
};

struct rb_root {
	struct rb_node *rb_node;
};

struct rb_root_cached {
	struct rb_root rb_root;
};

struct epoll_filefd {
	struct file *file;
	int fd;
};

struct epitem {
	struct rb_node rbn;		/* in an anonymous union */
	struct epoll_filefd ffd;
};

struct eventpoll {
	struct rb_root_cached rbr;
};

/* include/linux/task_io_accounting.h; with CONFIG_TASK_XACCT */
struct task_io_accounting {
	u64 wchar;
};

struct signal_struct {
	atomic_t live;
	int nr_threads;
	struct hrtimer real_timer;
	struct hlist_head posix_timers;	/* a list_head before 6.12 */
	struct list_head thread_head;
	struct sigpending shared_pending;
	struct pid *pids[4];
	int group_exit_code;
	unsigned int flags;
	int leader;
	struct tty_struct *tty;
	struct task_io_accounting ioac;	/* of threads that ended */
};

struct mm_struct {
	atomic_t mm_users;		/* in an anonymous structure */
	unsigned long arg_start, arg_end;
};

/* include/linux/mm_types.h; in an anonymous union since 6.3 (vm_flags) and 6.7 (vm_start) */
struct vm_area_struct {
	unsigned long vm_start, vm_end;
	struct mm_struct *vm_mm;
	unsigned long vm_flags;
	unsigned long vm_pgoff;
	struct file *vm_file;
};

/* include/linux/ns_common.h, include/linux/ipc_namespace.h */
struct ipc_ids {
	int in_use;
	struct idr ipcs_idr;
	int max_idx;			/* 4.19; -1 = none in use */
};

struct ipc_namespace {
	struct ipc_ids ids[3];		/* semaphores, queues, shared memory: ipc/util.h */
	struct ns_common ns;
};

/* include/linux/ipc.h, ipc/shm.c */
struct kern_ipc_perm {
	bool deleted;
	int id;
	int key;
	unsigned short mode;
};

/* ipc/sem.c: one semaphore, and a set of them */
struct sem {
	int semval;
	struct pid *sempid;
};

struct sem_array {
	struct kern_ipc_perm sem_perm;	/* the first */
	int sem_nsems;
	struct sem sems[];
};

/* ipc/msg.c */
struct msg_queue {
	struct kern_ipc_perm q_perm;	/* the first */
	struct pid *q_lspid;
	struct pid *q_lrpid;
};

struct shmid_kernel {
	struct kern_ipc_perm shm_perm;
	unsigned long shm_nattch;
	unsigned long shm_segsz;
	long long shm_dtim;
	long long shm_ctim;
	struct pid *shm_cprid;
};

/* private_data of the file behind a mapped segment */
struct shm_file_data {
	int id;
	struct ipc_namespace *ns;
};

struct linux_binprm {
	const char *filename;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct io_uring_cqe {
	__u64 user_data;
	__s32 res;
};

#pragma clang attribute pop

#include "arch.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* include/linux/restart_block.h; futex and nanosleep lie there as well */
struct restart_block {
	union {
		struct { void *ufds; int nfds, has_timeout; } poll;
	};
};

struct task_struct {
	struct thread_info thread_info;
	void *stack;
	unsigned int flags;
	struct mm_struct *mm;
	int exit_state, exit_code;
	pid_t pid, tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct list_head children, sibling, thread_node;
	u64 start_boottime;		/* 5.5; real_start_time before */
	struct restart_block restart_block;
	unsigned long nvcsw, nivcsw;
	unsigned int ptrace;
	struct sched_info sched_info;
	struct list_head ptraced;
	struct pid *thread_pid;
	struct hlist_node pid_links[4];
	struct completion *vfork_done;
	const struct cred *cred;
	struct fs_struct *fs;
	char comm[16];
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct sighand_struct *sighand;
	sigset_t blocked, real_blocked;
	struct sigpending pending;
	struct task_io_accounting ioac;
	unsigned int __state;		/* 5.14 */
};

/* Before 5.14 (commit 2f064a59a11f) the member was called state. */
struct task_struct___before_5_14 {
	volatile long state;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	u32 fd;
	struct file *file;
};

/* 5.12 */
struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
};

struct bpf_iter__unix {
	struct bpf_iter_meta *meta;
	struct unix_sock *unix_sk;
	u32 uid;
};

/* include/trace/events/syscalls.h, raw_syscalls:sys_exit */
struct trace_event_raw_sys_exit {
	long id;
	long ret;
};

/* include/trace/events/task.h, task:task_newtask */
struct trace_event_raw_task_newtask {
	pid_t pid;
	unsigned long clone_flags;	/* u64 since 6.18 */
};

/* include/trace/events/signal.h, signal:signal_deliver */
struct trace_event_raw_signal_deliver {
	int sig;
	unsigned long sa_handler;
};

/* include/trace/events/sched.h, sched:sched_process_exec */
struct trace_event_raw_sched_process_exec {
	u32 __data_loc_filename;
	pid_t pid, old_pid;
};

#pragma clang attribute pop

#endif /* IPCTRACE_VMLINUX_H */
