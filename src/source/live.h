/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The live source, for the files that make it up (live*.c): hooks, snapshot, selection, counts,
 * and what /proc tells about processes that started before us.
 */
#ifndef IPCTRACE_LIVE_H
#define IPCTRACE_LIVE_H

#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdbool.h>
#include <uthash.h>

#include "ipctrace/control.h"
#include "ipctrace/record.h"
#include "model/model.h"
#include "options.h"
#include "source/program.h"
#include "source/ring.h"
#include "source/source.h"
#include "source/unseen.h"

struct tracer_bpf;
struct snapshot_bpf;
struct unseen_look;

/* One (process, object) pair the kernel counts for, and what was reported of it. */
struct counted {
	struct transfer_key key;
	struct transfer base;	/* from entries of this key that are deleted already */
	struct transfer tally;	/* newest value read of its tally, and of its entry in the table */
	struct transfer entry;
	bool unknown;		/* when last looked at, the model did not know the process */
	bool in_table; /* met there ever */
	struct counted_process *process;
	struct counted *next, *prev; /* of the same process */
	UT_hash_handle hh;
};

/* Processes end by the thousand a second, so each finds its own without going through all. */
struct counted_process {
	struct process_key key;
	struct counted *all;
	UT_hash_handle hh;
};

struct live {
	struct source source;
	const struct options *options;
	const struct model *model;	/* read only: who is a peer, what is held */
	record_fn fn;
	void *ctx;
	int err;			/* first failure of fn; ends the stream */

	struct tracer_bpf *tracer;
	struct bpf_object *beside;	/* the tracer once more: its maps, and those programs that are loaded beside */
	struct snapshot_bpf *snapshot;
	struct bpf_link *links[16];
	size_t links_count;
	struct ring *ring;
	bool is_behind;			/* what a program was still writing kept the newest drain from the rest */
	bool perf_hook;			/* hooks are perf tracepoints */
	int tracefs;			/* detached mount; -1 = none */

	struct program program;
	int epoll;
	bool selective;			/* not the whole machine */
	bool exit_seen, stopped;
	uint32_t watches_held;		/* objects that were there when the kernel was told last */
	bool watches_cut;		/* there was no room for all that is to be watched */
	bool wants_waits;		/* snapshots tell what tasks wait for */
	bool pipe_times;		/* the kernel notes when a pipe was last written to */
	struct unseen_look *unseen;	/* while it opens */
	struct pids shown;		/* whom rows told of, while there is that */
	bool may_thread;		/* while it opens; later the filter of system calls refuses threads */

	struct counted *counted;
	struct counted_process *counted_processes;
	uint64_t tallies_rested_ns;	/* when those that were left went on towards being free */
	struct sent_known *sent;	/* to addresses, as far as handed on */
	size_t sent_count;		/* of those in the kernel's table, when last read */
	struct signal_base *signal_bases; /* counts at the start of the window */
	uint64_t loss[LOSS_MAX];	/* totals reported so far */
	uint64_t skipped_before, skipped; /* runs of programs: before anything was to be told, and since */
	struct mark_page *marks;	/* shared with the kernel's side; NULL where the whole machine is traced */
	uint32_t marks_count;		/* pages */
	bool marks_short;		/* somebody's number is above those: a loss */
	uint64_t snapshot_losses;	/* state losses repaired by the newest snapshot */
	uint32_t resyncs;
	uint32_t unexplained_asks;	/* how often there was cause to ask of descriptors; 0 = all are explained */
	struct shared_seen *shared; /* files in /dev/shm that were met; NULL = not wanted */
	bool strangers_dropped;		/* whoever is in the model is traced, since the newest look at all tables */
	bool find_peers;		/* somebody may share something, and nobody looked: look at all tables */
	struct process_key *late;	/* marked since the last look, while others were not traced */
	size_t late_count;
	bool marked_late;		/* somebody was marked of whom a look, or the model, had told before */
	uint64_t next_find_ns, looked_ns; /* the newest look at all tables began */
	uint64_t next_refresh_ns, next_resync_ns, next_recursion_ns, next_ask_ns;
};

uint64_t now_ns(void);	/* CLOCK_MONOTONIC */

/* Hands one record on; keeps the first error in live->err. */
int live_deliver(struct live *live, const struct record *record);
/* Delivers a record that is a bare header. */
int live_deliver_bare(struct live *live, enum record_type type);

/* Takes what lay in the ring when it was called, and not what comes meanwhile. 0 or -errno. */
int live_drain(struct live *live);
/* The same; what is being written is waited for. */
int live_drain_whole(struct live *live);

/* live_permission.c: may we do what the options take? 0 or -EPERM, after saying what is missing. */
int live_check_permission(const struct options *options);
/* Loading or attaching was refused all the same: says so, names what, returns err. */
int live_refused(const char *what, int err);

/* live_kernel.c: has a kernel older than those known to do what it takes? 0 or -EOPNOTSUPP, after naming what
 * it has not. */
int live_check_kernel(void);
/* The kernel refused `what` for want of something: says so, and names what its BTF has not.
 * Returns -EOPNOTSUPP. */
int live_unsupported(const char *what, int err);

/* The same for any reason. Returns err, or -EOPNOTSUPP where that is it. */
int live_load_error(const char *what, int err);

/* live_load.c: opens and loads the snapshot's programs, unless they are, and the tracer's if `trace`. No process
 * may be forked meanwhile that allocates memory before it executes. 0 or -errno, after one line on standard error;
 * what it could not load is closed then. */
int live_load(struct live *live, bool trace);
/* As pthread_create(), but no signal comes to it. 0 or -errno. */
int live_thread_start(pthread_t *thread, void *(*run)(void *ctx), void *ctx);

/* live_hooks.c: all return 0 or -errno, after one line on standard error. */
/* Opens the tracer and chooses its programs. types: path of the kernel's. */
int live_hooks_open(struct live *live, const char *types);
/* Loads it, and all else with it, and attaches. */
int live_hooks_attach(struct live *live);
void live_hooks_close(struct live *live);
/* A program of the tracer that is loaded; NULL = none of that name. */
struct bpf_program *live_program(const struct live *live, const char *name);
/* Totals of every loss counter into loss[LOSS_MAX]. */
void live_hooks_losses(struct live *live, uint64_t *loss);

/* live_snapshot.c: opens its programs and chooses among them. types: path of the kernel's. 0 or -errno, after one
 * line on standard error. */
int live_snapshot_open(struct live *live, const char *types);
/* Rows of all tables. since: they show what was done before, ns; what is done later they may show. */
int live_snapshot_rows(struct live *live, uint64_t since, record_fn to, void *ctx);
void live_snapshot_close(struct live *live);
/* What the program writes, record by record; buf has room for LIVE_READ_SIZE bytes. */
#define LIVE_READ_SIZE (1 << 18)
int live_rows_read(struct bpf_program *program, char *buf, record_fn to, void *ctx);
/* The same for a program of the snapshot that asks is_in_part(): what has very many rows of one thing takes
 * several readings. What goes meanwhile moves the rest up. */
int live_parts_read(struct live *live, struct bpf_program *program, char *buf, record_fn to, void *ctx);
/* Of one process alone, by one of the iterators over tasks. */
int live_rows_of_pid(struct live *live, struct bpf_program *program, uint32_t pid, record_fn to, void *ctx);
int live_bare(enum record_type type, record_fn to, void *ctx);

/* live.c: hands on the rows of all tables. Takes what lies in the ring first: told of later it would be left
 * aside, as what the rows show. 0 or -errno. */
int live_snapshot_deliver(struct live *live);

/* live_waits.c: one look at what every task waits for. */
int live_waits_rows(struct live *live, char *buf, record_fn to, void *ctx);
/* Tries whether the kernel keeps the times of pipes: a tick must pass between the two. */
void live_pipe_times_begin(int ends[2]);
bool live_pipe_times_end(int ends[2]);

/* live_spaces.c: address spaces, kept exact. */
bool live_wants_spaces(const struct live *live);
/* Reads anew those in doubt. */
int live_spaces_reread(struct live *live);
/* Tells the kernel which spaces have something shared. */
int live_spaces_announce(struct live *live);

/* live_select.c: tells the kernel whom to trace, from what the model knows. */
int live_select_announce(struct live *live, record_fn to, void *ctx);
int live_select_apply(struct live *live);
/* There will soon be no room for more objects to watch. */
bool live_select_is_full(const struct live *live);
/* The process, which the model still has alive, has ended: its number is of no use any more, unless another has it
 * already. */
void live_select_forget(struct live *live, uint32_t pid, uint64_t start);
/* Drops the numbers of those that have ended, all records having been taken. */
void live_select_sweep(struct live *live);
/* After a look: drops those of whom it shows that they had ended before they were marked. */
void live_select_settle(struct live *live);

/* live_peers.c: 0 or -errno. */
/* Reads all tables, until nobody is found who was not marked while they were read. */
int live_peers_look(struct live *live);
/* The same, where somebody may be found, and the last time is a while ago. */
int live_peers_find(struct live *live);
/* Whether what was mapped is a reason to look. */
void live_peers_note(struct live *live, const struct record_mapping *record);
/* The same for a slot, if it was handed over: others may have had it, or its other end, all along. */
void live_peers_note_handed(struct live *live, const struct record_slot *record);

/* live_unexplained.c: asks the kernel for descriptors that nothing taken from the ring explains. now: the stream
 * has ended, and nothing more comes. left: how many it cannot explain either, nor will anything to come. */
int live_unexplained_ask(struct live *live, bool now, uint64_t *left);

/* live_ask.c: tables of the kernel's side, read and changed by a program of ours. 0 or -errno: -ENOENT where there
 * is no such entry. */
int live_read(struct live *live, enum ask_table table, const void *key, void *value);
/* The same, and the entry is gone. value may be NULL. */
int live_take(struct live *live, enum ask_table table, const void *key, void *value);
/* Puts it in with others; put_all() those that are left. Either returns what comes of any. */
int live_put(struct live *live, enum ask_table table, const void *key, const void *value);
int live_put_all(struct live *live);
/* Hands on every entry of one of those two that can be listed, whatever is put in meanwhile. between: called where
 * no row that was read is still to be handed on, and may change the table; NULL = nothing. */
typedef int (*row_fn)(void *ctx, const void *key, const void *value);
int live_list(struct live *live, enum ask_table table, row_fn to, int (*between)(void *ctx),
	      void *ctx);
/* Takes out all that there are, `max` at most: whoever is busy makes new ones all the while. */
int live_empty(struct live *live, enum ask_table table, uint32_t max);

/* live_marks.c: whom the kernel's side traces. Room for all numbers, before the tracer is loaded, and their being
 * mapped, after; 0 or -errno. Where the whole machine is traced there are none. */
int live_marks_size(struct live *live);
int live_marks_map(struct live *live);
void live_marks_close(struct live *live);
/* Nobody has marked that process yet. */
bool live_mark_is_free(const struct live *live, uint32_t pid);
/* The same, and there is room for a mark. */
bool live_mark_is_none(const struct live *live, uint32_t pid);
/* False = the kernel's side was first, or there is no room, which is a loss. */
bool live_mark_add(struct live *live, uint32_t pid, uint32_t mark);
/* Takes the mark away if it is one of those: of one process, or of all. */
void live_mark_drop(struct live *live, uint32_t pid, uint32_t of);
void live_marks_drop(struct live *live, uint32_t of);

/* live_unseen.c: begins to look who is there, before rows are read and beside that; no process may be forked before
 * the end that allocates memory before it executes. Then tells of those that have no row, the pids of all rows being
 * in live->shown. 0 or -errno. */
int live_unseen_begin(struct live *live);
int live_unseen_find(struct live *live);
void live_unseen_close(struct live *live);

/* live_target.c: 0 if each -p names a process that lives; -ESRCH, after one line on standard error. */
int live_targets_check(const struct options *options);

/* live_counts.c */
int live_counts_read(struct live *live);
int live_counts_process_exit(struct live *live, uint32_t pid, uint64_t start);
int live_counts_remember(struct live *live, const struct record_slot *use);
int live_counts_reset(struct live *live);
void live_counts_close(struct live *live);

/* live_sent.c: how much went to addresses. 0 or -errno. To be read before the counts, of which it is a part. */
int live_sent_read(struct live *live);
/* What went there until now is not of the window. */
int live_sent_reset(struct live *live);
void live_sent_close(struct live *live);

/* live_fifo.c: what paths of FIFOs lead to. */
int live_fifo_deliver(struct live *live, const struct record_fifo *record);
/* An unlink of that name is worth a record. */
void live_fifo_remember(struct live *live, const char *path);
/* Hands the row on, completed, if it is a FIFO that the task waits for. */
int live_opening_complete(struct live *live, const struct record *record, record_fn to, void *ctx);
uint32_t mount_namespace(uint32_t pid); /* its inode; 0 = unknown */

/* live_signals.c: counts of signals; 0 or -errno. */
int live_signals_read(struct live *live);
int live_signals_reset(struct live *live);
/* Snapshots tell what is pending, and how processes stand to signals. */
bool live_wants_signals(const struct live *live);
/* Looks whether a snapshot told of a signalfd. */
void live_signals_notice(struct live *live);
/* Counts what was pending at the last snapshot, where no hook counts. */
int live_signals_pending(struct live *live);
void live_signals_close(struct live *live);

/* live_describe.c: exe, argv, cgroup of processes, paths of objects, as records: all that is not known yet of the
 * processes that will be shown. */
int live_describe(struct live *live);
/* The same, and arguments anew where they are another text than what is known. */
int live_describe_at_end(struct live *live);
/* Those of the process that came after *last, if it is known by now; NULL = the first. 1 = it is *last now,
 * 0 = none came yet, or -errno. What live_describe() will not have to read then; a run of selected ones drops
 * most processes once it knows them all, so it does nothing there. */
int live_describe_next(struct live *live, const struct process **last);
/* Before the record of a mapping is delivered: the path of its file, as a record, where others may have the
 * same mapped and it is not known yet. */
int live_describe_mapped(struct live *live, const struct record_mapping *record);

/* live_blocked.c: which threads sleep in a read of a pipe, and the limits on descriptors: for check,
 * at the end of its window. */
int live_blocked(struct live *live);
/* live_sync.c: what keeps the writers of shared memory apart, for check. */
int live_sync(struct live *live);
/* live_addresses.c: the machine's own addresses, as records. */
int live_addresses(struct live *live);
/* live_heard.c: for how long half-closed connections have been silent, for check. */
int live_heard(struct live *live);
/* live_shared.c: System V segments and POSIX shared memory that nobody has, for check. */
struct shared_seen;
int live_shared_open(struct live *live);
void live_shared_close(struct live *live);
/* Takes from a record, event or row, what it tells of files in /dev/shm. */
void live_shared_note(struct live *live, const struct record *record);
int live_shared_left(struct live *live);
/* live_left.c: what lies in file systems and nobody has open, for check. */
int live_left(struct live *live);

#endif /* IPCTRACE_LIVE_H */
