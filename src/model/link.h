/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Links, by kind of object: a builder adds to the graph what can pass through one object. A new
 * kind gets a builder (link_NAME.c) and a line in the table in link.c.
 */
#ifndef IPCTRACE_LINK_H
#define IPCTRACE_LINK_H

#include "model/internal.h"
#include "model/graph.h"

/* Adds the object's links. Returns 0 or -ENOMEM. */
typedef int (*link_builder)(struct graph *graph, const struct model *model, struct object *object,
			    bool closed);

/* The builders. */
int pty_links(struct graph *graph, const struct model *model, struct object *object, bool closed);
int pipe_links(struct graph *graph, const struct model *model, struct object *object, bool closed);

int socket_links(struct graph *graph, const struct model *model, struct object *object, bool closed);
int mapping_links(struct graph *graph, const struct model *model, struct object *object,
		  bool closed);

/* NULL = objects of that kind have no links yet. */
link_builder link_builder_of(uint32_t kind);

/* Descriptors handed over, of all processes. Returns 0 or -ENOMEM. */
int handover_links(struct graph *graph, const struct model *model, bool closed);

/* Signals, of all processes. Returns 0 or -ENOMEM. */
int signal_links(struct graph *graph, const struct model *model, bool past);

/* A further detail of a link, without fields yet; NULL = no memory. */
struct graph_detail *graph_link_add_detail(struct graph_link *link);
void detail_count(struct graph_detail *detail, const char *key, struct count count);
void detail_text(struct graph_detail *detail, const char *key, const char *text);
void detail_object(struct graph_detail *detail, const char *key, const struct object *object);
/* The process is shown. Returns 0 or -ENOMEM. */
int graph_add_process(struct graph *graph, struct process *process);

/* A new link through the object, of its kind, and zeroed but for that; NULL = no memory. from, to: NULL =
 * nobody that we know; object NULL = none, and the caller names the kind. */
struct graph_link *graph_add_link(struct graph *graph, struct process *from, struct process *to,
				  struct object *object);

/* Brings all parts of the graph into their order (graph_order.c). */
void graph_sort(struct graph *graph);
/* The endpoint in a sorted graph; NULL = it is not in it. */
struct graph_endpoint *graph_find_endpoint(const struct graph *graph, struct process *process,
					   struct object *object);

/* The endpoint belongs in the graph; closed: of a window, not of this instant. A descriptor that can
 * neither read nor write (O_PATH) is none. */
bool endpoint_counts(const struct endpoint *endpoint, bool closed);
/* The process could read from, or write to, the object. */
bool endpoint_reads(const struct endpoint *endpoint, bool closed);
bool endpoint_writes(const struct endpoint *endpoint, bool closed);

typedef bool (*link_end)(const struct endpoint *endpoint, bool closed);

/* What makes an endpoint an end of a link. */
struct link_ends {
	link_end writes, reads;
};

/* Of objects of that kind. Never NULL. */
const struct link_ends *link_ends_of(uint32_t kind);
/* mapping_links(): it has, or had, the memory mapped; and may, or might, write to it. */
bool mapping_reads(const struct endpoint *endpoint, bool closed);
bool mapping_writes(const struct endpoint *endpoint, bool closed);

/*
 * A parallel make hands its jobserver to thousands of children that never use it: a link from each to each
 * would take gigabytes. So among very many pairs of writer and reader, those are left out, and counted, that
 * nothing passed between and one of whom is gone; where even those that live are very many, also these.
 */
enum crowd { CROWD_NONE, CROWD_PAST, CROWD_LIVE };
/* written and read: both ends; of a pipe they are one object. */
enum crowd link_crowd(const struct object *written, link_end writes, const struct object *read,
		      link_end reads, bool closed);
/* Is there no link for such a pair? If so it is counted. */
bool link_is_left_out(struct graph *graph, enum crowd crowd, bool used, bool closed);
/* Are there no links of that writer at all, who could have so many readers? If so they are counted. used: it wrote;
 * closed: it is gone. */
bool link_writer_is_left_out(struct graph *graph, enum crowd crowd, bool used, bool closed, size_t readers);
/* How many endpoints of the object are, or with closed were, such an end. */
size_t link_count_kept(const struct object *object, link_end is_end, bool closed);
/* Who could read it last, once nobody can: with that process went what nobody had read.
 * NULL = somebody can still, nobody ever could, or the writer's own process was the last. */
const struct endpoint *link_last_reader(const struct object *object, const struct endpoint *writer, bool closed);
/* The same with those that were not kept. */
size_t link_count_ends(const struct object *object, link_end is_end, bool closed);
/* Over a window, are there no links of an endpoint of the object that was never used, and whose process is gone? */
bool link_leaves_out_unused(const struct model *model, const struct object *object);
/* Counts the links of endpoints that were not kept. */
void link_leave_out_past(struct graph *graph, const struct object *written, const struct object *read, bool closed);

/* One link, from who can write to who can read, with what is known of both; NULL = no memory. */
struct graph_link *link_add_pair(struct graph *graph, const struct model *model,
				 const struct endpoint *writer, const struct endpoint *reader);

/* A count of transfers, unknown where they were not watched; and bytes as bytes per second. */
struct count link_count(const struct model *model, uint64_t value);
struct count link_rate(const struct model *model, uint64_t bytes);

#endif /* IPCTRACE_LINK_H */
