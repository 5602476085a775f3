/* SPDX-License-Identifier: GPL-2.0-only OR BSD-3-Clause */
/* What the loader tells the BPF programs and they tell it, besides records. */
#ifndef IPCTRACE_CONTROL_H
#define IPCTRACE_CONTROL_H

#include "ipctrace/record.h"

#define CALLS_MAX	512	/* a power of two above the largest system call number of any architecture */
#define SOCKETCALL_MAX	32	/* a power of two above include/uapi/linux/net.h: SYS_SENDMMSG, 20 */
#define TRANSFERS_MAX	65536
#define WATCHED_MAX	65536
#define DESTINATIONS_MAX 16384
#define SPACES_MAX	65536
#define WANTED_MAX	65536
enum open_call { OPEN_CALL_OPEN, OPEN_CALL_CREAT, OPEN_CALL_AT, OPEN_CALL_AT2, OPEN_CALLS };
#define FIFO_NAMES_MAX	8192

/* compat_nr[]: a 32-bit call that wraps others (socketcall): look into its arguments. */
#define CALL_SOCKETCALL 0xffff
#define CALL_NONE	0xfffe
#define CALL_OLD_MMAP	0xfffd	/* a 32-bit call that has its arguments in memory */
#define CALL_IPC	0xfffc	/* a 32-bit call that wraps those of System V */
#define IPC_CALLS_MAX	32	/* a power of two above include/uapi/linux/ipc.h: SHMCTL, 24 */

/* Under this number in the table of programs is the one that looks at reads of a signalfd. */
#define CALL_SIGNALFD_READ (CALLS_MAX - 1)
#define SIGNALS_MAX	   65536
#define SIGNAL_MAX	   64	/* _NSIG */
#define SIGNAL_STANDARD	   32	/* the first that is queued: the kernel's SIGRTMIN */

/* restart_call[]: restart_syscall, and those that it goes on with after a stop. */
enum { RESTART_ITSELF, RESTART_POLL, RESTART_FUTEX, RESTART_NANOSLEEP, RESTART_CLOCK_NANOSLEEP, RESTARTS };

/* Fixed at load (.rodata). */
struct settings {
	__u32 own_tgid;		/* never traced */
	__u32 paths;		/* 1 = send path arguments of plain files too */
	__u32 page_shift;
	__u32 mappings;		/* 1 = shared memory was asked for */
	__u32 own_mnt_ns;	/* inode of our mount namespace */
	__u16 compat_nr[CALLS_MAX];	    /* 32-bit call number → 64-bit number, or CALL_* */
	__s16 open_call[OPEN_CALLS];	    /* calls that open by path; -1 = not on this machine */
	__u16 compat_socketcall[SOCKETCALL_MAX]; /* socketcall(2) number → 64-bit number */
	__u16 compat_ipc[IPC_CALLS_MAX];	 /* ipc(2) number → 64-bit number */
	__u16 mmap_nr;
	__u8 transfer_call[CALLS_MAX];	    /* enum transfer_call */
	__u8 call_action[CALLS_MAX];	    /* enum call_action */
	__u16 wait_call[CALLS_MAX];	    /* WAIT_CALL(): what sleeping in that call is */
	__s16 vfork_call[3];		    /* calls that may wait for a child to exec */
	__s16 restart_call[RESTARTS];	    /* -1 = not on this machine */
};

/* enum wait_what, which argument is a timeout (0 to 5), and how it is given. */
enum wait_limit { LIMIT_NONE, LIMIT_POINTER, LIMIT_MS, LIMIT_ALWAYS };
#define WAIT_CALL(what, limit, arg) ((what) | (limit) << 8 | (arg) << 12)

/* Changed while running (.bss). */
struct control {
	__u32 selective;	/* 0 = every process; 1 = those in marks alone */
	__u32 wake_pending;	/* the reader has been woken and has not drained the ring yet */
	__u64 wake_bytes;	/* wake the reader when so much lies in the ring */
	__u64 test_calls;	/* self-test: exits of the tested call seen from test_tid */
	__u32 test_tid;
	__u64 zero;		/* always; but the verifier does not know, see bpf/trace/message.bpf.c */
	__u32 fifos;		/* 1 = names of FIFOs are known: look at what is unlinked */
	__u32 spaces_known;	/* what the spaces map does not have has nothing shared */
	__u32 count_transfers;	/* 0 = no mechanism that moves data was asked for */
	__u32 follow_signals;	/* 0 = signals were not asked for */
	__u32 signalfds;	/* 1 = there is a signalfd: look at reads that fit one */
	__u64 watch_era;	/* goes up when more is watched: what was refused is looked at again */
	__u32 watched;		/* objects put into the table of them since it was filled */
	__u32 binds;		/* datagram sockets that were bound: an address may be another's from then on */
	__u32 spilled;		/* 1 = something was counted in the table of transfers */
	__u32 peers_at_work;	/* 1 = a new peer is not alone with its table, or has other threads */
	__u64 losses[LOSS_MAX];	/* totals; last, so that a loss does not take what each call reads */
};

/* Names of FIFOs are known by a hash over their last NAME_HASH_BYTES bytes, from the end, so that an
 * unlink of anything else costs no record. What it lets through by chance the model drops. */
#define NAME_HASH_BYTES 64
#define NAME_HASH(hash, c) ((hash) * 31 + (__u8)(c))

/* Processes by their number, enum mark each: 0 = not traced. There are as many pages as hold the system's pids;
 * where the whole machine is traced there is one, of no use. */
#define MARK_PAGE 4096 /* a power of two, as is the least page of memory */

struct mark_page {
	__u8 of[MARK_PAGE];
};

/* Values in the table of watched objects. */
enum watch {
	WATCHED = 1,
	WATCHED_WRITERS = 2,	/* whoever maps it only to read is no peer */
};

/* MARK_GONE, alone: it has ended, and its number stays until the reader has been told, who would mark it again, and
 * that is by the next look at all tables. */
enum mark {
	MARK_SELECTED = 1,
	MARK_FOLLOW = 2,
	MARK_PEER = 4,
	MARK_LATE = 8, /* by the reader: it may have ended before, untold */
	MARK_GONE = 16,
};

struct watched_key {
	__u64 ino;
	__u32 dev;
	__u32 pad;
};

/* Keys of what in `watched` stands for a listener's bound address, and for a port. */
#define WATCH_ADDRESS		    0xffffffffu /* dev; ino = struct unix_address * */
#define WATCH_PORT		    0xfffffffeu /* dev; ino as follows */
#define WATCH_NAME		    0xfffffffdu /* dev; ino = NAME_HASH over it, see socket_name_hash() */
#define WATCH_PORT_KEY(netns, port) ((__u64)(netns) << 16 | (port))

/* One process sending by one socket to one address, while whoever is bound there stays the same. */
struct destination_key {
	struct transfer_key from; /* the sender, and its socket */
	__u64 hash;		  /* of the address */
	__u32 era;		  /* control.binds */
	__u32 pad;
};

/* How much, in all. */
struct sent {
	__u64 bytes, ops;
	__u32 id[2];	/* as in RECORD_DESTINATION */
};

/* What one sender did to one process with one signal. */
struct signal_kept {
	struct signal_counts counts;
	__u64 window; /* time >> SHOWN_SHIFT */
	__u64 shown; /* records in it */
};

/*
 * What the reader has done to a table (bpf/trace/table.bpf.c), to as many entries at a time as there is room for. It
 * fills in key, value and count, and finds result, and the value where it was read.
 */
enum ask_what {
	ASK_PUT,
	ASK_READ,
	ASK_TAKE, /* read, and out of the table */
	ASK_EMPTY, /* some of all there are */
	ASK_LIST, /* read those whose keys' hashes are from `first` to `last`; so many rows, or -E2BIG */
};

enum ask_table {
	ASK_TRANSFERS, ASK_WATCHED, ASK_DESTINATIONS, ASK_SPACES, ASK_SIGNALS, ASK_FIFO_NAMES, ASK_ASLEEP,
	ASK_TABLES
};

#define ASK_MAX 64 /* a power of two */

struct ask_entry {
	__s32 result;	/* 0 or -errno */
	__u32 pad;
	__u64 key[6], value[14];
};

#define ASK_ROWS 4096 /* a power of two */

/* Of a table that is listed: struct transfer_key and struct transfer, or struct destination_key and struct sent. */
struct ask_row {
	__u64 key[5], value[8];
};

struct ask {
	__u32 what, table, count;
	__u32 first, last; /* hashes, both included */
	__u32 pad;
	struct ask_entry entries[ASK_MAX];
	struct ask_row rows[ASK_ROWS];
};

/* What a call does as far as the data plane goes. Sleeping in any but CALL_MOVES_NOTHING is being
 * blocked. */
enum transfer_call {
	CALL_MOVES_NOTHING,
	CALL_MOVES_IN,	/* from the descriptor in argument 0; the result is how much */
	CALL_MOVES_OUT,	/* to it, likewise */
	CALL_MOVES_OUT_TO, /* likewise, and argument 4 may say where to: then its program is run too */
	CALL_MOVES,	/* has a program of its own */
};

/*
 * What is done at the exit of a call. Those of one program stand together: the verifier goes through
 * what a program uses once for each program, so few programs load faster than many.
 */
enum call_action {
	CALL_ON_NOTHING,
	/* descriptor_exit */
	CALL_ON_NEW_FD, CALL_ON_EVENTFD, CALL_ON_MAYBE_FD, CALL_ON_OPEN, CALL_ON_OPENAT, CALL_ON_CLOSE,
	CALL_ON_DUP, CALL_ON_FCNTL, CALL_ON_IOCTL, CALL_ON_PIPE, CALL_ON_PIDFD_GETFD, CALL_ON_CLONE,
	CALL_ON_CLONE3,
	/* table_exit */
	CALL_ON_UNSHARE, CALL_ON_CLOSE_RANGE,
	/* transfer_exit */
	CALL_ON_SPLICE, CALL_ON_TEE, CALL_ON_SENDFILE, CALL_ON_VMSPLICE,
	/* mq_send_exit */
	CALL_ON_MQ_SEND,
	/* fifo_exit */
	CALL_ON_MKNOD, CALL_ON_MKNODAT, CALL_ON_UNLINK, CALL_ON_UNLINKAT,
	/* socket_exit */
	CALL_ON_SOCKET, CALL_ON_ACCEPT, CALL_ON_BIND, CALL_ON_SOCKET_STATE, CALL_ON_CONNECT, CALL_ON_SOCKETPAIR,
	CALL_ON_SENDTO,
	/* message_exit */
	CALL_ON_SENDMSG, CALL_ON_RECVMSG, CALL_ON_SENDMMSG, CALL_ON_RECVMMSG,
	/* mapping_exit */
	CALL_ON_MMAP, CALL_ON_MUNMAP, CALL_ON_MREMAP, CALL_ON_REMAP_FILE_PAGES, CALL_ON_MPROTECT,
	CALL_ON_MADVISE, CALL_ON_SHMGET, CALL_ON_SHMAT, CALL_ON_SHMDT, CALL_ON_SHMCTL,
	/* signal_call_exit */
	CALL_ON_SIGNAL_ACTION, CALL_ON_SIGNAL_MASK, CALL_ON_SIGNAL_WAIT, CALL_ON_SIGNAL_KILL,
	CALL_ON_SIGNAL_TGKILL, CALL_ON_SIGNAL_PIDFD,
	/* signalfd_exit */
	CALL_ON_SIGNALFD,
	CALL_ACTIONS
};

#define ASLEEP_MAX 131072 /* a power of two; 2 MiB */

/* Since when a task sleeps in a transfer: slot tid % ASLEEP_MAX. Two tasks that far apart and
 * asleep at once share a slot; the later one has it. */
struct asleep {
	__u64 since;	/* ns, CLOCK_MONOTONIC; 0 = awake */
	__u32 tid;
	__u32 pad;
};

/*
 * Where most of what is counted lies: a cheap hash of process and object tells which. A hash table of the
 * kernel's costs each read and write three times as much; who finds another here is counted there.
 */
#define TALLIES_MAX 4096 /* a power of two */

struct tally {
	__u64 state;	/* enum tally_state */
	struct transfer_key key;
	union {
		struct transfer sum;
		__u64 era;	/* control.watch_era, before the object was looked for in vain */
	};
};

/* Gone through in this order; to be refused is left out by most. */
enum tally_state {
	TALLY_FREE,
	TALLY_REFUSED,	/* a peer's, with an object that is not watched: not counted, and whoever is may take it */
	TALLY_FILLING,	/* by the program that took it */
	TALLY_HELD,
	TALLY_LEFT,	/* by the reader; a program that found its own there may still be adding to it */
	TALLY_RESTING,	/* since before the newest reading */
	TALLY_STATES
};

static inline __attribute__((always_inline)) __u32 tally_index(const struct transfer_key *key)
{
	return ((__u32)key->ino + key->pid * 37) & (TALLIES_MAX - 1);
}

/* Which rows a program tells of that has many of one thing, a queue or a namespace: the kernel takes no more than
 * 32 KiB from one run of an iterator's program (kernel/bpf/bpf_iter.c, bpf_seq_read()). */
#define ROWS_AT_ONCE 128
struct rows_part {
	__u32 first;	 /* that one, and ROWS_AT_ONCE - 1 behind it */
	__u32 more;	 /* 1 = something had more */
};

/* The snapshot of `why`: set by the source before each pass (.bss). */
struct wanting {
	__u32 look;	 /* number of the look whose objects are wanted; 0 = send every descriptor */
	__u32 collects;	 /* 1 = this pass over the tasks notes what they wait on */
	__u32 overflows; /* 1 = not all could be noted: send every descriptor */
	__u32 memory;	 /* 1 = somebody waits for a word in shared memory */
};

/* Which files' locks were told of already. */
struct locking {
	__u32 look; /* its number */
};

#endif /* IPCTRACE_CONTROL_H */
