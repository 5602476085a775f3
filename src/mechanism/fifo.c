// SPDX-License-Identifier: GPL-2.0-only
/* The mechanism "fifo": named pipes, made, opened, which may take its time, and unlinked. */
#include "mechanism/wording.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>

#define NOT_WATCHED (~0ull)
#define NS_PER_MS   1000000.0

/* The path as the caller wrote it. */
static void event_path(struct event *event, const struct record_fifo *fifo)
{
	if (!*fifo->path)
		return;
	event_say(event, " %s", fifo->path);
	event_fact_text(event, "path", fifo->path);
}

/* Where the path leads to, whoever reads it. */
static void event_full_path(struct event *event, const struct record_fifo *fifo)
{
	char path[RECORD_FOLDERS_MAX + RECORD_PATH_MAX];
	size_t used = strlen(event->words);

	fifo_path(fifo, path, sizeof(path));
	if (!*path || !strcmp(path, fifo->path))
		return;
	event_say(event, " = %s", path);
	if (strlen(event->words) == used + 3 + strlen(path))
		event_fact_said(event, "full_path", strlen(path));
}

/* mkfifo data = /tmp/data */
static bool create_event(const struct record_fifo *fifo, const struct change *change,
			 struct event *event)
{
	event->name = "fifo.create";
	event->object = change->object;
	event_say(event, "mkfifo");
	event_path(event, fifo);
	event_full_path(event, fifo);
	return true;
}

/* unlink data = /tmp/data */
static bool unlink_event(const struct record_fifo *fifo, const struct change *change,
			 struct event *event)
{
	if (!change->object)
		return false;
	event->name = "fifo.unlink";
	event->object = change->object;
	event_say(event, "unlink");
	event_path(event, fifo);
	event_full_path(event, fifo);
	return true;
}

static const char *end_of(uint32_t fmode)
{
	static const char *const ends[] = { NULL, "read end", "write end", "both ends" };

	return ends[fmode & 3];
}

/* open 3 data, waited 1200.412 ms */
static bool open_event(const struct record_fifo *fifo, const struct change *change,
		       struct event *event)
{
	event->name = "fifo.open";
	event->object = change->object;
	event->end = end_of(fifo->fmode);
	event_add_fd(event, fifo->fd);
	event_say(event, "open %d", fifo->fd);
	event_path(event, fifo);
	if (event->end)
		event_fact_text(event, "end", event->end);
	if (fifo->waited == NOT_WATCHED) {
		event_fact_null(event, "waited_ns");
		return true;
	}
	event_fact_int(event, "waited_ns", (int64_t)fifo->waited);
	if (fifo->waited)
		event_say(event, ", waited %.3f ms", (double)fifo->waited / NS_PER_MS);
	return true;
}

static bool path_event(const struct record_fifo *fifo, const struct change *change,
		       struct event *event)
{
	event->has_result = true;
	event->result = fifo->result;
	switch (fifo->verb) {
	case FIFO_CREATED: return create_event(fifo, change, event);
	case FIFO_OPENED: return open_event(fifo, change, event);
	case FIFO_UNLINKED: return unlink_event(fifo, change, event);
	}
	return false;
}

/* Its opening is told by a record of its own, which knows how long it took. */
static bool is_open(const struct record_slot *slot)
{
#ifdef SYS_open
	if (slot->nr == SYS_open || slot->nr == SYS_creat)
		return true;
#endif
	return slot->nr == SYS_openat || slot->nr == SYS_openat2;
}

static bool fifo_event(const struct model *model, const struct record *record,
		       const struct change *change, struct event *event)
{
	const void *whole = record;

	if (record->type == RECORD_FIFO)
		return path_event(whole, change, event);
	if (record->type == RECORD_SLOT && is_open(whole))
		return false;
	return descriptor_event(model, record, change, event);
}

static size_t fifo_facts(const struct model *model, const struct object *object, struct fact *facts,
			 size_t max)
{
	size_t count = pipe_facts(model, object, facts, max);

	if (count < max)
		facts[count++] = (struct fact){ .key = "unlinked",
						.type = FACT_BOOL,
						.truth = object_is_unlinked(object) };
	return count;
}

const struct mechanism fifo_mechanism = {
	.name = "fifo",
	.help = "named pipes",
	.kinds = 1ull << FILE_FIFO,
	.is_default = true,
	.moves_data = true,
	.event = fifo_event,
	.facts = fifo_facts,
};
