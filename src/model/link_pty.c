// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links through pseudo-terminals: between who holds the master, which shows the terminal, and those
 * on the slave's side. Many hold the slave and a few use it: a shell's children, all of them. So over
 * a window, where it is known who used it, only those are linked.
 */
#include "model/link.h"

static bool is_master(const struct endpoint *endpoint)
{
	return endpoint->master_slots || (!endpoint->read_slots && !endpoint->write_slots &&
					  endpoint->ever_master);
}

static bool is_link(const struct model *model, const struct endpoint *writer,
		    const struct endpoint *reader, bool closed)
{
	if (writer == reader || is_master(writer) == is_master(reader) ||
	    !endpoint_writes(writer, closed) || !endpoint_reads(reader, closed))
		return false;
	if (!model->counted)
		return true;
	return is_master(writer) ? reader->used_in : writer->used_out;
}

int pty_links(struct graph *graph, const struct model *model, struct object *object, bool closed)
{
	const struct endpoint *writer, *reader;

	DL_FOREACH2(object->endpoints, writer, object_next)
		DL_FOREACH2(object->endpoints, reader, object_next)
			if (is_link(model, writer, reader, closed) &&
			    !link_add_pair(graph, model, writer, reader))
				return -ENOMEM;
	return 0;
}
