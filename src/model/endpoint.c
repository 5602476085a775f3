// SPDX-License-Identifier: GPL-2.0-only
/* Endpoints: what one process has, or had, to do with one object of an IPC kind. */
#include "model/internal.h"

#include <fcntl.h>

/* Most objects have so few parties that a look at each is cheaper than a hash table's misses: only those of a
 * crowd are hashed. Where many processes were forked, one after another, those that are at work are the newest. */
#define PARTIES_FEW 4
#define PARTIES_NEW 16

struct endpoint *model_endpoint(const struct model *model, const struct process *process,
				const struct object *object)
{
	struct endpoint *endpoint = object->endpoints;
	struct crowd_member *member;

	for (int i = 0; i < PARTIES_FEW; i++, endpoint = endpoint->object_next)
		if (!endpoint || endpoint->key.process == process)
			return endpoint;
	if (!endpoint)
		return NULL;
	endpoint = object->endpoints->object_prev;
	for (int i = 0; i < PARTIES_NEW; i++, endpoint = endpoint->object_prev) {
		if (endpoint->key.process == process)
			return endpoint;
		if (endpoint->birth < process->birth)
			return NULL;
	}
	HASH_FIND(hh, object->crowd, &process, sizeof(process), member);
	return member ? member->endpoint : NULL;
}

/* 0 or -ENOMEM. */
static int crowd_add(struct model *model, struct object *object, struct endpoint *endpoint)
{
	struct crowd_member *member = pool_get(&model->pool, sizeof(*member));

	if (!member)
		return -ENOMEM;
	member->process = endpoint->key.process;
	member->endpoint = endpoint;
	HASH_ADD(hh, object->crowd, process, sizeof(member->process), member);
	if (!member->hh.tbl) {
		pool_put(&model->pool, member, sizeof(*member));
		return -ENOMEM;
	}
	endpoint->member = member;
	return 0;
}

static void crowd_leave(struct model *model, struct object *object, struct endpoint *endpoint)
{
	struct crowd_member *member = endpoint->member;

	if (!member)
		return;
	HASH_DEL(object->crowd, member);
	pool_put(&model->pool, member, sizeof(*member));
	endpoint->member = NULL;
}

/* The endpoint, which is no party of it yet, is to be found among them. 0 or -ENOMEM. */
static int parties_join(struct model *model, struct object *object, struct endpoint *endpoint)
{
	struct endpoint *other;

	if (object->parties < PARTIES_FEW)
		return 0;
	if (object->parties == PARTIES_FEW)
		DL_FOREACH2(object->endpoints, other, object_next)
			if (!other->member && crowd_add(model, object, other))
				return -ENOMEM;
	return crowd_add(model, object, endpoint);
}

static struct endpoint *endpoint_new(struct model *model, struct process *process,
				     struct object *object, uint64_t ts)
{
	struct endpoint *endpoint = pool_get(&model->pool, sizeof(*endpoint));

	if (!endpoint)
		return NULL;
	endpoint->key.process = process;
	endpoint->key.object = object;
	endpoint->birth = ++model->births;
	endpoint->leaked_fd = -1;
	endpoint->first_ts = ts;
	endpoint->last_ts = ts;
	if (parties_join(model, object, endpoint)) {
		pool_put(&model->pool, endpoint, sizeof(*endpoint));
		return NULL;
	}
	DL_APPEND2(process->endpoints, endpoint, process_prev, process_next);
	DL_APPEND2(object->endpoints, endpoint, object_prev, object_next);
	object->parties++;
	return endpoint;
}

struct endpoint *endpoint_get(struct model *model, struct process *process, struct object *object,
			      uint64_t ts)
{
	struct endpoint *endpoint = model_endpoint(model, process, object);

	return endpoint ? endpoint : endpoint_new(model, process, object, ts);
}

void endpoint_drop(struct model *model, struct endpoint *endpoint)
{
	struct process *process = endpoint->key.process;
	struct object *object = endpoint->key.object;

	DL_DELETE2(process->endpoints, endpoint, process_prev, process_next);
	DL_DELETE2(object->endpoints, endpoint, object_prev, object_next);
	object->parties--;
	crowd_leave(model, object, endpoint);
	pool_put(&model->pool, endpoint, sizeof(*endpoint));
	past_note_bare(model, process);
}

static void count_add(unsigned int *count, int n)
{
	if (n < 0 && *count < (unsigned int)-n)
		*count = 0; /* only where memory ran out before: no endpoint, nothing counted */
	else
		*count += (unsigned int)n;
}

/* When an end was let go of for good; ever_… is still as it was before this change. */
static void gone_note(struct endpoint *endpoint, int n, uint64_t ts)
{
	if (endpoint->read_slots)
		endpoint->read_gone_ts = 0;
	else if (n < 0 && endpoint->ever_read && !endpoint->read_gone_ts)
		endpoint->read_gone_ts = ts;
	if (endpoint->write_slots)
		endpoint->write_gone_ts = 0;
	else if (n < 0 && endpoint->ever_write && !endpoint->write_gone_ts)
		endpoint->write_gone_ts = ts;
}

int endpoint_count(struct model *model, struct process *process,
		   const struct description *description, int n, uint64_t ts)
{
	uint32_t access = description->fmode & (ACCESS_READ | ACCESS_WRITE);
	struct endpoint *endpoint;

	endpoint = n > 0 ? endpoint_get(model, process, description->object, ts) :
			   model_endpoint(model, process, description->object);
	if (!endpoint)
		return n > 0 ? -ENOMEM : 0;
	if (access & ACCESS_READ)
		count_add(&endpoint->read_slots, n);
	if (access & ACCESS_WRITE)
		count_add(&endpoint->write_slots, n);
	if (!access)
		count_add(&endpoint->other_slots, n);
	gone_note(endpoint, n, ts);
	if (description->is_master)
		count_add(&endpoint->master_slots, n);
	endpoint->ever_master |= n > 0 && description->is_master;
	endpoint->ever_read |= n > 0 && (access & ACCESS_READ);
	endpoint->ever_write |= n > 0 && (access & ACCESS_WRITE);
	if (ts > endpoint->last_ts)
		endpoint->last_ts = ts;
	return 0;
}

/* --- how it is held -------------------------------------------------------------------------- */

static bool is_leaked(const struct process *process, const struct slot *slot, unsigned int fd)
{
	return fd > 2 && slot->came == CAME_FORK && slot->through_exec && !slot->cloexec &&
	       process->exec_ts && slot->since_ts < process->exec_ts;
}

static unsigned int slot_held(const struct process *process, const struct slot *slot,
			      unsigned int fd)
{
	bool reads = slot->description->fmode & ACCESS_READ;
	bool writes = slot->description->fmode & ACCESS_WRITE;
	bool forked = slot->came == CAME_FORK;
	unsigned int held = 0;

	if (reads)
		held |= forked ? HELD_FORK_READ : HELD_OWN_READ;
	if (writes)
		held |= forked ? HELD_FORK_WRITE : HELD_OWN_WRITE;
	if (fd <= 2)
		held |= (reads ? HELD_STDIO_READ : 0) | (writes ? HELD_STDIO_WRITE : 0);
	return held | (is_leaked(process, slot, fd) ? HELD_LEAKED : 0);
}

static void endpoint_hold(struct endpoint *endpoint, const struct slot *slot, unsigned int fd)
{
	unsigned int held = slot_held(endpoint->key.process, slot, fd);

	endpoint->held |= (uint8_t)held;
	if ((held & HELD_LEAKED) && endpoint->leaked_fd < 0)
		endpoint->leaked_fd = (int)fd;
}

static void endpoints_note_held(const struct model *model, struct process *process)
{
	struct endpoint *endpoint;

	DL_FOREACH2(process->endpoints, endpoint, process_next)
		endpoint->held = 0;
	if (!process->table)
		return;
	TABLE_FOREACH(process->table, fd, slot)
	{
		if (!kind_is_ipc(slot->description->object->key.kind))
			continue;
		endpoint = model_endpoint(model, process, slot->description->object);
		if (endpoint)
			endpoint_hold(endpoint, slot, fd);
	}
}

void endpoints_note_end(const struct model *model, struct process *process)
{
	struct endpoint *endpoint;

	DL_FOREACH2(process->endpoints, endpoint, process_next) {
		endpoint->left_read |= endpoint->read_slots > 0;
		endpoint->left_write |= endpoint->write_slots > 0;
	}
	endpoints_note_held(model, process);
}

void model_note_held(struct model *model)
{
	struct process *process;

	for (process = model->processes; process; process = process->hh.next)
		if (!process->exited)
			endpoints_note_held(model, process);
}

/* --- O_NONBLOCK, which belongs to the description ---------------------------------------------- */

static bool has_description(const struct process *process, const struct description *description)
{
	if (!process->table)
		return false;
	TABLE_FOREACH(process->table, fd, slot)
	if (slot->description == description)
		return true;
	return false;
}

void endpoints_note_nonblock(const struct model *model, struct process *by,
			     const struct description *description, bool was_on, uint64_t ts)
{
	bool is_on = description->fflags & O_NONBLOCK;
	struct endpoint *endpoint;

	DL_FOREACH2(description->object->endpoints, endpoint, object_next) {
		/* Whoever sets it knows of it, and whoever clears it puts it right for all. */
		if (endpoint->key.process == by || !is_on)
			endpoint->nonblock_by = (struct process_key){ 0 };
		else if (!was_on && !endpoint->key.process->exited &&
			 has_description(endpoint->key.process, description)) {
			endpoint->nonblock_by = by->key;
			endpoint->nonblock_ts = ts;
			endpoint->nonblock_mode = description->fmode & (ACCESS_READ | ACCESS_WRITE);
		}
	}
}
