/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* Open file descriptions and the objects under them, as many records carry them. */
#ifndef IPCTRACE_RECORD_FILE_H
#define IPCTRACE_RECORD_FILE_H

#include "ipctrace/record/type.h"

/* What kind of thing a file is; told in the kernel from s_magic, i_mode and the dentry's name. */
enum file_kind {
	FILE_UNKNOWN = 0,
	FILE_REGULAR = 1,
	FILE_DIRECTORY = 2,
	FILE_CHAR = 3,
	FILE_BLOCK = 4,
	FILE_PIPE = 5,
	FILE_FIFO = 6,
	FILE_UNIX = 7,
	FILE_TCP = 8,
	FILE_UDP = 9,
	FILE_SOCKET = 10,	/* a socket of any other family or protocol */
	FILE_EVENTFD = 11,
	FILE_EPOLL = 12,
	FILE_SIGNALFD = 13,
	FILE_TIMERFD = 14,
	FILE_INOTIFY = 15,
	FILE_PIDFD = 16,
	FILE_MEMFD = 17,
	FILE_MQ = 18,
	FILE_PTY = 19,
	FILE_IO_URING = 20,
	FILE_ANON = 21,		/* any other anon_inode; name says which */
	FILE_SYMLINK = 22,	/* O_PATH|O_NOFOLLOW */
	FILE_SHM = 23,		/* System V shared memory segment; ino is its id */
	FILE_ANON_MEMORY = 24,	/* shared anonymous memory, /dev/zero mapped shared */
	FILE_PROCESS = 25,	/* no file: a process as the target of signals and the like; ino is its pid */
	FILE_SEM = 26,		/* System V semaphore set; ino is its id */
	FILE_MSG = 27,		/* System V message queue; ino is its id */
	FILE_KIND_MAX
};

/* An open file description and the object under it, as they are at the moment of sampling. */
struct file_facts {
	__u64 file;	/* struct file *: names the description while it lives; 0 = slot empty */
	__u64 ino;	/* i_ino; unique on pipefs and sockfs */
	__u32 dev;	/* s_dev in the kernel's encoding: major << 20 | minor; of a System V object
			 * the inode of its IPC namespace */
	__u32 rdev;	/* i_rdev of devices, same encoding */
	__u32 mode;	/* i_mode */
	__u32 fmode;	/* f_mode: 1 = read, 2 = write, 0x4000 = O_PATH */
	__u32 fflags;	/* f_flags: O_NONBLOCK, O_APPEND, … as in the architecture's fcntl.h */
	__u32 kind;	/* enum file_kind */
	union {
		struct {
			__u32 readers, writers;	/* descriptions open for each (not descriptors) */
			__u32 capacity;		/* bytes */
			__u32 buffers;		/* pipe buffers occupied */
			__u64 queued;		/* bytes in them; ~0 = not read */
			__u32 names;		/* FIFO: links in directories; 0 = unlinked */
			__u32 pad;
		} pipe;
		struct {
			__u64 sock;		/* struct sock * */
			__u64 peer_ino;		/* unix: inode of the peer socket; 0 = none */
			__u16 family, type;
			__u8 state, pad[3];
		} socket;
		struct {
			__u64 count;
			__s32 id;
			__u32 flags;
		} eventfd;
		struct {
			__u32 target;		/* pid the pidfd refers to; 0 = not read */
			__u32 pad;
		} pidfd;
		struct {
			__u64 messages;		/* lying in it */
			__u32 max, size;	/* how many may, and how long each */
		} mq;
		struct {
			__u32 master;		/* 1 = this file is the master's; ino and rdev are the slave's */
			__u32 pad;
		} pty;
		struct {
			__u64 size;		/* bytes */
			__u32 links;		/* names it has in file systems; 0 = deleted */
			__u32 pad;
		} regular;			/* FILE_REGULAR, FILE_MEMFD, FILE_ANON_MEMORY, FILE_SHM */
		__u64 raw[6];
	};
	char name[RECORD_NAME_LEN];	/* dentry name; empty for pipes and sockets */
};

#endif /* IPCTRACE_RECORD_FILE_H */
