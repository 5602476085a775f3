/* SPDX-License-Identifier: GPL-2.0-only */
/* Who could wake a task: what why.c and the waker*.c files share. */
#ifndef IPCTRACE_WAKER_H
#define IPCTRACE_WAKER_H

#include "model/internal.h"
#include "model/why.h"

/* Fills the wait's wakers, object and relief. Needs why_index_build(). Returns 0 or -ENOMEM. */
int wakers_find(const struct model *model, struct wait *wait);

/* The first one counts. */
void relieve(struct wait *wait, enum relief relief);
/* Something outside can end it, through that object. */
void relieve_outside(struct wait *wait, const struct object *object);
/* A waker that is reached through no descriptor; NULL = no memory. */
struct waker *waker_add(struct wait *wait, struct process *process);
/* One task alone can't bring about what it waits for; another of its process may. */
static inline bool is_alone(const struct process *process)
{
	return process->tasks && !process->tasks->process_next;
}
static inline bool is_set(const struct wait *wait)
{
	return wait->row.what == WAIT_POLL || wait->row.what == WAIT_SELECT || wait->row.what == WAIT_EPOLL;
}
/* The wait of that task by the newest look; NULL = none. */
struct wait *task_wait(const struct model *model, uint32_t tid);

/* --- waker_holder.c: who holds an object --------------------------------------------------------- */

struct search {
	const struct model *model;
	struct wait *wait;
	const struct wait_on *on; /* what is waited on; NULL = says nothing about use */
	const struct object *object; /* whose holders are sought */
	uint32_t access; /* 0 = any */
	enum { TERMINAL_ANY, TERMINAL_MASTER, TERMINAL_SLAVE } side;
	const struct description *only, *but; /* NULL = any, none */
	bool unmapped; /* none who has it mapped */
	unsigned int found; /* out */
};

/* Adds them to search->wait, those included who could receive a descriptor that lies in a socket's
 * queue. Returns 0 or -ENOMEM. */
int holders_find(struct search *search);

/* --- waker_object.c, waker_socket.c, waker_lock.c: all return 0 or -ENOMEM ------------------------ */

int objects_find(const struct model *model, struct wait *wait);
int socket_find(const struct model *model, struct wait *wait, const struct wait_on *on,
		struct object *object);
int lock_find(const struct model *model, struct wait *wait);
struct object *object_at(const struct model *model, const struct file_facts *facts);

/* --- why_index.c ---------------------------------------------------------------------------------- */

/* A slot that holds an object. */
struct holding {
	const struct table *table;
	const struct slot *slot;
	unsigned int fd;
	struct holding *next; /* in object->holdings */
};

/* Fills object->holdings, process->children and process->has_uring. Returns 0 or -ENOMEM. */
int why_index_build(struct model *model);
/* Takes the holdings back. */
void why_index_free(struct model *model);

/* --- why_settle.c --------------------------------------------------------------------------------- */

/* Takes "stuck" from every wait that one who isn't stuck can end. Returns 0 or -ENOMEM. */
int why_settle(struct model *model);

#endif /* IPCTRACE_WAKER_H */
