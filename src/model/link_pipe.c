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

int link_add_pair(struct graph *graph, const struct model *model, const struct endpoint *writer,
		  const struct endpoint *reader)
{
	const struct transfer *written = &writer->transfer, *read = &reader->transfer;
	struct graph_link *link = graph_add_link(graph);

	if (!link)
		return -ENOMEM;
	link->from = writer->key.process;
	link->to = reader->key.process;
	link->object = writer->key.object;
	link->kind = kind_name(link->object->key.kind);
	link->observed = writer->used_out && reader->used_in;
	link->closed = !writer->write_slots || !reader->read_slots;
	link->bytes = link_count(model, written->bytes_out);
	link->messages = link_count(model, written->ops_out);
	link->rate = link_rate(model, written->bytes_out);
	link->blocked_ns = link_count(model, written->blocked_out + read->blocked_in);
	return 0;
}

/* Every writer can send to every reader. */
int pipe_links(struct graph *graph, const struct model *model, struct object *object,
		      bool closed)
{
	const struct endpoint *writer, *reader;
	int err = 0;

	DL_FOREACH2(object->endpoints, writer, object_next) {
		if (!endpoint_writes(writer, closed))
			continue;
		DL_FOREACH2(object->endpoints, reader, object_next) {
			if (!endpoint_reads(reader, closed) || !is_link(writer, reader, closed))
				continue;
			err = link_add_pair(graph, model, writer, reader);
			if (err)
				return err;
		}
	}
	return 0;
}
