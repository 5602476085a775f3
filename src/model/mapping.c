// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mappings of an address space, in order. Each is put in and taken out here, so that the counts of
 * objects and endpoints are right in one place. Some processes have thousands: a place is found by halving.
 */
#include "model/internal.h"

#define MAPPING_SAME (MAPPING_READ | MAPPING_WRITE)
#define ROOM_MIN     8

/* --- counting -------------------------------------------------------------------------------- */

int mapping_count_process(struct model *model, struct process *process, const struct mapping *mapping,
			  int n, uint64_t ts)
{
	bool writes = mapping->access & MAPPING_WRITE;
	struct endpoint *endpoint;

	endpoint = n > 0 ? endpoint_get(model, process, mapping->object, ts) :
			   model_endpoint(model, process, mapping->object);
	if (!endpoint)
		return n > 0 ? -ENOMEM : 0;
	endpoint->maps += (unsigned int)n;
	endpoint->write_maps += writes ? (unsigned int)n : 0;
	if (n > 0) {
		endpoint->ever_map = true;
		endpoint->ever_map_write |= writes;
	}
	if (ts > endpoint->last_ts)
		endpoint->last_ts = ts;
	return 0;
}

static int mapping_count(struct model *model, struct space *space, const struct mapping *mapping,
			 int n, uint64_t ts)
{
	struct process *process;
	int err = 0;

	mapping->object->maps += (unsigned int)n;
	if (n > 0 && (mapping->access & MAPPING_WRITE))
		mapping->object->map_writer = true;
	if (ts > mapping->object->last_ts)
		mapping->object->last_ts = ts;
	DL_FOREACH2(space->processes, process, space_next)
		err |= mapping_count_process(model, process, mapping, n, ts);
	return err;
}

/* --- the order ------------------------------------------------------------------------------- */

unsigned int mappings_from(const struct mappings *all, uint64_t address)
{
	unsigned int low = 0, high = all->count, middle;

	/* Most come behind all others: a copy goes by the order. */
	if (high && all->at[high - 1]->end <= address)
		return high;
	while (low < high) {
		middle = low + (high - low) / 2;
		if (all->at[middle]->end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int mappings_insert(struct mappings *all, unsigned int place, struct mapping *mapping)
{
	unsigned int room = all->room ? 2 * all->room : ROOM_MIN;
	struct mapping **at = all->at;

	if (all->count == all->room) {
		at = realloc(at, room * sizeof(struct mapping *));
		if (!at)
			return -ENOMEM;
		all->at = at;
		all->room = room;
	}
	memmove(&at[place + 1], &at[place], (all->count - place) * sizeof(struct mapping *));
	at[place] = mapping;
	all->count++;
	return 0;
}

static void mappings_remove(struct mappings *all, unsigned int place)
{
	all->count--;
	memmove(&all->at[place], &all->at[place + 1],
		(all->count - place) * sizeof(struct mapping *));
}

/* --- one mapping ----------------------------------------------------------------------------- */

static bool goes_on(const struct mapping *first, const struct mapping *next)
{
	return first->end == next->start && first->object == next->object &&
	       first->offset + (first->end - first->start) == next->offset &&
	       (first->access & MAPPING_SAME) == (next->access & MAPPING_SAME);
}

void mapping_drop(struct model *model, struct space *space, struct mappings *all, unsigned int place,
		  uint64_t ts)
{
	struct mapping *mapping = all->at[place];
	struct object *object = mapping->object;

	mapping_count(model, space, mapping, -1, ts);
	mappings_remove(all, place);
	free(mapping);
	object_release(model, object);
}

int mapping_add(struct model *model, struct space *space, struct mappings *all,
		const struct mapping *what, uint64_t ts)
{
	struct mapping *mapping = malloc(sizeof(*mapping));
	unsigned int place = mappings_from(all, what->start);

	if (!mapping)
		return -ENOMEM;
	*mapping = *what;
	if (mappings_insert(all, place, mapping)) {
		free(mapping);
		return -ENOMEM;
	}
	if (mapping_count(model, space, mapping, 1, ts))
		return -ENOMEM;
	if (place + 1 < all->count && goes_on(mapping, all->at[place + 1])) {
		mapping->end = all->at[place + 1]->end;
		mapping_drop(model, space, all, place + 1, ts);
	}
	if (place && goes_on(all->at[place - 1], mapping)) {
		all->at[place - 1]->end = mapping->end;
		mapping_drop(model, space, all, place, ts);
	}
	return 0;
}

void mappings_free(struct model *model, struct space *space, struct mappings *all, uint64_t ts)
{
	while (all->count)
		mapping_drop(model, space, all, all->count - 1, ts);
	free(all->at);
	*all = (struct mappings){ 0 };
}

/* --- a range --------------------------------------------------------------------------------- */

/* The place of the first that lies in it, if only in part. false = none does. */
static bool range_has(const struct mappings *all, uint64_t start, uint64_t end, unsigned int *place)
{
	*place = mappings_from(all, start);
	return start < end && *place < all->count && all->at[*place]->start < end;
}

int mappings_empty(struct model *model, struct space *space, struct mappings *all, uint64_t start,
		   uint64_t end, struct mapping *gone, uint64_t ts)
{
	struct mapping before, after;
	unsigned int place;
	int err = 0;

	while (range_has(all, start, end, &place)) {
		before = after = *all->at[place];
		before.end = start;
		after.start = end;
		after.offset += end - before.start;
		if (gone && !gone->object)
			*gone = *all->at[place];
		/* What stays goes in right after; meanwhile the object keeps its holder. */
		before.object->maps++;
		mapping_drop(model, space, all, place, ts);
		if (before.start < before.end)
			err |= mapping_add(model, space, all, &before, ts);
		if (after.start < after.end)
			err |= mapping_add(model, space, all, &after, ts);
		before.object->maps--;
		object_release(model, before.object);
	}
	return err;
}

int mappings_protect(struct model *model, struct space *space, struct mappings *all, uint64_t start,
		     uint64_t end, uint32_t access, struct mapping *changed, uint64_t ts)
{
	struct mapping part;
	uint32_t before;
	unsigned int place;
	int err = 0;

	for (; range_has(all, start, end, &place); start = part.end) {
		part = *all->at[place];
		if (part.start < start) {
			part.offset += start - part.start;
			part.start = start;
		}
		if (part.end > end)
			part.end = end;
		before = part.access;
		part.access = (part.access & ~(uint32_t)MAPPING_SAME) | (access & MAPPING_SAME);
		if (!changed->object && part.access != before)
			*changed = part;
		part.object->maps++;
		err |= mappings_empty(model, space, all, part.start, part.end, NULL, ts);
		err |= mapping_add(model, space, all, &part, ts);
		part.object->maps--;
	}
	return err;
}
