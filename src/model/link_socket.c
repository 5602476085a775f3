// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links over sockets: whoever holds one end can send to whoever holds the other. A conversation is
 * two links, each on the writer's own end, so this is called for both.
 */
#include "model/link.h"

#define SEND_SHUTDOWN 2 /* include/net/sock.h */

/* Is there a process but that one at either end? */
static bool has_other_party(const struct object *own, const struct object *other,
			    const struct process *process, bool closed)
{
	const struct object *const ends[] = { own, other };
	const struct endpoint *endpoint;

	for (int i = 0; i < 2; i++)
		DL_FOREACH2(ends[i]->endpoints, endpoint, object_next)
			if (endpoint->key.process != process && endpoint_counts(endpoint, closed))
				return true;
	return closed && (object_past(own)->parties || object_past(other)->parties);
}

/* Whoever has both ends could talk to itself: a link if it does, or if nobody else could be meant. */
static bool is_link(const struct endpoint *writer, const struct endpoint *reader, bool closed)
{
	if (writer->key.process != reader->key.process)
		return true;
	return (writer->used_out && reader->used_in) ||
	       !has_other_party(writer->key.object, reader->key.object, writer->key.process, closed);
}

/* Both are counted while others go on. */
static uint64_t left_of(uint64_t whole, uint64_t part)
{
	return whole > part ? whole - part : 0;
}

/* How much of what the writer wrote was for the socket at the reader's end. What had no destination was for the
 * peer. */
static struct sent_sum amounts_to(const struct model *model, const struct endpoint *writer, const struct object *other)
{
	const struct socket *socket = writer->key.object->socket;
	struct sent_sum sent = socket_sent(model, socket, writer->key.process, other), all;

	if (other != socket_connected(model, writer->key.object))
		return sent;
	all = socket_sent(model, socket, writer->key.process, NULL);
	sent.bytes += left_of(writer->transfer.bytes_out, all.bytes);
	sent.ops += left_of(writer->transfer.ops_out, all.ops);
	return sent;
}

static void set_amounts(struct graph_link *link, const struct model *model, const struct endpoint *writer,
			const struct object *other)
{
	const struct socket *socket = writer->key.object->socket;
	struct sent_sum sent;

	if (!socket->counts_destinations) {
		/* In a recording of before that was counted. */
		if (socket->destinations_count > 1)
			link->bytes = link->messages = link->rate = (struct count){ 0 };
		return;
	}
	sent = amounts_to(model, writer, other);
	link->bytes = link_count(model, sent.bytes);
	link->messages = link_count(model, sent.ops);
	link->rate = link_rate(model, sent.bytes);
	link->observed = link->observed && sent.ops;
}

static int add_link(struct graph *graph, const struct model *model, const struct endpoint *writer,
		    const struct endpoint *reader)
{
	struct graph_link *link = link_add_pair(graph, model, writer, reader);

	if (!link)
		return -ENOMEM;
	link->closed_first = socket_closed_first(model, link->object);
	set_amounts(link, model, writer, reader->key.object);
	return graph_add_process(graph, link->to);
}

/* What was sent and is lost was for somebody. */
static int lost_link(struct graph *graph, const struct model *model, const struct endpoint *writer,
		     const struct object *other, bool closed)
{
	const struct endpoint *reader = NULL;

	if (writer->used_out && amounts_to(model, writer, other).ops)
		reader = link_last_reader(other, writer, closed);
	return reader ? add_link(graph, model, writer, reader) : 0;
}

static int links_of(struct graph *graph, const struct model *model, const struct endpoint *writer,
		    struct object *other, enum crowd crowd, bool closed)
{
	const struct endpoint *reader;
	bool is_any = false;
	int err = 0;

	DL_FOREACH2(other->endpoints, reader, object_next) {
		if (err || !endpoint_reads(reader, closed) || !is_link(writer, reader, closed))
			continue;
		is_any = true;
		if (!link_is_left_out(graph, crowd, writer->used_out && reader->used_in,
				      !writer->write_slots || !reader->read_slots))
			err = add_link(graph, model, writer, reader);
	}
	return is_any ? err : lost_link(graph, model, writer, other, closed);
}

static int links_to(struct graph *graph, const struct model *model, struct object *object,
		    struct object *other, bool closed)
{
	const enum crowd crowd = link_crowd(object, endpoint_writes, other, endpoint_reads, closed);
	const size_t readers = link_count_kept(other, endpoint_reads, closed);
	const struct endpoint *writer;
	int err = 0;

	link_leave_out_past(graph, object, other, closed);
	DL_FOREACH2(object->endpoints, writer, object_next) {
		/* What it wrote before it shut that direction stays told. */
		if (!endpoint_writes(writer, closed) ||
		    ((object->socket->facts.shutdown & SEND_SHUTDOWN) && !writer->used_out))
			continue;
		/* By a socket that leads to itself whoever has it from its parent can write to that. */
		if (object == other && !amounts_to(model, writer, other).ops)
			continue;
		if (link_writer_is_left_out(graph, crowd, writer->used_out, !writer->write_slots, readers))
			continue;
		if (!err)
			err = links_of(graph, model, writer, other, crowd, closed);
	}
	return err;
}

static void elsewhere_set(struct graph_link *link, const struct object *object, const uint8_t address[16],
		       uint16_t port)
{
	link->remote = true;
	memcpy(link->place.address, address, sizeof(link->place.address));
	link->place.port = port;
	link->place.netns = object->socket->facts.netns;
}

/* With who is elsewhere: a link each way, with no process at the other end. */
static int add_remote(struct graph *graph, const struct model *model,
		      const struct endpoint *endpoint, bool outgoing)
{
	const struct socket_facts *facts = &endpoint->key.object->socket->facts;
	const struct transfer *transfer = &endpoint->transfer;
	uint64_t bytes = outgoing ? transfer->bytes_out : transfer->bytes_in;
	struct process *process = endpoint->key.process;
	struct graph_link *link = graph_add_link(graph, outgoing ? process : NULL,
						 outgoing ? NULL : process, endpoint->key.object);

	if (!link)
		return -ENOMEM;
	elsewhere_set(link, endpoint->key.object, facts->remote, facts->remote_port);
	link->closed_first = socket_closed_first(model, endpoint->key.object);
	if (!outgoing)
		link->closed_first = closed_first_turned(link->closed_first);
	link->observed = outgoing ? endpoint->used_out : endpoint->used_in;
	link->closed = !endpoint->read_slots && !endpoint->write_slots;
	link->bytes = link_count(model, bytes);
	link->messages = link_count(model, outgoing ? transfer->ops_out : transfer->ops_in);
	link->rate = link_rate(model, bytes);
	link->blocked_ns = link_count(model, outgoing ? transfer->blocked_out :
							transfer->blocked_in);
	return 0;
}

static int remote_links(struct graph *graph, const struct model *model, struct object *object,
			bool closed)
{
	const struct endpoint *endpoint;
	int err = 0;

	DL_FOREACH2(object->endpoints, endpoint, object_next) {
		if (!err && endpoint_writes(endpoint, closed))
			err = add_remote(graph, model, endpoint, true);
		if (!err && endpoint_reads(endpoint, closed))
			err = add_remote(graph, model, endpoint, false);
	}
	return err;
}

/* One way alone: whoever answers is not known by its address. */
static int add_sent(struct graph *graph, const struct model *model, const struct endpoint *endpoint,
		    const struct destination *destination, const struct sent_sum *sum)
{
	struct graph_link *link = graph_add_link(graph, endpoint->key.process, NULL, endpoint->key.object);

	if (!link)
		return -ENOMEM;
	elsewhere_set(link, endpoint->key.object, destination->to.remote, destination->to.remote_port);
	link->observed = sum->ops;
	link->closed = !endpoint->write_slots;
	link->bytes = link_count(model, sum->bytes);
	link->messages = link_count(model, sum->ops);
	link->rate = link_rate(model, sum->bytes);
	return 0;
}

/* What was sent to other machines by a socket that isn't connected to them. */
static int sent_links(struct graph *graph, const struct model *model, struct object *object, bool closed)
{
	const struct destination *destination;
	const struct endpoint *endpoint;
	const struct sent_sum *sum;
	int err = 0;

	DL_FOREACH(object->socket->destinations, destination) {
		if (!destination->sums || !destination_is_remote(model, object->socket, destination))
			continue;
		DL_FOREACH2(object->endpoints, endpoint, object_next) {
			sum = sum_of(destination, endpoint->key.process);
			if (sum && !err && endpoint_writes(endpoint, closed))
				err = add_sent(graph, model, endpoint, destination, sum);
		}
	}
	return err;
}

/* Several addresses may lead to one socket. */
static bool is_among(struct object *const *others, size_t count, const struct object *other)
{
	for (size_t i = 0; i < count; i++)
		if (others[i] == other)
			return true;
	return false;
}

int socket_links(struct graph *graph, const struct model *model, struct object *object, bool closed)
{
	size_t max = object->socket ? object->socket->destinations_count + 1 : 0, count = 0;
	struct object *other, **others;
	int err = 0;

	if (!max)
		return 0;
	if (socket_is_remote(model, object))
		return remote_links(graph, model, object, closed);
	others = calloc(max, sizeof(struct object *));
	if (!others)
		return -ENOMEM;
	for (unsigned int i = 0; !err && count < max && (other = socket_other(model, object, i)); i++) {
		if (is_among(others, count, other))
			continue;
		others[count++] = other;
		err = links_to(graph, model, object, other, closed);
	}
	free(others);
	return err ? err : sent_links(graph, model, object, closed);
}
