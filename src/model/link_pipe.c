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
	return false;
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

/* Every writer can send to every reader. */
int pipe_links(struct graph *graph, const struct model *model, struct object *object,
		      bool closed)
{
	const enum crowd crowd =
		link_crowd(object, endpoint_writes, object, endpoint_reads, closed);
	const struct endpoint *writer, *reader;

	DL_FOREACH2(object->endpoints, writer, object_next) {
		if (!endpoint_writes(writer, closed))
			continue;
		DL_FOREACH2(object->endpoints, reader, object_next) {
			if (!endpoint_reads(reader, closed) || !is_link(writer, reader, closed))
				continue;
			if (!link_is_left_out(graph, crowd, writer->used_out && reader->used_in,
					      !writer->write_slots || !reader->read_slots) &&
			    !link_add_pair(graph, model, writer, reader))
				return -ENOMEM;
		}
	}
	return 0;
}
