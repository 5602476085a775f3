// SPDX-License-Identifier: GPL-2.0-only
/* Runs the rules, and keeps what they find. */
#include "check/rule.h"

#include <stdarg.h>
#include <stdio.h>

const char *process_words(const struct process *process, char buf[WHO_LEN])
{
	snprintf(buf, WHO_LEN, "%.*s[%u]", RECORD_COMM_LEN, process->comm, process->key.pid);
	return buf;
}

const char *age_words(uint64_t ns, char buf[AGE_LEN])
{
	static const struct {
		uint64_t ns;
		const char *name;
	} units[] = { { 86400000000000ull, "d" }, { 3600000000000ull, "h" }, { 60000000000ull, "min" } };

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (ns >= units[i].ns) {
			snprintf(buf, AGE_LEN, "%llu %s", (unsigned long long)(ns / units[i].ns),
				 units[i].name);
			return buf;
		}
	snprintf(buf, AGE_LEN, "%llu s", (unsigned long long)(ns / 1000000000ull));
	return buf;
}

const struct process *object_holder(const struct object *object)
{
	const struct endpoint *endpoint;

	DL_FOREACH2(object->endpoints, endpoint, object_next)
		if (endpoint->read_slots)
			return endpoint->key.process;
	return NULL;
}

uint64_t read_until(const struct model *model, const struct endpoint *endpoint)
{
	return endpoint->read_slots ? model->end_ts : endpoint->read_gone_ts;
}

uint64_t write_until(const struct model *model, const struct endpoint *endpoint)
{
	return endpoint->write_slots ? model->end_ts : endpoint->write_gone_ts;
}

int fd_on(const struct process *process, const struct object *object, uint32_t access)
{
	if (!process->table)
		return -1;
	TABLE_FOREACH(process->table, fd, slot)
	if (slot->description->object == object && (slot->description->fmode & access))
		return (int)fd;
	return -1;
}

/* --- findings -------------------------------------------------------------------------------- */

static bool is_of_interest(const struct model *model, const struct process *process,
			   const struct object *object)
{
	if (model->select_all || (process && process->selected))
		return true;
	return object && object_is_of_selected(object);
}

int finding_add(struct inspection *inspection, const struct process *process,
		const struct object *object, const char *format, ...)
{
	struct findings *findings = inspection->findings;
	struct finding *items;
	char *message;
	va_list args;
	int len;

	if (!is_of_interest(inspection->model, process, object))
		return 0;
	items = reallocarray(findings->items, findings->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	findings->items = items;
	va_start(args, format);
	len = vasprintf(&message, format, args);
	va_end(args);
	if (len < 0)
		return -ENOMEM;
	items[findings->count++] = (struct finding){
		.rule = inspection->rule,
		.process = process,
		.object = object,
		.message = message,
	};
	return 0;
}

void findings_remove(struct findings *findings, size_t index)
{
	free(findings->items[index].message);
	findings->count--;
	memmove(&findings->items[index], &findings->items[index + 1],
		(findings->count - index) * sizeof(findings->items[0]));
}

void findings_free(struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		free(findings->items[i].message);
	free(findings->items);
	*findings = (struct findings){ 0 };
}

/* --- running --------------------------------------------------------------------------------- */

static int compare(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Errors first; then by rule, process and object, none of which depends on hash tables. */
static int finding_order(const void *a, const void *b)
{
	const struct finding *one = a, *other = b;
	int order = (int)one->rule->severity - (int)other->rule->severity;

	if (!order)
		order = compare((uintptr_t)one->rule, (uintptr_t)other->rule);
	if (!order)
		order = compare(one->process ? one->process->key.pid : 0,
				other->process ? other->process->key.pid : 0);
	if (!order)
		order = compare(one->process ? one->process->serial : 0,
				other->process ? other->process->serial : 0);
	if (!order)
		order = compare(one->object ? one->object->serial : 0,
				other->object ? other->object->serial : 0);
	return order ? order : strcmp(one->message, other->message);
}

int check_run(struct model *model, uint64_t ignored, struct findings *findings)
{
	struct inspection inspection = { .model = model, .findings = findings };
	int err = 0;

	*findings = (struct findings){ 0 };
	model_note_held(model);
	for (size_t i = 0; i < rules_count && !err; i++) {
		if (ignored >> i & 1 || (rules[i].is_of_window && !model->counted))
			continue;
		inspection.rule = &rules[i];
		err = rules[i].find(&inspection);
	}
	if (findings->count)
		qsort(findings->items, findings->count, sizeof(findings->items[0]), finding_order);
	return err;
}
