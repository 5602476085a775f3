/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model: processes, descriptor tables, open file descriptions, objects and who used what.
 * It is a pure function of the records applied to it: it knows no kernel interface and no output
 * format, links without libbpf, and replays.
 *
 * Ownership: everything here belongs to the struct model and is freed with it; pointers handed out
 * stay valid until the next model_apply() or model_forget(), except struct process and the struct
 * object of an IPC kind, which live until model_free() unless model_forget() dropped them.
 */
#ifndef IPCTRACE_MODEL_H
#define IPCTRACE_MODEL_H

#include <utlist.h>

#include "model/pool.h"
#include "model/process.h"
#include "model/signal.h"
#include "model/socket.h"

struct reception;

#define KINDS_AT_MAX 16

/* What was dropped for want of room. */
struct forgotten {
	uint64_t processes, objects;	/* how many; of objects those of IPC kinds */
	uint64_t before_ts;		/* all that was over before; 0 = nothing was */
};

struct model {
	struct process *processes;
	struct process *bare;		/* with for_graph: ended, and the graph has nothing of them; by .bare_next */
	struct task *tasks;
	struct table *tables;
	struct description *descriptions;
	struct object *objects;
	struct object *fifos;		/* those that may have a name yet, by .fifo_next */
	struct segment *segments;	/* list */
	struct passing *passings;	/* list, by .all_next: all descriptors in flight */
	struct handover *handovers;
	struct signal_tally *signals;
	struct pending *pending;	/* list, by the newest look */
	struct socket_ends *sockets;	/* by their addresses */
	uint32_t host_netns, host_ipcns; /* inodes; 0 = unknown */
	struct waiting *waiting;
	struct sent_id *sent_ids;	/* hash, by id */
	struct address *addresses;	/* list: the machine's own, in the namespaces looked at */
	struct space *spaces;
	unsigned int doubts;		/* spaces that must be read anew */
	uint64_t next_serial;
	uint64_t snapshot_ts;		/* RECORD_SNAPSHOT_BEGIN's; 0 = never */
	uint64_t snapshot_serial;	/* the last that was given before it */
	bool in_snapshot;
	uint64_t start_ts;		/* RECORD_READY, else the first record */
	uint64_t end_ts;		/* newest record */
	bool ready, stopped;
	bool counted;			/* transfers were watched: counts are known */
	bool select_all, follow;
	unsigned int named_count;	/* processes that were selected themselves */
	bool drops_heirs;		/* set by whoever asks for no rules of check: of processes that ended what did
					 * nothing need not be kept */
	bool for_graph;			/* by whoever asks for nothing but the graph of a window: nor processes that it
					 * does not tell of */
	uint64_t loss[LOSS_MAX];
	uint32_t resyncs;
	struct forgotten forgotten;
	uint64_t names_given;		/* to sockets: see struct socket */
	uint64_t unresolved;		/* slots whose description could not be explained, now */

	struct unseen *unseen;		/* list: processes that BPF cannot see here */
	bool unseen_known;		/* it was looked for them */

	struct wait *waits;		/* of the newest look; see model/why.h */
	struct lock *locks;		/* held, by the newest look */
	uint32_t wait_looks;		/* how many there were */

	/* The model's own: */
	struct kinds_at { uint32_t dev, kinds; } kinds_at[KINDS_AT_MAX]; /* IPC kinds met on a device, bits */
	uint64_t births;		/* of processes and endpoints */
	unsigned int kinds_at_count;	/* beyond KINDS_AT_MAX: not all are there */
	struct wait *wait_at;		/* whose RECORD_WAIT_ON come now */
	struct holding *holdings;	/* scratch of why */
	bool first_snapshot;		/* the snapshot being applied is the first */
	struct table *rivals;		/* list: at the address of another table, until that snapshot's end */
	bool has_openings;		/* some endpoint may be waiting in open */
	unsigned int untold_count;	/* in all tables */
	struct description untold;	/* what the change of the newest record speaks of, if that was gone before it */
	struct reception *receptions;	/* received before its sending was told of */
	struct description *dead_descriptions; /* freed by the next model_apply(), by .hh.next */
	struct object *dead_objects;	/* likewise */
	struct pool pool;		/* processes, objects, endpoints, sockets, handovers: what there is most of */
	struct text *texts;		/* of processes, each once */
	size_t texts_size;		/* bytes that they take */
};

/* Returns a new empty model, or NULL when memory is out. */
struct model *model_new(void);
void model_free(struct model *model);

/*
 * What applying one record changed; the mechanisms turn it into an event. Pointers are valid until
 * the next model_apply().
 */
struct change {
	struct process *process;	/* whose record it was; NULL for rows without one */
	struct process *other;		/* FORK: the child; EXIT: NULL; PASS/receive: the sender */
	struct object *object;		/* SLOT: the object now in the slot; else as fits */
	struct object *old_object;	/* SLOT: what was in the slot before; NULL = empty */
	struct description *description, *old_description;
	struct slot slot, old_slot;	/* copies: after and before */
	struct object *socket;		/* PASS, receive: the socket of whose record it is */
	struct count in_flight;		/* receive: ns since it was sent */
	uint64_t unshown;		/* SIGNAL_COUNT: records left out since the last */
	unsigned int closed, kept;	/* EXEC, TABLE: slots emptied and left */
	bool changed;			/* the slot differs from before */
	struct mapping unmapped;	/* MAPPING: the first that went; object NULL = none did */
	struct mapping protected;	/* MAPPING: the first that has other rights now; object NULL = none has */
	bool new_mapping;		/* MAPPING: the process had not mapped that object before */
};

/*
 * Applies one record, which record_check() has passed. Fills *change (never NULL) with what it
 * meant. Returns 0, or -ENOMEM.
 */
int model_apply(struct model *model, const struct record *record, struct change *change);

/* Live process of that pid, else the newest exited one, else NULL. */
struct process *model_process_by_pid(const struct model *model, uint32_t pid);
struct process *model_process(const struct model *model, uint32_t pid, uint64_t start_ns);
struct endpoint *model_endpoint(const struct model *model, const struct process *process,
				const struct object *object);
/* What the process of that key has to do with the object of that key; NULL = not known. */
struct endpoint *model_endpoint_by_transfer(const struct model *model,
					    const struct transfer_key *key);
/* Brings endpoint->held up to date for all live processes; for those that ended it is as it was. */
void model_note_held(struct model *model);
/* The object under that key; NULL = not known. */
struct object *model_object(const struct model *model, const struct object_key *key);

/* Is it known what is counted under that number? (struct record_sent) */
bool model_knows_sent(const struct model *model, uint64_t id);
/* True when a selected process has, or had, a part in the object. */
bool object_is_of_selected(const struct object *object);
/* True when the process holds an end of the object: the object itself, or one at its other end, with a
 * selected process at either. */
bool object_is_near_selected(const struct object *object, const struct model *model);
/* What it does with descriptors is done to those of a selected process. */
bool process_shares_table_with_selected(const struct process *process);
/* It has such an object, or its table is a selected one's as well: a peer, or selected itself. */
bool process_is_near_selected(const struct process *process, const struct model *model);

/* Drops exited processes and objects without holders whose last record is older than ts and which
 * no selected process ever shared; bounds memory on long runs. */
void model_forget(struct model *model, uint64_t older_than_ts);
/* Bytes that it takes, about: what is counted is what there is most of. */
size_t model_size(const struct model *model);
/*
 * Drops the oldest quarter of what is over, be it selected: ended processes, and objects without holders, with all
 * links of theirs. Notes it in model->forgotten. False = there was nothing to drop.
 */
bool model_forget_oldest(struct model *model);
bool model_has_forgotten(const struct model *model);
/* With for_graph: drops processes that ended before and of which the graph has nothing. What the kernel counts for
 * them must have been told by then. */
void model_tidy(struct model *model, uint64_t older_than_ts);

/* True when the process is selected, or the whole machine is. */
bool process_is_selected(const struct model *model, const struct process *process);
/* The path a record about a FIFO tells, into buf, cut to fit; "" where it is not known. */
void fifo_path(const struct record_fifo *record, char *buf, size_t size);
/* Made, and never opened: its inode is not known. */
bool fifo_is_stand_in(const struct object *object);
/* What its key was means another object by now. */
bool object_is_retired(const struct object *object);
/* A FIFO whose last name is gone. */
bool object_is_unlinked(const struct object *object);
/* The access a live process waits for in open; 0 = it does not. */
uint32_t endpoint_waits(const struct endpoint *endpoint);

/* True for kinds that carry data from one process to another (pipes, sockets, eventfd, …). */
bool kind_is_ipc(uint32_t kind);
/* The same of an object: a plain file is a means of communication while it is mapped shared and
 * somebody can write to it. */
bool object_is_ipc(const struct object *object);
/* How many bytes of the object both processes have mapped. */
uint64_t space_common(const struct process *a, const struct process *b,
		      const struct object *object);
/* True when the object identity of such a file is the file itself (anon_inode kinds). */
bool kind_is_per_file(uint32_t kind);
/* "pipe", "unix", "file", … as the contract's table of kinds has it. Never NULL. */
const char *kind_name(uint32_t kind);

/* Events dropped so far: all of loss[] but cut texts. */
uint64_t model_lost(const struct model *model);
/* Of losses by enum loss, those after which the tables may be wrong. */
uint64_t losses_of_state(const uint64_t *loss);

/* --- audit ---------------------------------------------------------------------------------- */

struct audit {
	uint64_t checked;	/* slots and tasks compared */
	uint64_t differences;
	char **details;		/* one line each, the first AUDIT_DETAILS_MAX of them */
	size_t details_count;
};
#define AUDIT_DETAILS_MAX 100

/* Compares the tables kept from events with those of a model fresh from the kernel; both must
 * have had the same later records applied. audit_free() frees what is in *audit. */
int audit_compare(const struct model *kept, const struct model *fresh, struct audit *audit);
void audit_free(struct audit *audit);

/* --- checking records ----------------------------------------------------------------------- */

/* Returns 0 when a record of `size` bytes at `record` is whole: known type, sizes that fit, texts
 * that end, counts in range. -EBADMSG otherwise; -ENODATA for an unknown type (skip it). */
int record_check(const struct record *record, size_t size);

#endif /* IPCTRACE_MODEL_H */
