/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How sinks name things: processes, objects, flags, losses. The strings are ready for the format
 * that was asked for: escaped, and never longer than their room.
 */
#ifndef IPCTRACE_NAMES_H
#define IPCTRACE_NAMES_H

#include "mechanism/mechanism.h"
#include "model/graph.h"
#include "util/escape.h"

#define WHO_MAX          128 /* room for comm[pid] with every byte of comm escaped */
#define ID_MAX           4400 /* room for an object's id as it is: a kind and a path */
#define NAME_MAX_ESCAPED 17600

/* "bash[812]" */
const char *who_name(const struct process *process, char buf[WHO_MAX], enum escape how);
/* Who is at that side of the link, which is one of its two: a process; else an address, or the kernel. */
const char *side_name(const struct graph_link *link, const struct process *side, char buf[WHO_MAX],
		      enum escape how);
/* The object's id, escaped. */
const char *object_name(const struct object *object, char *buf, size_t size, enum escape how);
/* The same, and where the id doesn't tell it, the name: "unix:[815] (/run/app.sock)". */
const char *object_words(const struct object *object, char *buf, size_t size, enum escape how);
/* "/bin/bash -c true"; what is longer than max bytes begins with the program's own name, "chromium --type=gpu-process",
 * and is cut to about max of them with "…". "" when nothing is known. */
const char *command_line(const struct process *process, char *buf, size_t size, size_t max,
			 enum escape how);

/* "r", "w", "rw"; NULL for O_PATH, and where nothing is known of it. */
const char *access_name(const struct description *description);
/* Fills in the names of the flags of a description ("nonblock"); returns how many, at most max. */
#define FLAGS_MAX 16
size_t flag_names(const struct description *description, const char *names[FLAGS_MAX]);

/* "opened", "fork", "dup", "passed", "taken"; NULL where it is unknown. */
const char *provenance_name(enum provenance came);

/* "ring_full" and "ring full". */
const char *loss_key(enum loss loss);
const char *loss_words(enum loss loss);
/* "12 events lost (ring full 10, map full 2)" */
/* "1200 ended processes and 340 objects, over before 12.3 s, forgotten for want of room"; returns buf. */
#define FORGOTTEN_MAX 160
char *forgotten_words(const struct model *model, char buf[FORGOTTEN_MAX]);
void loss_print(FILE *out, const struct model *model);

/* "1 process can't be seen by BPF on this host: 1 (init)", escaped for a terminal; NULL = there are none. */
#define UNSEEN_SHOWN 8
#define UNSEEN_MAX   1024
const char *unseen_words(const struct model *model, char buf[UNSEEN_MAX]);
/* The same as a line of its own, "-- " before it; nothing where there are none. */
void unseen_print(FILE *out, const struct model *model);

/* The exit status as a shell tells it: 128+N for signal N. */
int exit_status(const struct process *process);

#endif /* IPCTRACE_NAMES_H */
