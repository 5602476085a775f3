// SPDX-License-Identifier: GPL-2.0-only
/* Findings as a document: ipctrace.check/1. A --baseline reads it back. */
#include "sink/sink.h"

#include "sink/json.h"
#include "sink/order.h"

/* {"rule", "severity", "process", "object", "message", "fix"} */
static json_t *json_finding(const struct finding *finding)
{
	json_t *value = json_object();

	json_object_set_new(value, "rule", json_string(finding->rule->id));
	json_object_set_new(value, "severity", json_string(severity_name(finding->rule->severity)));
	json_object_set_new(value, "process", json_process_id(finding->process));
	json_object_set_new(value, "object", json_object_id(finding->object));
	json_object_set_new(value, "message",
			    json_text(finding->message, strlen(finding->message)));
	json_object_set_new(value, "fix", json_string(finding->rule->fix));
	return value;
}

/* Processes and objects are told in full, once each: a pid alone says nothing tomorrow. */
static int collect(const struct findings *findings, struct set *processes, struct set *objects)
{
	int err = 0;

	for (size_t i = 0; i < findings->count && !err; i++) {
		if (findings->items[i].process)
			err = set_add(processes, findings->items[i].process);
		if (!err && findings->items[i].object)
			err = set_add(objects, findings->items[i].object);
	}
	set_sort(processes);
	return err;
}

int check_print_json(FILE *out, const struct model *model, const struct findings *findings)
{
	struct set processes = { .order = process_order }, objects = { .order = object_order };
	struct document document;
	int err = collect(findings, &processes, &objects);

	if (!err) {
		document_begin(&document, out, "ipctrace.check/1", model);
		document_value(&document, "incomplete",
			       json_boolean(model_lost(model) || model_has_forgotten(model)));
		document_array(&document, "findings");
		for (size_t i = 0; i < findings->count; i++)
			document_item(&document, json_finding(&findings->items[i]));
		document_array(&document, "processes");
		for (size_t i = 0; i < processes.count; i++)
			document_item(&document, json_process(model, processes.items[i]));
		document_objects(&document, model, &objects);
		err = document_end(&document);
	}
	set_free(&processes);
	set_free(&objects);
	return err;
}
