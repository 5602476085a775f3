// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors: leaked through exec, made non-blocking for others, too many, piled up in flight. */
#include "check/rule.h"

#include <ctype.h>
#include <stdio.h>

/* --- leaked-by-exec -------------------------------------------------------------------------- */

#define EXEC_LASTING_NS 1000000000ull
#define TCP_LISTEN      10 /* include/net/tcp_states.h; Unix sockets use it too */

/* The number stands in an argument, as in /dev/fd/63 or --status-fd=5: it was handed over. */
static bool is_in_argument(const char *argument, const char *number)
{
	size_t len = strlen(number);
	const char *at = argument;

	while ((at = strstr(at, number))) {
		if ((at == argument || !isdigit((unsigned char)at[-1])) &&
		    !isdigit((unsigned char)at[len]))
			return true;
		at += len;
	}
	return false;
}

static bool is_named_in_argv(const struct process *process, int fd)
{
	const char *at = process->argv, *end = at ? at + process->argv_len : NULL;
	char number[16];

	/* What cannot be read, or any more, might name it. */
	if (!at || process->argv_cut || process->argv_over)
		return true;
	snprintf(number, sizeof(number), "%d", fd);
	for (; at < end; at += strlen(at) + 1)
		if (is_in_argument(at, number))
			return true;
	return false;
}

static bool is_stream(const struct object *object)
{
	switch (object->key.kind) {
	case FILE_PIPE:
	case FILE_FIFO: return true;
	case FILE_UNIX:
	case FILE_TCP: return object->facts.socket.state != TCP_LISTEN;
	}
	return false;
}

/* Someone else uses the object in the same way: the leaked one is a copy that nobody asked for. Its
 * only holder was given it on purpose. */
static const struct endpoint *rightful_user(const struct endpoint *leak)
{
	const struct endpoint *other;

	DL_FOREACH2(leak->key.object->endpoints, other, object_next) {
		if (other == leak || (other->held & HELD_LEAKED))
			continue;
		if ((leak->ever_write && other->ever_write && other->used_out) ||
		    (leak->ever_read && other->ever_read && other->used_in))
			return other;
	}
	return NULL;
}

/* Of pids that have been used again, a parent's may be that of one that began later. */
static bool is_descendant(const struct model *model, const struct process *process,
			  const struct process *ancestor)
{
	const struct process *parent;

	for (; process->ppid; process = parent) {
		parent = model_process_by_pid(model, process->ppid);
		if (!parent || parent == process || parent->key.start_ns > process->key.start_ns)
			return false;
		if (parent == ancestor)
			return true;
	}
	return false;
}

/* It was forked from there by a clone that gave it another parent, or lost its parent since. */
static bool came_from(const struct process *process, const struct object *object,
		      const struct process *from)
{
	if (!process->table)
		return false;
	TABLE_FOREACH(process->table, fd, slot)
	if (slot->description->object == object && slot->from == from && slot->came == CAME_FORK)
		return true;
	return false;
}

/* Since its exec it forked somebody who uses the object: it has that for its children, as a zygote does. */
static bool has_it_for_a_child(const struct model *model, const struct endpoint *leak)
{
	const struct process *process = leak->key.process;
	const struct object *object = leak->key.object;
	const struct endpoint *other;

	DL_FOREACH2(object->endpoints, other, object_next)
		if ((other->used_in || other->used_out) && other != leak &&
		    other->first_ts >= process->exec_ts &&
		    (is_descendant(model, other->key.process, process) ||
		     came_from(other->key.process, object, process)))
			return true;
	return false;
}

static bool was_handed(const struct handover *handover, const struct object *object)
{
	const struct handed *handed;

	DL_FOREACH(handover->handed, handed)
		if (handed->object.serial == object->serial)
			return true;
	return false;
}

/* It passed the object on to somebody. */
static bool has_it_to_pass_on(const struct model *model, const struct endpoint *leak)
{
	const struct handover *handover;

	if (!leak->key.process->handovers)
		return false;
	for (handover = model->handovers; handover; handover = handover->hh.next)
		if (handover->key.from == leak->key.process && !handover->key.taken &&
		    was_handed(handover, leak->key.object))
			return true;
	return false;
}

/* It uses none of it itself, and knows of it nevertheless. */
static bool is_for_others(const struct model *model, const struct endpoint *leak)
{
	return has_it_for_a_child(model, leak) || has_it_to_pass_on(model, leak);
}

/* Its parent got it by the same leak: that one is told of, its children need not be. */
static bool is_from_a_leak(const struct model *model, const struct endpoint *leak)
{
	const struct process *parent = model_process_by_pid(model, leak->key.process->ppid);
	const struct endpoint *parents = parent ? model_endpoint(model, parent, leak->key.object) :
						  NULL;

	return parents && (parents->held & HELD_LEAKED) && !is_for_others(model, parents);
}

/* Nothing in it tells a leak from a use that is still to come, or from a descriptor handed down on
 * purpose. */
static bool looks_like_a_leak(const struct model *model, const struct endpoint *endpoint)
{
	if (!(endpoint->held & HELD_LEAKED) || endpoint->used_in || endpoint->used_out ||
	    endpoint->transfer.broken || endpoint->is_reading || endpoint->leaked_fd < 0)
		return false;
	if (endpoint->held & (HELD_STDIO_READ | HELD_STDIO_WRITE))
		return false;
	/* Both ends of a pipe: a queue handed down, such as make's job server. */
	if (endpoint->key.object->key.kind == FILE_PIPE && keeps_read(endpoint) &&
	    keeps_write(endpoint))
		return false;
	return !is_for_others(model, endpoint) && !is_from_a_leak(model, endpoint) &&
	       !is_named_in_argv(endpoint->key.process, endpoint->leaked_fd);
}

/* "bash", "dash": what it starts gets what the script opened, and is mostly waited for. */
static bool is_shell(const struct process *process)
{
	size_t len = strnlen(process->comm, sizeof(process->comm));

	return len >= 2 && !memcmp(process->comm + len - 2, "sh", 2);
}

/* It has lasted: the program lives on after its rightful user let go, or runs for long beside it. One
 * that came and went while its user had the descriptor anyhow did no harm. */
static bool is_lasting_leak(const struct model *model, const struct endpoint *leak,
			    const struct endpoint *user)
{
	const struct process *process = leak->key.process;
	uint64_t until = process->exited ? process->exit_ts : model->end_ts;
	uint64_t used_until = leak->ever_write ? write_until(model, user) : read_until(model, user);

	if (until < process->exec_ts + EXEC_LASTING_NS)
		return false;
	if (until > used_until + LASTING_NS)
		return true;
	return !process->exited && !is_shell(user->key.process);
}

static int leak_add(struct inspection *inspection, const struct endpoint *leak,
		    const struct endpoint *user)
{
	char who[WHO_LEN], other[WHO_LEN];

	return finding_add(inspection, leak->key.process, leak->key.object,
			   "%s got descriptor %d through exec and never used it; it is a copy of "
			   "what %s uses",
			   process_words(leak->key.process, who), leak->leaked_fd,
			   process_words(user->key.process, other));
}

int find_leaked_by_exec(struct inspection *inspection)
{
	const struct model *model = inspection->model;
	const struct endpoint *endpoint, *user;
	const struct object *object;
	int err = 0;

	for (object = model->objects; object; object = object->hh.next) {
		if (!is_stream(object))
			continue;
		DL_FOREACH2(object->endpoints, endpoint, object_next) {
			if (err || !looks_like_a_leak(model, endpoint))
				continue;
			user = rightful_user(endpoint);
			if (user && is_lasting_leak(model, endpoint, user))
				err = leak_add(inspection, endpoint, user);
		}
	}
	return err;
}

/* --- shared-nonblock ------------------------------------------------------------------------- */

static bool is_used_after(const struct endpoint *endpoint, uint64_t rose_ts, uint64_t gone_ts)
{
	uint64_t since = endpoint->nonblock_ts;

	/* It may have let go of that end before it used the other. */
	if (gone_ts && gone_ts < endpoint->use_ts)
		return false;
	return endpoint->use_ts > since || rose_ts > since + COUNT_DELAY_NS;
}

/* It went on using what another had made non-blocking. */
static bool is_felt(const struct endpoint *endpoint)
{
	uint32_t mode = endpoint->nonblock_mode;

	if (!endpoint->nonblock_by.pid)
		return false;
	if ((mode & ACCESS_READ) && endpoint->used_in &&
	    is_used_after(endpoint, endpoint->in_ts, endpoint->read_gone_ts))
		return true;
	return (mode & ACCESS_WRITE) && endpoint->used_out &&
	       is_used_after(endpoint, endpoint->out_ts, endpoint->write_gone_ts);
}

int find_shared_nonblock(struct inspection *inspection)
{
	const struct model *model = inspection->model;
	const struct endpoint *endpoint;
	char who[WHO_LEN], other[WHO_LEN];
	const struct process *by;
	const struct object *object;
	int err = 0;

	for (object = model->objects; object; object = object->hh.next) {
		DL_FOREACH2(object->endpoints, endpoint, object_next) {
			by = is_felt(endpoint) ? model_process(model, endpoint->nonblock_by.pid,
							       endpoint->nonblock_by.start_ns) :
						 NULL;
			if (err || !by)
				continue;
			err = finding_add(inspection, by, object,
					  "%s set O_NONBLOCK on an open file description that %s "
					  "uses too, and %s didn't ask for it",
					  process_words(by, who),
					  process_words(endpoint->key.process, other), other);
		}
	}
	return err;
}

/* --- fd-limit -------------------------------------------------------------------------------- */

#define LIMIT_PERCENT 90

int find_fd_limit(struct inspection *inspection)
{
	const struct process *process;
	char who[WHO_LEN];
	int err = 0;

	for (process = inspection->model->processes; process && !err; process = process->hh.next) {
		const struct table *table = process->table;

		if (!table || !process->fd_limit.known ||
		    table->used * 100ull < process->fd_limit.value * LIMIT_PERCENT)
			continue;
		err = finding_add(inspection, process, NULL,
				  "%s has %u descriptors open, of %llu it may have",
				  process_words(process, who), table->used,
				  (unsigned long long)process->fd_limit.value);
	}
	return err;
}

/* --- in-flight-pile -------------------------------------------------------------------------- */

#define PILE 32 /* no protocol sends so many ahead; one message carries 253 at most */

static unsigned int in_flight_to(const struct model *model, uint64_t socket_ino,
				 const struct process **sender)
{
	const struct description *description;
	const struct passing *passing;
	unsigned int count = 0;

	*sender = NULL;
	for (description = model->descriptions; description; description = description->hh.next)
		DL_FOREACH(description->in_flight, passing)
			if (passing->socket_ino == socket_ino) {
				count++;
				if (passing->sender)
					*sender = passing->sender;
			}
	return count;
}

static bool has_in_flight(const struct model *model)
{
	const struct description *description;

	for (description = model->descriptions; description; description = description->hh.next)
		if (description->in_flight)
			return true;
	return false;
}

int find_in_flight_pile(struct inspection *inspection)
{
	const struct process *sender, *holder;
	char who[WHO_LEN], from[WHO_LEN];
	const struct object *object;
	unsigned int count;
	int err = 0;

	if (!has_in_flight(inspection->model))
		return 0;
	for (object = inspection->model->objects; object && !err; object = object->hh.next) {
		if (object->key.kind != FILE_UNIX || !object->slots)
			continue;
		count = in_flight_to(inspection->model, object->key.ino, &sender);
		if (count < PILE)
			continue;
		holder = object_holder(object);
		err = finding_add(
			inspection, holder, object,
			"%u descriptors lie in this socket's queue%s%s; %s doesn't receive "
			"them",
			count, sender ? ", sent by " : "",
			sender ? process_words(sender, from) : "",
			holder ? process_words(holder, who) : "its holder");
	}
	return err;
}
