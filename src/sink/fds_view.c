// SPDX-License-Identifier: GPL-2.0-only
/* Chooses what the fds report shows; knows no format. */
#include "sink/fds_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sink/order.h"
#include "util/array.h"

/* --- asking the model ---------------------------------------------------------------------- */

/* True when an earlier thread of the process, or its leader, uses that table too. */
static bool is_repeated(const struct process *process, const struct task *task)
{
	const struct task *other;

	if (task->table == process->table)
		return true;
	for (other = process->tasks; other != task; other = other->process_next)
		if (other->table == task->table)
			return true;
	return false;
}

const struct table *process_table_next(const struct process *process, const struct table *last)
{
	const struct task *task;
	bool is_past = !last || last == process->table;

	if (!last && process->table)
		return process->table;
	for (task = process->tasks; task; task = task->process_next) {
		if (task->table && is_past && !is_repeated(process, task))
			return task->table;
		is_past |= task->table == last;
	}
	return NULL;
}

const struct object *object_peer(const struct model *model, const struct object *object)
{
	return object->socket ? socket_other(model, object, 0) : NULL;
}

/* Documentation/admin-guide/devices.txt */
#define MINOR_BITS    20
#define MINOR_MASK    ((1u << MINOR_BITS) - 1)
#define MAJOR_MEM     1
#define MINOR_NULL    3
#define MINOR_ZERO    5
#define MINOR_FULL    7
#define MINOR_RANDOM  8
#define MINOR_URANDOM 9

bool description_tells(const struct description *description)
{
	const struct file_facts *facts = &description->object->facts;

	if (facts->kind != FILE_CHAR || facts->rdev >> MINOR_BITS != MAJOR_MEM)
		return true;
	switch (facts->rdev & MINOR_MASK) {
	case MINOR_NULL:
	case MINOR_ZERO:
	case MINOR_FULL:
	case MINOR_RANDOM:
	case MINOR_URANDOM: return false;
	}
	return true;
}

/* --- holders ------------------------------------------------------------------------------- */

static const struct description *holder_description(const struct holder *holder)
{
	return holder->slot->description;
}

static int holder_order(const void *a, const void *b)
{
	const struct holder *first = a, *second = b;
	int order = COMPARE(first->object, second->object);

	if (!order)
		order = COMPARE(first->description, second->description);
	if (!order)
		order = process_order(first->process, second->process);
	return order ? order : COMPARE(first->fd, second->fd);
}

static int add_holder(struct fds_view *view, const struct process *process,
		      const struct table *table, int fd)
{
	struct holder *added = array_add(&view->holders, &view->holders_count, sizeof(*added));
	const struct slot *slot = &table->slots[fd];

	if (!added)
		return -ENOMEM;
	*added = (struct holder){
		.object = slot->description->object->serial,
		.held = slot->description->object,
		.description = slot->description->serial,
		.process = process,
		.slot = slot,
		.fd = fd,
	};
	return 0;
}

static int add_holders_of(struct fds_view *view, const struct process *process)
{
	const struct table *table = NULL;
	unsigned int fd;
	int err = 0;

	while ((table = process_table_next(process, table)))
		for (fd = 0; fd < table->size && !err; fd++)
			if (table->slots[fd].description)
				err = add_holder(view, process, table, (int)fd);
	return err;
}

static int collect_holders(struct fds_view *view)
{
	const struct process *process, *next;
	int err = 0;

	HASH_ITER(hh, view->model->processes, process, next) {
		err = add_holders_of(view, process);
		if (err)
			return err;
	}
	if (view->holders_count)
		qsort(view->holders, view->holders_count, sizeof(*view->holders), holder_order);
	return 0;
}

static bool is_before(const struct holder *holder, uint64_t object, uint64_t description)
{
	return holder->object < object || (holder->object == object && holder->description < description);
}

/* The first holder that does not come before that object, and description unless it is 0. From where the last one
 * was, by steps that double, and then by halves: what is asked for one after another mostly lies close. */
static size_t holders_begin(struct fds_view *view, uint64_t object, uint64_t description)
{
	size_t low = view->near, high = low, step = 1;

	while (high < view->holders_count && is_before(&view->holders[high], object, description)) {
		low = high + 1;
		high = step < view->holders_count - high ? high + step : view->holders_count;
		step *= 2;
	}
	while (low && !is_before(&view->holders[low - 1], object, description)) {
		high = low - 1;
		low = step < high ? high - step : 0;
		step *= 2;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (is_before(&view->holders[middle], object, description))
			low = middle + 1;
		else
			high = middle;
	}
	return view->near = low;
}

const struct holder *fds_view_object(struct fds_view *view, const struct object *object,
				     size_t *count)
{
	size_t begin = holders_begin(view, object->serial, 0), end = begin;

	while (end < view->holders_count && view->holders[end].object == object->serial)
		end++;
	*count = end - begin;
	return *count ? view->holders + begin : NULL;
}

const struct holder *fds_view_description(struct fds_view *view,
					  const struct description *description, size_t *count)
{
	const uint64_t object = description->object->serial;
	size_t begin = holders_begin(view, object, description->serial), end = begin;

	while (end < view->holders_count && view->holders[end].description == description->serial)
		end++;
	*count = end - begin;
	return *count ? view->holders + begin : NULL;
}

/* How many come before that process, or up to and with it. */
static size_t holders_until(const struct holder *holders, size_t count, const struct process *process,
			    bool with)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (process_order(holders[middle].process, process) < with)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

size_t fds_view_of_process(const struct holder *holders, size_t count, const struct process *process,
			   size_t *begin)
{
	*begin = holders_until(holders, count, process, false);
	return holders_until(holders, count, process, true) - *begin;
}

/* Steps that double, and then halve: most are alone, and some are thousands. */
size_t fds_view_alike(const struct holder *holders, size_t count)
{
	const uint64_t description = holders->description;
	size_t known = 1, step = 1;

	while (known + step <= count && holders[known + step - 1].description == description) {
		known += step;
		step *= 2;
	}
	for (; step; step /= 2)
		if (known + step <= count && holders[known + step - 1].description == description)
			known += step;
	return known;
}

/* --- what is shared with selected processes ------------------------------------------------ */

static int share(struct fds_view *view, const struct description *description)
{
	const struct object *peer;
	int err = set_add(&view->shared_descriptions, description);

	if (err || !object_is_ipc(description->object))
		return err;
	err = set_add(&view->shared_objects, description->object);
	peer = err ? NULL : object_peer(view->model, description->object);
	return peer ? set_add(&view->shared_objects, peer) : err;
}

/* Where everything is selected nobody is a peer, and the sets stay empty. */
static int share_mappings(struct fds_view *view);

static int collect_shared(struct fds_view *view)
{
	size_t i;
	int err = 0;

	for (i = 0; i < view->holders_count && !err && !view->model->select_all; i++)
		if (process_is_selected(view->model, view->holders[i].process))
			err = share(view, holder_description(&view->holders[i]));
	if (!err && !view->model->select_all)
		err = share_mappings(view);
	set_sort(&view->shared_descriptions);
	set_sort(&view->shared_objects);
	return err;
}

static bool is_shared(const struct fds_view *view, const struct description *description)
{
	return set_has(&view->shared_descriptions, description) ||
	       set_has(&view->shared_objects, description->object);
}

bool fds_view_has(const struct fds_view *view, const struct process *process,
		  const struct slot *slot)
{
	if (!slot->description || process_is_selected(view->model, process))
		return slot->description;
	return is_shared(view, slot->description) &&
	       (view->peers == PEERS_WHOLE || description_tells(slot->description));
}

/* Read-only mappings of plain files that nobody writes are a process's own business. */
bool fds_view_has_mapping(const struct fds_view *view, const struct process *process,
			  const struct mapping *mapping)
{
	return object_is_ipc(mapping->object) &&
	       (process_is_selected(view->model, process) ||
		set_has(&view->shared_objects, mapping->object));
}

const char *mapping_access_name(const struct mapping *mapping)
{
	static const char *const names[] = { "-", "r", "w", "rw" };

	return names[mapping->access & (MAPPING_READ | MAPPING_WRITE)];
}

static int share_mappings(struct fds_view *view)
{
	const struct process *process, *next;
	const struct mapping *mapping;
	int err = 0;

	HASH_ITER(hh, view->model->processes, process, next) {
		if (!process->space || !process_is_selected(view->model, process))
			continue;
		MAPPINGS_FOREACH(&process->space->mappings, mapping)
			if (!err && object_is_ipc(mapping->object))
				err = set_add(&view->shared_objects, mapping->object);
	}
	return err;
}

/* --- what to show -------------------------------------------------------------------------- */

static int show_holders(struct fds_view *view)
{
	size_t i;
	int err = 0;

	for (i = 0; i < view->holders_count && !err; i++) {
		const struct holder *holder = &view->holders[i];

		if (!fds_view_has(view, holder->process, holder->slot))
			continue;
		/* The selected are shown anyway. */
		if (!process_is_selected(view->model, holder->process))
			err = set_add(&view->processes, holder->process);
		if (!err)
			err = set_add(&view->objects, holder->held);
	}
	return err;
}

/* Selected processes are shown with empty tables, too; of the whole machine, those that live. */
static int show_selected(struct fds_view *view)
{
	const struct process *process, *next;
	int err = 0;

	HASH_ITER(hh, view->model->processes, process, next) {
		bool is_shown = process_is_selected(view->model, process) &&
				!(process->exited && view->model->select_all);

		if (is_shown && !err)
			err = set_add(&view->processes, process);
	}
	return err;
}

/* --- what lies in queues --------------------------------------------------------------------- */

/* A snapshot tells of a queue by its socket's inode alone. */
static int queue_order(const void *a, const void *b)
{
	const struct object *first = a, *second = b;

	return COMPARE(first->key.ino, second->key.ino);
}

/* Into whose queue goes what is sent over that socket, and nothing else does. */
static bool is_queue_of(const struct object *peer, const struct object *object)
{
	return peer->key.kind == FILE_UNIX && peer->socket && peer->socket->facts.peer_ino == object->key.ino;
}

static int add_queues(struct set *queues, const struct model *model, const struct object *object)
{
	const struct object *peer;
	int err;

	if (object->key.kind != FILE_UNIX)
		return 0;
	err = set_add(queues, object);
	peer = err ? NULL : object_peer(model, object);
	return peer && is_queue_of(peer, object) ? set_add(queues, peer) : err;
}

/* Of what the selected hold: what they have yet to receive, and what they sent. */
static int collect_queues(struct set *queues, const struct fds_view *view)
{
	size_t i;
	int err = 0;

	for (i = 0; i < view->holders_count && !err && !view->model->select_all; i++)
		if (process_is_selected(view->model, view->holders[i].process))
			err = add_queues(queues, view->model, view->holders[i].held);
	set_sort(queues);
	return err;
}

static bool is_passing_shown(const struct fds_view *view, const struct set *queues,
			     const struct description *description)
{
	const struct passing *passing = description->in_flight;

	if (view->model->select_all || is_shared(view, description))
		return true;
	for (; passing; passing = passing->next) {
		const struct object queue = { .key.ino = passing->socket_ino };

		if (passing->sender && process_is_selected(view->model, passing->sender))
			return true;
		if (passing->socket_ino && set_has(queues, &queue))
			return true;
	}
	return false;
}

static int show_passings(struct fds_view *view, const struct set *queues)
{
	const struct passing *passing;
	int err = 0;

	DL_FOREACH2(view->model->passings, passing, all_next)
		if (!err && is_passing_shown(view, queues, passing->description)) {
			err = set_add(&view->in_flight, passing->description);
			if (!err)
				err = set_add(&view->objects, passing->description->object);
		}
	set_sort(&view->in_flight);
	return err;
}

/* Descriptions that no table holds, but a socket's queue does: what /proc/PID/fd never shows. A socket that lies in
 * one has a queue, too. */
static int show_in_flight(struct fds_view *view)
{
	struct set queues = { .order = queue_order };
	int err = collect_queues(&queues, view);
	size_t i, known;

	do {
		known = queues.count;
		if (!err)
			err = show_passings(view, &queues);
		for (i = 0; i < view->in_flight.count && !err && !view->model->select_all; i++)
			err = add_queues(&queues, view->model,
					 ((const struct description *)view->in_flight.items[i])->object);
		set_sort(&queues);
	} while (!err && queues.count > known);
	set_free(&queues);
	return err;
}

/* --- mappings and segments ------------------------------------------------------------------- */

static int show_mappings(struct fds_view *view)
{
	const struct process *process, *next;
	const struct mapping *mapping;
	int err = 0;

	HASH_ITER(hh, view->model->processes, process, next) {
		if (!process->space)
			continue;
		MAPPINGS_FOREACH(&process->space->mappings, mapping) {
			if (err || !fds_view_has_mapping(view, process, mapping))
				continue;
			err = set_add(&view->processes, process);
			if (!err)
				err = set_add(&view->objects, mapping->object);
		}
	}
	return err;
}

/* Segments stay when nobody has them attached. */
static int show_segments(struct fds_view *view)
{
	const struct segment *segment;
	int err = 0;

	DL_FOREACH(view->model->segments, segment)
		if (segment->exists && view->model->select_all && !err)
			err = set_add(&view->objects, segment->object);
	return err;
}

int fds_view_build(const struct model *model, enum fds_view_peers peers, struct fds_view *out)
{
	struct fds_view view = {
		.model = model,
		.peers = peers,
		.processes.order = process_order,
		.in_flight.order = description_order,
		.objects.order = object_order,
		.shared_descriptions.order = description_order,
		.shared_objects.order = object_order,
	};
	int err = collect_holders(&view);

	if (!err)
		err = collect_shared(&view);
	if (!err)
		err = show_selected(&view);
	if (!err)
		err = show_holders(&view);
	if (!err)
		err = show_in_flight(&view);
	if (!err)
		err = show_mappings(&view);
	if (!err)
		err = show_segments(&view);
	if (err) {
		fds_view_free(&view);
		return err;
	}
	set_sort(&view.processes);
	set_sort(&view.in_flight);
	set_sort(&view.objects);
	*out = view;
	return 0;
}

int fds_view_descriptions(const struct fds_view *view, struct set *descriptions)
{
	size_t i;
	int err = 0;

	*descriptions = (struct set){ .order = description_order };
	for (i = 0; i < view->holders_count && !err; i++)
		if (fds_view_has(view, view->holders[i].process, view->holders[i].slot))
			err = set_add(descriptions, holder_description(&view->holders[i]));
	for (i = 0; i < view->in_flight.count && !err; i++)
		err = set_add(descriptions, view->in_flight.items[i]);
	set_sort(descriptions);
	return err;
}

void fds_view_free(struct fds_view *view)
{
	set_free(&view->processes);
	set_free(&view->in_flight);
	set_free(&view->objects);
	set_free(&view->shared_descriptions);
	set_free(&view->shared_objects);
	free(view->holders);
	view->holders = NULL;
}
