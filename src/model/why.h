/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why processes are stuck: what each task waits on, who could wake it, and whether anybody ever
 * will. Built from two looks at the tasks and the tables between them; see wait.c, waker.c, why.c.
 */
#ifndef IPCTRACE_WHY_H
#define IPCTRACE_WHY_H

#include "model/model.h"

enum waker_hidden { HIDDEN_NOT, HIDDEN_IN_FLIGHT, HIDDEN_URING };
enum answer { ANSWER_UNKNOWN, ANSWER_NO, ANSWER_YES };

/* One who could end the wait. */
struct waker {
	struct process *process;
	uint32_t tid; /* only this task of it can; 0 = any */
	int fd; /* through which; -1 = through none */
	enum provenance came;
	bool through_exec;
	enum answer used; /* did it ever use that end? */
	enum waker_hidden hidden;
	struct object *socket; /* HIDDEN_IN_FLIGHT: where the descriptor lies */
	unsigned int part; /* of the wait's, where it has any */
};

/* Why nothing is said about the end of a wait, or why it is certain to come. */
enum relief {
	RELIEF_NONE, /* only its wakers can end it */
	RELIEF_AWAKE, /* it runs, or ran a moment ago */
	RELIEF_TIMEOUT, /* ends by itself */
	RELIEF_OUTSIDE, /* the network, a terminal, a timer, whoever opens it by name */
	RELIEF_SIGNAL, /* waits for a signal, or handles one that others may send */
	RELIEF_STOPPED, /* waits for whoever stopped it */
	RELIEF_HIDDEN, /* someone holds the other end where nothing shows who */
	RELIEF_UNKNOWN, /* not known what it waits for, or who could wake it */
	RELIEF_WAKER, /* one of its wakers isn't stuck itself */
};

enum verdict { VERDICT_RUNNING, VERDICT_WAITING, VERDICT_NEVER_EOF, VERDICT_DEADLOCK };

struct wait_on {
	int fd;
	uint32_t flags; /* enum wait_on_flags */
	uint64_t written; /* ns since boot; 0 = unknown */
	struct file_facts facts;
};

#define WAIT_PARTS_MAX	  64
#define WAIT_OUTSIDES_MAX 8 /* of a set of descriptors; more say nothing new */

/* One task, by the newest look. */
struct wait {
	uint32_t tid;
	struct record_wait row;
	bool steady; /* slept at both looks and did not run between them */
	uint32_t look;
	struct wait_on *ons;
	size_t ons_count;
	bool has_peer;
	struct file_facts peer; /* the Unix socket whose full queue it waits for */

	/* By why_build(): */
	struct process *process;
	struct object *object; /* what it waits on, where that is one thing */
	struct object *room_at; /* whose full queue it waits for; NULL = none */
	struct waker *wakers;
	size_t wakers_count;
	bool all; /* each of the wakers must act; otherwise any of them can */
	unsigned int parts; /* locks in its way: of the wakers of each part one must act; 0 = one of all is enough */
	uint64_t parts_left; /* while why_build() runs: a bit for each part of which nobody goes on yet */
	enum relief relief;
	/* Through what something outside can end it, whatever else does (RELIEF_OUTSIDE or an earlier one):
	 * the first of them, each once; NULL among them = through no object. */
	const struct object *outsides[WAIT_OUTSIDES_MAX];
	unsigned int outsides_count;
	bool outsides_more; /* and through others */
	bool stuck; /* nobody outside can ever end it */
	bool in_ring;
	enum verdict verdict; /* of those in struct why */
	unsigned int rank; /* of those too: among its verdict, the lowest first */
	bool visited; /* scratch of whoever walks them */
	struct dependent *dependents; /* waits that end once this one does; while why_build() runs */
	struct wait *next_freed;
	UT_hash_handle hh; /* model->waits, by tid */
};

struct lock {
	struct record_lock row;
	UT_hash_handle hh; /* model->locks, by row.lock */
};

struct why {
	enum verdict verdict;
	struct wait **waits; /* of the selected processes, asleep, worst first, then as they were asked for */
	size_t waits_count;
	struct wait *culprit; /* the wait that the verdict is about; NULL = none */
	struct process **ring; /* DEADLOCK: in order, each waits for the next */
	size_t ring_count;
};

/* longer_ns: leave out what has waited for less. Returns 0 or -ENOMEM. why_free() frees what is in
 * *why, whatever was returned. */
int why_build(struct model *model, uint64_t longer_ns, struct why *why);
void why_free(struct why *why);
/* Takes back "stuck" where the second model, of a later snapshot, does not say the same. */
int why_confirm(struct model *model, struct model *later);

/* NULL = it runs. */
struct wait *why_wait_of_task(const struct model *model, const struct process *process, const struct task *task);
/* The wait of that process which best tells what it is held up by; NULL = it runs. */
struct wait *why_wait_of(const struct model *model, const struct process *process);
/* The same of that task of the wait's waker which could act: the one that waits on its descriptor, if it has several.
 * NULL also where that isn't known. */
struct wait *why_wait_of_waker(const struct model *model, const struct wait *wait, const struct waker *waker);
/* Has it several tasks, none of which waits on the descriptor by which it could end the wait? */
bool why_is_unserved(const struct model *model, const struct wait *wait, const struct waker *waker);
/* Is the wait for end of file, with none but these left to write? */
bool why_is_never_eof(const struct model *model, const struct wait *wait);
/* Could another process end it? */
bool why_waits_for_another(const struct wait *wait);

#endif /* IPCTRACE_WHY_H */
