// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ends of pipes that someone forgot to close. Holding an end unused is no mistake in itself: a
 * self-pipe has both ends in one process, a server keeps ends for children to come, children wait
 * for their parent's death on a pipe nobody writes to, and a queue shared by several processes
 * (make's job server, Python's multiprocessing) is held at both ends by all. It is one where it does
 * harm: a reader is left waiting for an end of file that cannot come, or a writer for a reader.
 * And it is one where a child uses one end, kept the other from its parent, and its partner did close
 * what it did not need, so that the two ends were not meant to be shared.
 */
#include "check/rule.h"

#include <stdio.h>

#define HELD_STDIO (HELD_STDIO_READ | HELD_STDIO_WRITE)

/* What is to be known about all parties of a pipe at once. */
struct pipe_state {
	const struct endpoint *writer; /* one that wrote and was the last of those to let go */
	const struct endpoint *reader; /* one that read, likewise */
	uint64_t written_until; /* when the last that wrote let go; end of the window: not yet */
	uint64_t read_until;
	uint64_t bytes_in, bytes_out;
	bool has_live_writer; /* someone may still write: wrote and holds it, or has it as
					 * standard output or error */
	bool has_live_reader;
	bool is_queue; /* all who used one end had the other too meanwhile */
};

static void state_add_writer(struct pipe_state *state, const struct model *model,
			     const struct endpoint *endpoint)
{
	uint64_t until = write_until(model, endpoint);

	if (endpoint->write_slots)
		state->has_live_writer = true;
	if (!state->writer || until > state->written_until) {
		state->writer = endpoint;
		state->written_until = until;
	}
}

static void state_add_reader(struct pipe_state *state, const struct model *model,
			     const struct endpoint *endpoint)
{
	uint64_t until = read_until(model, endpoint);

	if (endpoint->read_slots)
		state->has_live_reader = true;
	if (!state->reader || until > state->read_until) {
		state->reader = endpoint;
		state->read_until = until;
	}
}

/* It had the other end too when it first used this one. */
static bool had_meanwhile(const struct endpoint *endpoint, uint64_t until, bool keeps)
{
	return endpoint->use_ts ? until > endpoint->use_ts : keeps;
}

static void state_init(struct pipe_state *state, const struct model *model,
		       const struct object *object)
{
	bool writer_has_both = true, reader_has_both = true;
	const struct endpoint *endpoint;

	*state = (struct pipe_state){ 0 };
	DL_FOREACH2(object->endpoints, endpoint, object_next) {
		state->bytes_in += endpoint->transfer.bytes_in;
		state->bytes_out += endpoint->transfer.bytes_out;
		if (has_written(endpoint)) {
			state_add_writer(state, model, endpoint);
			writer_has_both &= had_meanwhile(endpoint, read_until(model, endpoint),
							 keeps_read(endpoint));
		}
		if (endpoint->used_in) {
			state_add_reader(state, model, endpoint);
			reader_has_both &= had_meanwhile(endpoint, write_until(model, endpoint),
							 keeps_write(endpoint));
		}
		if (endpoint->write_slots && (endpoint->held & HELD_STDIO_WRITE))
			state->has_live_writer = true;
		if (endpoint->read_slots && (endpoint->held & HELD_STDIO_READ))
			state->has_live_reader = true;
	}
	state->is_queue = writer_has_both && reader_has_both;
}

static bool is_idle_writer(const struct endpoint *endpoint)
{
	return keeps_write(endpoint) && !has_written(endpoint) &&
	       !(endpoint->held & HELD_STDIO_WRITE);
}

static bool is_idle_reader(const struct endpoint *endpoint)
{
	return keeps_read(endpoint) && !endpoint->used_in && !endpoint->is_reading &&
	       !(endpoint->held & HELD_STDIO_READ);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* From when all who wrote had let go until the reader, or this holder, did: for so long it alone kept
 * end of file from the reader. */
static bool withholds_end(const struct model *model, const struct pipe_state *state,
			  const struct endpoint *holder, const struct endpoint *reader)
{
	uint64_t until = earlier(write_until(model, holder), read_until(model, reader));

	if (state->has_live_writer || !state->writer || state->writer == holder)
		return false;
	return until >= state->written_until + LASTING_NS;
}

/* " (descriptor 4)", or nothing where the process is gone. */
static const char *fd_words(const struct endpoint *endpoint, uint32_t access, char buf[32])
{
	int fd = fd_on(endpoint->key.process, endpoint->key.object, access);

	buf[0] = 0;
	if (fd >= 0)
		snprintf(buf, 32, " (descriptor %d)", fd);
	return buf;
}

/* --- reader-holds-writer --------------------------------------------------------------------- */

static bool is_alone_in_its_process(const struct process *process)
{
	return process->tasks && !process->tasks->process_next;
}

/* The only way to tell of it without having watched: it sleeps in a read, no thread of its own could
 * wake it, and everybody else can only write. */
static bool is_blocked_on_own_writer(const struct endpoint *reader)
{
	const struct endpoint *other;
	bool has_partner = false;

	if (!reader->is_reading || !reader->write_slots || has_written(reader) ||
	    !is_alone_in_its_process(reader->key.process))
		return false;
	DL_FOREACH2(reader->key.object->endpoints, other, object_next) {
		if (other == reader)
			continue;
		if (other->read_slots)
			return false;
		has_partner |= other->write_slots > 0;
	}
	return has_partner;
}

/* A child that reads, and kept the write end as it came from its parent, while who writes closed the
 * read end. Once it has closed the end it reads by, it waits for no end of file. */
static bool kept_inherited_writer(const struct model *model, const struct pipe_state *state,
				  const struct endpoint *reader)
{
	if ((reader->held & (HELD_FORK_WRITE | HELD_OWN_WRITE)) != HELD_FORK_WRITE ||
	    !state->writer || state->writer == reader || keeps_read(state->writer))
		return false;
	return reader->use_ts && earlier(write_until(model, reader), read_until(model, reader)) >=
					 reader->use_ts + LASTING_NS;
}

static bool reader_holds_writer(const struct model *model, const struct pipe_state *state,
				const struct endpoint *reader)
{
	if (is_blocked_on_own_writer(reader))
		return true;
	if (!model->counted || !is_idle_writer(reader))
		return false;
	if (!reader->used_in && !reader->is_reading)
		return false;
	if (withholds_end(model, state, reader, reader))
		return !state->is_queue || reader->is_reading;
	return reader->used_in && kept_inherited_writer(model, state, reader);
}

int find_reader_holds_writer(struct inspection *inspection)
{
	const struct model *model = inspection->model;
	const struct object *object;
	const struct endpoint *reader;
	struct pipe_state state;
	char who[WHO_LEN], fd[32];
	int err = 0;

	for (object = model->objects; object; object = object->hh.next) {
		if (object->key.kind != FILE_PIPE)
			continue;
		state_init(&state, model, object);
		DL_FOREACH2(object->endpoints, reader, object_next) {
			if (err || !reader_holds_writer(model, &state, reader))
				continue;
			err = finding_add(inspection, reader->key.process, object,
					  "%s reads this pipe and keeps its write end open too%s, "
					  "unused: it will never see end of file",
					  process_words(reader->key.process, who),
					  fd_words(reader, ACCESS_WRITE, fd));
		}
	}
	return err;
}

/* --- unused-pipe-end: the write end ------------------------------------------------------------ */

/* Someone else, who reads, or sleeps in a read, and whom this holder keeps waiting. */
static const struct endpoint *victim_of(const struct model *model, const struct pipe_state *state,
					const struct endpoint *holder)
{
	const struct endpoint *reader;

	DL_FOREACH2(holder->key.object->endpoints, reader, object_next)
		if (reader != holder && (reader->used_in || reader->is_reading) &&
		    withholds_end(model, state, holder, reader))
			return reader;
	return NULL;
}

static int check_write_end(struct inspection *inspection, const struct pipe_state *state,
			   const struct endpoint *holder)
{
	const struct endpoint *victim;
	char who[WHO_LEN], reader[WHO_LEN], fd[32];

	/* Through a leak it is another rule's; with the read end, a queue's owner. */
	if (!is_idle_writer(holder) || (holder->held & HELD_LEAKED) || holder->used_in ||
	    (keeps_read(holder) && state->is_queue))
		return 0;
	victim = victim_of(inspection->model, state, holder);
	if (!victim)
		return 0;
	return finding_add(
		inspection, holder->key.process, holder->key.object,
		"%s keeps the write end%s without ever writing, after all who wrote were "
		"done: %s waits for an end of file that cannot come",
		process_words(holder->key.process, who), fd_words(holder, ACCESS_WRITE, fd),
		process_words(victim->key.process, reader));
}

/* --- unused-pipe-end: the read end ------------------------------------------------------------- */

/* All who read are gone, some of what was written was read by nobody, and only this one's unused read
 * end still keeps the pipe alive: the writer gets no SIGPIPE, and waits once it is full. */
static bool withholds_sigpipe(const struct model *model, const struct pipe_state *state,
			      const struct endpoint *holder)
{
	if (!state->reader || state->has_live_reader || state->bytes_out <= state->bytes_in)
		return false;
	return read_until(model, holder) >= state->read_until + LASTING_NS &&
	       state->written_until >= state->read_until + LASTING_NS;
}

static bool has_write_end_in_flight(const struct object *object)
{
	const struct description *description;

	DL_FOREACH2(object->descriptions, description, object_next)
		if (description->in_flight && (description->fmode & ACCESS_WRITE))
			return true;
	return false;
}

/* When the last write end was closed, after which nobody can ever write; the end of the window: not yet. */
static uint64_t writable_until(const struct model *model, const struct object *object)
{
	uint64_t until = object_past(object)->write_gone_ts;
	const struct endpoint *endpoint;

	if (has_write_end_in_flight(object))
		return model->end_ts;
	DL_FOREACH2(object->endpoints, endpoint, object_next)
		if (write_until(model, endpoint) > until)
			until = write_until(model, endpoint);
	return until;
}

/* A child that writes and kept the read end as it came, while who reads closed the write end. It must have been so
 * for as long as somebody could write, and be so still: a pipe that can have no writer any more has nobody who would
 * get SIGPIPE, or wait. */
static bool kept_inherited_reader(const struct model *model, const struct pipe_state *state,
				  const struct endpoint *writer)
{
	uint64_t writable = writable_until(model, writer->key.object);

	if (!has_written(writer) || !state->reader || state->reader == writer ||
	    (writer->held & (HELD_FORK_READ | HELD_OWN_READ)) != HELD_FORK_READ ||
	    keeps_write(state->reader))
		return false;
	if (writer->read_slots && writable < model->end_ts)
		return false;
	return writer->use_ts &&
	       earlier(read_until(model, writer), writable) >= writer->use_ts + LASTING_NS;
}

static int check_read_end(struct inspection *inspection, const struct pipe_state *state,
			  const struct endpoint *holder)
{
	const struct model *model = inspection->model;
	char who[WHO_LEN], fd[32];

	if (!is_idle_reader(holder) || (holder->held & HELD_LEAKED))
		return 0;
	if (!withholds_sigpipe(model, state, holder) &&
	    !kept_inherited_reader(model, state, holder))
		return 0;
	return finding_add(
		inspection, holder->key.process, holder->key.object,
		"%s keeps the read end%s without ever reading: whoever writes gets no "
		"SIGPIPE when the real reader is gone, but waits for ever once the pipe is "
		"full",
		process_words(holder->key.process, who), fd_words(holder, ACCESS_READ, fd));
}

int find_unused_pipe_end(struct inspection *inspection)
{
	const struct object *object;
	const struct endpoint *holder;
	struct pipe_state state;
	int err = 0;

	for (object = inspection->model->objects; object; object = object->hh.next) {
		if (object->key.kind != FILE_PIPE)
			continue;
		state_init(&state, inspection->model, object);
		DL_FOREACH2(object->endpoints, holder, object_next) {
			if (!err)
				err = check_write_end(inspection, &state, holder);
			if (!err)
				err = check_read_end(inspection, &state, holder);
		}
	}
	return err;
}
