// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a reading of an address space found gone, though no record has told of it yet: the call had done it, and
 * had not come to its end, or its record was still being written. The record that comes is told by this; what is
 * mapped it does not change any more, and nothing here is counted as mapped.
 */
#include "model/internal.h"

#define ACCESS (uint32_t)(MAPPING_READ | MAPPING_WRITE)

/* The part of it in [start, end). Where there is no memory for it, it will go untold. */
static void vanished_put(struct space *space, const struct vanished *whole, uint64_t start, uint64_t end)
{
	struct vanished *part = malloc(sizeof(*part));

	if (!part)
		return;
	*part = *whole;
	part->start = start;
	part->end = end;
	part->offset += start - whole->start;
	DL_APPEND(space->vanished, part);
}

static bool is_same(const struct mapping *old, const struct mapping *now)
{
	return now->object == old->object && now->offset - now->start == old->offset - old->start &&
	       !((now->access ^ old->access) & ACCESS);
}

/* All of it that is not there as it was. */
static void vanished_note_one(struct space *space, const struct mapping *old, const struct mappings *now)
{
	const struct vanished whole = { .start = old->start,
					.end = old->end,
					.offset = old->offset,
					.access = old->access,
					.object = old->object->key };
	unsigned int place = mappings_from(now, old->start);
	uint64_t start = old->start;

	for (; place < now->count && now->at[place]->start < old->end; place++) {
		if (!is_same(old, now->at[place]))
			continue;
		if (start < now->at[place]->start)
			vanished_put(space, &whole, start, now->at[place]->start);
		start = now->at[place]->end;
	}
	if (start < old->end)
		vanished_put(space, &whole, start, old->end);
}

void vanished_free(struct space *space)
{
	struct vanished *vanished, *next;

	DL_FOREACH_SAFE(space->vanished, vanished, next) {
		DL_DELETE(space->vanished, vanished);
		free(vanished);
	}
}

void vanished_note(struct space *space, const struct mappings *old, const struct mappings *now)
{
	const struct mapping *mapping;

	vanished_free(space);
	MAPPINGS_FOREACH(old, mapping)
		vanished_note_one(space, mapping, now);
}

void vanished_inherit(struct space *space, const struct space *from)
{
	const struct mapping *mapping;

	MAPPINGS_FOREACH(&from->mappings, mapping)
		if (!(mapping->access & MAPPING_NOT_FORKED))
			vanished_note_one(space, mapping, &space->mappings);
}

/* A segment that was attached at that address lies there as a whole. */
static bool is_meant(const struct vanished *vanished, uint64_t start, uint64_t end)
{
	if (end == UINT64_MAX)
		return vanished->object.kind == FILE_SHM && vanished->start >= start &&
		       vanished->start - start == vanished->offset;
	return vanished->start < end && vanished->end > start;
}

/* What lies in [start, end) goes, or stays with that access; what lies outside stays as it is. */
static void vanished_cut(struct space *space, struct vanished *vanished, uint64_t start, uint64_t end,
			 const uint32_t *access)
{
	struct vanished whole = *vanished;

	DL_DELETE(space->vanished, vanished);
	free(vanished);
	if (whole.start < start)
		vanished_put(space, &whole, whole.start, start);
	if (end < whole.end)
		vanished_put(space, &whole, end, whole.end);
	if (!access)
		return;
	whole.access = *access;
	vanished_put(space, &whole, start > whole.start ? start : whole.start, end < whole.end ? end : whole.end);
}

static void vanished_tell(struct model *model, const struct vanished *vanished, uint64_t start, uint64_t end,
			  struct mapping *to)
{
	if (to->object)
		return;
	*to = (struct mapping){ .start = start > vanished->start ? start : vanished->start,
				.end = end < vanished->end ? end : vanished->end,
				.access = vanished->access,
				.object = model_object(model, &vanished->object) };
	to->offset = vanished->offset + (to->start - vanished->start);
}

void vanished_take(struct model *model, struct space *space, uint64_t start, uint64_t end, struct mapping *gone)
{
	struct vanished *vanished, *next;

	DL_FOREACH_SAFE(space->vanished, vanished, next)
		if (is_meant(vanished, start, end)) {
			vanished_tell(model, vanished, start, end, gone);
			vanished_cut(space, vanished, start, end, NULL);
		}
}

void vanished_protect(struct model *model, struct space *space, uint64_t start, uint64_t end, uint32_t access,
		      struct mapping *changed)
{
	struct vanished *vanished, *next;

	DL_FOREACH_SAFE(space->vanished, vanished, next) {
		if (!is_meant(vanished, start, end) || !((vanished->access ^ access) & ACCESS))
			continue;
		vanished_tell(model, vanished, start, end, changed);
		access = (vanished->access & ~ACCESS) | (access & ACCESS);
		vanished_cut(space, vanished, start, end, &access);
	}
}
