// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records about slots of descriptor tables. What a slot holds is taken as the record says; the
 * system call behind it tells only how it came about.
 */
#include "model/internal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

static struct table *table_of_row(struct model *model, const struct record *head, uint64_t id,
				  struct change *change, int *err)
{
	const struct task *task = task_find(model, head->tid);

	change->process = process_of(model, head);
	if (!model->in_snapshot)
		return table_find(model, id);
	if (task && task->process == change->process && task->table && task->table->id == id) {
		task->table->told = true;
		return task->table;
	}
	return snapshot_table_of(model, head, id, err);
}

/* A process that was not traced before tells of all that it holds, call or none: others may have its table. */
static bool is_scan(const struct record *head)
{
	const struct record_slot *record = (const void *)head;

	return head->type == RECORD_SLOT && record->nr < 0;
}

/*
 * The task uses a table that it is not known to use. Where that is another process's, the making of either was
 * missed: the kernel gives the address of a table to the next at once, and whoever executes or unshares has one
 * of its own. What they hold is not each other's. Shared by a fork that was missed it may be too, and is the
 * same again as soon as the loss is repaired. Of before a row that shows it elsewhere, it is about what was its
 * table then, and others may have still: if they had it before that look. What has come to its address since, the
 * rows of its slots, which are read after those of tasks, have told.
 */
static struct table *table_claim(struct model *model, struct task *task, const struct record *head,
				 uint64_t id, int *err)
{
	struct table *table = table_find(model, id);

	if (task->table && head->ts < task->row_ts)
		return table && table->serial <= model->snapshot_serial ? table : NULL;
	if (table && (table_has_user(table, task->process) || (!task->table && is_scan(head))))
		*err = task_set_table(model, task, table, head->ts);
	else
		*err = task_renew_table(model, task, id, head->ts);
	return *err ? NULL : task->table;
}

/* The table a record is about. Where it, or the task, is news, their making was missed. NULL: the
 * record is of no use any more, or no memory (*err). */
static struct table *table_of(struct model *model, const struct record *head, uint64_t id,
			      struct change *change, int *err)
{
	struct task *task;

	if (head->flags & RECORD_ROW)
		return table_of_row(model, head, id, change, err);
	task = task_of(model, head, err);
	if (!task)
		return NULL;
	change->process = task->process;
	if (task->table && task->table->id == id)
		return task->table;
	return table_claim(model, task, head, id, err);
}

/* --- provenance ------------------------------------------------------------------------------ */

/* Which way of filling a slot the call is; CAME_UNKNOWN where it is none. */
static enum provenance call_provenance(const struct record_slot *record)
{
	switch (record->nr) {
	case -1:
	case SYS_close:
#ifdef SYS_close_range
	case SYS_close_range:
#endif
		return CAME_UNKNOWN;
	case SYS_dup:
#ifdef SYS_dup2
	case SYS_dup2:
#endif
	case SYS_dup3: return CAME_DUP;
	case SYS_fcntl:
		if (record->arg[1] == F_DUPFD || record->arg[1] == F_DUPFD_CLOEXEC)
			return CAME_DUP;
		return CAME_UNKNOWN;
	case SYS_ioctl: return record->result == record->fd ? CAME_OPENED : CAME_UNKNOWN;
	case SYS_recvmsg:
	case SYS_recvmmsg: return CAME_PASSED;
	case SYS_pidfd_getfd: return CAME_TAKEN;
	}
	return CAME_OPENED;
}

/* The socket that a call went through: argument 0. */
static struct object *socket_of_call(const struct record_slot *record, const struct table *table)
{
	const struct slot *slot;

	if (record->arg[0] < 0 || record->arg[0] >= FD_LIMIT)
		return NULL;
	slot = table_slot(table, (unsigned int)record->arg[0]);
	return slot && slot->description ? slot->description->object : NULL;
}

static struct count time_in_flight(const struct passing *passing, uint64_t ts)
{
	if (!passing->ts || passing->ts > ts)
		return (struct count){ 0 };
	return (struct count){ ts - passing->ts, true };
}

static void passed_note(struct model *model, const struct record_slot *record,
			const struct slot *slot, const struct passing *passing,
			const struct change *change)
{
	const struct handed what = { .from_fd = passing->sender_fd,
				     .fd = record->fd,
				     .in_flight = change->in_flight };
	struct handover_key key = { .from = passing->sender,
				    .to = change->process,
				    .object = passing->via };

	if (key.object.kind == FILE_UNKNOWN && change->socket)
		key.object = change->socket->key;
	handover_note(model, &key, slot->description->object, &what);
}

static void taken_note(struct model *model, const struct record_slot *record,
		       const struct slot *slot, const struct change *change)
{
	const struct handed what = { .from_fd = slot->from_fd, .fd = record->fd };
	const struct handover_key key = { .from = slot->from,
					  .to = change->process,
					  .object = slot->description->object->key,
					  .taken = 1 };

	handover_note(model, &key, slot->description->object, &what);
}

static void slot_set_sender(struct model *model, const struct record_slot *record,
			    struct table *table, struct slot *slot, struct change *change)
{
	bool peek = record->nr == SYS_recvmsg && (record->arg[2] & MSG_PEEK);
	struct passing passing;

	change->socket = socket_of_call(record, table);
	if (!passing_receive(model, slot->description, peek, &passing)) {
		reception_note(model, slot->description, table, record->fd, change->process,
			       record->head.ts);
		return;
	}
	slot->from = passing.sender;
	slot->from_fd = passing.sender_fd;
	change->in_flight = time_in_flight(&passing, record->head.ts);
	passed_note(model, record, slot, &passing, change);
}

/* As the parent had it, if what is there is still the same. */
static void slot_inherit(const struct model *model, const struct table *table, unsigned int fd)
{
	const struct table *made_from = table_find(model, table->maker_table);
	const struct slot *parents = made_from ? table_slot(made_from, fd) : NULL;
	struct slot *slot = &table->slots[fd];

	slot->came = CAME_FORK;
	slot->from = table->maker;
	slot->from_fd = (int32_t)fd;
	if (!parents || parents->description != slot->description)
		return;
	slot->cloexec = parents->cloexec;
	slot->through_exec = parents->through_exec;
}

/* Tells how the slot was filled, unless that is known: a record that only confirms changes
 * nothing. */
static void slot_explain(struct model *model, const struct record_slot *record, struct table *table,
			 struct slot *slot, struct change *change)
{
	enum provenance came = call_provenance(record);
	bool changed = change->changed;

	if (!changed && slot->came != CAME_UNKNOWN)
		return;
	if (came == CAME_UNKNOWN) {
		if (changed && table->maker && !(record->head.flags & RECORD_ROW))
			slot_inherit(model, table, (unsigned int)record->fd);
		return;
	}
	slot->came = came;
	if (came == CAME_DUP) {
		slot->from_fd = (int32_t)record->arg[0];
	} else if (came == CAME_PASSED) {
		slot_set_sender(model, record, table, slot, change);
	} else if (came == CAME_TAKEN) {
		slot->from_fd = (int32_t)record->arg[1];
		if (record->source_pid)
			slot->from = model_process_by_pid(model, record->source_pid);
		taken_note(model, record, slot, change);
	}
}

/* --- one slot -------------------------------------------------------------------------------- */

/* When a slot was filled that is found in a snapshot: before we looked, if we never did before. */
static uint64_t slot_since(const struct model *model, const struct record *head)
{
	return head->flags & RECORD_ROW && model->first_snapshot ? 0 : head->ts;
}

static void change_before(struct change *change, const struct table *table, unsigned int fd)
{
	const struct slot *slot = table_slot(table, fd);

	if (!slot || !slot->description)
		return;
	change->old_slot = *slot;
	change->old_description = slot->description;
	change->old_object = slot->description->object;
}

static void change_after(struct change *change, const struct slot *slot)
{
	change->slot = *slot;
	change->description = slot->description;
	change->object = slot->description->object;
	change->other = slot->from;
	change->changed |= slot->cloexec != change->old_slot.cloexec;
	/* A placeholder that this record resolved was a placeholder of the same thing. */
	if (change->old_description == slot->description)
		change->old_object = change->object;
}

/* The path given to open(), where it means the same to everybody and nobody knows a better one. */
static int object_name_from_path(struct object *object, const struct record_slot *record)
{
	if (object->name || !record->text_len || record->text[0] != '/' ||
	    (record->head.flags & RECORD_TEXT_CUT))
		return 0;
	return object_set_name(object, record->text);
}

/* The call may have switched O_NONBLOCK. */
static bool is_flag_call(const struct record_slot *record)
{
	return (record->nr == SYS_fcntl && record->arg[1] == F_SETFL) ||
	       (record->nr == SYS_ioctl && record->arg[1] == FIONBIO);
}

/* Before the record. */
static bool is_nonblock(const struct model *model, uint64_t file)
{
	const struct description *description = description_find(model, file);

	return description && (description->fflags & O_NONBLOCK);
}

/* Puts what the record says into the slot. */
static int slot_apply(struct model *model, const struct record_slot *record, struct table *table,
		      struct change *change)
{
	struct description *description = NULL;
	unsigned int fd = (unsigned int)record->fd;
	struct slot *slot;
	bool was_nonblock = false;
	int err;

	change_before(change, table, fd);
	if (record->facts.file) {
		was_nonblock = is_flag_call(record) && is_nonblock(model, record->facts.file);
		description = description_get(model, &record->facts, record->head.ts);
		if (!description)
			return -ENOMEM;
	}
	err = slot_put(model, table, fd, description, record->head.ts, &change->changed);
	if (!err && !(record->head.flags & RECORD_ROW))
		untold_tell(model, table, fd, record->facts.file, change);
	else if (!err && model->in_snapshot && change->changed && change->old_description)
		untold_note(model, table, fd, &change->old_slot);
	if (err || !description)
		return err;
	slot = &table->slots[fd];
	if (change->changed)
		slot->since_ts = slot_since(model, &record->head);
	slot_explain(model, record, table, slot, change);
	slot->cloexec = record->cloexec;
	change_after(change, slot);
	if (change->process && is_flag_call(record))
		endpoints_note_nonblock(model, change->process, description, was_nonblock,
					record->head.ts);
	return object_name_from_path(description->object, record);
}

int apply_slot(struct model *model, const struct record_slot *record, struct change *change)
{
	struct table *table;
	int err = 0;

	if (record_is_past(model, &record->head)) {
		change->process = process_of(model, &record->head);
		return 0;
	}
	table = table_of(model, &record->head, record->table, change, &err);
	if (!table)
		return err;
	err = slot_apply(model, record, table, change);
	/* The first call of its own: the table is no longer just a copy. */
	if (record->nr >= 0)
		table->maker = NULL;
	return err;
}

/* A descriptor in use is in its table, whoever put it there unseen. */
static int slot_heal(struct model *model, const struct record_slot *record, struct change *change)
{
	struct table *table;
	int err = 0;

	if (!record->facts.file || record_is_past(model, &record->head)) {
		change->process = process_of(model, &record->head);
		return 0;
	}
	table = table_of(model, &record->head, record->table, change, &err);
	return table ? slot_apply(model, record, table, change) : err;
}

int apply_use(struct model *model, const struct record_slot *record, struct change *change)
{
	struct record_slot use = *record;
	struct endpoint *endpoint;
	int err;

	/* The call used the slot; it did not fill it. */
	use.nr = -1;
	use.text_len = 0;
	err = slot_heal(model, &use, change);
	if (err || !change->process || !change->object)
		return err;
	endpoint = model_endpoint(model, change->process, change->object);
	if (!endpoint)
		return 0;
	if (record->head.ts > endpoint->last_ts)
		endpoint->last_ts = record->head.ts;
	if (!endpoint->use_ts) {
		endpoint->use_ts = record->head.ts;
		endpoint->use_tid = record->head.tid;
	}
	return 0;
}

int apply_pipe(struct model *model, const struct record_slot *record, struct change *change)
{
	struct object_key key;

	/* A row speaks of the object alone. */
	if (record->head.flags & RECORD_ROW) {
		object_key_init(&key, &record->facts);
		change->object = model_object(model, &key);
		if (change->object)
			object_sample(change->object, &record->facts, record->head.ts);
		return 0;
	}
	return apply_use(model, record, change);
}

/* --- many slots ------------------------------------------------------------------------------ */

static int slot_apply_pointer(struct model *model, struct table *table, unsigned int fd,
			      const struct record_table *record, uint64_t file,
			      struct change *change)
{
	struct slot *slot = table_slot(table, fd);
	struct description *old = slot ? slot->description : NULL, *description = NULL;
	bool changed, was_untold;
	int err;

	if (file && record->mode == TABLE_PRUNE)
		return 0;
	was_untold = untold_take(model, table, fd);
	if (!file && !old) {
		change->closed += was_untold && record->mode == TABLE_PRUNE;
		return 0;
	}
	if (file) {
		description = description_by_file(model, file, record->head.ts);
		if (!description)
			return -ENOMEM;
	}
	err = slot_put(model, table, fd, description, record->head.ts, &changed);
	if (err || !changed)
		return err;
	if (!description)
		change->closed++;
	else if (table->maker && record->nr < 0)
		slot_inherit(model, table, fd);
	return 0;
}

static int slots_empty_from(struct model *model, struct table *table, unsigned int first,
			    uint64_t ts, struct change *change)
{
	bool changed, was_untold;
	int err;

	for (unsigned int fd = first; fd < table->size; fd++) {
		was_untold = untold_take(model, table, fd);
		err = slot_put(model, table, fd, NULL, ts, &changed);
		if (err)
			return err;
		change->closed += changed || was_untold;
	}
	return 0;
}

int apply_table(struct model *model, const struct record_table *record, struct change *change)
{
	struct table *table;
	int err = 0;

	if (record_is_past(model, &record->head)) {
		change->process = process_of(model, &record->head);
		return 0;
	}
	table = table_of(model, &record->head, record->table, change, &err);
	if (!table)
		return err;
	for (uint32_t i = 0; i < record->count && !err; i++)
		err = slot_apply_pointer(model, table, record->first + i, record, record->files[i],
					 change);
	if (!err && record->last)
		err = slots_empty_from(model, table, record->first + record->count, record->head.ts,
				       change);
	if (record->nr >= 0)
		table->maker = NULL;
	change->kept = table->used;
	return err;
}
