// SPDX-License-Identifier: GPL-2.0-only
/* Links through pipes, FIFOs, POSIX queues and eventfds: every writer can send to every reader. */
#include "model/link.h"

static bool has_other_party(const struct endpoint *endpoint, bool closed)
{
	const struct endpoint *other;

	DL_FOREACH2(endpoint->key.object->endpoints, other, object_next)
		if (other != endpoint && endpoint_counts(other, closed) &&
		    (endpoint_reads(other, closed) || endpoint_writes(other, closed)))
			return true;
	return closed && (object_past(endpoint->key.object)->readers || object_past(endpoint->key.object)->writers);
}

/* Whoever holds both ends could talk to itself. That is a link only if it does, or if there is
 * nobody else it could be meant for. */
static bool is_link(const struct endpoint *writer, const struct endpoint *reader, bool closed)
{
	if (writer != reader)
		return true;
	/* Threads that wake each other, and a process that made a queue for nobody yet. */
	if (writer->key.object->key.kind == FILE_EVENTFD)
		return false;
	if (writer->key.object->key.kind == FILE_MQ)
		return writer->used_out && writer->used_in;
	return (writer->used_out && writer->used_in) || !has_other_party(writer, closed);
}

/* Those of an object with many writers are not to be looked for again for each. NULL = no memory. */
static const struct endpoint **readers_of(const struct object *object, size_t *count, bool closed)
{
	const struct endpoint **readers = calloc(object->parties + 1, sizeof(*readers)), *endpoint;

	*count = 0;
	DL_FOREACH2(object->endpoints, endpoint, object_next)
		if (readers && endpoint_reads(endpoint, closed))
			readers[(*count)++] = endpoint;
	return readers;
}

/* What was written and is lost was for somebody. A queue keeps it, an eventfd is no message. */
static int lost_link(struct graph *graph, const struct model *model, const struct endpoint *writer, bool closed)
{
	const struct object *object = writer->key.object;
	const struct endpoint *reader = NULL;

	if (writer->used_out && (object->key.kind == FILE_PIPE || object->key.kind == FILE_FIFO))
		reader = link_last_reader(object, writer, closed);
	return reader && !link_add_pair(graph, model, writer, reader) ? -ENOMEM : 0;
}

static int writer_links(struct graph *graph, const struct model *model, const struct endpoint *writer,
			const struct endpoint *const *readers, size_t count, enum crowd crowd, bool closed)
{
	bool is_any = false;

	for (size_t i = 0; i < count; i++) {
		const struct endpoint *reader = readers[i];

		if (!is_link(writer, reader, closed))
			continue;
		is_any = true;
		if (!link_is_left_out(graph, crowd, writer->used_out && reader->used_in,
				      !writer->write_slots || !reader->read_slots) &&
		    !link_add_pair(graph, model, writer, reader))
			return -ENOMEM;
	}
	return is_any ? 0 : lost_link(graph, model, writer, closed);
}

/* Every writer can send to every reader. */
int pipe_links(struct graph *graph, const struct model *model, struct object *object, bool closed)
{
	const enum crowd crowd =
		link_crowd(object, endpoint_writes, object, endpoint_reads, closed);
	const struct endpoint **readers, *writer;
	size_t count;
	int err = 0;

	link_leave_out_past(graph, object, object, closed);
	readers = readers_of(object, &count, closed);
	if (!readers)
		return -ENOMEM;
	DL_FOREACH2(object->endpoints, writer, object_next)
		if (!err && endpoint_writes(writer, closed) &&
		    !link_writer_is_left_out(graph, crowd, writer->used_out, !writer->write_slots,
					     count - endpoint_reads(writer, closed)))
			err = writer_links(graph, model, writer, readers, count, crowd, closed);
	free(readers);
	return err;
}
