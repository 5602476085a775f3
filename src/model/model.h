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

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>
#include <uthash.h>
#include <utlist.h>

#include "ipctrace/record.h"
#include "model/pool.h"

#define UID_UNKNOWN UINT32_MAX

struct model;
struct reception;

/* A count that may be unknown. */
struct count {
	uint64_t value;
	bool known;
};

/* Which process: a pid alone is used again. */
struct process_key {
	uint64_t start_ns;
	uint32_t pid;
	uint32_t pad;			/* 0 */
};

/* --- objects and descriptions -------------------------------------------------------------- */

/* Identity of an object: inode and device, and the file itself where many share one inode. */
struct object_key {
	uint64_t ino;	/* or the struct file * for anon_inode kinds */
	uint32_t dev;
	uint32_t kind;	/* enum file_kind */
};

/* Of the endpoints of processes that ended which were not kept (past.c): what the graph's numbers are made of. */
struct past {
	uint64_t write_gone_ts;		/* the newest of theirs */
	unsigned int parties;		/* how many */
	unsigned int readers, writers;	/* of them, how many could have been the end of a link */
	unsigned int thin_at;		/* how many endpoints there must be to look again which may go */
};

struct object {
	struct object_key key;
	UT_hash_handle hh;		/* model->objects; beside the key, as everywhere: one miss less */
	struct file_facts facts;	/* the newest sample */
	char *name;			/* path or name; NULL = unknown; hostile bytes as they were */
	uint64_t first_ts, last_ts;
	unsigned int slots;		/* slots, in all tables, that hold it now */
	unsigned int in_flight;		/* descriptors of it in socket queues now */
	unsigned int maps;		/* mappings of it, in all address spaces */
	unsigned int sync_looks;	/* looks at it while several could write, up to SYNC_LOOKS */
	uint32_t sync_seen;		/* what keeps them apart, by those looks; enum sync_seen */
	uint32_t sync_inside;		/* at the last look something like a lock lay there; 0 = nowhere */
	bool gone;			/* eventfd: closed by all; its number may be another's by now */
	bool map_writer;		/* some mapping of it can be, or could be, written */
	bool is_left;			/* is there at the end, and nobody has it open or mapped */
	struct socket *socket;		/* what is known of it as a socket; NULL = nothing, or none */
	struct segment *segment;	/* System V shared memory; NULL = none, or unknown */
	uint64_t left_age;		/* with is_left: ns since it was made, changed or detached */
	uint64_t left_memory;		/* with is_left: bytes of memory it takes, in /dev/shm */
	struct process_key maker;	/* who made it in the window; pid 0 = unknown */
	struct endpoint *endpoints;	/* list, by .object_next */
	struct crowd_member *crowd;	/* the same, hashed, where there are many: model_endpoint() finds them */
	unsigned int parties;		/* endpoints there are */
	unsigned int targeted;		/* tallies that name it as their target */
	struct past *past;		/* NULL = all of them were kept */
	struct description *descriptions; /* list, by .object_next */
	uint64_t serial;		/* order of appearance, from 1 */
	struct holding *holdings;	/* scratch of why: the slots that hold it */
	struct object *fifo_next, *fifo_prev; /* model->fifos; fifo_prev NULL = not in it */
	bool unlink_due;		/* a FIFO that a sample shows unlinked, which no record has told of yet */
};

/* So many looks without a sign say something. They are half a second apart. */
#define SYNC_LOOKS 2

/* Where a socket's two ends are, in one network namespace where the address means only that. */
struct socket_tuple {
	uint8_t local[16], remote[16];
	uint16_t local_port, remote_port;
	uint32_t netns;			/* of loopback addresses; 0 for others */
	uint32_t kind, pad;
};

/* Where something leads that leaves the machine, seen from a network namespace. */
struct elsewhere {
	uint8_t address[16];
	uint32_t netns;
	uint16_t port;
};

/* What one process sent to one destination. */
struct sent_sum {
	struct process_key process;
	uint64_t bytes, ops;
	struct sent_sum *next, *prev;
};

/* Where datagrams were sent to. */
struct destination {
	struct socket_tuple to;		/* remote: the address; local is not used */
	char *name;			/* unix: as in object->name; NULL = none */
	bool is_abstract;		/* the name means something in the sender's network namespace */
	struct object_key bound;	/* who had the address when it was sent there; kind FILE_UNKNOWN = unknown */
	struct sent_sum *sums;
	struct destination *next, *prev;
};

/* Under which number the kernel counts what goes from a process to a destination. */
struct sent_id {
	uint64_t id;
	struct socket *socket;
	struct sent_sum *sum;		/* NULL = one destination too many */
	struct sent_id *next, *prev;	/* socket->sent_ids */
	UT_hash_handle hh;		/* model->sent_ids */
};

/* An address of the machine itself. */
struct address {
	uint8_t address[16];
	uint32_t netns;
	struct address *next, *prev;
};

/* A TCP connection in a listener's queue, when last looked at. */
struct waiting {
	struct socket_tuple tuple;	/* as the end has it that nobody has yet */
	struct object_key listener;
	UT_hash_handle hh;		/* model->waiting, by tuple */
};

/* A socket with addresses: most are Unix sockets, which have none. */
struct socket_ends {
	struct socket *socket;
	struct socket_tuple tuple;
	bool is_hashed;			/* in model->sockets, under that tuple */
	UT_hash_handle hh;		/* model->sockets, by tuple */
};

struct socket {
	struct socket_facts facts;	/* the newest sample */
	char *name;			/* unix: name_len bytes, as bound; NULL = never bound */
	uint32_t name_len;
	uint64_t named;			/* it got that name before all that have a higher number; 0 = never bound */
	struct object *object;
	struct socket_ends *ends;	/* NULL = a Unix socket, or none of its addresses were seen */
	bool is_ambiguous;		/* another socket has, or had, the same addresses */
	bool has_twin;			/* another socket was held with the same addresses */
	uint8_t closed_first;		/* TCP: enum closed_first, as far as this end knows */
	uint32_t first_drops;		/* facts.drops when first looked at */
	uint32_t foreign_netns;		/* where that is not the host's; 0 = it is, or unknown */
	unsigned int destinations_count;
	struct destination *destinations;
	struct sent_id *sent_ids;	/* those that are still counted */
	bool counts_destinations;	/* how much went to each is known */
	uint64_t shut_ts;		/* in the window it shut down sending, first; 0 = not so */
	struct count heard;		/* TCP, half-closed, at the end: ns since the peer was heard of */
	struct server *server;		/* how connections to this listener were served; NULL = none seen */
};

/* How a server serves its connections, as far as the window showed it. */
enum server_model {
	SERVER_UNKNOWN,			/* not enough seen */
	SERVER_ITERATIVE,		/* one at a time, the next waits */
	SERVER_EVENT_LOOP,		/* one thread, many at once */
	SERVER_THREADS,			/* a thread for each */
	SERVER_PROCESSES,		/* a process for each */
	SERVER_PREFORK,			/* several processes accept */
};

/* What the model was concluded from; counts of the newest SERVER_SEEN_MAX connections but for the
 * first. */
struct server_view {
	enum server_model model;
	uint64_t accepted;		/* connections in the window */
	unsigned int seen;		/* of those looked at, connections that anybody used */
	unsigned int acceptors;		/* processes that accepted them */
	unsigned int elsewhere;		/* connections used by a process that did not accept them */
	unsigned int users;		/* threads that used one first */
	unsigned int other_threads;	/* connections first used by another thread of the acceptor */
	unsigned int most_open;		/* at once */
};

/* How a slot came to be filled. */
enum provenance {
	CAME_UNKNOWN,	/* was there before we looked */
	CAME_OPENED,	/* open, pipe, socket, accept, …: made here */
	CAME_FORK,	/* inherited when the process was forked */
	CAME_DUP,
	CAME_PASSED,	/* received over a socket */
	CAME_TAKEN,	/* pidfd_getfd */
};

/* An open file description: what dup, fork and passing share. */
struct description {
	uint64_t file;			/* struct file *, while it lives */
	UT_hash_handle hh;		/* model->descriptions, by file; the live one */
	struct object *object;		/* never NULL; kind FILE_UNKNOWN where nothing is known */
	uint32_t fmode, fflags;		/* newest sample */
	bool is_master;			/* of a terminal: the side of who shows it */
	bool marked;			/* scratch of whoever walks them */
	unsigned int slots;		/* holders in tables */
	struct passing *in_flight;	/* list: the copies lying in sockets' queues */
	struct description *object_next, *object_prev;
	uint64_t serial;		/* its name in output: unique in this model */
};

/* A descriptor on its way through a socket. */
struct passing {
	uint64_t ts;			/* when it was sent; 0 = was there before we looked */
	struct process *sender;		/* NULL = unknown */
	int sender_fd;			/* -1 = unknown */
	struct object_key via;		/* the sender's socket; kind FILE_UNKNOWN = unknown */
	uint64_t socket_ino;		/* whose queue it lies in; 0 = unknown */
	bool stale;			/* not yet confirmed by the snapshot being applied */
	struct description *description;
	struct passing *next, *prev;	/* of that description */
	struct passing *all_next, *all_prev;
};

/* Descriptors that one process handed to another, over one socket. */
struct handover_key {
	struct process *from, *to;
	struct object_key object;	/* the sender's socket; what was taken, where taken */
	uint64_t taken;			/* 1 = by pidfd_getfd */
};

struct handed {
	struct object object;		/* a copy of its identity: key, facts, name, serial */
	int from_fd, fd;		/* from_fd -1 = unknown */
	struct count in_flight;		/* ns between the two calls' returns */
	struct handed *next, *prev;
};

#define HANDED_MAX 32

struct handover {
	struct handover_key key;
	uint64_t count;
	struct handed *handed;		/* list: the newest, HANDED_MAX at most, the oldest first */
	UT_hash_handle hh;		/* model->handovers */
};

/* --- tables and processes ------------------------------------------------------------------ */

struct slot {
	struct description *description; /* NULL = empty */
	uint64_t since_ts;		/* 0 = before we looked */
	struct process *from;		/* FORK: the parent; PASSED: the sender; TAKEN: the owner */
	int32_t from_fd;		/* DUP, PASSED, TAKEN: the number it had there; -1 = unknown */
	uint8_t came;			/* enum provenance */
	bool through_exec;		/* kept across an exec since */
	bool cloexec;
	bool stale;			/* not yet confirmed by the snapshot being applied */
};

/* A process that uses a table: one for all its tasks that do. */
struct table_user {
	struct process *process;
	unsigned int tasks;
	struct table_user *next, *prev;
};

struct table {
	uint64_t id;			/* struct files_struct *, while it lives */
	uint64_t serial;		/* its name in output */
	struct slot *slots;
	unsigned int size;		/* slots allocated */
	unsigned int used;		/* slots filled */
	struct task *tasks;		/* list, by .table_next: who uses it */
	struct table_user *users;	/* list: the distinct processes of those tasks */
	struct process *maker;		/* forked from this process's table, and still being filled */
	uint64_t maker_table;		/* the id of that table */
	bool told;			/* a user's rows of slots were among those of the snapshot being applied */
	bool contested;			/* somebody else's were */
	struct table *next, *prev;	/* model->rivals; hh.tbl is NULL there */
	UT_hash_handle hh;		/* model->tables, by id */
};

struct task {
	uint32_t tid;
	bool blocked_known;
	uint64_t blocked;		/* signals; bit N - 1 for signal N */
	struct process *process;
	struct table *table;		/* NULL = let go already */
	uint64_t row_ts;		/* of the row that told of it last; 0 = none did */
	struct task *table_next, *table_prev;
	struct task *process_next, *process_prev;
	bool stale;
	UT_hash_handle hh;		/* model->tasks, by tid */
};

/* --- shared memory ---------------------------------------------------------------------------- */

/* A System V segment, as it was when last looked at. */
struct segment {
	bool exists, to_be_destroyed;
	uint32_t key;
	uint64_t size, attached;	/* bytes; mappings in all processes */
	uint32_t creator_pid;		/* 0 = unknown */
	int64_t changed;		/* seconds since 1970 */
	int64_t detached;		/* likewise: the last detach; 0 = none, or unknown */
	bool stale;			/* not yet confirmed by the snapshot being applied */
	struct object *object;
	struct segment *next, *prev;	/* model->segments */
};

/* A part of an address space that others may share. Neighbours that go on alike are one. */
struct mapping {
	uint64_t start, end;
	uint64_t offset;		/* of start, in bytes, in the object */
	uint32_t access;		/* enum mapping_access */
	struct object *object;
};

/* Mappings by start; no two overlap. */
struct mappings {
	struct mapping **at;
	unsigned int count, room;
};

/* Walks them in order; none may be put in or taken out meanwhile. */
#define MAPPINGS_FOREACH(all, mapping)                             \
	for (unsigned int place_ = 0;                              \
	     place_ < (all)->count && ((mapping) = (all)->at[place_]); place_++)

/* An address space: of one process, or of several for a while (vfork). */
/* Was mapped before the newest reading, and is not there as it was; no record has told of it yet. */
struct vanished {
	uint64_t start, end;
	uint64_t offset;		/* of start, in bytes, in the object */
	uint32_t access;		/* enum mapping_access */
	struct object_key object;
	struct vanished *prev, *next;
};

struct space {
	uint64_t id;			/* struct mm_struct *, while it lives */
	struct mappings mappings;
	struct mappings incoming;	/* rows of the reading under way */
	struct vanished *vanished;	/* list; by it late records are told */
	struct process *processes;	/* list, by .space_next */
	uint64_t read_ts;		/* records before this say nothing new */
	bool reading;			/* rows are coming */
	bool doubt;			/* must be read anew */
	UT_hash_handle hh;		/* model->spaces, by id */
};

/* How a process stands to signals; bit N - 1 for signal N. */
struct stance {
	bool known;
	bool moving; /* at the newest look: what was pending may not be all */
	uint64_t ignored, handled;
};

struct process {
	struct process_key key;
	uint32_t ppid;			/* 0 = none, or unknown */
	uint32_t uid;			/* UID_UNKNOWN */
	uint32_t ns_pid;		/* in its own pid namespace; 0 = unknown */
	char comm[RECORD_COMM_LEN];	/* of the leader */
	char *exe;			/* NULL = unknown */
	char *argv;			/* each argument ends with NUL; NULL = unknown */
	size_t argv_len;
	bool argv_cut;
	char *cgroup;			/* NULL = unknown */
	bool selected, exited;
	bool placed;			/* whether it is selected as a descendant is settled */
	int exit_code;			/* as wait(2); valid when exited and exit_known */
	bool exit_known;
	uint64_t exit_ts;
	uint64_t exec_ts;		/* its last exec in the window; 0 = none */
	struct count fd_limit;		/* RLIMIT_NOFILE, soft */
	struct table *table;		/* the leader's, else any live task's; NULL when exited */
	struct task *tasks;		/* list, by .process_next */
	struct endpoint *endpoints;	/* list, by .process_next */
	struct space *space;		/* NULL = nothing shared is known to be mapped */
	struct process *space_next, *space_prev;
	bool space_stale;		/* not yet confirmed by the reading under way */
	bool space_inherited;		/* by a fork in the window, and no exec since */
	struct stance stance;
	unsigned int tallies, handovers; /* that name it; twice, where it is both sides */
	struct process *bare_next, *bare_prev; /* model->bare; bare_prev NULL = not in it */
	uint64_t serial;
	uint64_t birth;			/* lower than that of every endpoint of it */
	bool marked;			/* scratch of whoever walks the processes */
	bool has_uring;			/* scratch of why, as all that follow */
	struct process *children, *sibling; /* live ones */
	struct dependent *dependents;	/* waits that end once it goes on */
	UT_hash_handle hh;		/* model->processes, by key */
};

/* What one process has, or had, to do with one object. */
/* How a process holds an object, as far as it tells sense from oversight. */
enum held {
	HELD_STDIO_READ = 1 << 0,	/* as descriptor 0, 1 or 2, for reading */
	HELD_STDIO_WRITE = 1 << 1,
	HELD_FORK_READ = 1 << 2,	/* got from its parent */
	HELD_FORK_WRITE = 1 << 3,
	HELD_OWN_READ = 1 << 4,		/* got in any other way */
	HELD_OWN_WRITE = 1 << 5,
	HELD_LEAKED = 1 << 6,		/* above 2, from its parent, through its exec, no close-on-exec */
};

struct endpoint {
	/* What is looked at to find it lies together: there may be many. */
	struct { struct process *process; struct object *object; } key;
	struct crowd_member *member;	/* in object->crowd; NULL = not in it */
	struct endpoint *object_next, *object_prev; /* in the order of their births */
	struct endpoint *process_next, *process_prev;
	uint64_t birth;
	struct transfer transfer;	/* seen in the window; 0 until a count comes */
	unsigned int read_slots;	/* slots open for reading it now, in the process's tables */
	unsigned int write_slots;
	unsigned int other_slots;	/* neither (O_PATH) */
	unsigned int master_slots;	/* of them, masters of a terminal */
	unsigned int maps, write_maps;	/* shared mappings now, and those that can be written */
	unsigned int sync_writes;	/* looks at which it could write, up to SYNC_LOOKS; see object */
	bool ever_master;
	bool ever_map, ever_map_write;	/* in the window; not what came by a fork and went by an exec */
	bool mapped_itself;		/* in the window, not only by its parent's doing */
	bool ever_read, ever_write;	/* held such a slot at some time in the window */
	bool left_read, left_write;	/* held such a slot until the process ended */
	bool used_in, used_out;		/* data passed, in the window */
	bool is_reading;		/* at the end a thread sleeps in a read from it */
	uint8_t held;			/* enum held: of the slots it had when the process ended */
	int leaked_fd;			/* with HELD_LEAKED: the number; -1 = none */
	uint32_t waiting;		/* access it waits for in open, by the newest refresh; 0 = none */
	uint32_t use_tid;		/* the thread of its first transfer; 0 = none seen */
	uint32_t nonblock_mode;		/* access of the description of nonblock_by: 1 = read, 2 = write */
	uint64_t waiting_since;		/* ns; 0 = longer than we watch */
	uint64_t first_ts, last_ts;
	uint64_t read_gone_ts, write_gone_ts; /* its last slot for that was closed; 0 = not so */
	uint64_t use_ts;		/* first transfer that was told of; 0 = none */
	uint64_t in_ts, out_ts;		/* counts last rose: some read or write was at most a
					 * refresh earlier; 0 = never */
	struct process_key nonblock_by;	/* set O_NONBLOCK on a description that they share; pid 0 =
					 * nobody did, or this process did so itself */
	uint64_t nonblock_ts;
};

/* An endpoint of an object that has many. */
struct crowd_member {
	struct process *process;
	struct endpoint *endpoint;
	UT_hash_handle hh;		/* object->crowd, by process */
};

/* --- signals --------------------------------------------------------------------------------- */

#define SIGNAL_COUNT 64

/* What one sender did to one process with one signal, in the window. */
struct signal_tally {
	struct signal_key key;
	struct process *sender, *target; /* sender NULL = the kernel */
	struct signal_counts counts;
	UT_hash_handle hh;		/* model->signals */
};

/* A signal that was pending when last looked at. */
struct pending {
	struct process_key target;
	struct process *sender; /* NULL = the kernel, or unknown */
	uint32_t signal;
	uint32_t cause; /* enum signal_cause */
	uint32_t sender_pid; /* 0 = none; of one that is gone, too */
	struct pending *next, *prev;
};

/* A process of which nothing is known but that it is there. */
struct unseen {
	uint32_t pid;
	char comm[RECORD_COMM_LEN];
	bool selected;
	struct unseen *next, *prev;
};

#define KINDS_AT_MAX 16

/* --- the model ------------------------------------------------------------------------------ */

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
	struct lock *locks;		/* list */
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
/*
 * The objects at the other end of a socket, one after another: its peer; the listener that has not
 * accepted it yet; whatever it sent datagrams to. NULL when there are no more, and for what is no socket.
 */
struct object *socket_other(const struct model *model, const struct object *object, unsigned int i);
/* The bytes of a Unix socket's name as they show, and how many those are: "/run/x", "@x"; of an abstract one
 * each NUL as @, as the tools of the field have it. */
#define SOCKET_NAME_MAX (RECORD_SOCKET_NAME + 1)
uint32_t socket_name_text(const char *name, uint32_t len, char text[SOCKET_NAME_MAX]);
/* Connected, and no one has accepted it. */
bool socket_is_pending(const struct model *model, const struct object *object);
bool socket_is_listener(const struct object *object);
/* Connected, and nobody at the other end is on this machine, as far as is known. */
bool socket_is_remote(const struct model *model, const struct object *object);
/* Nobody on this machine can be bound to that address. */
bool destination_is_remote(const struct model *model, const struct socket *socket,
			   const struct destination *destination);
/* Which end of the connection closed first, enum closed_first. */
enum closed_first socket_closed_first(const struct model *model, const struct object *object);
/* The same as the other end has it. */
enum closed_first closed_first_turned(enum closed_first first);
/* Two ends that were or are connected: no listener, no datagrams. */
bool socket_is_connection(const struct object *object);
/* What the connections to that listener tell of its server; false where none was accepted. */
bool server_judge(const struct model *model, const struct object *listener, struct server_view *view);
/* "event loop", "prefork", …; NULL = not enough seen. */
const char *server_model_name(enum server_model model);
/* What it was concluded from, in words. */
void server_evidence(const struct server_view *view, char *buf, size_t size);
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

/* NULL = not known. */
const struct signal_tally *model_signal(const struct model *model, const struct signal_key *key);
/* Sent, and nothing has become of them yet. */
uint64_t signal_pending(const struct signal_counts *counts);
/* Signals that all threads of the process block; false = not known. */
bool process_blocks(const struct process *process, uint64_t *blocked);
/* "SIGTERM", "SIGRTMIN+2". Never NULL. */
const char *signal_name(uint32_t signal);
/* "child exited"; NULL where a process sent it. */
const char *signal_cause_name(uint32_t cause);
const char *signal_outcome_name(uint32_t outcome);

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
