// SPDX-License-Identifier: GPL-2.0-only
/* The mechanism "pipe": anonymous pipes, their two ends and their capacity. */
#include "mechanism/wording.h"

#include <fcntl.h>
#include <sys/syscall.h>

static bool is_create(const struct record_slot *slot)
{
#ifdef SYS_pipe
	if (slot->nr == SYS_pipe)
		return true;
#endif
	return slot->nr == SYS_pipe2;
}

/* pipe → 3 read, 4 write */
static bool create_event(const struct record_slot *slot, const struct change *change,
			 struct event *event)
{
	if (!change->object || slot_is_first_of_pair(slot))
		return false;
	event->name = "pipe.create";
	event->object = change->object;
	event->has_result = true;
	event->result = slot->result;
	event_say(event, "pipe → %d read, %d write", (int)slot->arg[0], (int)slot->arg[1]);
	event_add_fd(event, (int)slot->arg[0]);
	event_add_fd(event, (int)slot->arg[1]);
	event_fact_bool(event, "cloexec", slot->cloexec);
	event_fact_bool(event, "nonblock", slot->facts.fflags & O_NONBLOCK);
	return true;
}

static bool is_resize(const struct record *record)
{
	const struct record_slot *slot = (const void *)record;

	return record->type == RECORD_PIPE ||
	       (record->type == RECORD_SLOT && slot->nr == SYS_fcntl &&
		slot->arg[1] == F_SETPIPE_SZ);
}

/* resize 4 to 1048576 bytes */
static bool resize_event(const struct record_slot *slot, const struct change *change,
			 struct event *event)
{
	if (!change->description)
		return false;
	event->name = "pipe.resize";
	event->object = change->object;
	event->end = description_end(change->description);
	event->has_result = true;
	event->result = slot->result;
	event_add_fd(event, slot->fd);
	event_say(event, "resize %d to %u bytes", slot->fd, slot->facts.pipe.capacity);
	event_fact_int(event, "capacity", slot->facts.pipe.capacity);
	return true;
}

static bool pipe_event(const struct model *model, const struct record *record,
		       const struct change *change, struct event *event)
{
	const void *whole = record;

	if (is_resize(record))
		return resize_event(whole, change, event);
	if (record->type == RECORD_SLOT && is_create(whole))
		return create_event(whole, change, event);
	return descriptor_event(model, record, change, event);
}

#define QUEUED_NOT_READ (~0ull)

size_t pipe_facts(const struct model *model, const struct object *object, struct fact *facts,
		  size_t max)
{
	const struct file_facts *sample = &object->facts;
	bool is_read = sample->pipe.queued != QUEUED_NOT_READ;
	/* A FIFO that nobody has open has no pipe behind it to look at. */
	enum fact_type known = sample->pipe.capacity ? FACT_UINT : FACT_NULL;
	const struct fact all[] = {
		{ .key = "capacity", .type = known, .number = sample->pipe.capacity },
		{ .key = "queued",
		  .type = is_read ? FACT_UINT : FACT_NULL,
		  .number = is_read ? sample->pipe.queued : 0 },
		{ .key = "readers", .type = known, .number = sample->pipe.readers },
		{ .key = "writers", .type = known, .number = sample->pipe.writers },
	};
	size_t count = sizeof(all) / sizeof(all[0]);

	if (count > max)
		count = max;
	for (size_t i = 0; i < count; i++)
		facts[i] = all[i];
	return count;
}

const struct mechanism pipe_mechanism = {
	.name = "pipe",
	.help = "anonymous pipes",
	.kinds = 1ull << FILE_PIPE,
	.is_default = true,
	.moves_data = true,
	.event = pipe_event,
	.facts = pipe_facts,
};
