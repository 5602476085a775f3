/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The JSON parts that documents share, and documents written piece by piece, so that a report on
 * the whole machine needs memory for one row at a time. Output is pure ASCII: characters of other
 * programs are there as \uXXXX, bytes that are no UTF-8 as U+FFFD.
 */
#ifndef IPCTRACE_JSON_H
#define IPCTRACE_JSON_H

#include <jansson.h>
#include <stdio.h>

#include "mechanism/mechanism.h"
#include "model/model.h"
#include "util/set.h"

/* Values; all return new references. */
json_t *json_text(const char *bytes, size_t len); /* bytes NULL = null */
json_t *json_uint(uint64_t number); /* not cut to 63 bits */
json_t *json_count(struct count count); /* unknown = null */
json_t *json_process_id(const struct process *process); /* NULL = null */
json_t *json_object_id(const struct object *object); /* NULL = null */
json_t *json_fact(const struct fact *fact);

/* Parts of the contract. */
json_t *json_window(const struct model *model);
json_t *json_process(const struct model *model, const struct process *process);
json_t *json_object_part(const struct model *model, const struct object *object);
json_t *json_audit(const struct audit *audit); /* NULL = null */

/* One value on one line. Takes the reference. 0 or -errno. */
int json_line(FILE *out, json_t *value);

/* A document: {"schema": …, "window": …, then keys as they are added. */
struct document {
	FILE *out;
	bool in_array, has_items;
	int err; /* the first that happened */
};
void document_begin(struct document *document, FILE *out, const char *schema,
		    const struct model *model);
void document_value(struct document *document, const char *key, json_t *value);
void document_array(struct document *document, const char *key);
void document_item(struct document *document, json_t *value);
/* "objects": those of the set, and those that their facts mention, which are added to it. */
void document_objects(struct document *document, const struct model *model, struct set *objects);
int document_end(struct document *document);

#endif /* IPCTRACE_JSON_H */
