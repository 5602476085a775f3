// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links through shared memory: who has it mapped so that it can be written can send to everybody
 * who has mapped the same part of it. Nobody sees the stores themselves, so such a link is possible,
 * never observed.
 */
#include "model/link.h"

bool mapping_reads(const struct endpoint *endpoint, bool closed)
{
	return endpoint->maps || (closed && endpoint->ever_map);
}

bool mapping_writes(const struct endpoint *endpoint, bool closed)
{
	return mapping_reads(endpoint, closed) &&
	       (endpoint->maps ? endpoint->write_maps > 0 : endpoint->ever_map_write);
}

static int mapping_add_link(struct graph *graph, const struct endpoint *writer,
			    const struct endpoint *reader, struct count common)
{
	struct graph_link *link = graph_add_link(graph, writer->key.process, reader->key.process,
						 writer->key.object);

	if (!link)
		return -ENOMEM;
	link->closed = !writer->maps || !reader->maps;
	link->common = common;
	return 0;
}

int mapping_links(struct graph *graph, const struct model *model, struct object *object,
		  bool closed)
{
	const enum crowd crowd = link_crowd(object, mapping_writes, object, mapping_reads, closed);
	const size_t readers = link_count_kept(object, mapping_reads, closed);
	const struct endpoint *writer, *reader;
	struct count common;
	int err = 0;

	link_leave_out_past(graph, object, object, closed);
	DL_FOREACH2(object->endpoints, writer, object_next) {
		if (!mapping_writes(writer, closed) ||
		    link_writer_is_left_out(graph, crowd, false, !writer->maps, readers - 1))
			continue;
		DL_FOREACH2(object->endpoints, reader, object_next) {
			if (reader == writer || !mapping_reads(reader, closed) ||
			    link_is_left_out(graph, crowd, false, !writer->maps || !reader->maps))
				continue;
			common.known = writer->maps && reader->maps;
			common.value = common.known ? space_common(writer->key.process,
								   reader->key.process, object) : 0;
			if (common.known && !common.value)
				continue; /* different parts of one file */
			err = mapping_add_link(graph, writer, reader, common);
			if (err)
				return err;
		}
	}
	return 0;
}
