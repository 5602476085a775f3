// SPDX-License-Identifier: GPL-2.0-only
/* Builds a drawing, step by step. */
#include "sink/drawing_parts.h"

#include <stdlib.h>

/* Of what is drawn: the numbers at an object are those of its lines. */
static void count_ends(struct drawing *drawing)
{
	size_t i;

	for (i = 0; i < drawing->edges_count; i++) {
		const struct drawing_edge *edge = &drawing->edges[i];

		if (edge->waiting) {
			drawing->nodes[edge->waiting == ROLE_READ ? edge->from : edge->to].waiting++;
			continue;
		}
		drawing->nodes[edge->to].writers++;
		drawing->nodes[edge->from].readers++;
		if (!edge->both)
			continue;
		drawing->nodes[edge->from].writers++;
		drawing->nodes[edge->to].readers++;
	}
}

bool drawing_node_is_shown(const struct drawing_node *node)
{
	return !node->object || node->writers || node->readers || node->waiting;
}

int drawing_build(const struct model *model, const struct graph *graph, struct drawing *out)
{
	struct drawing drawing = { 0 };
	int err = drawing_add_nodes(&drawing, graph);

	if (!err)
		err = drawing_add_edges(model, &drawing, graph);
	if (err) {
		drawing_free(&drawing);
		return err;
	}
	drawing_sort_edges(&drawing);
	drawing_merge_repeated(&drawing);
	drawing_merge_opposite(&drawing);
	count_ends(&drawing);
	drawing_merge_parallel(&drawing);
	*out = drawing;
	return 0;
}

void drawing_free(struct drawing *drawing)
{
	free(drawing->nodes);
	free(drawing->edges);
	*drawing = (struct drawing){ 0 };
}
