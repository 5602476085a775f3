// SPDX-License-Identifier: GPL-2.0-only
/* Address spaces: which processes have which, and what records tell of the shared objects in them. */
#include "model/internal.h"

bool object_is_ipc(const struct object *object)
{
	if (object->key.kind == FILE_REGULAR)
		return object->map_writer && object->endpoints;
	return kind_is_ipc(object->key.kind);
}

/* --- spaces and their processes -------------------------------------------------------------- */

static struct space *space_find(const struct model *model, uint64_t id)
{
	struct space *space;

	HASH_FIND(hh, model->spaces, &id, sizeof(id), space);
	return space;
}

static struct space *space_get(struct model *model, uint64_t id)
{
	struct space *space = space_find(model, id);

	if (space)
		return space;
	space = calloc(1, sizeof(*space));
	if (!space)
		return NULL;
	space->id = id;
	HASH_ADD(hh, model->spaces, id, sizeof(space->id), space);
	if (!space->hh.tbl) {
		free(space);
		return NULL;
	}
	space->reading = model->in_snapshot;
	return space;
}

void space_set_doubt(struct model *model, struct space *space, bool doubt)
{
	if (space->doubt == doubt)
		return;
	space->doubt = doubt;
	model->doubts += doubt ? 1 : -1u;
}

static void space_drop(struct model *model, struct space *space, uint64_t ts)
{
	mappings_free(model, space, &space->mappings, ts);
	mappings_free(model, space, &space->incoming, ts);
	vanished_free(space);
	space_set_doubt(model, space, false);
	HASH_DEL(model->spaces, space);
	free(space);
}

void process_leave_space(struct model *model, struct process *process, uint64_t ts)
{
	struct space *space = process->space;
	struct mapping *mapping;

	if (!space)
		return;
	MAPPINGS_FOREACH(&space->mappings, mapping)
		mapping_count_process(model, process, mapping, -1, ts);
	MAPPINGS_FOREACH(&space->incoming, mapping)
		mapping_count_process(model, process, mapping, -1, ts);
	DL_DELETE2(space->processes, process, space_prev, space_next);
	process->space = NULL;
	if (!space->processes)
		space_drop(model, space, ts);
}

void process_exec_space(struct model *model, struct process *process, uint64_t ts)
{
	struct endpoint *endpoint;

	process_leave_space(model, process, ts);
	if (process->space_inherited)
		DL_FOREACH2(process->endpoints, endpoint, process_next)
			if (!endpoint->mapped_itself)
				endpoint->ever_map = endpoint->ever_map_write = false;
	process->space_inherited = false;
}

static int process_join(struct model *model, struct process *process, struct space *space,
			uint64_t ts)
{
	struct mapping *mapping;
	int err = 0;

	process->space_stale = false;
	if (process->space == space)
		return 0;
	process_leave_space(model, process, ts);
	DL_APPEND2(space->processes, process, space_prev, space_next);
	process->space = space;
	MAPPINGS_FOREACH(&space->mappings, mapping)
		err |= mapping_count_process(model, process, mapping, 1, ts);
	MAPPINGS_FOREACH(&space->incoming, mapping)
		err |= mapping_count_process(model, process, mapping, 1, ts);
	return err;
}

/* --- reading anew ---------------------------------------------------------------------------- */

static void space_read_end(struct model *model, struct space *space, uint64_t ts)
{
	struct mappings old = space->mappings;
	struct process *process, *next;

	if (!space->reading)
		return;
	/* Of before the first nothing will tell. */
	if (model->in_snapshot && model->first_snapshot)
		vanished_free(space);
	else
		vanished_note(space, &old, &space->incoming);
	/* The new ones are counted already. */
	space->mappings = space->incoming;
	space->incoming = (struct mappings){ 0 };
	mappings_free(model, space, &old, ts);
	space->reading = false;
	/* Whoever had no row has gone elsewhere (exec), or the space is empty and of no interest. The
	 * last to leave takes the space with it. */
	for (process = space->processes; process; process = next) {
		next = process->space_next;
		if (process->space_stale)
			process_leave_space(model, process, ts);
	}
}

/* What comes from now on may throw doubt on the rows. */
static void space_read_begin(struct model *model, struct space *space, uint64_t ts)
{
	struct process *process;

	DL_FOREACH2(space->processes, process, space_next) {
		process->space_stale = true;
		process->space_read = space->id;
	}
	space->reading = true;
	space->read_ts = ts;
	space_set_doubt(model, space, false);
}

void spaces_begin(struct model *model, uint64_t ts)
{
	struct segment *segment;
	struct space *space;

	for (space = model->spaces; space; space = space->hh.next)
		space_read_begin(model, space, ts);
	DL_FOREACH(model->segments, segment)
		segment->stale = true;
}

void spaces_end(struct model *model, uint64_t ts)
{
	struct space *space, *next;
	struct segment *segment;

	HASH_ITER(hh, model->spaces, space, next) {
		if (space->processes)
			space_read_end(model, space, ts); /* may drop it */
		else
			space_drop(model, space, ts);
	}
	DL_FOREACH(model->segments, segment)
		if (segment->stale)
			segment->exists = false;
}

/*
 * The kernel gives the address of a space to the next at once, too: whoever has one of which it told nothing yet,
 * when somebody's rows tell of it who was none of those, has ended unseen or executed something, and neither ever
 * had what the other has. Should they share it after all, the first to tell of it is not meant, and the others
 * join again when they tell.
 */
static void space_leave_untold(struct model *model, struct space *space, const struct process *teller, uint64_t ts)
{
	struct process *process, *next;

	if (teller->space == space)
		return;
	for (process = space->processes; process; process = next) {
		next = process->space_next; /* the last to leave takes the space with it */
		if (process->space_stale)
			process_leave_space(model, process, ts);
	}
}

/* --- records --------------------------------------------------------------------------------- */

/* Of before the rows that tell what came of it. Those of a space are of who was known to use it then, and of nobody
 * to whom its address has gone since. */
static bool is_old(const struct model *model, const struct space *space, const struct record *head,
		   const struct process *process)
{
	if (head->flags & RECORD_ROW)
		return false;
	if (head->ts < model->snapshot_ts)
		return true;
	return space && head->ts < space->read_ts && process && process->space_read == space->id;
}

/*
 * Of before the reading that is under way: it says nothing new of what is mapped, but it happened, and what
 * was there until now says to what.
 */
static bool is_late(const struct model *model, const struct space *space, const struct record *head,
		    const struct process *process)
{
	return space && space->reading && !model->in_snapshot && head->ts >= model->snapshot_ts &&
	       process && process->space == space;
}

static int mapping_of_record(struct model *model, const struct record_mapping *record,
			     struct mapping *mapping)
{
	*mapping = (struct mapping){ .start = record->start,
				     .end = record->end,
				     .offset = record->offset,
				     .access = record->access };
	mapping->object = object_get(model, &record->facts, record->head.ts);
	return mapping->object ? 0 : -ENOMEM;
}

/* shmdt(addr) takes away each mapping of the segment that begins as if the whole lay at addr. */
static int segment_detach(struct model *model, struct space *space, struct mappings *all,
			  uint64_t addr, struct mapping *gone, uint64_t ts)
{
	unsigned int place = mappings_from(all, addr);
	const struct mapping *mapping;

	while (place < all->count) {
		mapping = all->at[place];
		if (mapping->object->key.kind != FILE_SHM || mapping->start < addr ||
		    mapping->start - addr != mapping->offset ||
		    (gone->object && gone->object != mapping->object)) {
			place++;
			continue;
		}
		if (!gone->object)
			*gone = *mapping;
		mapping_drop(model, space, all, place, ts);
	}
	return 0;
}

static int range_leave(struct model *model, struct space *space, struct mappings *all,
		       const struct record_mapping *record, struct mapping *gone)
{
	if (record->gone_start >= record->gone_end)
		return 0;
	if (record->gone_end == UINT64_MAX)
		return segment_detach(model, space, all, record->gone_start, gone, record->head.ts);
	return mappings_empty(model, space, all, record->gone_start, record->gone_end, gone,
			      record->head.ts);
}

static int mapping_event(struct model *model, struct space *space, struct mappings *all,
			 const struct record_mapping *record, struct change *change)
{
	bool is_there = record->start < record->end && record->facts.kind;
	struct mapping mapping;
	int err;

	if (record->nr == CALL_MPROTECT || record->nr == CALL_PKEY_MPROTECT) {
		err = mappings_protect(model, space, all, record->gone_start, record->gone_end,
				       record->access, &change->protected, record->head.ts);
		change->object = change->protected.object;
		return err;
	}
	if (is_there) {
		err = mapping_of_record(model, record, &mapping);
		if (err)
			return err;
		change->object = mapping.object;
		mapping.object->maps++; /* until it is put in */
	}
	err = range_leave(model, space, all, record, &change->unmapped);
	change->old_object = change->unmapped.object;
	if (!is_there)
		return err;
	err |= mappings_empty(model, space, all, mapping.start, mapping.end, NULL, record->head.ts);
	err |= mapping_add(model, space, all, &mapping, record->head.ts);
	mapping.object->maps--;
	return err;
}

static int mapping_row(struct model *model, struct space *space,
		       const struct record_mapping *record)
{
	struct mappings *rows = &space->incoming;
	struct mapping mapping;
	unsigned int place;
	int err = mapping_of_record(model, record, &mapping);

	if (err)
		return err;
	place = mappings_from(rows, mapping.start);
	if (place < rows->count && rows->at[place]->start < mapping.end)
		return 0; /* another task's view of the same */
	return mapping_add(model, space, rows, &mapping, record->head.ts);
}

/* Whose effect the rows of a reading showed before the record came. */
static void mapping_tell_late(struct model *model, struct space *space, const struct record_mapping *record,
			      struct change *change)
{
	struct mapping over = { 0 };

	if (record->nr == CALL_MPROTECT || record->nr == CALL_PKEY_MPROTECT) {
		vanished_protect(model, space, record->gone_start, record->gone_end, record->access,
				 &change->protected);
		change->object = change->protected.object;
		return;
	}
	if (record->gone_start < record->gone_end)
		vanished_take(model, space, record->gone_start, record->gone_end, &change->unmapped);
	if (record->start < record->end && record->facts.kind)
		vanished_take(model, space, record->start, record->end, &over);
	change->old_object = change->unmapped.object;
}

/* Until a reading is at its end both hold: what was known, by which events are told, and its rows. */
static int mapping_apply(struct model *model, struct space *space, const struct record_mapping *record,
			 struct change *change)
{
	struct change untold = { 0 };
	struct endpoint *endpoint;
	int err = mapping_event(model, space, &space->mappings, record, change);

	if (!err && space->reading && record->head.ts >= space->read_ts)
		err = mapping_event(model, space, &space->incoming, record, &untold);
	mapping_tell_late(model, space, record, change);
	endpoint = err || !change->object ? NULL : model_endpoint(model, change->process, change->object);
	if (endpoint)
		endpoint->mapped_itself = true;
	return err;
}

int apply_mapping(struct model *model, const struct record_mapping *record, struct change *change)
{
	bool is_row = record->head.flags & RECORD_ROW;
	struct process *process;
	struct object_key key;
	struct space *space;
	struct task *task;
	int err = 0;

	change->process = process_of(model, &record->head);
	space = space_find(model, record->space);
	if (is_old(model, space, &record->head, change->process)) {
		if (is_late(model, space, &record->head, change->process))
			return mapping_apply(model, space, record, change);
		/* Still being written when the reading ended: changes nothing, and tells by itself what was mapped. */
		if (record->head.ts < model->snapshot_ts)
			return 0;
		if (space && change->process && change->process->space == space)
			mapping_tell_late(model, space, record, change);
		if (record->facts.kind) {
			object_key_init(&key, &record->facts);
			change->object = model_object(model, &key);
		}
		return 0;
	}
	task = task_of(model, &record->head, &err);
	if (!task)
		return err;
	change->process = process = task->process;
	/* Only now: whoever had the pid before is ended, and may have taken its space along. */
	space = space_find(model, record->space);
	if (is_row && model->in_snapshot && space)
		space_leave_untold(model, space, process, record->head.ts);
	space = space_get(model, record->space);
	if (!space)
		return -ENOMEM;
	/* No fork told that it shares that space with others: they may have left it, which is told later. */
	if (record->doubt || (space->processes && process->space != space))
		space_set_doubt(model, space, true);
	if (process_join(model, process, space, record->head.ts))
		return -ENOMEM;
	if (is_row)
		return space->reading ? mapping_row(model, space, record) : 0;
	return mapping_apply(model, space, record, change);
}

static int space_copy(struct model *model, struct space *to, const struct space *from, uint64_t ts)
{
	bool has_rows = from->reading && !model->in_snapshot && ts >= from->read_ts;
	const struct mapping *mapping;
	int err = 0;

	MAPPINGS_FOREACH(has_rows ? &from->incoming : &from->mappings, mapping)
		if (!(mapping->access & MAPPING_NOT_FORKED))
			err |= mapping_add(model, to, &to->mappings, mapping, ts);
	return err;
}

/* A process and its maker use one space. */
static int space_share(struct model *model, const struct record_space *record, struct process *child)
{
	struct process *maker = model_process(model, record->maker_pid, record->maker_start);
	struct space *space = space_get(model, record->space);
	int err;

	if (!space)
		return -ENOMEM;
	child->space_read = space->id; /* whoever told of it then told for both */
	err = process_join(model, child, space, record->head.ts);
	return !err && maker && maker->tasks ? process_join(model, maker, space, record->head.ts) : err;
}

/* A process has a space of its own from now on, with what its maker's has; after an exec with nothing. */
static int space_make(struct model *model, const struct record_space *record, struct process *child)
{
	const struct space *from = space_find(model, record->made_from);
	struct space *space = space_find(model, record->space);
	const uint64_t ts = record->head.ts;
	int err = 0;

	if (space && space == child->space) {
		/* A snapshot told of it already, and shows what came of what it began with. */
		if (from)
			vanished_inherit(space, from);
		return 0;
	}
	if (space)
		space_drop_users(model, space, ts);
	space = space_get(model, record->space);
	if (!space)
		return -ENOMEM;
	/* Before the child leaves the old one, which goes with its last user. */
	if (from)
		err = space_copy(model, space, from, ts);
	if (!err)
		err = process_join(model, child, space, ts);
	if (record->doubt)
		space_set_doubt(model, space, true);
	return err;
}

int apply_space(struct model *model, const struct record_space *record, struct change *change)
{
	struct process *child = process_of(model, &record->head);
	struct space *space = space_find(model, record->space);

	change->process = child;
	if (record->head.type == RECORD_SPACE_BEGIN) {
		if (space)
			space_read_begin(model, space, record->head.ts);
		return 0;
	}
	if (record->head.type == RECORD_SPACE_END) {
		if (space)
			space_read_end(model, space, record->head.ts);
		return 0;
	}
	if (!child || !child->tasks || is_old(model, space, &record->head, child))
		return 0;
	if (record->made_from)
		child->space_inherited = true;
	return record->space == record->made_from ? space_share(model, record, child) :
						    space_make(model, record, child);
}

/* Whoever is said to use it is gone: its address is another's now. */
void space_drop_users(struct model *model, struct space *space, uint64_t ts)
{
	struct process *process, *next;

	DL_FOREACH_SAFE2(space->processes, process, next, space_next)
		process_leave_space(model, process, ts);
}

static struct object *segment_object(struct model *model, const struct record_segment *record)
{
	const struct file_facts facts = { .ino = record->id,
					  .dev = record->ipc_ns,
					  .kind = FILE_SHM,
					  .name = "SYSV",
					  .regular.size = record->size };
	struct object_key key;
	struct object *object;

	object_key_init(&key, &facts);
	object = model_object(model, &key);
	return object ? object : object_get(model, &facts, record->head.ts);
}

/* shmget() told of it first, and the one who called is who made it. */
static void segment_note_maker(struct object *object, const struct record_segment *record)
{
	if (!object->segment && record->nr == SYS_shmget && record->head.pid == record->creator_pid)
		object->maker = (struct process_key){ .pid = record->head.pid,
						      .start_ns = record->head.start };
}

/* NULL: no memory. */
static struct segment *segment_get(struct model *model, struct object *object)
{
	struct segment *segment = object->segment;

	if (segment)
		return segment;
	segment = calloc(1, sizeof(*segment));
	if (!segment)
		return NULL;
	segment->object = object;
	DL_APPEND(model->segments, segment);
	object->segment = segment;
	return segment;
}

void segment_unlist(struct model *model, struct object *object)
{
	if (object->segment)
		DL_DELETE(model->segments, object->segment);
}

int apply_segment(struct model *model, const struct record_segment *record, struct change *change)
{
	struct object *object = segment_object(model, record);
	struct segment *segment;

	change->process = process_of(model, &record->head);
	change->object = object;
	if (!object)
		return -ENOMEM;
	segment_note_maker(object, record);
	segment = segment_get(model, object);
	if (!segment)
		return -ENOMEM;
	segment->stale = false;
	segment->exists = record->exists;
	segment->to_be_destroyed |= record->mode & SEGMENT_MODE_DESTROY;
	if (!record->exists) {
		segment->to_be_destroyed = true;
		segment->attached = 0;
		return 0;
	}
	segment->key = record->key;
	segment->size = record->size;
	segment->attached = record->attached;
	segment->creator_pid = record->creator_pid;
	segment->changed = record->changed;
	segment->detached = record->detached;
	return 0;
}

int apply_sync(struct model *model, const struct record_sync *record, struct change *change)
{
	const struct object_key key = { .ino = record->ino, .dev = record->dev, .kind = record->kind };
	struct object *object = model_object(model, &key);
	struct endpoint *endpoint;

	if (!object)
		return 0;
	change->object = object;
	DL_FOREACH2(object->endpoints, endpoint, object_next)
		endpoint->sync_writes += endpoint->write_maps && endpoint->sync_writes < SYNC_LOOKS;
	object->sync_seen |= record->seen;
	if (record->inside && record->inside == object->sync_inside)
		object->sync_seen |= SYNC_INSIDE;
	object->sync_inside = record->inside;
	if (object->sync_looks < SYNC_LOOKS)
		object->sync_looks++;
	return 0;
}

/* --- asking ---------------------------------------------------------------------------------- */

/* Of what `a` maps, in order of the object: mappings of one process may overlap there, and then a
 * part counts as often as it is mapped by `a`. */
uint64_t space_common(const struct process *a, const struct process *b, const struct object *object)
{
	const struct mapping *mine, *theirs;
	uint64_t sum = 0, low, high, end, other_end;

	if (!a->space || !b->space)
		return 0;
	MAPPINGS_FOREACH(&a->space->mappings, mine) {
		if (mine->object != object)
			continue;
		end = mine->offset + (mine->end - mine->start);
		MAPPINGS_FOREACH(&b->space->mappings, theirs) {
			if (theirs->object != object)
				continue;
			other_end = theirs->offset + (theirs->end - theirs->start);
			low = mine->offset > theirs->offset ? mine->offset : theirs->offset;
			high = end < other_end ? end : other_end;
			if (low < high)
				sum += high - low;
		}
	}
	return sum;
}
