// SPDX-License-Identifier: GPL-2.0-only
/* Applies records: one function for each type, found here by its number. */
#include "model/internal.h"

/* /proc says of a file without a name what it was called, and " (deleted)". */
static int set_deleted_name(struct object *object, const char *text)
{
	static const char deleted[] = " (deleted)";
	size_t len = strlen(text), tail = sizeof(deleted) - 1;

	if (len > tail && !strcmp(text + len - tail, deleted))
		len -= tail;
	return text_set(&object->name, text, len);
}

static int apply_name(struct model *model, const struct record_name *record, struct change *change)
{
	const struct object_key key = {
		.ino = kind_is_per_file(record->kind) ? record->file : record->ino,
		.dev = record->dev,
		.kind = record->kind,
	};
	struct object *object = model_object(model, &key);

	change->object = object;
	/* A memfd never had a name in a file system: that says nothing of it. */
	if (object && record->text_len && (object_is_unlinked(object) || object->key.kind == FILE_MEMFD))
		return set_deleted_name(object, record->text);
	if (object && record->text_len && object->key.kind == FILE_FIFO)
		return fifo_set_name(model, object, record->text);
	return object && record->text_len ? object_set_name(object, record->text) : 0;
}

static int apply_count(struct model *model, const struct record_count *record,
		       struct change *change)
{
	const struct transfer *total = &record->total;
	struct endpoint *endpoint;

	model->counted = true;
	change->process = model_process(model, record->key.pid, record->key.start);
	change->object = object_by_transfer(model, &record->key);
	if (!change->process || !change->object)
		return 0;
	endpoint = endpoint_get(model, change->process, change->object, record->head.ts);
	if (!endpoint)
		return -ENOMEM;
	if (total->ops_in > endpoint->transfer.ops_in)
		endpoint->in_ts = record->head.ts;
	if (total->ops_out > endpoint->transfer.ops_out)
		endpoint->out_ts = record->head.ts;
	endpoint->transfer = *total;
	endpoint->used_in = total->ops_in > 0;
	endpoint->used_out = total->ops_out > 0;
	return 0;
}

static int apply_ns_pid(struct model *model, const struct record_ns_pid *record,
			struct change *change)
{
	change->process = model_process(model, record->head.pid, record->head.start);
	if (change->process)
		change->process->ns_pid = record->pid;
	return 0;
}

static int apply_limit(struct model *model, const struct record_limit *record,
		       struct change *change)
{
	change->process = model_process(model, record->head.pid, record->head.start);
	if (change->process)
		change->process->fd_limit = (struct count){ record->soft, record->soft != ~0ull };
	return 0;
}

static int apply_blocked(struct model *model, const struct record_blocked *record,
			 struct change *change)
{
	const struct process *process = model_process(model, record->head.pid, record->head.start);
	const struct table *table = process ? process->table : NULL;
	const struct slot *slot = table ? table_slot(table, (unsigned int)record->fd) : NULL;
	struct endpoint *endpoint;

	if (!slot || !slot->description)
		return 0;
	change->object = slot->description->object;
	endpoint = model_endpoint(model, process, change->object);
	if (endpoint)
		endpoint->is_reading = true;
	return 0;
}

/* len: without the last NUL. More of what was cut is no other. */
static bool is_another_argv(const struct process *process, const char *argv, size_t len)
{
	const size_t known = process->argv_len - 1;

	if (process->argv_cut ? len < known : len != known)
		return true;
	return memcmp(process->argv, argv, known) != 0;
}

static int apply_argv(struct model *model, struct process *process, const struct record_text *record)
{
	const size_t len = record->text_len;

	if (len && process->argv)
		process->argv_over |= is_another_argv(process, record->text, len - !record->text[len - 1]);
	if (!len || text_share(model, &process->argv, record->text, len))
		return len ? -ENOMEM : 0;
	process->argv_len = record->text[len - 1] ? len + 1 : len;
	process->argv_cut = record->head.flags & RECORD_TEXT_CUT;
	return 0;
}

static int apply_text(struct model *model, const struct record_text *record, struct change *change)
{
	struct process *process = model_process(model, record->head.pid, record->head.start);
	size_t len = strnlen(record->text, record->text_len);

	change->process = process;
	if (!process)
		return 0;
	if (record->head.type == RECORD_ARGV)
		return apply_argv(model, process, record);
	if (!len)
		return 0;
	return text_share(model, record->head.type == RECORD_EXE ? &process->exe : &process->cgroup,
			  record->text, len);
}

static void apply_loss(struct model *model, const struct record_loss *record)
{
	memcpy(model->loss, record->total, sizeof(model->loss));
	model->resyncs = record->resyncs;
}

static int apply_unseen(struct model *model, const struct record *record)
{
	struct unseen *unseen;

	if (!record->pid) {
		unseen_forget(model);
		model->unseen_known = true;
		return 0;
	}
	unseen = calloc(1, sizeof(*unseen));
	if (!unseen)
		return -ENOMEM;
	unseen->pid = record->pid;
	memcpy(unseen->comm, record->comm, sizeof(unseen->comm));
	DL_APPEND(model->unseen, unseen);
	return 0;
}

static void clock_advance(struct model *model, const struct record *record)
{
	if (!model->start_ts)
		model->start_ts = record->ts;
	if (record->ts > model->end_ts)
		model->end_ts = record->ts;
}

int model_apply(struct model *model, const struct record *record, struct change *change)
{
	const void *whole = record;

	memset(change, 0, sizeof(*change));
	if (model->dead_descriptions || model->dead_objects)
		model_bury(model);
	clock_advance(model, record);
	switch (record->type) {
	case RECORD_SLOT: return apply_slot(model, whole, change);
	case RECORD_SNAPSHOT_BEGIN: snapshot_begin(model, record->ts); return 0;
	case RECORD_SNAPSHOT_END: snapshot_end(model, record->ts); return 0;
	case RECORD_TASK: return apply_task(model, whole, change);
	case RECORD_IN_FLIGHT: return apply_in_flight(model, whole, change);
	case RECORD_FORK: return apply_fork(model, whole, change);
	case RECORD_EXEC: return apply_exec(model, whole, change);
	case RECORD_EXIT: return apply_exit(model, whole, change);
	case RECORD_RETABLE: return apply_retable(model, whole, change);
	case RECORD_TABLE: return apply_table(model, whole, change);
	case RECORD_PASS: return apply_pass(model, whole, change);
	case RECORD_PIPE: return apply_pipe(model, whole, change);
	case RECORD_NAME: return apply_name(model, whole, change);
	case RECORD_USE: return apply_use(model, whole, change);
	case RECORD_COUNT: return apply_count(model, whole, change);
	case RECORD_BLOCKED: return apply_blocked(model, whole, change);
	case RECORD_LEFT: return apply_left(model, whole, change);
	case RECORD_LEFT_MEMORY: return apply_left_memory(model, whole, change);
	case RECORD_NS_PID: return apply_ns_pid(model, whole, change);
	case RECORD_LIMIT: return apply_limit(model, whole, change);
	case RECORD_SIGNAL:
	case RECORD_SIGNAL_END: return apply_signal(model, whole, change);
	case RECORD_SIGNAL_QUEUED: return apply_signal_queued(model, whole, change);
	case RECORD_SIGNAL_STATE: return apply_signal_state(model, whole, change);
	case RECORD_SIGNAL_ACTION: return apply_signal_action(model, whole, change);
	case RECORD_SIGNAL_FAIL: return apply_signal_call(model, record, change);
	case RECORD_SIGNAL_MASK: return apply_signal_mask(model, whole, change);
	case RECORD_SIGNAL_COUNT: return apply_signal_count(model, whole, change);
	case RECORD_EXE:
	case RECORD_ARGV:
	case RECORD_CGROUP: return apply_text(model, whole, change);
	case RECORD_FIFO: return apply_fifo(model, whole, change);
	case RECORD_OPENING: return apply_opening(model, whole, change);
	case RECORD_SOCKET: return apply_socket(model, whole, change);
	case RECORD_HEARD: return apply_heard(model, whole, change);
	case RECORD_CLOSING: return apply_closing(model, whole, change);
	case RECORD_DESTINATION: return apply_destination(model, whole, change);
	case RECORD_SENT: return apply_sent(model, whole, change);
	case RECORD_WAITING: return apply_waiting(model, whole, change);
	case RECORD_ADDRESS: return apply_address(model, whole);
	case RECORD_HOST:
		model->host_netns = ((const struct record_host *)whole)->netns;
		model->host_ipcns = ((const struct record_host *)whole)->ipcns;
		return 0;
	case RECORD_WAITS_BEGIN: waits_begin(model); return 0;
	case RECORD_WAIT: return apply_wait(model, whole);
	case RECORD_WAIT_ON: return apply_wait_on(model, whole);
	case RECORD_LOCK: return apply_lock(model, whole);
	case RECORD_WAIT_PEER: apply_wait_peer(model, whole); return 0;
	case RECORD_MAPPING: return apply_mapping(model, whole, change);
	case RECORD_SPACE:
	case RECORD_SPACE_BEGIN:
	case RECORD_SPACE_END: return apply_space(model, whole, change);
	case RECORD_SYNC: return apply_sync(model, whole, change);
	case RECORD_SEGMENT: return apply_segment(model, whole, change);
	case RECORD_READY:
		model->ready = true;
		model->start_ts = record->ts;
		return 0;
	case RECORD_SELECT:
		process_select(model, ((const struct record_select *)whole)->pid,
			       ((const struct record_select *)whole)->follow);
		return 0;
	case RECORD_QUEUES_BEGIN:
		passings_mark_stale(model);
		openings_forget(model);
		pending_forget(model);
		waiting_forget(model);
		return 0;
	case RECORD_QUEUES_END: passings_sweep(model); return 0;
	case RECORD_PRUNE: model_prune(model, record->flags & RECORD_INSTANT); return 0;
	case RECORD_UNSEEN: return apply_unseen(model, record);
	case RECORD_LOSS: apply_loss(model, whole); return 0;
	case RECORD_STOP: model->stopped = true; return 0;
	}
	return 0;
}
