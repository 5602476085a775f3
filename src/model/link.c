// SPDX-License-Identifier: GPL-2.0-only
/* Who can send to whom through an object: the table of link builders (link_*.c), and what they have
 * in common. */
#include "model/link.h"

bool endpoint_counts(const struct endpoint *endpoint, bool closed)
{
	if (endpoint->maps || endpoint->read_slots || endpoint->write_slots || endpoint_waits(endpoint))
		return true;
	return closed && (endpoint->ever_map || endpoint->ever_read || endpoint->ever_write || endpoint->used_in ||
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

/* Whoever used a socket one way had the other as well. */
static bool end_was_used(const struct endpoint *endpoint, bool that_way)
{
	return that_way || (endpoint->key.object->socket && (endpoint->used_in || endpoint->used_out));
}

bool endpoint_reads(const struct endpoint *endpoint, bool closed)
{
	if (endpoint->read_slots || !closed)
		return endpoint->read_slots > 0;
	return end_counts(end_was_used(endpoint, endpoint->used_in), endpoint->ever_read, endpoint->ever_write,
			  endpoint->left_read);
}

bool endpoint_writes(const struct endpoint *endpoint, bool closed)
{
	if (endpoint->write_slots || !closed)
		return endpoint->write_slots > 0;
	return end_counts(end_was_used(endpoint, endpoint->used_out), endpoint->ever_write, endpoint->ever_read,
			  endpoint->left_write);
}

/* 32 and 256 holders of both ends. There may be a thousand such objects, and a link takes half a kilobyte. */
#define PAIRS_MANY	1024
#define LIVE_PAIRS_MANY 65536

static size_t pairs(const struct object *written, link_end writes, const struct object *read,
		    link_end reads, bool closed)
{
	return link_count_ends(written, writes, closed) * link_count_ends(read, reads, closed);
}

enum crowd link_crowd(const struct object *written, link_end writes, const struct object *read,
		      link_end reads, bool closed)
{
	if (pairs(written, writes, read, reads, closed) <= PAIRS_MANY)
		return CROWD_NONE;
	return pairs(written, writes, read, reads, false) > LIVE_PAIRS_MANY ? CROWD_LIVE : CROWD_PAST;
}

bool link_is_left_out(struct graph *graph, enum crowd crowd, bool used, bool closed)
{
	if (crowd == CROWD_NONE || used || (crowd == CROWD_PAST && !closed))
		return false;
	graph->links_left_out++;
	return true;
}

bool link_writer_is_left_out(struct graph *graph, enum crowd crowd, bool used, bool closed, size_t readers)
{
	if (crowd == CROWD_NONE || used || !closed)
		return false;
	graph->links_left_out += readers;
	return true;
}

static size_t count_past(const struct object *object, link_end is_end, bool closed)
{
	if (!closed)
		return 0;
	return is_end == link_ends_of(object->key.kind)->writes ? object_past(object)->writers :
								  object_past(object)->readers;
}

size_t link_count_kept(const struct object *object, link_end is_end, bool closed)
{
	const struct endpoint *endpoint;
	size_t number = 0;

	DL_FOREACH2(object->endpoints, endpoint, object_next)
		number += is_end(endpoint, closed);
	return number;
}

const struct endpoint *link_last_reader(const struct object *object, const struct endpoint *writer, bool closed)
{
	const struct endpoint *endpoint, *last = NULL;

	if (!closed || object->in_flight)
		return NULL;
	DL_FOREACH2(object->endpoints, endpoint, object_next) {
		if (endpoint->read_slots)
			return NULL;
		if (endpoint->read_gone_ts > (last ? last->read_gone_ts : 0))
			last = endpoint;
	}
	return last && last->key.process != writer->key.process ? last : NULL;
}

size_t link_count_ends(const struct object *object, link_end is_end, bool closed)
{
	return link_count_kept(object, is_end, closed) + count_past(object, is_end, closed);
}

static size_t count_writers(const struct object *object)
{
	return link_count_ends(object, link_ends_of(object->key.kind)->writes, true);
}

static size_t count_readers(const struct object *object)
{
	return link_count_ends(object, link_ends_of(object->key.kind)->reads, true);
}

void link_leave_out_past(struct graph *graph, const struct object *written, const struct object *read, bool closed)
{
	const size_t writers = closed ? object_past(written)->writers : 0;
	const size_t readers = closed ? object_past(read)->readers : 0;

	if (!writers && !readers)
		return;
	graph->links_left_out += writers * count_readers(read) + (count_writers(written) - writers) * readers;
}

struct count link_count(const struct model *model, uint64_t value)
{
	return (struct count){ .value = model->counted ? value : 0, .known = model->counted };
}

struct count link_rate(const struct model *model, uint64_t bytes)
{
	uint64_t ns = model->end_ts > model->start_ts ? model->end_ts - model->start_ts : 0;
	double rate = ns ? (double)bytes * 1e9 / (double)ns : 0;

	return (struct count){ .value = (uint64_t)rate, .known = model->counted && ns };
}

/* An eventfd gives a sum, a terminal edits lines. */
static bool is_read_as_written(uint32_t kind)
{
	return kind != FILE_EVENTFD && kind != FILE_PTY;
}

struct graph_link *link_add_pair(struct graph *graph, const struct model *model,
				 const struct endpoint *writer, const struct endpoint *reader)
{
	const struct transfer *written = &writer->transfer, *read = &reader->transfer;
	struct graph_link *link = graph_add_link(graph, writer->key.process, reader->key.process,
						 writer->key.object);

	if (!link)
		return NULL;
	link->observed = writer->used_out && reader->used_in;
	link->closed = !writer->write_slots || !reader->read_slots;
	link->bytes = link_count(model, written->bytes_out);
	link->messages = link_count(model, written->ops_out);
	if (is_read_as_written(writer->key.object->key.kind))
		link->read = link_count(model, read->bytes_in);
	link->rate = link_rate(model, written->bytes_out);
	link->blocked_ns = link_count(model, written->blocked_out + read->blocked_in);
	return link;
}

static const link_builder builders[FILE_KIND_MAX] = {
	[FILE_PIPE] = pipe_links,
	[FILE_FIFO] = pipe_links,
	[FILE_UNIX] = socket_links,
	[FILE_TCP] = socket_links,
	[FILE_UDP] = socket_links,
	[FILE_EVENTFD] = pipe_links,
	[FILE_MQ] = pipe_links,
	[FILE_PTY] = pty_links,
	[FILE_REGULAR] = mapping_links,
	[FILE_MEMFD] = mapping_links,
	[FILE_ANON_MEMORY] = mapping_links,
	[FILE_SHM] = mapping_links,
};

link_builder link_builder_of(uint32_t kind)
{
	return kind < FILE_KIND_MAX ? builders[kind] : NULL;
}

const struct link_ends *link_ends_of(uint32_t kind)
{
	static const struct link_ends mapped = { mapping_writes, mapping_reads };
	static const struct link_ends held = { endpoint_writes, endpoint_reads };

	return link_builder_of(kind) == mapping_links ? &mapped : &held;
}

/* Very many pairs, also where there is nobody at the other side yet. */
static bool are_many(size_t writers, size_t readers)
{
	return writers > PAIRS_MANY || readers > PAIRS_MANY || writers * readers > PAIRS_MANY;
}

bool link_leaves_out_unused(const struct model *model, const struct object *object)
{
	const link_builder build = link_builder_of(object->key.kind);
	const struct object *peer;

	if (!build)
		return true;
	if (build == pty_links)
		return model->counted;
	if (build != socket_links)
		return are_many(count_writers(object), count_readers(object));
	peer = socket_is_connection(object) ? socket_other(model, object, 0) : NULL;
	if (peer)
		return are_many(count_writers(object), count_readers(peer)) &&
		       are_many(count_writers(peer), count_readers(object));
	/* Over a connection that leaves the machine each has its links. */
	return !socket_is_remote(model, object) && are_many(count_writers(object), 0) &&
	       are_many(0, count_readers(object));
}
