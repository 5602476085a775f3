// SPDX-License-Identifier: GPL-2.0-only
/* The graph as a Mermaid flowchart, for pages that draw it themselves (GitHub, GitLab). */
#include "sink/sink.h"

#include "sink/drawing.h"
#include "sink/names.h"
#include "sink/stream.h"

#define COMMAND_COLUMNS 40

/* p812_5123["yes[812]<br/>yes hello"]:::selected */
static void print_process(FILE *out, const struct model *model, const struct process *process)
{
	char who[WHO_MAX], command[COMMAND_COLUMNS * 8 + 8];

	command_line(process, command, sizeof(command), COMMAND_COLUMNS, ESCAPE_MERMAID);
	fprintf(out, "[\"%s%s%s\"]:::%s\n", who_name(process, who, ESCAPE_MERMAID),
		*command ? "<br/>" : "", command,
		process->exited                     ? "exited" :
		process_is_selected(model, process) ? "selected" :
						      "peer");
}

static void print_node(FILE *out, const struct model *model, const struct drawing_node *node)
{
	char name[NAME_MAX_ESCAPED], remote[SOCKET_ADDRESS_MAX];

	fputs("  ", out);
	drawing_print_node_id(out, node);
	if (node->process)
		print_process(out, model, node->process);
	else if (node->object)
		fprintf(out, "([\"%s\"]):::object\n",
			object_name(node->object, name, sizeof(name), ESCAPE_MERMAID));
	else if (node->remote) {
		elsewhere_name(node->remote, remote);
		fprintf(out, "[\"%s\"]\n", remote);
	} else
		fputs("[\"kernel\"]\n", out);
}

/* p812_5123 -->|"pipe 1.2 MiB"| p813_5124 */
static void print_edge(FILE *out, const struct drawing *drawing, const struct drawing_edge *edge)
{
	char label[DRAWING_LABEL_MAX];

	drawing_edge_label(drawing, edge, label);
	fputs("  ", out);
	drawing_print_node_id(out, &drawing->nodes[edge->from]);
	fputs(edge->observed ? " -->" : " -.->", out);
	if (*label)
		fprintf(out, "|\"%s%s\"|", label, edge->closed ? ", closed" : "");
	fputc(' ', out);
	drawing_print_node_id(out, &drawing->nodes[edge->to]);
	fputc('\n', out);
}

int graph_print_mermaid(FILE *out, const struct model *model, const struct graph *graph)
{
	char text[DRAWING_WARNING_MAX];
	struct drawing drawing;
	size_t i;
	int err = drawing_build(model, graph, &drawing);

	if (err)
		return err;
	fprintf(out, "%%%% ipctrace: %s\n", drawing_title(model, graph, text));
	fputs("flowchart LR\n", out);
	if (drawing_warning(model, text))
		fprintf(out, "  incomplete[\"%s\"]:::incomplete\n", text);
	for (i = 0; i < drawing.nodes_count; i++)
		if (drawing_node_is_shown(&drawing.nodes[i]))
			print_node(out, model, &drawing.nodes[i]);
	for (i = 0; i < drawing.edges_count; i++)
		print_edge(out, &drawing, &drawing.edges[i]);
	fputs("  classDef selected fill:#dbeafe,stroke:#1d4ed8,stroke-width:2px\n"
	      "  classDef peer fill:#fff,stroke:#94a3b8\n"
	      "  classDef exited fill:#f1f5f9,stroke:#94a3b8,stroke-dasharray:4\n"
	      "  classDef object fill:#fef3c7,stroke:#b45309\n"
	      "  classDef incomplete fill:#fff,stroke:#dc2626,color:#dc2626\n",
	      out);
	drawing_free(&drawing);
	return stream_status(out);
}
