// SPDX-License-Identifier: GPL-2.0-only
/* The words on a drawing: names of nodes, labels of edges, the title, the warning. */
#include "sink/drawing.h"

#include <stdio.h>
#include <string.h>

#include "sink/names.h"
#include "util/units.h"

#define UNSEEN_TITLE_MAX   96
#define UNSEEN_TITLE_SHOWN 3

/* r00000000000000000000ffffc0000207_4711_4026531840 */
static void print_elsewhere_id(FILE *out, const struct elsewhere *place)
{
	fputc('r', out);
	for (size_t i = 0; i < sizeof(place->address); i++)
		fprintf(out, "%02x", place->address[i]);
	fprintf(out, "_%u_%u", place->port, place->netns);
}

void drawing_print_node_id(FILE *out, const struct drawing_node *node)
{
	if (node->process)
		fprintf(out, "p%u_%llu", node->process->key.pid,
			(unsigned long long)node->process->key.start_ns);
	else if (node->object)
		fprintf(out, "o%llu", (unsigned long long)node->object->serial);
	else if (node->remote)
		print_elsewhere_id(out, node->remote);
	else
		fputs("kernel", out);
}

const char *drawing_edge_volume(const struct drawing_edge *edge, char buf[DRAWING_LABEL_MAX])
{
	buf[0] = '\0';
	if (edge->bytes.known && edge->bytes.value)
		units_bytes(edge->bytes.value, buf);
	return buf;
}

const char *drawing_edge_label(const struct drawing *drawing, const struct drawing_edge *edge,
			       char buf[DRAWING_LABEL_MAX])
{
	bool at_object = drawing->nodes[edge->from].object || drawing->nodes[edge->to].object;
	char volume[DRAWING_LABEL_MAX], times[32] = "";

	if (edge->waiting)
		return strcpy(buf, edge->waiting == ROLE_READ ? "waits in open for a writer" :
								"waits in open for a reader");
	drawing_edge_volume(edge, volume);
	if (at_object)
		return strcpy(buf, volume);
	if (edge->signals)
		return signals_label(edge->signals, buf);
	if (edge->direct && edge->messages.value > 1)
		snprintf(times, sizeof(times), " ×%llu", (unsigned long long)edge->messages.value);
	else if (edge->merged > 1)
		snprintf(times, sizeof(times), " ×%zu", edge->merged);
	snprintf(buf, DRAWING_LABEL_MAX, "%.24s%s%s%.32s", edge->kind, times, *volume ? " " : "",
		 volume);
	return buf;
}

/* ", 2 processes can't be seen: 1, 812"; numbers alone, which are safe in any format */
static const char *drawing_unseen(const struct model *model, char buf[UNSEEN_TITLE_MAX])
{
	const struct unseen *unseen;
	size_t count = 0, used, i = 0;

	buf[0] = '\0';
	DL_COUNT(model->unseen, unseen, count);
	if (!count)
		return buf;
	used = (size_t)snprintf(buf, UNSEEN_TITLE_MAX, ", %zu process%s can't be seen:", count,
				count == 1 ? "" : "es");
	DL_FOREACH(model->unseen, unseen)
		if (i++ < UNSEEN_TITLE_SHOWN)
			used += (size_t)snprintf(buf + used, UNSEEN_TITLE_MAX - used, "%s %u", i > 1 ? "," : "",
						 unseen->pid);
	if (count > UNSEEN_TITLE_SHOWN)
		snprintf(buf + used, UNSEEN_TITLE_MAX - used, ", …");
	return buf;
}

const char *drawing_title(const struct model *model, const struct graph *graph,
			  char buf[DRAWING_LABEL_MAX])
{
	uint64_t window = model->end_ts > model->start_ts ? model->end_ts - model->start_ts : 0;
	char duration[UNITS_MAX], left_out[64] = "", unseen[UNSEEN_TITLE_MAX];

	if (graph->links_left_out)
		snprintf(left_out, sizeof(left_out), "%zu unused ones left out, ", graph->links_left_out);
	snprintf(buf, DRAWING_LABEL_MAX, "%zu process%s, %zu link%s, %s%s%s%s", graph->processes_count,
		 graph->processes_count == 1 ? "" : "es", graph->links_count,
		 graph->links_count == 1 ? "" : "s", left_out,
		 model->counted ? "window " : "state at an instant",
		 model->counted ? units_duration(window, duration) : "",
		 drawing_unseen(model, unseen));
	return buf;
}

const char *drawing_warning(const struct model *model, char buf[DRAWING_WARNING_MAX])
{
	char forgotten[FORGOTTEN_MAX] = "", lost[96] = "";

	if (!model_lost(model) && !model_has_forgotten(model))
		return NULL;
	if (model_lost(model))
		snprintf(lost, sizeof(lost), "%llu events lost, tables read anew %u times",
			 (unsigned long long)model_lost(model), model->resyncs);
	if (model_has_forgotten(model))
		forgotten_words(model, forgotten);
	snprintf(buf, DRAWING_WARNING_MAX, "INCOMPLETE: %s%s%s", lost, *lost && *forgotten ? ", " : "", forgotten);
	return buf;
}
