/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the model share among themselves and nobody else sees. Include it first: it
 * sets how uthash hashes and fails, so lookups work only through it.
 */
#ifndef IPCTRACE_MODEL_INTERNAL_H
#define IPCTRACE_MODEL_INTERNAL_H

#ifdef UTHASH_H
#error "include model/internal.h before model/model.h"
#endif

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Without memory HASH_ADD leaves the element out and its hh.tbl NULL, rather than exit. */
#define HASH_NONFATAL_OOM              1
#define HASH_FUNCTION(key, len, value) ((value) = hash_bytes((key), (len)))

/* Bits of a key's first word that tell apart what was made together: of the inodes of pipes and sockets, which
 * come in order, the lowest; of an address, which a lone word mostly is, those above a cache line's. */
#define HASH_NEAR		63u
#define HASH_NEAR_SHIFT(len) ((len) == sizeof(uint64_t) ? 6 : 0)

static inline uint64_t hash_word(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 32;
}

/* Keys are 4, 8 or 16 bytes of pointers and numbers: a multiplication a word beats uthash's default by far, and
 * the hot path does several lookups a record. What differs in the bits of HASH_NEAR alone lies side by side: the
 * rows of a snapshot come in nearly that order, and else nearly each would be a miss in the caches. */
static inline unsigned int hash_bytes(const void *key, size_t len)
{
	const unsigned int shift = HASH_NEAR_SHIFT(len);
	const unsigned char *bytes = key;
	uint64_t hash = 0, near = 0, word;
	uint32_t half;

	if (len >= sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		near = word >> shift & HASH_NEAR;
		hash = hash_word(hash, word ^ near << shift);
		len -= sizeof(word);
		bytes += sizeof(word);
	}
	for (; len >= sizeof(word); len -= sizeof(word), bytes += sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = hash_word(hash, word);
	}
	if (len) {
		memcpy(&half, bytes, sizeof(half));
		hash = hash_word(hash, half);
	}
	return (unsigned int)(hash ^ near);
}

#include "model/model.h"

/* Not before: uthash sets it whatever it was. Its 10 gives three elements a bucket, each of them a miss; 7 gives
 * about one, and 4 ten times as many buckets as elements. */
#undef HASH_BKT_CAPACITY_THRESH
#define HASH_BKT_CAPACITY_THRESH 7U

_Static_assert(sizeof(struct object) <= POOL_SIZE_MAX && sizeof(struct endpoint) <= POOL_SIZE_MAX &&
		       sizeof(struct socket) <= POOL_SIZE_MAX && sizeof(struct description) <= POOL_SIZE_MAX,
	       "the pool has room for each");

/* Above sysctl fs.nr_open's default, which few ever raise. */
#define FD_LIMIT (1 << 20)

#define ACCESS_READ  1u
#define ACCESS_WRITE 2u
#define ACCESS_PATH  0x4000u
#define ACCESS_MASK  (ACCESS_READ | ACCESS_WRITE | ACCESS_PATH)

/* --- objects and descriptions (object.c, description.c) ------------------------------------- */

void object_key_init(struct object_key *key, const struct file_facts *facts);
/* The object of those facts, made where it is new; the sample is kept. NULL: no memory. */
struct object *object_get(struct model *model, const struct file_facts *facts, uint64_t ts);
/* Stands for what lies behind a pointer nobody has explained yet. */
struct object *object_get_unknown(struct model *model, uint64_t file, uint64_t ts);
void object_sample(struct object *object, const struct file_facts *facts, uint64_t ts);
int object_set_name(struct object *object, const char *name);
/*
 * Whether that later sample is of another object than the one known under the same key: file systems
 * give the inodes of what is gone to what is new, so a FIFO with a name is not the one without, and
 * the kernel gives the address of a struct file to the next eventfd, which has a number of its own.
 */
bool object_is_another(const struct object *object, const struct file_facts *facts, uint64_t ts);
/* The inode was used again for another object: this one is no longer what its key means. */
int object_retire(struct model *model, struct object *object);
/* Frees the object where nobody holds it and its history is worth nothing. */
void object_release(struct model *model, struct object *object);
/* Removes it whatever holds it. */
void object_drop(struct model *model, struct object *object);
/* Frees it and what is its own. Nothing may lead to it any more. */
void object_free(struct model *model, struct object *object);
/* The object of any IPC kind with that inode, or that file, on that device. */
struct object *object_by_transfer(const struct model *model, const struct transfer_key *key);

/* The description of those facts, made where it is new. The caller holds it or releases it. */
struct description *description_get(struct model *model, const struct file_facts *facts,
				    uint64_t ts);
/* The live description at that pointer; a placeholder where nothing is known of it. */
struct description *description_by_file(struct model *model, uint64_t file, uint64_t ts);
struct description *description_find(const struct model *model, uint64_t file);
/* Frees it where neither a slot nor a socket's queue holds it. */
void description_release(struct model *model, struct description *description);
/* Forgets live processes that have nothing to do with the selected ones. with_descriptions: that share not even an
 * open file description with one. */
void model_prune(struct model *model, bool with_descriptions);
/* Frees what the last record dropped, which its change still pointed to. */
void model_bury(struct model *model);

/* --- descriptors in flight (passing.c) ------------------------------------------------------- */

/* Takes from *description the passing that a reception ends; false = none is known. */
bool passing_receive(struct model *model, struct description *description, bool peek,
		     struct passing *passing);
/* Notes a reception whose sending was not told of yet. */
void reception_note(struct model *model, const struct description *description,
		    const struct table *table, int fd, struct process *receiver, uint64_t ts);
void receptions_forget(struct model *model, const struct description *description);
void passings_drop(struct model *model, struct description *description);
void passings_mark_stale(struct model *model);
/* Marks those that received what nobody has told of yet. */
void receptions_mark(const struct model *model);
void passings_sweep(struct model *model);
int apply_left(struct model *model, const struct record_left *record, struct change *change);
int apply_left_memory(struct model *model, const struct record_left_memory *record,
		      struct change *change);
int apply_pass(struct model *model, const struct record_pass *record, struct change *change);
int apply_in_flight(struct model *model, const struct record_in_flight *record,
		    struct change *change);

/* --- descriptors handed over (handover.c) ----------------------------------------------------- */

/* what: its numbers and its time; the object is copied. Does nothing where a side is unknown. */
void handover_note(struct model *model, const struct handover_key *key,
		   const struct object *object, const struct handed *what);
/* Those of that process; NULL = all. */
void handovers_forget(struct model *model, const struct process *process);
/* Those over sockets that are forgotten, which no graph tells of, and those of processes that ended before, unless
 * they are selected. */
void handovers_forget_past(struct model *model, uint64_t older_than_ts);

/* --- FIFOs (fifo.c) --------------------------------------------------------------------------- */

int apply_fifo(struct model *model, const struct record_fifo *record, struct change *change);
int apply_opening(struct model *model, const struct record_opening *record, struct change *change);
/* No two that are there go by one name. */
int fifo_set_name(struct model *model, struct object *object, const char *name);
/* Takes it off model->fifos, if it is there. */
void fifo_unlist(struct model *model, struct object *object);
/* Who waits in open is about to be told anew. */
void openings_forget(struct model *model);

/* --- sockets (socket.c, socket_ends.c) ---------------------------------------------------------------------- */

int apply_socket(struct model *model, const struct record_socket *record, struct change *change);
int apply_closing(struct model *model, const struct record_closing *record, struct change *change);
/* A TCP socket has been looked at: its state may tell which end closed first (closing.c). */
void closing_note_state(struct socket *socket);
int apply_heard(struct model *model, const struct record_heard *record, struct change *change);
int apply_waiting(struct model *model, const struct record_waiting *record, struct change *change);
/* Which connections wait to be accepted is about to be told anew. */
void waiting_forget(struct model *model);
int apply_address(struct model *model, const struct record_address *record);
void addresses_free(struct model *model);
int apply_sent(struct model *model, const struct record_sent *record, struct change *change);
/* destination.c: the socket is gone, and nothing is counted for it any more; frees what it sent. */
void destinations_unlink(struct model *model, struct socket *socket);
void destinations_free(struct socket *socket);
void sent_ids_free(struct model *model);
/* What that process sent by the socket to whatever is bound to an address that leads to `other`, NULL = to
 * anything. */
struct sent_sum socket_sent(const struct model *model, const struct socket *socket,
			    const struct process *process, const struct object *other);
/* The peer, or the listener that has yet to accept it; no destination of datagrams. NULL = none. */
struct object *socket_connected(const struct model *model, const struct object *object);
/* What that process sent there; NULL = nothing. */
const struct sent_sum *sum_of(const struct destination *destination, const struct process *process);
/* socket_other.c: whoever has that address; NULL = nobody that is known. */
struct object *socket_destination(const struct model *model, const struct socket *socket,
				  const struct destination *destination);
/* The socket of that inode, its facts made room for; NULL = not known, or no memory (-ENOMEM in *err). */
struct socket *socket_of_ino(struct model *model, uint64_t ino, uint32_t dev, int *err);
/* *to = the name as it shows; 0 or -ENOMEM. */
int socket_name_set(char **to, const char *name, uint32_t len);
int apply_destination(struct model *model, const struct record_destination *record,
		      struct change *change);
/* The record's process accepted that connection from its descriptor record->arg[0]. 0 or -ENOMEM. */
int server_accepted(struct model *model, const struct record_socket *record,
		    struct process *process, struct object *connection);
/* The object is gone: it is at nobody's other end any more. Its facts stay until socket_free(). */
void socket_unlink(struct model *model, struct object *object);
void socket_free(struct model *model, struct object *object);

/* --- endpoints (endpoint.c) ------------------------------------------------------------------ */

/* True for kinds whose endpoints are kept. Those of unknown kind have them too, so that the holders
 * are known when the kind comes to light. */
bool kind_has_endpoints(uint32_t kind);
struct endpoint *endpoint_get(struct model *model, struct process *process, struct object *object,
			      uint64_t ts);
/* n slots of that description more (less, where negative) in a table of the process. */
int endpoint_count(struct model *model, struct process *process,
		   const struct description *description, int n, uint64_t ts);
void endpoint_drop(struct model *model, struct endpoint *endpoint);
/* The process ends: notes in each endpoint how it was held. */
void endpoints_note_end(const struct model *model, struct process *process);
/* A call may have switched O_NONBLOCK: notes it where others share the description. */
void endpoints_note_nonblock(const struct model *model, struct process *by,
			     const struct description *description, bool was_on, uint64_t ts);

/* --- what is over (past.c) --------------------------------------------------------------------- */

/* Never NULL. */
const struct past *object_past(const struct object *object);
/* The process has ended, and let go of all. */
void past_note_end(struct model *model, struct process *process);
/* An endpoint, a tally or a hand-over of it is gone. */
void past_note_bare(struct model *model, struct process *process);
/* Takes it off model->bare, if it is there. */
void past_forget_bare(struct model *model, struct process *process);

/* --- tables (table.c) ------------------------------------------------------------------------ */

struct table *table_find(const struct model *model, uint64_t id);
struct table *table_get(struct model *model, uint64_t id);
/* One more of an id that is there: found by rival_find() alone, and by its tasks. NULL: no memory. */
struct table *rival_new(struct model *model, uint64_t id);
struct table *rival_find(const struct model *model, uint64_t id, const struct process *user);
/* From now on it is the one of its id, where there is none. */
void rival_settle(struct model *model, struct table *rival, uint64_t ts);
bool table_has_user(const struct table *table, const struct process *process);
/* A row of later than that showed one of its tasks to have it. */
bool table_is_seen_after(const struct table *table, uint64_t ts);
struct slot *table_slot(const struct table *table, unsigned int fd);
/* Puts the description, or nothing (NULL), into a slot and keeps every count. What is there
 * already stays as it is. The provenance is the caller's to set. *changed tells. */
int slot_put(struct model *model, struct table *table, unsigned int fd,
	     struct description *description, uint64_t ts, bool *changed);
/* Fills an empty table with what another holds. */
int table_copy(struct model *model, struct table *to, const struct table *from, uint64_t ts);
int table_add_task(struct model *model, struct table *table, struct task *task, uint64_t ts);
/* The task lets go of its table, which goes too when it was the last. */
void table_remove_task(struct model *model, struct task *task, uint64_t ts);
/* Empties and frees the table; its tasks are left without. */
void table_drop(struct model *model, struct table *table, uint64_t ts);

/* Walks the filled slots of a table. */
#define TABLE_FOREACH(table, fd, slot)                                                          \
	for (unsigned int fd = 0, left_ = (table)->used; left_ > 0 && fd < (table)->size; fd++) \
		for (struct slot *slot = &(table)->slots[fd];                                   \
		     slot && slot->description && left_ > 0; slot = NULL, left_--)

/* --- processes and tasks (process.c) --------------------------------------------------------- */

/* The process of that key; made where it is new. Whoever else lived under that pid is gone. */
struct process *process_get(struct model *model, uint32_t pid, uint64_t start, uint64_t ts);
void process_end(struct model *model, struct process *process, uint64_t ts);
void process_drop(struct model *model, struct process *process);
/* Frees it and lets go of its texts. Nothing may lead to it any more. */
void process_free(struct model *model, struct process *process);
/* Marks those that a slot, a table or a descriptor in flight still names (model.c). */
void processes_mark_named(const struct model *model);
/* Which of its tasks' tables stands for the process. */
void process_choose_table(struct process *process);
struct task *task_find(const struct model *model, uint32_t tid);
struct task *task_get(struct model *model, struct process *process, uint32_t tid, uint64_t ts);
void task_drop(struct model *model, struct task *task, uint64_t ts);
/* The task uses that table (NULL = none) from now on. */
int task_set_table(struct model *model, struct task *task, struct table *table, uint64_t ts);
/* The live process a record is by; NULL = not known. */
struct process *process_of(const struct model *model, const struct record *head);
/* The task a record is by, made with its process where they are new; NULL = it has ended, or no
 * memory (*err). */
struct task *task_of(struct model *model, const struct record *head, int *err);
void process_select(struct model *model, uint32_t pid, bool follow);
/* At the end of a snapshot: those whose fork was not seen follow their parents. */
void processes_place(struct model *model);
/* Copies len bytes, with a NUL behind, over *text. */
int text_set(char **text, const char *bytes, size_t len);

/* --- texts that many have (text.c) ------------------------------------------------------------- */

/* Makes *at, NULL or from here, lead to len bytes with a NUL behind: not to be written to. 0 or -ENOMEM. */
int text_share(struct model *model, char **at, const char *bytes, size_t len);
/* The same, for one more; NULL of NULL. */
char *text_again(char *bytes);
/* NULL, or from text_share(). */
void text_leave(struct model *model, char *bytes);
/* All at once; nothing may lead to them any more. */
void texts_free(struct model *model);

/* --- mappings (mapping.c) -------------------------------------------------------------------- */

/* The process begins (n 1) or ceases (n -1) to have it. 0 or -ENOMEM, as below. */
int mapping_count_process(struct model *model, struct process *process, const struct mapping *mapping,
			  int n, uint64_t ts);
/* The place of the first that ends above the address; all->count = none does. */
unsigned int mappings_from(const struct mappings *all, uint64_t address);
/* Copies *what into its place, where nothing may be; neighbours that go on alike become one. */
int mapping_add(struct model *model, struct space *space, struct mappings *all,
		const struct mapping *what, uint64_t ts);
void mapping_drop(struct model *model, struct space *space, struct mappings *all, unsigned int place,
		  uint64_t ts);
void mappings_free(struct model *model, struct space *space, struct mappings *all, uint64_t ts);
/* Empties [start, end). The first that goes is told in *gone, unless that is NULL. */
int mappings_empty(struct model *model, struct space *space, struct mappings *all, uint64_t start,
		   uint64_t end, struct mapping *gone, uint64_t ts);
/* mprotect: what lies in [start, end) can be read and written like this from now on. The first part for
 * which that is new is told in *changed, whose object must be NULL. */
int mappings_protect(struct model *model, struct space *space, struct mappings *all, uint64_t start,
		     uint64_t end, uint32_t access, struct mapping *changed, uint64_t ts);

/* --- what a look found gone from slots (untold.c) ------------------------------------------------ */

/* A row, or that there is none, showed that what was in that slot is there no more. Where there is no room for it,
 * it will go untold. */
void untold_note(struct model *model, struct table *table, unsigned int fd, const struct slot *was);
void untold_forget(struct model *model, struct table *table);
/* A record tells that the slot was emptied: whether that was due. */
bool untold_take(struct model *model, struct table *table, unsigned int fd);
/* A record tells that the slot holds that file now (0: none): the change is told by what was there before the look. */
void untold_tell(struct model *model, struct table *table, unsigned int fd, uint64_t file, struct change *change);

/* --- what a reading found gone (vanished.c) ---------------------------------------------------- */

/* A reading is at its end: what was known before is held against what it found. */
void vanished_note(struct space *space, const struct mappings *old, const struct mappings *now);
/* The same for a child that rows told of before the record of its fork came, from its maker's space. */
void vanished_inherit(struct space *space, const struct space *from);
void vanished_free(struct space *space);
/* A record tells that [start, end) was emptied; end UINT64_MAX: of the segment that was attached at start. What is
 * not told of yet goes; the first is told in *gone if that has no object yet. */
void vanished_take(struct model *model, struct space *space, uint64_t start, uint64_t end, struct mapping *gone);
/* A record tells of that access; the first that had another is told in *changed, as it was, if that has no object. */
void vanished_protect(struct model *model, struct space *space, uint64_t start, uint64_t end, uint32_t access,
		      struct mapping *changed);

/* --- shared memory (space.c) ----------------------------------------------------------------- */

/* System calls whose records change access alone. */
#include <sys/syscall.h>
#define CALL_MPROTECT	   SYS_mprotect
#define CALL_PKEY_MPROTECT SYS_pkey_mprotect

void process_leave_space(struct model *model, struct process *process, uint64_t ts);
/* The same, by an exec. What it had mapped only as its parent's child was no doing of its own: the way from a
 * fork to an exec is no conversation. */
void process_exec_space(struct model *model, struct process *process, uint64_t ts);
void space_set_doubt(struct model *model, struct space *space, bool doubt);
void space_drop_users(struct model *model, struct space *space, uint64_t ts);
void spaces_begin(struct model *model, uint64_t ts);
void spaces_end(struct model *model, uint64_t ts);
int apply_mapping(struct model *model, const struct record_mapping *record, struct change *change);
int apply_space(struct model *model, const struct record_space *record, struct change *change);
int apply_sync(struct model *model, const struct record_sync *record, struct change *change);
/* The object is gone: it is no longer in model->segments. Its facts stay until object_free(). */
void segment_unlist(struct model *model, struct object *object);
int apply_segment(struct model *model, const struct record_segment *record, struct change *change);

/* The task has a private copy of its table, if it had one, under a new address (0 = none). Whose that was
 * before is without. 0 or -ENOMEM. */
int task_renew_table(struct model *model, struct task *task, uint64_t id, uint64_t ts);

/* --- records (life.c, slot.c, snapshot.c) ---------------------------------------------------- */

/* An event from before the snapshot says nothing about tables that the snapshot did not. */
bool record_is_past(const struct model *model, const struct record *record);

int apply_task(struct model *model, const struct record_task *record, struct change *change);
int apply_fork(struct model *model, const struct record_task *record, struct change *change);
int apply_exec(struct model *model, const struct record_exec *record, struct change *change);
int apply_exit(struct model *model, const struct record_exit *record, struct change *change);
int apply_retable(struct model *model, const struct record_task *record, struct change *change);
int apply_slot(struct model *model, const struct record_slot *record, struct change *change);
int apply_use(struct model *model, const struct record_slot *record, struct change *change);
int apply_pipe(struct model *model, const struct record_slot *record, struct change *change);
int apply_signal(struct model *model, const struct record_signal *record, struct change *change);
int apply_signal_call(struct model *model, const struct record *record, struct change *change);
int apply_signal_mask(struct model *model, const struct record_signal_mask *record,
		      struct change *change);
int apply_signal_count(struct model *model, const struct record_signal_count *record,
		       struct change *change);
/* What is pending is about to be told anew. */
void pending_forget(struct model *model);
void unseen_forget(struct model *model);
int apply_signal_queued(struct model *model, const struct record_signal_queued *record,
			struct change *change);
int apply_signal_state(struct model *model, const struct record_signal_state *record,
		       struct change *change);
int apply_signal_action(struct model *model, const struct record_signal_action *record,
			struct change *change);
/* Drops counts older than that between processes of which one is gone. */
void signals_forget(struct model *model, uint64_t older_than_ts);
/* Drops all of them. */
void signals_free(struct model *model);
int apply_table(struct model *model, const struct record_table *record, struct change *change);
void snapshot_begin(struct model *model, uint64_t ts);
void snapshot_end(struct model *model, uint64_t ts);
/* The table that a row says the process uses, as far as it is known to be its own. NULL: no memory. */
struct table *snapshot_table(struct model *model, uint64_t id, const struct process *process, uint64_t ts);
/* The table that the row of a slot is about. NULL: it says nothing of any that is known, or no memory (*err). */
struct table *snapshot_table_of(struct model *model, const struct record *head, uint64_t id, int *err);

/* --- the audit (audit.c, audit_signal.c) ------------------------------------------------------- */

/* Counts a difference, and tells it. 0 or -ENOMEM, as below. */
__attribute__((format(printf, 2, 3))) int audit_add(struct audit *audit, const char *format, ...);
int audit_signals(const struct model *kept, const struct model *fresh, struct audit *audit);

/* --- waits (wait.c) ---------------------------------------------------------------------------- */

void waits_begin(struct model *model);
int apply_wait(struct model *model, const struct record_wait *record);
int apply_wait_on(struct model *model, const struct record_wait_on *record);
int apply_lock(struct model *model, const struct record_lock *record);
void apply_wait_peer(struct model *model, const struct record_wait_peer *record);
void waits_free(struct model *model);

#endif /* IPCTRACE_MODEL_INTERNAL_H */
