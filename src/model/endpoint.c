// SPDX-License-Identifier: GPL-2.0-only
/* Endpoints: what one process has, or had, to do with one object of an IPC kind. */
#include "model/internal.h"

/* Most objects have so few parties that a look at each is cheaper than a hash table's misses. */
#define PARTIES_FEW 4

struct endpoint *model_endpoint(const struct model *model, const struct process *process,
				const struct object *object)
{
	const void *key[2] = { process, object };
	struct endpoint *endpoint = object->endpoints;

	for (int i = 0; i < PARTIES_FEW; i++, endpoint = endpoint->object_next)
		if (!endpoint || endpoint->key.process == process)
			return endpoint;
	_Static_assert(sizeof(key) == sizeof(endpoint->key), "the key is two pointers");
	HASH_FIND(hh, model->endpoints, key, sizeof(key), endpoint);
	return endpoint;
}

static struct endpoint *endpoint_new(struct model *model, struct process *process,
				     struct object *object, uint64_t ts)
{
	struct endpoint *endpoint = calloc(1, sizeof(*endpoint));

	if (!endpoint)
		return NULL;
	endpoint->key.process = process;
	endpoint->key.object = object;
	endpoint->first_ts = ts;
	endpoint->last_ts = ts;
	HASH_ADD(hh, model->endpoints, key, sizeof(endpoint->key), endpoint);
	if (!endpoint->hh.tbl) {
		free(endpoint);
		return NULL;
	}
	DL_APPEND2(process->endpoints, endpoint, process_prev, process_next);
	DL_APPEND2(object->endpoints, endpoint, object_prev, object_next);
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
	DL_DELETE2(endpoint->key.process->endpoints, endpoint, process_prev, process_next);
	DL_DELETE2(endpoint->key.object->endpoints, endpoint, object_prev, object_next);
	HASH_DEL(model->endpoints, endpoint);
	free(endpoint);
}

static void count_add(unsigned int *count, int n)
{
	if (n < 0 && *count < (unsigned int)-n)
		*count = 0; /* only where memory ran out before: no endpoint, nothing counted */
	else
		*count += (unsigned int)n;
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
	endpoint->ever_read |= n > 0 && (access & ACCESS_READ);
	endpoint->ever_write |= n > 0 && (access & ACCESS_WRITE);
	if (ts > endpoint->last_ts)
		endpoint->last_ts = ts;
	return 0;
}
