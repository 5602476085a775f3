// SPDX-License-Identifier: GPL-2.0-only
/* The table of mechanisms, and whose event a record is. */
#include "mechanism/wording.h"

#include <string.h>

/* The order is that of the bits in `enabled` and of --help. */
const struct mechanism *const mechanisms[] = {
	&process_mechanism, &descriptor_mechanism, &pipe_mechanism, &fifo_mechanism,
	&unix_mechanism,    &tcp_mechanism,	   &udp_mechanism,  &signal_mechanism,
	&mq_mechanism,	    &eventfd_mechanism,	   &pty_mechanism,
	&mmap_mechanism,    &shm_mechanism,
	&file_mechanism,    NULL,
};

const struct mechanism *mechanism_find(const char *name)
{
	for (size_t i = 0; mechanisms[i]; i++)
		if (!strcmp(mechanisms[i]->name, name))
			return mechanisms[i];
	return NULL;
}

const struct mechanism *mechanism_of_kind(uint32_t kind)
{
	if (kind >= FILE_KIND_MAX)
		return NULL;
	for (size_t i = 0; mechanisms[i]; i++)
		if (mechanisms[i]->kinds >> kind & 1)
			return mechanisms[i];
	return NULL;
}

static bool is_enabled(const struct mechanism *mechanism, uint64_t enabled)
{
	for (size_t i = 0; mechanisms[i]; i++)
		if (mechanisms[i] == mechanism)
			return enabled >> i & 1;
	return false;
}

static const struct mechanism *owner_of_object(const struct object *object, uint64_t enabled)
{
	const struct mechanism *owner;

	if (!object)
		return NULL;
	owner = mechanism_of_kind(object->key.kind);
	if (!owner)
		owner = &descriptor_mechanism;
	return is_enabled(owner, enabled) ? owner : NULL;
}

/* Attached or detached. Its rights are changed as those of any mapping. */
static bool is_of_segment(const struct change *change)
{
	const struct object *object = change->object ? change->object : change->old_object;

	return object && object->key.kind == FILE_SHM && !change->protected.object;
}

/* Whose event it is, among those enabled. What a dup2() pushed out counts as well as what it put
 * in. */
static const struct mechanism *record_owner(const struct record *record,
					    const struct change *change, uint64_t enabled)
{
	const struct mechanism *owner = NULL;

	switch (record->type) {
	case RECORD_FORK:
	case RECORD_EXEC:
	case RECORD_EXIT: owner = &process_mechanism; break;
	case RECORD_SEGMENT: owner = &shm_mechanism; break;
	case RECORD_MAPPING:
		owner = is_of_segment(change) ? &shm_mechanism : &mmap_mechanism;
		break;
	case RECORD_FIFO: owner = &fifo_mechanism; break;
	case RECORD_TABLE: owner = &descriptor_mechanism; break;
	case RECORD_SIGNAL:
	case RECORD_SIGNAL_END:
	case RECORD_SIGNAL_ACTION:
	case RECORD_SIGNAL_MASK:
	case RECORD_SIGNAL_COUNT:
	case RECORD_SIGNAL_FAIL: owner = &signal_mechanism; break;
	case RECORD_SLOT:
	case RECORD_PASS:
	case RECORD_PIPE:
	case RECORD_SOCKET:
		owner = owner_of_object(change->object, enabled);
		return owner ? owner : owner_of_object(change->old_object, enabled);
	}
	return owner && is_enabled(owner, enabled) ? owner : NULL;
}

static void event_begin(struct event *event, const struct record *record,
			const struct change *change)
{
	memset(event, 0, sizeof(*event));
	event->ts = record->ts;
	event->process = change->process;
	event->tid = record->tid;
	memcpy(event->comm, record->comm, sizeof(event->comm));
}

bool mechanism_event(const struct model *model, const struct record *record,
		     const struct change *change, uint64_t enabled, struct event *event)
{
	const struct mechanism *owner;

	if (record->flags & RECORD_ROW)
		return false;
	owner = record_owner(record, change, enabled);
	if (!owner)
		return false;
	event_begin(event, record, change);
	return owner->event(model, record, change, event);
}

size_t object_facts(const struct model *model, const struct object *object, struct fact *facts,
		    size_t max)
{
	const struct mechanism *owner = mechanism_of_kind(object->key.kind);

	return owner && owner->facts ? owner->facts(model, object, facts, max) : 0;
}
