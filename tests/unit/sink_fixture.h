/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Models and graphs made by hand, for what the sinks print: no record and no kernel is involved.
 * Everything lives in fixed arrays inside the fixture.
 */
#ifndef IPCTRACE_SINK_FIXTURE_H
#define IPCTRACE_SINK_FIXTURE_H

#include <stdio.h>

#include "model/graph.h"
#include "model/model.h"

#define FIXTURE_PROCESSES 64
#define FIXTURE_OBJECTS   128
#define FIXTURE_LINKS     512

struct fixture {
	struct model model;
	struct graph graph;
	struct process processes[FIXTURE_PROCESSES];
	struct table tables[FIXTURE_PROCESSES];
	struct task tasks[FIXTURE_PROCESSES];
	struct slot slots[FIXTURE_PROCESSES][16];
	struct object objects[FIXTURE_OBJECTS];
	struct description descriptions[FIXTURE_LINKS];
	struct endpoint endpoints[FIXTURE_LINKS];
	struct graph_endpoint graph_endpoints[FIXTURE_LINKS];
	struct graph_link links[FIXTURE_LINKS];
	struct process *process_list[FIXTURE_PROCESSES];
	struct object *object_list[FIXTURE_OBJECTS];
	size_t descriptions_count, endpoints_count;
};

struct fixture *fixture_new(void);
void fixture_free(struct fixture *fixture);

/* argv: words with a NUL behind each but the last, as a literal has them. */
struct process *fixture_process(struct fixture *fixture, uint32_t pid, const char *comm,
				const char *argv, size_t argv_len, bool selected);
struct object *fixture_object(struct fixture *fixture, enum file_kind kind, uint64_t ino,
			      const char *name);
/* The process has the object, in descriptor fd; fmode 1, 2 or 3. */
void fixture_hold(struct fixture *fixture, struct process *process, struct object *object, int fd,
		  uint32_t fmode, uint64_t bytes);
struct graph_link *fixture_link(struct fixture *fixture, struct process *from, struct process *to,
				struct object *object, uint64_t bytes, bool observed);

/* What a print function wrote; to be freed. */
typedef int (*fixture_print_fn)(FILE *out, const struct fixture *fixture);
char *fixture_print(const struct fixture *fixture, fixture_print_fn print, int *err);

#endif /* IPCTRACE_SINK_FIXTURE_H */
