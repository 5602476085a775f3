// SPDX-License-Identifier: GPL-2.0-only
/* The mechanism "shm": System V shared memory segments. */
#include "mechanism/wording.h"

#include <sys/ipc.h>
#include <sys/syscall.h>

/* shmget key 0x1234 → 5, 4096 bytes */
static bool get_event(const struct record_segment *record, struct event *event)
{
	event->name = "shm.get";
	event_say(event, "shmget key 0x%llx → %u, %llu bytes", (unsigned long long)record->arg[0],
		  record->id, (unsigned long long)record->size);
	event_fact_int(event, "key", record->arg[0]);
	event_fact_int(event, "size", (int64_t)record->size);
	event->has_result = true;
	event->result = record->result;
	return true;
}

/* shmctl remove, 2 still attached */
static bool remove_event(const struct record_segment *record, struct event *event)
{
	event->name = "shm.remove";
	event_say(event, "shmctl remove, %llu still attached", (unsigned long long)record->attached);
	event_fact_int(event, "attached", (int64_t)record->attached);
	return true;
}

static bool segment_event(const struct record_segment *record, const struct change *change,
			  struct event *event)
{
	event->object = change->object;
	if (record->nr == SYS_shmget)
		return get_event(record, event);
	/* shmat: the mapping has its own record */
	return record->nr == SYS_shmctl && record->arg[1] == IPC_RMID &&
	       remove_event(record, event);
}

/* "shmat 4096 bytes rw", "shmdt 4096 bytes" */
static bool attach_event(const struct record_mapping *record, const struct change *change,
			 struct event *event)
{
	bool is_attach = change->object;
	const struct mapping *gone = &change->unmapped;
	uint64_t start = is_attach ? record->start : gone->start;
	uint64_t end = is_attach ? record->end : gone->end;

	event->name = is_attach ? "shm.attach" : "shm.detach";
	event->object = is_attach ? change->object : change->old_object;
	event_say(event, "%s %llu bytes%s", is_attach ? "shmat" : "shmdt",
		  (unsigned long long)(end - start),
		  !is_attach || record->access & MAPPING_WRITE ? "" : " read-only");
	event_fact_int(event, "start", (int64_t)start);
	event_fact_int(event, "length", (int64_t)(end - start));
	if (is_attach)
		event_fact_bool(event, "read_only", !(record->access & MAPPING_WRITE));
	return true;
}

static bool shm_event(const struct model *model, const struct record *record,
		      const struct change *change, struct event *event)
{
	const void *whole = record;

	if (record->type == RECORD_SEGMENT)
		return segment_event(whole, change, event);
	return record->type == RECORD_MAPPING && (change->object || change->old_object) &&
	       attach_event(whole, change, event);
}

/* The process of that pid, unless it began after the segment was made. */
static const struct process *creator(const struct model *model, const struct segment *segment)
{
	return segment->creator_pid ? model_process_by_pid(model, segment->creator_pid) : NULL;
}

static size_t shm_facts(const struct model *model, const struct object *object, struct fact *facts,
			size_t max)
{
	const struct segment *segment = object->segment;
	const struct process *process = segment ? creator(model, segment) : NULL;
	bool known = segment && segment->exists;
	const struct fact all[] = {
		{ .key = "key", .type = known ? FACT_UINT : FACT_NULL, .number = known ? segment->key : 0 },
		{ .key = "size", .type = FACT_UINT, .number = object->facts.regular.size },
		{ .key = "attached", .type = segment ? FACT_UINT : FACT_NULL,
		  .number = segment ? segment->attached : 0 },
		{ .key = "creator", .type = process ? FACT_PROCESS : FACT_NULL, .process = process },
		{ .key = "creator_pid", .type = known ? FACT_UINT : FACT_NULL,
		  .number = known ? segment->creator_pid : 0 },
		{ .key = "removed", .type = segment ? FACT_BOOL : FACT_NULL,
		  .truth = segment && (segment->to_be_destroyed || !segment->exists) },
	};
	size_t count = sizeof(all) / sizeof(all[0]);

	for (size_t i = 0; i < count && i < max; i++)
		facts[i] = all[i];
	return count < max ? count : max;
}

const struct mechanism shm_mechanism = {
	.name = "shm",
	.help = "System V shared memory segments",
	.kinds = 1ull << FILE_SHM,
	.is_default = true,
	.maps = true,
	.event = shm_event,
	.facts = shm_facts,
};
