// SPDX-License-Identifier: GPL-2.0-only
/* JSON by jansson: shared parts and documents. */
#include "sink/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sink/names.h"
#include "sink/stream.h"

#define JSON_STYLE (JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY)

/* --- values -------------------------------------------------------------------------------- */

/* A copy where what is no UTF-8 is U+FFFD, which takes three bytes at most for one. */
static json_t *json_text_mended(const char *bytes, size_t len)
{
	char *buf = malloc(len * 3 + 1);
	size_t used = 0, taken;
	uint32_t character;
	json_t *value;

	if (!buf)
		return NULL;
	for (; len; bytes += taken, len -= taken) {
		taken = utf8_decode(bytes, len, &character);
		if (!taken) {
			taken = 1;
			character = 0xfffd;
		}
		used += escape_utf8_encode(character, buf + used);
	}
	value = json_stringn(buf, used);
	free(buf);
	return value;
}

json_t *json_text(const char *bytes, size_t len)
{
	json_t *value;

	if (!bytes)
		return json_null();
	value = json_stringn(bytes, len);
	return value ? value : json_text_mended(bytes, len);
}

static json_t *json_string_or_null(const char *text)
{
	return json_text(text, text ? strlen(text) : 0);
}

json_t *json_uint(uint64_t number)
{
	/* jansson's integers are signed; beyond that only its reals reach. */
	return number <= INT64_MAX ? json_integer((json_int_t)number) : json_real((double)number);
}

json_t *json_count(struct count count)
{
	return count.known ? json_uint(count.value) : json_null();
}

json_t *json_process_id(const struct process *process)
{
	char id[64];

	if (!process)
		return json_null();
	process_id(process, id, sizeof(id));
	return json_string(id);
}

json_t *json_object_id(const struct object *object)
{
	char id[ID_MAX];

	if (!object)
		return json_null();
	object_id(object, id, sizeof(id));
	return json_text(id, strlen(id));
}

json_t *json_fact(const struct fact *fact)
{
	switch (fact->type) {
	case FACT_UINT: return json_uint(fact->number);
	case FACT_INT: return json_integer(fact->integer);
	case FACT_TEXT: return json_text(fact->text.bytes, fact->text.len);
	case FACT_BOOL: return json_boolean(fact->truth);
	case FACT_PROCESS: return json_process_id(fact->process);
	case FACT_OBJECT: return json_object_id(fact->object);
	case FACT_WORDS: return json_text(fact->words, strlen(fact->words));
	case FACT_NULL: break;
	}
	return json_null();
}

/* --- parts --------------------------------------------------------------------------------- */

/* [{"pid", "comm"}]; null = nobody has looked */
static json_t *json_unseen(const struct model *model)
{
	const struct unseen *unseen;
	json_t *array, *entry;

	if (!model->unseen_known)
		return json_null();
	array = json_array();
	DL_FOREACH(model->unseen, unseen) {
		entry = json_object();
		json_object_set_new(entry, "pid", json_integer(unseen->pid));
		json_object_set_new(entry, "comm",
				    json_text(unseen->comm, strnlen(unseen->comm, sizeof(unseen->comm))));
		json_array_append_new(array, entry);
	}
	return array;
}

/* {"processes", "objects", "before_ns"} */
static json_t *json_forgotten(const struct forgotten *forgotten)
{
	json_t *value = json_object();

	json_object_set_new(value, "processes", json_uint(forgotten->processes));
	json_object_set_new(value, "objects", json_uint(forgotten->objects));
	json_object_set_new(value, "before_ns", json_uint(forgotten->before_ts));
	return value;
}

/* {"start_ns", "end_ns", "lost", "resyncs", "losses": {"ring_full": 0, …}, "unseen"}; "forgotten" where something was */
json_t *json_window(const struct model *model)
{
	json_t *window = json_object(), *losses = json_object();
	enum loss loss;

	for (loss = 0; loss < LOSS_MAX; loss++)
		json_object_set_new(losses, loss_key(loss), json_uint(model->loss[loss]));
	json_object_set_new(window, "start_ns", json_uint(model->start_ts));
	json_object_set_new(window, "end_ns", json_uint(model->end_ts));
	json_object_set_new(window, "lost", json_uint(model_lost(model)));
	json_object_set_new(window, "resyncs", json_uint(model->resyncs));
	json_object_set_new(window, "losses", losses);
	json_object_set_new(window, "unseen", json_unseen(model));
	if (model_has_forgotten(model))
		json_object_set_new(window, "forgotten", json_forgotten(&model->forgotten));
	return window;
}

static json_t *json_argv(const struct process *process)
{
	const char *word = process->argv;
	size_t left = process->argv_len, len;
	json_t *words;

	if (!word)
		return json_null();
	words = json_array();
	for (; left; word += len, left -= len) {
		len = strnlen(word, left);
		json_array_append_new(words, json_text(word, len));
		len += len < left; /* the NUL */
	}
	return words;
}

json_t *json_process(const struct model *model, const struct process *process)
{
	bool has_status = process->exited && process->exit_known;
	json_t *value = json_object();

	json_object_set_new(value, "id", json_process_id(process));
	json_object_set_new(value, "pid", json_integer(process->key.pid));
	json_object_set_new(value, "ns_pid",
			    process->ns_pid ? json_integer(process->ns_pid) : json_null());
	json_object_set_new(value, "ppid",
			    process->ppid ? json_integer(process->ppid) : json_null());
	json_object_set_new(value, "comm",
			    json_text(process->comm,
				      strnlen(process->comm, sizeof(process->comm))));
	json_object_set_new(value, "exe", json_string_or_null(process->exe));
	json_object_set_new(value, "argv", json_argv(process));
	json_object_set_new(value, "argv_cut", json_boolean(process->argv_cut));
	json_object_set_new(value, "uid",
			    process->uid == UID_UNKNOWN ? json_null() : json_integer(process->uid));
	json_object_set_new(value, "cgroup", json_string_or_null(process->cgroup));
	json_object_set_new(value, "selected", json_boolean(process_is_selected(model, process)));
	json_object_set_new(value, "exited", json_boolean(process->exited));
	json_object_set_new(value, "exit_code",
			    has_status ? json_integer(exit_status(process)) : json_null());
	return value;
}

json_t *json_object_part(const struct model *model, const struct object *object)
{
	struct fact facts[EVENT_FACTS_MAX];
	size_t count = object_facts(model, object, facts, EVENT_FACTS_MAX), i;
	json_t *value = json_object();

	json_object_set_new(value, "id", json_object_id(object));
	json_object_set_new(value, "kind", json_string(object_kind_name(object)));
	json_object_set_new(value, "name", json_string_or_null(object->name));
	for (i = 0; i < count; i++)
		json_object_set_new(value, facts[i].key, json_fact(&facts[i]));
	return value;
}

/* {"checked", "differences", "details": [..]} */
json_t *json_audit(const struct audit *audit)
{
	json_t *value, *details;
	size_t i;

	if (!audit)
		return json_null();
	value = json_object();
	details = json_array();
	for (i = 0; i < audit->details_count; i++)
		json_array_append_new(details, json_string_or_null(audit->details[i]));
	json_object_set_new(value, "checked", json_uint(audit->checked));
	json_object_set_new(value, "differences", json_uint(audit->differences));
	json_object_set_new(value, "details", details);
	return value;
}

/* --- writing ------------------------------------------------------------------------------- */

/* DEL is the one control character that JSON lets stand; in JSON it occurs in strings alone. */
static int json_write_piece(const char *piece, size_t len, void *ctx)
{
	FILE *out = ctx;
	const char *del;

	while ((del = memchr(piece, 0x7f, len))) {
		fwrite(piece, 1, (size_t)(del - piece), out);
		fputs("\\u007f", out);
		len -= (size_t)(del - piece) + 1;
		piece = del + 1;
	}
	return fwrite(piece, 1, len, out) == len ? 0 : -1;
}

static int json_write(FILE *out, json_t *value)
{
	int failed;

	if (!value)
		return -ENOMEM;
	failed = json_dump_callback(value, json_write_piece, out, JSON_STYLE);
	json_decref(value);
	if (!failed || ferror(out))
		return stream_status(out);
	return -ENOMEM;
}

int json_line(FILE *out, json_t *value)
{
	int err = json_write(out, value);

	if (err)
		return err;
	fputc('\n', out);
	return stream_status(out);
}

static void document_write(struct document *document, json_t *value)
{
	int err = json_write(document->out, value);

	if (err && !document->err)
		document->err = err;
}

void document_begin(struct document *document, FILE *out, const char *schema,
		    const struct model *model)
{
	*document = (struct document){ .out = out };
	fprintf(out, "{\"schema\":\"%s\"", schema);
	document_value(document, "window", json_window(model));
}

static void document_close_array(struct document *document)
{
	if (document->in_array)
		fputs("]", document->out);
	document->in_array = false;
}

void document_value(struct document *document, const char *key, json_t *value)
{
	document_close_array(document);
	fprintf(document->out, ",\n\"%s\":", key);
	document_write(document, value);
}

void document_array(struct document *document, const char *key)
{
	document_close_array(document);
	fprintf(document->out, ",\n\"%s\":[", key);
	document->in_array = true;
	document->has_items = false;
}

void document_item(struct document *document, json_t *value)
{
	fputs(document->has_items ? ",\n " : "\n ", document->out);
	document->has_items = true;
	document_write(document, value);
}

static int add_mentioned(const struct model *model, const struct object *object,
			 const struct set *known, struct set *found)
{
	struct fact facts[EVENT_FACTS_MAX];
	size_t count = object_facts(model, object, facts, EVENT_FACTS_MAX), i;
	int err = 0;

	for (i = 0; i < count && !err; i++)
		if (facts[i].type == FACT_OBJECT && facts[i].object &&
		    !set_has(known, facts[i].object))
			err = set_add(found, facts[i].object);
	return err;
}

/* Adds what members mention until nothing new turns up. */
static int close_objects(const struct model *model, struct set *objects)
{
	struct set found = { .order = objects->order };
	size_t i;
	int err = 0;

	do {
		for (i = 0; i < found.count && !err; i++)
			err = set_add(objects, found.items[i]);
		set_free(&found);
		set_sort(objects);
		for (i = 0; i < objects->count && !err; i++)
			err = add_mentioned(model, objects->items[i], objects, &found);
	} while (found.count && !err);
	set_free(&found);
	return err;
}

void document_objects(struct document *document, const struct model *model, struct set *objects)
{
	int err = close_objects(model, objects);
	size_t i;

	if (err && !document->err)
		document->err = err;
	document_array(document, "objects");
	for (i = 0; i < objects->count; i++)
		document_item(document, json_object_part(model, objects->items[i]));
}

int document_end(struct document *document)
{
	document_close_array(document);
	fputs("}\n", document->out);
	return document->err ? document->err : stream_status(document->out);
}
