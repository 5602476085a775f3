// SPDX-License-Identifier: GPL-2.0-only
/* What went wrong in the use of pipes and sockets: no reader, or too many. */
#include "check/rule.h"

#include <signal.h>

/* A filter that is told once that its reader has seen enough (| head), and ends, has done right. */
#define BROKEN_PATIENCE 3

/* --- no-reader ------------------------------------------------------------------------------- */

static bool died_of(const struct process *process, int signal)
{
	return process->exited && process->exit_known && (process->exit_code & 0x7f) == signal;
}

/* It ended by itself, with whatever status (cmp, grep -q), or as a pipeline ends, from its tail. */
static bool ended_in_order(const struct process *process)
{
	return process->exited && process->exit_known &&
	       (!(process->exit_code & 0x7f) || died_of(process, SIGPIPE));
}

/* Who let go of the other end last; NULL where that was before we looked. */
static const struct endpoint *last_reader(const struct endpoint *writer)
{
	const struct endpoint *endpoint, *last = NULL;

	DL_FOREACH2(writer->key.object->endpoints, endpoint, object_next)
		if (endpoint != writer && endpoint->ever_read && endpoint->read_gone_ts &&
		    (!last || endpoint->read_gone_ts > last->read_gone_ts))
			last = endpoint;
	return last;
}

static bool is_pipe(const struct object *object)
{
	return object->key.kind == FILE_PIPE || object->key.kind == FILE_FIFO;
}

/* A pipe's writer: whoever writes to standard output may find that its reader has seen enough. */
static bool is_pipe_mistake(const struct endpoint *writer, const struct endpoint *reader)
{
	const struct process *process = writer->key.process;
	bool is_filter = writer->held & HELD_STDIO_WRITE;

	if (is_filter && reader &&
	    (!reader->key.process->exited || ended_in_order(reader->key.process)))
		return writer->transfer.broken > BROKEN_PATIENCE;
	return died_of(process, SIGPIPE) || writer->transfer.broken > 1;
}

static bool is_no_reader(const struct endpoint *writer, const struct endpoint *reader)
{
	if (!writer->transfer.broken)
		return false;
	if (is_pipe(writer->key.object))
		return is_pipe_mistake(writer, reader);
	/* A server whose client went away is told so by EPIPE, and minds it. */
	return died_of(writer->key.process, SIGPIPE);
}

static int no_reader_add(struct inspection *inspection, const struct endpoint *writer,
			 const struct endpoint *reader)
{
	const struct process *process = writer->key.process;
	const char *end = died_of(process, SIGPIPE) ? ", and was ended by SIGPIPE" : "";
	unsigned long long times = writer->transfer.broken;
	char who[WHO_LEN], other[WHO_LEN];

	if (!reader)
		return finding_add(inspection, process, writer->key.object,
				   "%s wrote %llu time%s where nobody reads (EPIPE)%s",
				   process_words(process, who), times, times == 1 ? "" : "s", end);
	return finding_add(
		inspection, process, writer->key.object,
		"%s wrote %llu time%s where nobody reads any more (EPIPE)%s; the last to "
		"close the read end was %s",
		process_words(process, who), times, times == 1 ? "" : "s", end,
		process_words(reader->key.process, other));
}

int find_no_reader(struct inspection *inspection)
{
	const struct endpoint *writer, *reader;
	const struct object *object;
	int err = 0;

	for (object = inspection->model->objects; object; object = object->hh.next) {
		DL_FOREACH2(object->endpoints, writer, object_next) {
			reader = writer->transfer.broken && is_pipe(object) ? last_reader(writer) :
									      NULL;
			if (!err && is_no_reader(writer, reader))
				err = no_reader_add(inspection, writer, reader);
		}
	}
	return err;
}

/* --- two-readers ----------------------------------------------------------------------------- */

static bool is_same_program(const struct process *a, const struct process *b)
{
	return a->exe && b->exe && !strcmp(a->exe, b->exe);
}

/*
 * Readers in turn (a shell that reads a line and leaves the rest to what it starts) are fine, and so
 * are workers of one program that take from one queue. Two programs that read by turns again and again
 * are not: the first read before the other began and after it had begun.
 */
static bool is_in_each_others_way(const struct model *model, const struct endpoint *first,
				  const struct endpoint *second)
{
	if (!first->transfer.bytes_in || !second->transfer.bytes_in || !first->use_ts ||
	    !second->use_ts || first->use_ts > second->use_ts)
		return false;
	if (is_same_program(first->key.process, second->key.process))
		return false;
	/* Who holds both ends shares a queue: make's job server. */
	if (write_until(model, first) > first->use_ts ||
	    write_until(model, second) > second->use_ts)
		return false;
	return first->in_ts > second->use_ts + COUNT_DELAY_NS;
}

int find_two_readers(struct inspection *inspection)
{
	const struct endpoint *first, *second;
	char who[WHO_LEN], other[WHO_LEN];
	const struct object *object;
	int err = 0;

	for (object = inspection->model->objects; object; object = object->hh.next) {
		if (!is_pipe(object))
			continue;
		DL_FOREACH2(object->endpoints, first, object_next)
			DL_FOREACH2(object->endpoints, second, object_next) {
				if (err || first == second ||
				    !is_in_each_others_way(inspection->model, first, second))
					continue;
				err = finding_add(inspection, second->key.process, object,
						  "%s and %s both read from it, by turns: %llu and "
						  "%llu bytes, each got by chance",
						  process_words(first->key.process, who),
						  process_words(second->key.process, other),
						  (unsigned long long)first->transfer.bytes_in,
						  (unsigned long long)second->transfer.bytes_in);
			}
	}
	return err;
}
