// SPDX-License-Identifier: GPL-2.0-only
/* The mechanism "mmap": memory shared by mapping files, memfds and anonymous memory. */
#include "mechanism/wording.h"

#include <sys/syscall.h>

/* "rw", "r", "w", "-" */
static const char *access_words(uint32_t access)
{
	static const char *const words[] = { "-", "r", "w", "rw" };

	return words[access & (MAPPING_READ | MAPPING_WRITE)];
}

static const char *call_name(int nr)
{
	switch (nr) {
	case SYS_mremap: return "mremap";
	case SYS_munmap: return "munmap";
	case SYS_mprotect: return "mprotect";
	case SYS_pkey_mprotect: return "pkey_mprotect";
	case SYS_remap_file_pages: return "remap_file_pages";
	}
	return "mmap";
}

/* mmap 8192 bytes rw at 0x7f1200000000 */
static bool map_event(const struct record_mapping *record, const struct change *change,
		      struct event *event)
{
	/* Read-only mappings of files nobody writes: locale archives, fonts, caches. */
	if (!object_is_ipc(change->object))
		return false;
	event->name = "mmap.map";
	event->object = change->object;
	event->has_result = true;
	event->result = record->result;
	event_say(event, "%s %llu bytes %s", call_name(record->nr),
		  (unsigned long long)(record->end - record->start), access_words(record->access));
	event_fact_int(event, "start", (int64_t)record->start);
	event_fact_int(event, "length", (int64_t)(record->end - record->start));
	event_fact_int(event, "offset", (int64_t)record->offset);
	event_fact_text(event, "access", access_words(record->access));
	return true;
}

/* mprotect 8192 bytes r */
static bool protect_event(const struct record_mapping *record, const struct change *change,
			  struct event *event)
{
	const struct mapping *changed = &change->protected;
	struct record_mapping now = *record;

	now.start = changed->start;
	now.end = changed->end;
	now.offset = changed->offset;
	return map_event(&now, change, event);
}

/* munmap 8192 bytes */
static bool unmap_event(const struct record_mapping *record, const struct change *change,
			struct event *event)
{
	const struct mapping *gone = &change->unmapped;
	uint64_t start = gone->start > record->gone_start ? gone->start : record->gone_start;
	uint64_t end = gone->end < record->gone_end ? gone->end : record->gone_end;

	if (!object_is_ipc(change->old_object))
		return false;
	event->name = "mmap.unmap";
	event->object = change->old_object;
	event_say(event, "%s %llu bytes", call_name(record->nr), (unsigned long long)(end - start));
	event_fact_int(event, "start", (int64_t)start);
	event_fact_int(event, "length", (int64_t)(end - start));
	return true;
}

static bool mmap_event(const struct model *model, const struct record *record,
		       const struct change *change, struct event *event)
{
	const void *whole = record;

	if (record->type != RECORD_MAPPING)
		return descriptor_event(model, record, change, event);
	if (change->protected.object)
		return protect_event(whole, change, event);
	if (change->object)
		return map_event(whole, change, event);
	return change->old_object && unmap_event(whole, change, event);
}

size_t memory_facts(const struct model *model, const struct object *object, struct fact *facts,
		    size_t max)
{
	bool is_file = object->key.kind == FILE_REGULAR;
	const struct fact all[] = {
		{ .key = "size", .type = FACT_UINT, .number = object->facts.regular.size },
		{ .key = "writable", .type = FACT_BOOL, .truth = object->map_writer },
		{ .key = "mappings", .type = FACT_UINT, .number = object->maps },
		{ .key = "deleted", .type = FACT_BOOL, .truth = !object->facts.regular.links },
	};
	size_t count = is_file ? 4 : 3;

	/* Of files that nobody has mapped there is nothing to tell. */
	if (object->key.kind != FILE_MEMFD && !object->maps)
		return 0;
	for (size_t i = 0; i < count && i < max; i++)
		facts[i] = all[i];
	return count < max ? count : max;
}

const struct mechanism mmap_mechanism = {
	.name = "mmap",
	.help = "mapped files, memfds and shared anonymous memory",
	.kinds = 1ull << FILE_MEMFD | 1ull << FILE_ANON_MEMORY,
	.is_default = true,
	.maps = true,
	.event = mmap_event,
	.facts = memory_facts,
};
