// SPDX-License-Identifier: GPL-2.0-only
/*
 * What lies in a descriptor table, and what a struct file is: samples an open file description and the object
 * under it. Events and the snapshot both come here, so both say the same.
 *
 * These are global functions, called across objects: libbpf before 1.2 cannot join two objects that both name
 * one extern kfunc, so view.bpf.h is used in this file alone, and what samples sockets is a part of it.
 */
#include "socket.bpf.h"
#include "view.bpf.h"

/* include/uapi/linux/magic.h; pidfs since 6.9 */
#define PIPEFS_MAGIC	 0x50495045
#define ANON_INODE_MAGIC 0x09041934
#define TMPFS_MAGIC	 0x01021994
#define HUGETLBFS_MAGIC	 0x958458f6
#define MQUEUE_MAGIC	 0x19800202
#define PIDFS_MAGIC	 0x50494446

#define S_IFLNK	 0120000
#define S_IFREG	 0100000
#define S_IFBLK	 0060000
#define S_IFDIR	 0040000
#define S_IFCHR	 0020000

#define MINOR_BITS	    20
#define PTY_SLAVE_MAJOR	    136	/* Documentation/admin-guide/devices.txt: 136 to 143 */
#define PTY_SLAVE_MAJOR_MAX 143
#define PTMX_DEV	    (5 << MINOR_BITS | 2)

/* The first eight bytes of a name, as the machine's number, to tell names apart in one compare. */
#define NAME8(a, b, c, d, e, f, g, h)                                                              \
	((__u64)(a) | (__u64)(b) << 8 | (__u64)(c) << 16 | (__u64)(d) << 24 | (__u64)(e) << 32 |   \
	 (__u64)(f) << 40 | (__u64)(g) << 48 | (__u64)(h) << 56)

static __always_inline __u32 anon_kind(__u64 name)
{
	switch (name) {
	case NAME8('[', 'e', 'v', 'e', 'n', 't', 'f', 'd'):
		return FILE_EVENTFD;
	case NAME8('[', 'e', 'v', 'e', 'n', 't', 'p', 'o'):
		return FILE_EPOLL;
	case NAME8('[', 't', 'i', 'm', 'e', 'r', 'f', 'd'):
		return FILE_TIMERFD;
	case NAME8('[', 's', 'i', 'g', 'n', 'a', 'l', 'f'):
		return FILE_SIGNALFD;
	case NAME8('i', 'n', 'o', 't', 'i', 'f', 'y', 0):
		return FILE_INOTIFY;
	case NAME8('[', 'i', 'o', '_', 'u', 'r', 'i', 'n'):
		return FILE_IO_URING;
	case NAME8('[', 'p', 'i', 'd', 'f', 'd', ']', 0):
		return FILE_PIDFD;
	}
	return FILE_ANON;
}

/* The kernel's own mounts (include/linux/fs.h: SB_KERNMOUNT): no user can make names there. */
#define SB_KERNMOUNT (1 << 22)

/* mm/memfd.c: "memfd:NAME"; ipc/shm.c: "SYSV<key>"; mm/shmem.c: "dev/zero"; mm/mmap.c:
 * "anon_hugepage" */
static __always_inline __u32 memory_kind(__u64 name)
{
	if ((name & 0xffffffffffff) == NAME8('m', 'e', 'm', 'f', 'd', ':', 0, 0))
		return FILE_MEMFD;
	if ((name & 0xffffffff) == NAME8('S', 'Y', 'S', 'V', 0, 0, 0, 0))
		return FILE_SHM;
	if (name == NAME8('d', 'e', 'v', '/', 'z', 'e', 'r', 'o') ||
	    name == NAME8('a', 'n', 'o', 'n', '_', 'h', 'u', 'g'))
		return FILE_ANON_MEMORY;
	return FILE_REGULAR;
}

static __always_inline __u32 regular_kind(struct inode *inode, __u64 magic, __u64 name)
{
	struct super_block *sb = FIELD(struct inode, inode, i_sb);

	if (magic == MQUEUE_MAGIC)
		return FILE_MQ;
	if ((magic == TMPFS_MAGIC || magic == HUGETLBFS_MAGIC) &&
	    (FIELD(struct super_block, sb, s_flags) & SB_KERNMOUNT))
		return memory_kind(name);
	return FILE_REGULAR;
}

static __always_inline __u32 char_kind(__u32 rdev)
{
	__u32 major = rdev >> MINOR_BITS;

	if (rdev == PTMX_DEV || (major >= PTY_SLAVE_MAJOR && major <= PTY_SLAVE_MAJOR_MAX))
		return FILE_PTY;
	return FILE_CHAR;
}

static __always_inline void sample_pipe(struct file_facts *facts, struct inode *inode)
{
	struct pipe_inode_info *pipe = FIELD(struct inode, inode, i_pipe);

	facts->pipe.queued = ~0ULL;
	facts->pipe.names = FIELD(struct inode, inode, i_nlink);
	if (!pipe)	/* a FIFO opened with O_PATH */
		return;
	facts->pipe.readers = FIELD(struct pipe_inode_info, pipe, readers);
	facts->pipe.writers = FIELD(struct pipe_inode_info, pipe, writers);
	facts->pipe.capacity = FIELD(struct pipe_inode_info, pipe, max_usage)
			       << settings.page_shift;
	facts->pipe.buffers = FIELD(struct pipe_inode_info, pipe, head) -
			      FIELD(struct pipe_inode_info, pipe, tail);
}

#define PIPE_BUFFERS_MAX 64 /* that are looked at: four times as many as a pipe has unless it was enlarged */

/* The sum over the occupied buffers, read without the pipe's lock. */
__noinline __u64 file_queued(__u64 address)
{
	struct inode *inode = FIELD(struct file, address, f_inode);
	struct pipe_inode_info *pipe = FIELD(struct inode, inode, i_pipe);
	__u32 head = FIELD(struct pipe_inode_info, pipe, head);
	__u32 tail = FIELD(struct pipe_inode_info, pipe, tail);
	__u32 mask = FIELD(struct pipe_inode_info, pipe, ring_size) - 1;
	__u64 bufs = NUMBER_OF(struct pipe_inode_info, pipe, bufs);
	__u32 size = bpf_core_type_size(struct pipe_buffer);
	__u64 sum = 0;

	for (int i = 0; i < PIPE_BUFFERS_MAX && tail != head; i++, tail++)
		sum += FIELD(struct pipe_buffer, bufs + (tail & mask) * size, len);
	return tail == head ? sum : ~0ULL;
}

static __always_inline __u64 socket_ino(struct socket *socket)
{
	struct socket_alloc *alloc;

	if (!socket)
		return 0;
	alloc = (void *)socket - bpf_core_field_offset(struct socket_alloc, socket);
	return NUMBER_OF(struct socket_alloc, alloc, vfs_inode.i_ino);
}

static __always_inline void sample_socket(struct file_facts *facts, struct file *file)
{
	struct socket *socket = FIELD(struct file, file, private_data);
	struct sock *sock, *peer;
	__u16 family, type;

	facts->kind = FILE_SOCKET;
	if (!socket)
		return;
	sock = FIELD(struct socket, socket, sk);
	type = FIELD(struct socket, socket, type);
	if (!sock)
		return;
	family = FIELD(struct sock, sock, __sk_common.skc_family);
	facts->socket.sock = (__u64)sock;
	facts->socket.family = family;
	facts->socket.type = type;
	facts->socket.state = FIELD(struct sock, sock, __sk_common.skc_state);
	facts->kind = socket_kind(family, type, FIELD(struct sock, sock, sk_protocol));
	if (facts->kind == FILE_UNIX) {
		peer = (void *)POINTER_OF(struct unix_sock, sock, peer);
		if (peer)
			facts->socket.peer_ino = socket_ino(FIELD(struct sock, peer, sk_socket));
	}
}

static __always_inline void sample_eventfd(struct file_facts *facts, struct file *file)
{
	struct eventfd_ctx *ctx = FIELD(struct file, file, private_data);

	facts->eventfd.count = BPF_CORE_READ(ctx, count);
	facts->eventfd.flags = BPF_CORE_READ(ctx, flags);
	facts->eventfd.id = BPF_CORE_READ(ctx, id);
}

/* Up to 6.8 a pidfd is an anonymous inode and keeps its struct pid in private_data; pidfs, since
 * 6.9 (commit cb12fd8e0dab), in i_private. */
static __always_inline void sample_pidfd(struct file_facts *facts, struct file *file,
					 struct inode *inode, __u64 magic)
{
	struct pid *pid;

	if (magic == PIDFS_MAGIC)
		pid = FIELD(struct inode, inode, i_private);
	else
		pid = FIELD(struct file, file, private_data);
	facts->pidfd.target = BPF_CORE_READ(pid, numbers[0].nr);
}

static __always_inline void sample_mq(struct file_facts *facts, struct inode *inode)
{
	struct mqueue_inode_info *mq =
		(void *)inode - bpf_core_field_offset(struct mqueue_inode_info, vfs_inode);

	facts->mq.messages = BPF_CORE_READ(mq, attr.mq_curmsgs);
	facts->mq.max = BPF_CORE_READ(mq, attr.mq_maxmsg);
	facts->mq.size = BPF_CORE_READ(mq, attr.mq_msgsize);
}

/* All masters share the inode of ptmx; which terminal it is, the slave's inode tells
 * (drivers/tty/pty.c, ptmx_open: link->driver_data is its dentry). */
static __always_inline struct inode *pty_slave(struct file *file)
{
	struct tty_file_private *private = BPF_CORE_READ(file, private_data);
	struct dentry *dentry = BPF_CORE_READ(private, tty, link, driver_data);

	return BPF_CORE_READ(dentry, d_inode);
}

static __always_inline void sample_pty(struct file_facts *facts, struct file *file)
{
	struct inode *slave;

	if (facts->rdev != PTMX_DEV)
		return;
	facts->pty.master = 1;
	slave = pty_slave(file);
	if (!slave)
		return;
	facts->ino = BPF_CORE_READ(slave, i_ino);
	facts->dev = BPF_CORE_READ(slave, i_sb, s_dev);
	facts->rdev = BPF_CORE_READ(slave, i_rdev);
}

/* All IPC namespaces have their segments on one file system, each with ids of its own. */
static __always_inline void sample_regular(struct file_facts *facts, struct file *file,
					   struct inode *inode)
{
	struct shm_file_data *data;

	facts->regular.size = FIELD(struct inode, inode, i_size);
	facts->regular.links = FIELD(struct inode, inode, i_nlink);
	if (facts->kind != FILE_SHM)
		return;
	data = FIELD(struct file, file, private_data);
	facts->dev = BPF_CORE_READ(data, ns, ns.inum);
}

static __always_inline void sample_named(struct file_facts *facts, struct file *file,
					 struct inode *inode, __u64 magic)
{
	const unsigned char *name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
	__u64 name8;

	bpf_probe_read_kernel_str(facts->name, sizeof(facts->name), name);
	name8 = *(__u64 *)facts->name;
	if (magic == PIDFS_MAGIC) {
		facts->kind = FILE_PIDFD;
	} else if (magic == ANON_INODE_MAGIC) {
		facts->kind = anon_kind(name8);
	} else {
		switch (facts->mode & S_IFMT) {
		case S_IFREG:
			facts->kind = regular_kind(inode, magic, name8);
			break;
		case S_IFDIR:
			facts->kind = FILE_DIRECTORY;
			break;
		case S_IFCHR:
			facts->kind = char_kind(facts->rdev);
			break;
		case S_IFBLK:
			facts->kind = FILE_BLOCK;
			break;
		case S_IFLNK:
			facts->kind = FILE_SYMLINK;
			break;
		case S_IFIFO:
			facts->kind = FILE_FIFO;
			break;
		default:
			facts->kind = FILE_ANON;
		}
	}
	if ((facts->mode & S_IFMT) == S_IFREG && facts->kind != FILE_MQ)
		sample_regular(facts, file, inode);
	if (facts->kind == FILE_EVENTFD)
		sample_eventfd(facts, file);
	else if (facts->kind == FILE_PIDFD)
		sample_pidfd(facts, file, inode, magic);
	else if (facts->kind == FILE_MQ)
		sample_mq(facts, inode);
	else if (facts->kind == FILE_PTY)
		sample_pty(facts, file);
}

__noinline int file_sample(struct file_facts *facts, __u64 address)
{
	struct file *file = (void *)address;
	struct super_block *sb;
	struct inode *inode;
	__u64 magic;

	if (!facts || !file)
		return 0;
	inode = FIELD(struct file, file, f_inode);
	sb = FIELD(struct inode, inode, i_sb);
	magic = FIELD(struct super_block, sb, s_magic);
	facts->file = address;
	facts->ino = FIELD(struct inode, inode, i_ino);
	facts->dev = FIELD(struct super_block, sb, s_dev);
	facts->rdev = FIELD(struct inode, inode, i_rdev);
	facts->mode = FIELD(struct inode, inode, i_mode);
	facts->fmode = FIELD(struct file, file, f_mode);
	facts->fflags = FIELD(struct file, file, f_flags);
	if (magic == SOCKFS_MAGIC) {
		sample_socket(facts, file);
		return 0;
	}
	if (magic == PIPEFS_MAGIC)
		facts->kind = FILE_PIPE;
	else
		sample_named(facts, file, inode, magic);
	if (facts->kind == FILE_PIPE || facts->kind == FILE_FIFO)
		sample_pipe(facts, inode);
	return 0;
}

/* A number read from memory: what a typed view gives stays a pointer, and may not be returned. */
__noinline __u64 current_table(void)
{
	return (__u64)BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), files);
}

__noinline __u64 current_start(void)
{
	struct task_struct *leader =
		FIELD(struct task_struct, bpf_get_current_task(), group_leader);

	return FIELD(struct task_struct, leader, start_boottime);
}

__noinline __u64 current_space(void)
{
	return (__u64)BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), mm);
}

__noinline __u64 current_file(__u32 fd)
{
	struct files_struct *table = FIELD(struct task_struct, bpf_get_current_task(), files);
	struct fdtable *fdt = FIELD(struct files_struct, table, fdt);
	struct file **slots;
	__u64 file = 0;

	if (fd >= FIELD(struct fdtable, fdt, max_fds))
		return 0;
	slots = FIELD(struct fdtable, fdt, fd);
	bpf_probe_read_kernel(&file, sizeof(file), &slots[fd]);
	return file;
}

__noinline __u64 table_file(__u64 table, __u32 fd)
{
	struct fdtable *fdt = FIELD(struct files_struct, table, fdt);
	struct file **slots;
	__u64 file = 0;

	if (!table || fd >= FIELD(struct fdtable, fdt, max_fds))
		return 0;
	slots = FIELD(struct fdtable, fdt, fd);
	bpf_probe_read_kernel(&file, sizeof(file), &slots[fd]);
	return file;
}

__noinline int table_cloexec(__u64 table, __u32 fd)
{
	struct fdtable *fdt = FIELD(struct files_struct, table, fdt);
	unsigned long *bits;

	if (!table || fd >= FIELD(struct fdtable, fdt, max_fds))
		return 0;
	bits = FIELD(struct fdtable, fdt, close_on_exec);
	return NUMBER_AT(&bits[fd / 64]) >> (fd % 64) & 1;
}

__noinline __u32 table_size(__u64 table)
{
	struct fdtable *fdt = FIELD(struct files_struct, table, fdt);

	return FIELD(struct fdtable, fdt, max_fds);
}

__noinline __u64 table_slots(__u64 table)
{
	return (__u64)BPF_CORE_READ((struct files_struct *)table, fdt, fd);
}

/* Terminals: the slave's inode stands for both sides. */
static __always_inline int pty_channel(struct watched_key *key, struct file *file,
				       struct inode *inode, __u32 rdev)
{
	if (rdev == PTMX_DEV)
		inode = pty_slave(file);
	if (!inode)
		return 0;
	key->ino = BPF_CORE_READ(inode, i_ino);
	key->dev = BPF_CORE_READ(inode, i_sb, s_dev);
	return 1;
}

__noinline int odd_channel(struct watched_key *key, __u64 address)
{
	struct file *file = (void *)address;
	const unsigned char *name;
	struct super_block *sb;
	struct inode *inode;
	__u64 magic, name8 = 0;
	__u32 rdev, mode;

	if (!key || !file)
		return 0;
	inode = FIELD(struct file, file, f_inode);
	mode = FIELD(struct inode, inode, i_mode) & S_IFMT;
	if (mode == S_IFCHR) {
		rdev = BPF_CORE_READ(inode, i_rdev);
		return char_kind(rdev) == FILE_PTY ? pty_channel(key, file, inode, rdev) : 0;
	}
	sb = FIELD(struct inode, inode, i_sb);
	magic = FIELD(struct super_block, sb, s_magic);
	if (magic != MQUEUE_MAGIC && magic != ANON_INODE_MAGIC)
		return 0;
	key->ino = BPF_CORE_READ(inode, i_ino);
	key->dev = BPF_CORE_READ(sb, s_dev);
	if (magic == MQUEUE_MAGIC)
		return mode == S_IFREG;
	name = BPF_CORE_READ(file, f_path.dentry, d_name.name);
	bpf_probe_read_kernel(&name8, sizeof(name8), name);
	key->ino = address;	/* the inode is everybody's */
	return anon_kind(name8) == FILE_EVENTFD;
}

__noinline int file_channel(struct watched_key *key, __u64 address)
{
	struct super_block *sb;
	struct inode *inode;

	if (!key || !address)
		return 0;
	inode = FIELD(struct file, address, f_inode);
	if (!mode_is_channel(FIELD(struct inode, inode, i_mode)))
		return odd_channel(key, address);
	sb = FIELD(struct inode, inode, i_sb);
	key->ino = FIELD(struct inode, inode, i_ino);
	key->dev = FIELD(struct super_block, sb, s_dev);
	return 1;
}

/* The start of the process is asked for last: most odd files are none. */
static __always_inline int current_odd_transfer(struct transfer_key *key, struct file *file)
{
	struct watched_key channel = {};

	if (!odd_channel(&channel, address_of(file)))
		return 0;
	key->ino = channel.ino;
	key->dev = channel.dev;
	key->start = current_start();
	return 1;
}

/* On the path of every read and write, so without a single read by helper where the kernel allows. */
__noinline int current_transfer(struct transfer_key *key, __u32 fd)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct files_struct *table = FIELD(struct task_struct, task, files);
	struct fdtable *fdt = FIELD(struct files_struct, table, fdt);
	struct task_struct *leader;
	struct super_block *sb;
	struct file **slots;
	struct inode *inode;
	struct file *file;

	if (!key || fd >= FIELD(struct fdtable, fdt, max_fds))
		return 0;
	slots = FIELD(struct fdtable, fdt, fd);
	file = (void *)POINTER_AT(&slots[fd]);
	if (!file)
		return 0;
	inode = FIELD(struct file, file, f_inode);
	if (!mode_is_channel(FIELD(struct inode, inode, i_mode)))
		return current_odd_transfer(key, file);
	sb = FIELD(struct inode, inode, i_sb);
	leader = FIELD(struct task_struct, task, group_leader);
	key->ino = FIELD(struct inode, inode, i_ino);
	key->dev = FIELD(struct super_block, sb, s_dev);
	key->start = FIELD(struct task_struct, leader, start_boottime);
	return 1;
}

#include "socket_sample.bpf.h"

char _license[] SEC("license") = "GPL";
