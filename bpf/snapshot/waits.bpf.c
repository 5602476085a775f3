// SPDX-License-Identifier: GPL-2.0-only
/*
 * What every task is doing, and on what it waits: one row a task, and one for each object that its
 * system call names. Everything is read in one visit, so call, arguments and descriptors belong
 * together. Sleepable, since the sets of poll and select lie in the task's memory.
 */
#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "file.bpf.h"
#include "sysv.bpf.h"
#include "wanted.bpf.h"

#define PF_EXITING 0x00000004
#define PF_KTHREAD 0x00200000

/* include/linux/sched.h */
#define TASK_INTERRUPTIBLE   0x1
#define TASK_UNINTERRUPTIBLE 0x2
#define TASK_STOPPED	     0x4
#define TASK_TRACED	     0x8

/* include/uapi/linux/futex.h */
#define FUTEX_PRIVATE	      128
#define FUTEX_COMMAND	      127
#define FUTEX_WAIT	      0
#define FUTEX_LOCK_PI	      6
#define FUTEX_WAIT_BITSET     9
#define FUTEX_LOCK_PI2	      13

#define F_SETLKW     7
#define F_SETLKW64   14
#define F_OFD_SETLKW 38
#define VM_SHARED    0x8
#define LONG_MAX     0x7fffffffffffffffL

#define USER_MIN 4096 /* no address below is a task's, no clock's number above */

#define SIGUSR1	 10
#define SIGUSR2	 12
#define SIGCHLD	 17
#define SIGIO	 29
#define SIGRTMIN 34 /* as the C library has it: it keeps 32 and 33 for itself */

#define SET_MAX	    256	 /* descriptors of a poll set that are looked at */
#define SELECT_MAX  1024
#define EPOLL_STEPS 4096
#define ONS_MAX	    128	 /* objects of one wait that are told of: what the kernel takes at once, see part.bpf.h */

/* struct flock, as 64-bit programs have it: include/uapi/asm-generic/fcntl.h */
struct user_lock {
	__s16 type, whence;
	__s64 start, length;
};

struct scratch {
	struct record_wait row;
	struct record_wait_on on;
	struct k_action { __u64 word[4]; } actions[64];
	union {
		__u64 pollfds[SET_MAX];
		__u64 bits[3][SELECT_MAX / 64];
		struct sops sops;
		struct user_lock lock;
	};
};

struct scratch_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
};
struct scratch_map wait_scratch SEC(".maps");

/* One task, for the functions that send what it waits on. */
struct visit {
	struct seq_file *seq;
	struct scratch *scratch;
	struct rb_node *node, *from;
	__u64 table;
	__u64 memory; /* the file in which a shared futex lies; its facts are sampled already */
	__u32 pid, tid;
	__u32 count;
	__u32 ons;    /* objects met */
	bool counts;  /* and not told of yet */
};

static __always_inline __u32 task_state(struct task_struct *task)
{
	struct task_struct___before_5_14 *older = (void *)task;

	if (bpf_core_field_exists(struct task_struct, __state))
		return BPF_CORE_READ(task, __state);
	return BPF_CORE_READ(older, state);
}

/* --- what it waits on ------------------------------------------------------------------------ */

/* TCP_USER_TIMEOUT ends a connection whose other end takes nothing in. */
static __always_inline bool is_timed(struct file_facts *facts)
{
	struct sock *sock = (void *)facts->socket.sock;

	if (BPF_CORE_READ(sock, sk_rcvtimeo) != LONG_MAX ||
	    BPF_CORE_READ(sock, sk_sndtimeo) != LONG_MAX)
		return true;
	return facts->kind == FILE_TCP &&
	       BPF_CORE_READ((struct inet_connection_sock *)sock, icsk_user_timeout);
}

/* An object that has a name can be opened by anybody at any time. */
static __always_inline __u32 on_flags(struct file_facts *facts)
{
	struct file *file = (void *)facts->file;
	struct eventfd_ctx *eventfd;

	if (facts->kind == FILE_PIPE) /* a ring that was never moved on; F_SETPIPE_SZ begins it anew */
		return BPF_CORE_READ(file, f_inode, i_pipe, head) ? WAIT_ON_WRITTEN : 0;
	if (facts->kind == FILE_FIFO || facts->kind == FILE_MQ)
		return BPF_CORE_READ(file, f_inode, i_nlink) ? WAIT_ON_KERNEL : 0;
	if (facts->kind == FILE_EVENTFD) {
		/* One reference is the file's; others are of KVM, aio and the like. */
		eventfd = BPF_CORE_READ(file, private_data);
		return BPF_CORE_READ(eventfd, kref.refcount.refs.counter) != 1 ? WAIT_ON_KERNEL : 0;
	}
	if ((facts->mode & S_IFMT) == S_IFSOCK)
		return is_timed(facts) ? WAIT_ON_TIMED : 0;
	return 0;
}

static __always_inline void on_head(struct visit *visit, __s32 fd)
{
	struct record_wait_on *row = &visit->scratch->on;

	row->head.type = RECORD_WAIT_ON;
	row->head.flags = RECORD_ROW;
	row->head.size = sizeof(*row);
	row->head.pid = visit->pid;
	row->head.tid = visit->tid;
	row->fd = fd;
}

static __always_inline void on_send(struct visit *visit, __u64 file, __s32 fd)
{
	struct record_wait_on *row = &visit->scratch->on;
	struct inode *inode;

	if (visit->ons++ >= ONS_MAX || visit->counts)
		return;
	__builtin_memset(row, 0, sizeof(*row));
	on_head(visit, fd);
	file_sample(&row->facts, file);
	if (file) {
		want(&row->facts);
		row->flags = on_flags(&row->facts);
		if (row->facts.kind == FILE_PIPE &&
		    bpf_core_field_exists(struct inode, i_mtime_sec)) {
			inode = BPF_CORE_READ((struct file *)file, f_inode);
			row->written = BPF_CORE_READ(inode, i_mtime_sec) * 1000000000ULL +
				       BPF_CORE_READ(inode, i_mtime_nsec);
		}
	}
	bpf_seq_write(visit->seq, row, sizeof(*row));
}

static __always_inline void memory_send(struct visit *visit)
{
	struct record_wait_on *row = &visit->scratch->on;

	on_head(visit, -1);
	want_memory(&row->facts);
	bpf_seq_write(visit->seq, row, sizeof(*row));
}

static long on_poll_step(__u32 i, struct visit *visit)
{
	struct scratch *scratch = visit->scratch;
	__s32 fd;

	if (i >= visit->count || i >= SET_MAX)
		return 1;
	fd = (__s32)scratch->pollfds[i & (SET_MAX - 1)];
	if (fd >= 0)
		on_send(visit, table_file(visit->table, fd), fd);
	return 0;
}

static long on_select_step(__u32 i, struct visit *visit)
{
	struct scratch *scratch = visit->scratch;
	__u32 word = (i / 64) & (SELECT_MAX / 64 - 1);

	if (i >= visit->count)
		return 1;
	if ((scratch->bits[0][word] | scratch->bits[1][word] | scratch->bits[2][word]) >> (i % 64) & 1)
		on_send(visit, table_file(visit->table, i), i);
	return 0;
}

/* One edge of the tree a step: down to the left, down to the right, up. */
static long on_epoll_step(__u32 i, struct visit *visit)
{
	struct rb_node *node = visit->node, *left, *right, *up;
	struct epitem *item;

	if (!node)
		return 1;
	left = BPF_CORE_READ(node, rb_left);
	right = BPF_CORE_READ(node, rb_right);
	up = (void *)(BPF_CORE_READ(node, __rb_parent_color) & ~3UL);
	if (visit->from == up) {
		item = (void *)node - bpf_core_field_offset(struct epitem, rbn);
		on_send(visit, (__u64)BPF_CORE_READ(item, ffd.file), BPF_CORE_READ(item, ffd.fd));
		visit->node = left ? left : right ? right : up;
	} else {
		visit->node = visit->from == left && right ? right : up;
	}
	visit->from = node;
	return 0;
}

/* Returns WAIT_CUT where the set was not read whole. */
static __always_inline __u32 poll_set(struct visit *visit, struct task_struct *task,
				      struct record_wait *row)
{
	struct scratch *scratch = visit->scratch;
	__u32 count = row->arg[1];

	if (count > SET_MAX)
		return WAIT_CUT;
	if (bpf_copy_from_user_task(scratch->pollfds, count * 8, (void *)row->arg[0], task, 0))
		return WAIT_CUT;
	visit->count = count;
	return 0;
}

static __always_inline __u32 select_set(struct visit *visit, struct task_struct *task,
					struct record_wait *row)
{
	struct scratch *scratch = visit->scratch;
	__u32 count = row->arg[0], bytes;

	if (count > SELECT_MAX)
		return WAIT_CUT;
	bytes = (count + 63) / 64 * 8;
	if (bytes > SELECT_MAX / 8)
		return WAIT_CUT;
	for (int i = 0; i < 3; i++) {
		__builtin_memset(scratch->bits[i], 0, sizeof(scratch->bits[i]));
		if (row->arg[i + 1] &&
		    bpf_copy_from_user_task(scratch->bits[i], bytes, (void *)row->arg[i + 1], task,
					    0))
			return WAIT_CUT;
	}
	visit->count = count;
	return 0;
}

_Static_assert((ONS_MAX + 2) * sizeof(struct record_wait_on) + sizeof(struct record_wait) <= 8 * 4096,
	       "a wait fits into what the kernel takes");

static __always_inline void epoll_start(struct visit *visit, __u64 file)
{
	struct eventpoll *epoll;

	if (!file)
		return;
	epoll = BPF_CORE_READ((struct file *)file, private_data);
	visit->node = BPF_CORE_READ(epoll, rbr.rb_root.rb_node);
}

/* --- futexes ---------------------------------------------------------------------------------- */

/* The memory that a shared word lies in goes out as what the task waits on, behind its own row. */
static long futex_vma(struct task_struct *task, struct vm_area_struct *vma, struct visit *visit)
{
	struct record_wait *row = &visit->scratch->row;
	struct file *file;

	if (!(BPF_CORE_READ(vma, vm_flags) & VM_SHARED)) {
		row->flags |= WAIT_FUTEX_PRIVATE;
		return 0;
	}
	file = BPF_CORE_READ(vma, vm_file);
	if (!file)
		return 0;
	row->ino = BPF_CORE_READ(file, f_inode, i_ino);
	row->dev = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
	row->offset = row->arg[0] - BPF_CORE_READ(vma, vm_start) +
		      (BPF_CORE_READ(vma, vm_pgoff) << settings.page_shift);
	visit->memory = (__u64)file;
	file_sample(&visit->scratch->on.facts, visit->memory);
	return 0;
}

static __always_inline void futex_fill(struct record_wait *row, struct task_struct *task)
{
	__u32 command = row->arg[1] & FUTEX_COMMAND;

	if (command != FUTEX_WAIT && command != FUTEX_WAIT_BITSET && command != FUTEX_LOCK_PI &&
	    command != FUTEX_LOCK_PI2)
		row->flags |= WAIT_CUT; /* requeued to another word: where it sleeps is not told */
	if (row->arg[1] & FUTEX_PRIVATE)
		row->flags |= WAIT_FUTEX_PRIVATE;
	if (!bpf_copy_from_user_task(&row->value, sizeof(row->value), (void *)row->arg[0], task, 0))
		row->flags |= WAIT_FUTEX_READ;
}

/* --- System V ---------------------------------------------------------------------------------- */

static __always_inline void sem_fill(struct scratch *scratch, struct task_struct *task, __u64 ns)
{
	struct record_wait *row = &scratch->row;
	__u32 count = row->arg[2];

	if (count > SOPS_MAX)
		count = SOPS_MAX;
	if (bpf_copy_from_user_task(scratch->sops.sop, count * sizeof(struct sop),
				    (void *)row->arg[1], task, 0))
		return;
	scratch->sops.count = count;
	row->last_pid = sem_last_user(ns, row->arg[0], &scratch->sops);
}

static __always_inline void sysv_fill(struct scratch *scratch, struct task_struct *task)
{
	struct record_wait *row = &scratch->row;
	__u64 ns = task_ipc_ns(address_of(task));

	if (row->what == WAIT_SEM)
		sem_fill(scratch, task, ns);
	else if (row->what == WAIT_MSG_SEND || row->what == WAIT_MSG_RECEIVE)
		row->last_pid = msg_last_user(ns, row->arg[0], row->what == WAIT_MSG_RECEIVE);
}

/* --- locks ------------------------------------------------------------------------------------- */

#define LOCK_SH	 1 /* include/uapi/asm-generic/fcntl.h */
#define LOCK_EX	 2
#define F_RDLCK	 0
#define F_WRLCK	 1
#define SEEK_SET 0

/* Which lock it asks for; of one counted from where the file was then, or is now, the bytes are not known. */
static __always_inline void lock_fill(struct scratch *scratch, struct task_struct *task)
{
	struct record_wait *row = &scratch->row;
	struct user_lock *lock = &scratch->lock;

	row->lock_end = LONG_MAX;
	if (row->what == WAIT_FLOCK) {
		row->lock_mode = row->arg[1] & LOCK_EX ? LOCK_EXCLUSIVE : row->arg[1] & LOCK_SH ? LOCK_SHARED : LOCK_MODE_UNKNOWN;
		return;
	}
	if (row->head.flags & RECORD_COMPAT ||
	    bpf_copy_from_user_task(lock, sizeof(*lock), (void *)row->arg[2], task, 0) ||
	    lock->whence != SEEK_SET || lock->start < 0 || lock->length < -lock->start)
		return;
	row->lock_mode = lock->type == F_WRLCK ? LOCK_EXCLUSIVE : lock->type == F_RDLCK ? LOCK_SHARED : LOCK_MODE_UNKNOWN;
	row->lock_start = lock->length < 0 ? lock->start + lock->length : lock->start;
	if (lock->length)
		row->lock_end = (lock->length < 0 ? lock->start : lock->start + lock->length) - 1;
}

/* --- what ends a wait from outside ------------------------------------------------------------ */

static __always_inline __u64 handler_of(struct scratch *scratch, __u32 signal)
{
	return scratch->actions[(signal - 1) & 63].word[0];
}

struct handlers {
	struct scratch *scratch;
	__u32 caught;
};

static long handler_step(__u32 i, struct handlers *handlers)
{
	if (handler_of(handlers->scratch, SIGRTMIN + i) > 1)
		handlers->caught = 1;
	return 0;
}

/* In sigtimedwait, which unblocks what it waits for (kernel/signal.c, do_sigtimedwait); empty otherwise. */
static __always_inline bool takes_child(struct task_struct *task)
{
	__u64 before = BPF_CORE_READ(task, real_blocked.sig[0]), now = BPF_CORE_READ(task, blocked.sig[0]);

	return before & ~now & 1ULL << (SIGCHLD - 1);
}

/* Handlers of signals that programs use to talk to each other. 0 and 1 are SIG_DFL and SIG_IGN. */
static __always_inline void handlers_fill(struct record_wait *row, struct task_struct *task,
					  struct scratch *scratch)
{
	struct handlers handlers = {.scratch = scratch};
	struct sighand_struct *sighand = BPF_CORE_READ(task, sighand);
	void *actions = (void *)sighand + bpf_core_field_offset(struct sighand_struct, action);

	if (bpf_core_type_size(struct k_sigaction) != sizeof(struct k_action) || !sighand ||
	    bpf_probe_read_kernel(scratch->actions, sizeof(scratch->actions), actions)) {
		row->flags |= WAIT_CATCHES;
		return;
	}
	bpf_loop(64 - SIGRTMIN + 1, handler_step, &handlers, 0);
	if (handlers.caught || handler_of(scratch, SIGUSR1) > 1 ||
	    handler_of(scratch, SIGUSR2) > 1 || handler_of(scratch, SIGIO) > 1)
		row->flags |= WAIT_CATCHES;
	if (handler_of(scratch, SIGCHLD) > 1 || takes_child(task))
		row->flags |= WAIT_CATCHES_CHILD;
}

static __always_inline bool is_queued(struct hrtimer *timer)
{
	if (bpf_core_field_exists(struct hrtimer, state))
		return BPF_CORE_READ(timer, state) & 1;
	return BPF_CORE_READ((struct hrtimer___queued *)timer, is_queued);
}

static __always_inline bool has_timer(struct task_struct *task)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	void *head = (void *)signal + bpf_core_field_offset(struct signal_struct, posix_timers), *first = NULL;

	if (is_queued((void *)signal + bpf_core_field_offset(struct signal_struct, real_timer)))
		return true;
	/* Either head begins with a pointer; a list's points to itself when empty. */
	bpf_probe_read_kernel(&first, sizeof(first), head);
	return first && first != head;
}

/* What splice() and io_uring move isn't counted. */
static __always_inline bool wrote_nothing(struct task_struct *task)
{
	return bpf_core_field_exists(struct task_io_accounting, wchar) &&
	       !BPF_CORE_READ(task, ioac.wchar) && !BPF_CORE_READ(task, signal, ioac.wchar);
}

static __always_inline void process_fill(struct record_wait *row, struct task_struct *task,
					 struct scratch *scratch)
{
	void *ptraced = (void *)task + bpf_core_field_offset(struct task_struct, ptraced);

	handlers_fill(row, task, scratch);
	if (BPF_CORE_READ(task, thread_pid, level))
		row->flags |= WAIT_NAMESPACED;
	if (BPF_CORE_READ(task, vfork_done))
		row->flags |= WAIT_VFORKED;
	if (wrote_nothing(task))
		row->flags |= WAIT_WROTE_NOTHING;
	if (has_timer(task))
		row->flags |= WAIT_BOUNDED;
	if (BPF_CORE_READ(task, ptraced.next) != ptraced)
		row->flags |= WAIT_TRACES;
	if (BPF_CORE_READ(task, mm, mm_users.counter) != BPF_CORE_READ(task, signal, nr_threads))
		row->flags |= WAIT_MEMORY_SHARED;
}

/* --- the call ---------------------------------------------------------------------------------- */

static __always_inline void regs_fill(struct record_wait *row, struct task_struct *task,
				      __u64 *fifth)
{
	struct pt_regs *regs = (void *)bpf_task_pt_regs(task);
	bool compat = ARCH_IS_COMPAT(task);
	__u32 nr = ARCH_SYSCALL_NR(regs);

	row->arg[0] = compat ? ARCH_COMPAT_ARG0(regs) : ARCH_ARG0(regs);
	row->arg[1] = compat ? ARCH_COMPAT_ARG1(regs) : ARCH_ARG1(regs);
	row->arg[2] = compat ? ARCH_COMPAT_ARG2(regs) : ARCH_ARG2(regs);
	row->arg[3] = compat ? ARCH_COMPAT_ARG3(regs) : ARCH_ARG3(regs);
	*fifth = compat ? ARCH_COMPAT_ARG4(regs) : ARCH_ARG4(regs);
	row->nr = -1;
	if (nr >= CALLS_MAX)
		return;
	barrier_var(nr);
	nr &= CALLS_MAX - 1;
	row->nr = nr;
	if (!compat)
		return;
	row->head.flags |= RECORD_COMPAT;
	nr = settings.compat_nr[nr];
	row->nr = nr < CALLS_MAX ? nr : -1;
}

/* kernel/futex/futex.h, fs/select.c: poll keeps 0 or 1 where futex keeps flags, one above 1 always among them. */
static __always_inline __u32 restart_of(__u64 arg, __u64 first, __u32 fourth)
{
	if (first == arg && arg >= USER_MIN)
		return fourth > 1 ? RESTART_FUTEX : RESTART_POLL;
	if (!first && !arg && fourth == 1)
		return RESTART_POLL; /* of nothing, with a timeout */
	return arg < USER_MIN ? RESTART_CLOCK_NANOSLEEP : RESTART_NANOSLEEP;
}

/* After a stop such calls go on as restart_syscall, with their own arguments. Which one it was is told by a function's
 * address, which says nothing here, and by what that function will use (include/linux/restart_block.h). */
static __noinline int restart_fill(struct record_wait *row, struct task_struct *task)
{
	__u32 which;

	if (!row || row->nr != settings.restart_call[RESTART_ITSELF])
		return 0;
	which = restart_of(row->arg[0], (__u64)BPF_CORE_READ(task, restart_block.poll.ufds),
			   BPF_CORE_READ(task, restart_block.poll.has_timeout));
	barrier_var(which);
	row->nr = which < RESTARTS ? settings.restart_call[which] : -1;
	return 0;
}

/* Since it last got the processor, by the scheduler's clock, held against our own arrival: the two
 * clocks drift apart over days. */
static __always_inline __u64 asleep_since(struct task_struct *task)
{
	__u64 mine, its;

	if (!bpf_core_field_exists(struct sched_info, last_arrival))
		return 0;
	mine = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), sched_info.last_arrival);
	its = BPF_CORE_READ(task, sched_info.last_arrival);
	return its && mine > its ? bpf_ktime_get_ns() - (mine - its) : 0;
}

static __always_inline bool is_limited(const struct record_wait *row, __u32 entry, __u64 fifth)
{
	__u32 limit = entry >> 8 & 0xf, arg = entry >> 12;
	__u64 value = arg >= 4 ? fifth : row->arg[arg & 3];

	if (limit == LIMIT_MS)
		return (__s32)value >= 0;
	return limit == LIMIT_ALWAYS || (limit == LIMIT_POINTER && value);
}

static __always_inline __u32 what_of(struct record_wait *row, __u32 state, __u64 fifth)
{
	__u32 entry, what;

	if (!state)
		return WAIT_RUNNING;
	if (state & (TASK_STOPPED | TASK_TRACED))
		return WAIT_STOPPED;
	if (row->nr < 0)
		return WAIT_OTHER;
	if (row->nr == settings.vfork_call[0] || row->nr == settings.vfork_call[1] ||
	    row->nr == settings.vfork_call[2])
		return WAIT_VFORK;
	if (!(state & TASK_INTERRUPTIBLE))
		return WAIT_DISK;
	entry = settings.wait_call[row->nr & (CALLS_MAX - 1)];
	what = entry & 0xff;
	if (is_limited(row, entry, fifth))
		row->flags |= WAIT_BOUNDED;
	if (what == WAIT_FCNTL && row->arg[1] != F_SETLKW && row->arg[1] != F_SETLKW64 &&
	    row->arg[1] != F_OFD_SETLKW)
		return WAIT_OTHER;
	return what ? what : WAIT_OTHER;
}

static __always_inline bool waits_on_first(__u32 what)
{
	return what == WAIT_READ || what == WAIT_WRITE || what == WAIT_SPLICE ||
	       what == WAIT_SENDFILE || what == WAIT_ACCEPT || what == WAIT_CONNECT ||
	       what == WAIT_FLOCK || what == WAIT_FCNTL;
}

/* Sets that could not be read have a count of none. */
static __noinline int set_visit(struct visit *visit, __u32 what)
{
	if (what == WAIT_POLL)
		bpf_loop(SET_MAX, on_poll_step, visit, 0);
	if (what == WAIT_SELECT)
		bpf_loop(SELECT_MAX, on_select_step, visit, 0);
	if (what == WAIT_EPOLL)
		bpf_loop(EPOLL_STEPS, on_epoll_step, visit, 0);
	return 0;
}

/* Returns WAIT_CUT where the set has more than is told of. */
static __always_inline __u32 set_measure(struct visit *visit, __u32 what)
{
	struct rb_node *root = visit->node;
	__u32 cut;

	visit->ons = control.zero;
	visit->counts = true;
	set_visit(visit, what);
	cut = visit->ons > ONS_MAX || visit->node ? WAIT_CUT : 0;
	visit->ons = control.zero;
	visit->counts = false;
	visit->node = root;
	visit->from = NULL;
	return cut;
}

static __always_inline void visit_objects(struct visit *visit, struct record_wait *row)
{
	__u32 what = row->what;

	if (waits_on_first(what))
		on_send(visit, table_file(visit->table, row->arg[0]), row->arg[0]);
	if (what == WAIT_SPLICE || what == WAIT_SENDFILE) {
		__u32 second = what == WAIT_SPLICE ? row->arg[2] : row->arg[1];

		on_send(visit, table_file(visit->table, second), second);
	}
	if (visit->memory)
		memory_send(visit);
	set_visit(visit, what);
}

SEC("iter.s/task")
int rows_wait(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct visit visit = {.seq = ctx->meta->seq};
	struct record_wait *row;
	struct scratch *scratch;
	__u32 zero = 0, state;
	__u64 fifth;

	if (!task || !task->mm || (task->flags & (PF_KTHREAD | PF_EXITING)) ||
	    task->tgid == settings.own_tgid)
		return 0;
	scratch = bpf_map_lookup_elem(&wait_scratch, &zero);
	if (!scratch)
		return 0;
	row = &scratch->row;
	__builtin_memset(row, 0, sizeof(*row));
	row->head.type = RECORD_WAIT;
	row->head.flags = RECORD_ROW;
	row->head.size = sizeof(*row);
	row->head.ts = bpf_ktime_get_ns();
	row->head.pid = task->tgid;
	row->head.tid = task->pid;
	row->head.start = task->group_leader->start_boottime;
	bpf_probe_read_kernel(row->head.comm, sizeof(row->head.comm), task->comm);
	state = task_state(task);
	row->switches = task->nvcsw + task->nivcsw;
	regs_fill(row, task, &fifth);
	restart_fill(row, task);
	row->what = what_of(row, state, fifth);
	if (row->what != WAIT_RUNNING)
		row->since = asleep_since(task);
	process_fill(row, task, scratch);
	visit.scratch = scratch;
	visit.table = (__u64)BPF_CORE_READ(task, files);
	visit.pid = task->tgid;
	visit.tid = task->pid;
	if (row->what == WAIT_FUTEX) {
		futex_fill(row, task);
		__builtin_memset(&scratch->on, 0, sizeof(scratch->on));
		if (!(row->flags & WAIT_FUTEX_PRIVATE))
			bpf_find_vma(task, row->arg[0], futex_vma, &visit, 0);
	}
	if (row->what == WAIT_SEM || row->what == WAIT_MSG_SEND || row->what == WAIT_MSG_RECEIVE)
		sysv_fill(scratch, task);
	if (row->what == WAIT_FLOCK || row->what == WAIT_FCNTL)
		lock_fill(scratch, task);
	if (row->what == WAIT_POLL)
		row->flags |= poll_set(&visit, task, row);
	if (row->what == WAIT_SELECT)
		row->flags |= select_set(&visit, task, row);
	if (row->what == WAIT_EPOLL)
		epoll_start(&visit, table_file(visit.table, row->arg[0]));
	row->flags |= set_measure(&visit, row->what);
	bpf_seq_write(visit.seq, row, sizeof(*row));
	visit_objects(&visit, row);
	return 0;
}

char _license[] SEC("license") = "GPL";
