// SPDX-License-Identifier: GPL-2.0-only
/* Who can send to whom through an object: the link builders, and what they have in common. */
#include "model/link.h"

bool endpoint_counts(const struct endpoint *endpoint, bool closed)
{
	if (endpoint->read_slots || endpoint->write_slots)
		return true;
	return closed && (endpoint->ever_read || endpoint->ever_write || endpoint->used_in ||
			  endpoint->used_out);
}

/*
 * An end that is closed again counts where it was used, or where it was the only one, or where it
 * stayed to the death of the process. A process that held both and closed one unused has only done
 * what every heir of a pipe must do: a shell that makes pipelines for others talks to nobody.
 */
static bool end_counts(bool used, bool ever, bool ever_other, bool left)
{
	return used || (ever && (!ever_other || left));
}

bool endpoint_reads(const struct endpoint *endpoint, bool closed)
{
	if (endpoint->read_slots || !closed)
		return endpoint->read_slots > 0;
	return end_counts(endpoint->used_in, endpoint->ever_read, endpoint->ever_write,
			  endpoint->left_read);
}

bool endpoint_writes(const struct endpoint *endpoint, bool closed)
{
	if (endpoint->write_slots || !closed)
		return endpoint->write_slots > 0;
	return end_counts(endpoint->used_out, endpoint->ever_write, endpoint->ever_read,
			  endpoint->left_write);
}

/* --- pipes and FIFOs ------------------------------------------------------------------------- */

static const char *pipe_kind_name(uint32_t kind)
{
	return kind == FILE_FIFO ? "fifo" : "pipe";
}

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
	return (writer->used_out && writer->used_in) || !has_other_party(writer, closed);
}

static struct count count_known(const struct model *model, uint64_t value)
{
	return (struct count){ .value = model->counted ? value : 0, .known = model->counted };
}

static struct count count_rate(const struct model *model, uint64_t bytes)
{
	uint64_t ns = model->end_ts > model->start_ts ? model->end_ts - model->start_ts : 0;
	double rate = ns ? (double)bytes * 1e9 / (double)ns : 0;

	return (struct count){ .value = (uint64_t)rate, .known = model->counted && ns };
}

static int pipe_add_link(struct graph *graph, const struct model *model,
			 const struct endpoint *writer, const struct endpoint *reader)
{
	const struct transfer *written = &writer->transfer, *read = &reader->transfer;
	struct graph_link *link = graph_add_link(graph);

	if (!link)
		return -ENOMEM;
	link->from = writer->key.process;
	link->to = reader->key.process;
	link->object = writer->key.object;
	link->kind = pipe_kind_name(link->object->key.kind);
	link->observed = writer->used_out && reader->used_in;
	link->closed = !writer->write_slots || !reader->read_slots;
	link->bytes = count_known(model, written->bytes_out);
	link->messages = count_known(model, written->ops_out);
	link->rate = count_rate(model, written->bytes_out);
	link->blocked_ns = count_known(model, written->blocked_out + read->blocked_in);
	return 0;
}

/* Every writer can send to every reader. */
static int pipe_links(struct graph *graph, const struct model *model, struct object *object,
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
			err = pipe_add_link(graph, model, writer, reader);
			if (err)
				return err;
		}
	}
	return 0;
}

static const link_builder builders[FILE_KIND_MAX] = {
	[FILE_PIPE] = pipe_links,
	[FILE_FIFO] = pipe_links,
};

link_builder link_builder_of(uint32_t kind)
{
	return kind < FILE_KIND_MAX ? builders[kind] : NULL;
}
