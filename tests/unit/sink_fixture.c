// SPDX-License-Identifier: GPL-2.0-only
/* Models made by hand. */
/* First: the model has a hash function of its own. */
#include "model/internal.h"

#include "sink_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

struct fixture *fixture_new(void)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	fixture->model.start_ts = 1000000000;
	fixture->model.end_ts = 4400000000;
	fixture->model.ready = true;
	fixture->model.counted = true;
	fixture->graph = (struct graph){
		.processes = fixture->process_list,
		.objects = fixture->object_list,
		.endpoints = fixture->graph_endpoints,
		.links = fixture->links,
	};
	return fixture;
}

void fixture_free(struct fixture *fixture)
{
	size_t i;

	HASH_CLEAR(hh, fixture->model.processes);
	HASH_CLEAR(hh, fixture->model.objects);
	HASH_CLEAR(hh, fixture->model.descriptions);
	for (i = 0; i < fixture->graph.objects_count; i++)
		free(fixture->objects[i].name);
	for (i = 0; i < fixture->graph.endpoints_count; i++)
		free(fixture->graph_endpoints[i].fds);
	free(fixture);
}

struct process *fixture_process(struct fixture *fixture, uint32_t pid, const char *comm,
				const char *argv, size_t argv_len, bool selected)
{
	size_t i = fixture->graph.processes_count++;
	struct process *process = &fixture->processes[i];
	struct table *table = &fixture->tables[i];
	struct task *task = &fixture->tasks[i];

	assert_true(i < FIXTURE_PROCESSES);
	process->key = (struct process_key){ .pid = pid, .start_ns = 5000000000 + pid };
	process->uid = 1000;
	process->ppid = 1;
	memcpy(process->comm, comm, strnlen(comm, sizeof(process->comm)));
	process->argv = (char *)argv;
	process->argv_len = argv_len;
	process->selected = selected;
	process->serial = ++fixture->model.next_serial;
	*table = (struct table){ .serial = ++fixture->model.next_serial,
				 .slots = fixture->slots[i],
				 .size = 16,
				 .tasks = task };
	*task = (struct task){ .tid = pid, .process = process, .table = table };
	process->table = table;
	process->tasks = task;
	HASH_ADD(hh, fixture->model.processes, key, sizeof(process->key), process);
	fixture->process_list[i] = process;
	return process;
}

struct object *fixture_object(struct fixture *fixture, enum file_kind kind, uint64_t ino,
			      const char *name)
{
	size_t i = fixture->graph.objects_count++;
	struct object *object = &fixture->objects[i];

	assert_true(i < FIXTURE_OBJECTS);
	object->key = (struct object_key){ .ino = ino, .dev = 13, .kind = kind };
	object->facts.kind = kind;
	object->facts.ino = ino;
	object->facts.pipe.capacity = 65536;
	object->name = name ? strdup(name) : NULL;
	object->serial = ++fixture->model.next_serial;
	HASH_ADD(hh, fixture->model.objects, key, sizeof(object->key), object);
	fixture->object_list[i] = object;
	return object;
}

static struct endpoint *add_endpoint(struct fixture *fixture, struct process *process,
				     struct object *object)
{
	struct endpoint *endpoint = model_endpoint(&fixture->model, process, object);

	if (endpoint)
		return endpoint;
	endpoint = &fixture->endpoints[fixture->endpoints_count++];
	endpoint->key.process = process;
	endpoint->key.object = object;
	DL_APPEND2(object->endpoints, endpoint, object_prev, object_next);
	DL_APPEND2(process->endpoints, endpoint, process_prev, process_next);
	return endpoint;
}

static void add_graph_endpoint(struct fixture *fixture, const struct endpoint *endpoint, int fd,
			       uint32_t fmode)
{
	struct graph_endpoint *added = &fixture->graph_endpoints[fixture->graph.endpoints_count++];

	*added = (struct graph_endpoint){
		.process = endpoint->key.process,
		.object = endpoint->key.object,
		.role = (enum role)fmode,
		.fds = malloc(sizeof(int)),
		.fds_count = 1,
		.transfer = &endpoint->transfer,
	};
	added->fds[0] = fd;
}

void fixture_hold(struct fixture *fixture, struct process *process, struct object *object, int fd,
		  uint32_t fmode, uint64_t bytes)
{
	struct description *description = &fixture->descriptions[fixture->descriptions_count++];
	struct endpoint *endpoint = add_endpoint(fixture, process, object);

	*description = (struct description){
		.file = 0xffff888000000000 + fixture->descriptions_count * 256,
		.object = object,
		.fmode = fmode,
		.slots = 1,
		.serial = ++fixture->model.next_serial,
	};
	HASH_ADD(hh, fixture->model.descriptions, file, sizeof(description->file), description);
	process->table->slots[fd] = (struct slot){ .description = description, .from_fd = -1 };
	process->table->used++;
	endpoint->read_slots += fmode & 1;
	endpoint->write_slots += fmode >> 1 & 1;
	endpoint->transfer.bytes_in += fmode & 1 ? bytes : 0;
	endpoint->transfer.bytes_out += fmode & 2 ? bytes : 0;
	endpoint->transfer.ops_in += fmode & 1 ? bytes / 100 : 0;
	endpoint->transfer.ops_out += fmode & 2 ? bytes / 100 : 0;
	add_graph_endpoint(fixture, endpoint, fd, fmode);
}

struct graph_link *fixture_link(struct fixture *fixture, struct process *from, struct process *to,
				struct object *object, uint64_t bytes, bool observed)
{
	struct graph_link *link = &fixture->links[fixture->graph.links_count++];

	*link = (struct graph_link){
		.from = from,
		.to = to,
		.object = object,
		.kind = object->key.kind == FILE_UNIX ? "unix" :
			object->key.kind == FILE_FIFO ? "fifo" :
							"pipe",
		.bytes = { bytes, true },
		.messages = { bytes / 100, true },
		.observed = observed,
	};
	return link;
}

char *fixture_print(const struct fixture *fixture, fixture_print_fn print, int *err)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_non_null(out);
	*err = print(out, fixture);
	fclose(out);
	return text;
}
