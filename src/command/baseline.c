// SPDX-License-Identifier: GPL-2.0-only
/* Which findings are known from an earlier run. */
#include "command/baseline.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "sink/json.h"
#include "util/error.h"

#define SCHEMA "ipctrace.check/1"

static bool are_findings(const json_t *entries)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(entries, i, entry) if (!json_is_string(json_object_get(entry, "rule")))
		return false;
	return json_is_array(entries);
}

static bool is_document(const json_t *document)
{
	const char *schema = json_string_value(json_object_get(document, "schema"));

	return schema && !strcmp(schema, SCHEMA) && are_findings(json_object_get(document, "findings"));
}

int baseline_read(const char *path, json_t **baseline)
{
	json_error_t error;
	struct stat st;
	json_t *document = json_load_file(path, JSON_REJECT_DUPLICATES, &error);

	/* A directory can be opened, but its text would be nothing. */
	if (!document && !stat(path, &st) && S_ISDIR(st.st_mode))
		return err_r(-EISDIR, "--baseline %s: %s", path, strerror(EISDIR));
	/* A file that can't be opened has no lines; the text names its path once more. */
	if (!document && error.line < 0)
		return err_r(-EINVAL, "--baseline: %s", error.text);
	if (!document)
		return err_r(-EINVAL, "--baseline %s: %s (line %d)", path, error.text, error.line);
	if (!is_document(document)) {
		json_decref(document);
		return err_r(-EINVAL, "--baseline %s: not a document of ipctrace check --json",
			     path);
	}
	*baseline = document;
	return 0;
}

/* The row of that array ("processes", "objects") with that id; NULL = there is none. */
static const json_t *row_of(const json_t *baseline, const char *array, const json_t *id)
{
	const json_t *rows = json_object_get(baseline, array), *row;
	size_t i;

	json_array_foreach(rows, i, row) if (json_equal(json_object_get(row, "id"), id)) return row;
	return NULL;
}

static bool is_same(const json_t *a, const json_t *b, const char *key)
{
	const json_t *one = json_object_get(a, key), *other = json_object_get(b, key);

	/* A member that is missing is one that is null. */
	if (!one || !other || json_is_null(one) || json_is_null(other))
		return (!one || json_is_null(one)) && (!other || json_is_null(other));
	return json_equal(one, other);
}

static bool is_known_as(const json_t *baseline, const json_t *entry, const struct finding *finding,
			const json_t *process, const json_t *object)
{
	const json_t *id = json_object_get(entry, "process");
	const char *rule = json_string_value(json_object_get(entry, "rule"));
	const json_t *other;

	if (!rule || strcmp(rule, finding->rule->id))
		return false;
	other = row_of(baseline, "processes", id);
	if (!process != !other || !is_same(process, other, "comm") ||
	    !is_same(process, other, "exe"))
		return false;
	other = row_of(baseline, "objects", json_object_get(entry, "object"));
	return !object == !other && is_same(object, other, "kind") &&
	       is_same(object, other, "name");
}

static bool is_known(const json_t *baseline, const struct finding *finding, const json_t *process,
		     const json_t *object)
{
	const json_t *entries = json_object_get(baseline, "findings"), *entry;
	size_t i;

	json_array_foreach(entries, i, entry) if (is_known_as(baseline, entry, finding, process,
							      object)) return true;
	return false;
}

int baseline_apply(const json_t *baseline, const struct model *model, struct findings *findings,
		   size_t *known)
{
	*known = 0;
	for (size_t i = findings->count; i-- > 0;) {
		const struct finding *finding = &findings->items[i];
		json_t *process = NULL, *object = NULL;
		bool drop;

		/* By the same functions that wrote the baseline, so that both read alike. */
		if (finding->process)
			process = json_process(model, finding->process);
		if (finding->object)
			object = json_object_part(model, finding->object);
		drop = is_known(baseline, finding, process, object);
		json_decref(process);
		json_decref(object);
		if (drop) {
			findings_remove(findings, i);
			(*known)++;
		}
	}
	return 0;
}
