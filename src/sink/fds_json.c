// SPDX-License-Identifier: GPL-2.0-only
/* The fds report as a document: ipctrace.fds/1. */
#include "sink/sink.h"

#include "sink/fds_view.h"
#include "sink/json.h"
#include "sink/names.h"

static json_t *json_serial(const char *prefix, uint64_t serial)
{
	return json_sprintf("%s:%llu", prefix, (unsigned long long)serial);
}

static json_t *json_name_or_null(const char *name)
{
	return name ? json_string(name) : json_null();
}

/* {"fd", "description", "cloexec"} and how it came there */
static json_t *json_slot(int fd, const struct slot *slot)
{
	json_t *value = json_object();

	json_object_set_new(value, "fd", json_integer(fd));
	json_object_set_new(value, "description", json_serial("desc", slot->description->serial));
	json_object_set_new(value, "cloexec", json_boolean(slot->cloexec));
	json_object_set_new(value, "came", json_name_or_null(provenance_name(slot->came)));
	json_object_set_new(value, "from", json_process_id(slot->from));
	json_object_set_new(value, "from_fd",
			    slot->came != CAME_UNKNOWN && slot->from_fd >= 0 ?
				    json_integer(slot->from_fd) :
				    json_null());
	json_object_set_new(value, "through_exec",
			    slot->came == CAME_UNKNOWN ? json_null() :
							 json_boolean(slot->through_exec));
	return value;
}

static json_t *json_slots(const struct fds_view *view, const struct process *process,
			  const struct table *table)
{
	json_t *fds = json_array();
	unsigned int fd;

	for (fd = 0; table && fd < table->size; fd++)
		if (fds_view_has(view, process, &table->slots[fd]))
			json_array_append_new(fds, json_slot((int)fd, &table->slots[fd]));
	return fds;
}

/* The tables of threads that went their own way: [{"table", "tids", "fds"}]. */
static json_t *json_other_tables(const struct fds_view *view, const struct process *process)
{
	const struct table *table = process_table_next(process, NULL);
	json_t *tables = json_array(), *entry, *tids;
	const struct task *task;

	while (table && (table = process_table_next(process, table))) {
		entry = json_object();
		tids = json_array();
		for (task = process->tasks; task; task = task->process_next)
			if (task->table == table)
				json_array_append_new(tids, json_integer(task->tid));
		json_object_set_new(entry, "table", json_serial("table", table->serial));
		json_object_set_new(entry, "tids", tids);
		json_object_set_new(entry, "fds", json_slots(view, process, table));
		json_array_append_new(tables, entry);
	}
	return tables;
}

/* Shared memory: [{"object", "start", "length", "offset", "access"}]. A peer's are those that it
 * shares. */
static json_t *json_maps(const struct fds_view *view, const struct process *process)
{
	json_t *maps = json_array(), *entry;
	const struct mapping *mapping;

	if (!process->space)
		return maps;
	MAPPINGS_FOREACH(&process->space->mappings, mapping) {
		if (!fds_view_has_mapping(view, process, mapping))
			continue;
		entry = json_object();
		json_object_set_new(entry, "object", json_object_id(mapping->object));
		json_object_set_new(entry, "start", json_uint(mapping->start));
		json_object_set_new(entry, "length", json_uint(mapping->end - mapping->start));
		json_object_set_new(entry, "offset", json_uint(mapping->offset));
		json_object_set_new(entry, "access", json_string(mapping_access_name(mapping)));
		json_array_append_new(maps, entry);
	}
	return maps;
}

static json_t *json_fds_process(const struct fds_view *view, const struct process *process)
{
	json_t *value = json_process(view->model, process);
	const struct table *table = process_table_next(process, NULL);

	json_object_set_new(value, "table",
			    table ? json_serial("table", table->serial) : json_null());
	json_object_set_new(value, "fds", json_slots(view, process, table));
	json_object_set_new(value, "maps", json_maps(view, process));
	json_object_set_new(value, "other_tables", json_other_tables(view, process));
	return value;
}

static json_t *json_flags(const struct description *description)
{
	const char *names[FLAGS_MAX];
	size_t count = flag_names(description, names), i;
	json_t *flags = json_array();

	for (i = 0; i < count; i++)
		json_array_append_new(flags, json_string(names[i]));
	return flags;
}

static json_t *json_holders(struct fds_view *view, const struct description *description)
{
	size_t count, i;
	const struct holder *holders = fds_view_description(view, description, &count);
	json_t *value = json_array();

	for (i = 0; i < count; i++)
		json_array_append_new(value, json_pack("{s:o, s:i}", "process",
						       json_process_id(holders[i].process), "fd",
						       holders[i].fd));
	return value;
}

/* Where its copies in flight lie: [{"socket_inode", "sender", "sender_fd"}]. */
static json_t *json_passing(const struct description *description, size_t *count)
{
	const struct passing *passing;
	json_t *value = json_array(), *entry;

	*count = 0;
	for (passing = description->in_flight; passing; passing = passing->next, ++*count) {
		entry = json_object();
		json_object_set_new(entry, "socket_inode",
				    passing->socket_ino ? json_uint(passing->socket_ino) :
							  json_null());
		json_object_set_new(entry, "sender", json_process_id(passing->sender));
		json_object_set_new(entry, "sender_fd",
				    passing->sender_fd >= 0 ? json_integer(passing->sender_fd) :
							      json_null());
		json_array_append_new(value, entry);
	}
	return value;
}

static json_t *json_description(struct fds_view *view, const struct description *description)
{
	json_t *value = json_object(), *passing;
	size_t in_flight;

	passing = json_passing(description, &in_flight);
	json_object_set_new(value, "id", json_serial("desc", description->serial));
	json_object_set_new(value, "object", json_object_id(description->object));
	json_object_set_new(value, "access", json_name_or_null(access_name(description)));
	json_object_set_new(value, "flags", json_flags(description));
	json_object_set_new(value, "in_flight", json_integer((json_int_t)in_flight));
	json_object_set_new(value, "passing", passing);
	json_object_set_new(value, "holders", json_holders(view, description));
	return value;
}

int fds_print_json(FILE *out, const struct model *model)
{
	struct document document;
	struct set descriptions;
	struct fds_view view;
	size_t i;
	int err = fds_view_build(model, PEERS_WHOLE, &view);

	if (err)
		return err;
	err = fds_view_descriptions(&view, &descriptions);
	if (err) {
		set_free(&descriptions);
		fds_view_free(&view);
		return err;
	}
	document_begin(&document, out, "ipctrace.fds/1", model);
	document_array(&document, "processes");
	for (i = 0; i < view.processes.count; i++)
		document_item(&document, json_fds_process(&view, view.processes.items[i]));
	document_array(&document, "descriptions");
	for (i = 0; i < descriptions.count; i++)
		document_item(&document, json_description(&view, descriptions.items[i]));
	set_free(&descriptions);
	document_objects(&document, model, &view.objects);
	fds_view_free(&view);
	return document_end(&document);
}
