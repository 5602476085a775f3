// SPDX-License-Identifier: GPL-2.0-only
/*
 * The audit: the tables kept from events, held against a model fresh from the kernel. Its lines
 * name objects by kind and inode alone; nicer names are the mechanisms' business.
 */
#include "model/internal.h"

#include <stdarg.h>
#include <stdio.h>

int audit_add(struct audit *audit, const char *format, ...)
{
	va_list args;
	char *line;
	int len;

	audit->differences++;
	if (audit->details_count >= AUDIT_DETAILS_MAX)
		return 0;
	va_start(args, format);
	len = vasprintf(&line, format, args);
	va_end(args);
	if (len < 0)
		return -ENOMEM;
	audit->details[audit->details_count++] = line;
	return 0;
}

/* --- slots ----------------------------------------------------------------------------------- */

#define SIDE_LEN 80

/* "pipe:[123]", "pipe:[123] close-on-exec", "nothing" */
static void slot_describe(const struct slot *slot, char *buf)
{
	const struct object *object;

	if (!slot) {
		strcpy(buf, "nothing");
		return;
	}
	object = slot->description->object;
	snprintf(buf, SIDE_LEN, "%s:[%llu]%s", kind_name(object->key.kind),
		 (unsigned long long)object->facts.ino, slot->cloexec ? " close-on-exec" : "");
}

static bool is_same_slot(const struct slot *kept, const struct slot *fresh)
{
	const struct description *ours = kept->description, *theirs = fresh->description;

	if (ours->file != theirs->file)
		return false;
	/* What nobody has explained yet is not wrong, as long as it is the same file. */
	if (ours->object->key.kind == FILE_UNKNOWN || theirs->object->key.kind == FILE_UNKNOWN)
		return true;
	return kept->cloexec == fresh->cloexec &&
	       !memcmp(&ours->object->key, &theirs->object->key, sizeof(ours->object->key));
}

static bool is_other_description(const struct slot *kept, const struct slot *fresh)
{
	return kept && fresh && kept->description->file != fresh->description->file &&
	       !memcmp(&kept->description->object->key, &fresh->description->object->key,
		       sizeof(struct object_key));
}

/* bash[812] fd 5: kept pipe:[123], kernel has nothing */
static int slot_differs(struct audit *audit, const struct process *process, unsigned int fd,
			const struct slot *kept, const struct slot *fresh)
{
	char ours[SIDE_LEN], theirs[SIDE_LEN];

	slot_describe(kept, ours);
	slot_describe(fresh, theirs);
	return audit_add(audit, "%s[%u] fd %u: kept %s, kernel has %s%s", process->comm,
			 process->key.pid, fd, ours, theirs,
			 is_other_description(kept, fresh) ? " (another description)" : "");
}

static const struct slot *slot_filled(const struct table *table, unsigned int fd)
{
	const struct slot *slot = table_slot(table, fd);

	return slot && slot->description ? slot : NULL;
}

static int table_compare(const struct table *kept, const struct table *fresh,
			 const struct process *process, struct audit *audit)
{
	unsigned int size = kept->size > fresh->size ? kept->size : fresh->size;
	const struct slot *ours, *theirs;
	int err = 0;

	for (unsigned int fd = 0; fd < size && !err; fd++) {
		ours = slot_filled(kept, fd);
		theirs = slot_filled(fresh, fd);
		if (!ours && !theirs)
			continue;
		audit->checked++;
		if (!ours || !theirs || !is_same_slot(ours, theirs))
			err = slot_differs(audit, process, fd, ours, theirs);
	}
	return err;
}

/* --- mappings -------------------------------------------------------------------------------- */

/* "anon:[41673] 7f00-7f10 +0 rw", "nothing" */
static void mapping_describe(const struct mapping *mapping, char *buf, size_t size)
{
	if (!mapping) {
		snprintf(buf, size, "nothing");
		return;
	}
	snprintf(buf, size, "%s:[%llu] %llx-%llx +%llx %s%s",
		 kind_name(mapping->object->key.kind),
		 (unsigned long long)mapping->object->key.ino, (unsigned long long)mapping->start,
		 (unsigned long long)mapping->end, (unsigned long long)mapping->offset,
		 mapping->access & MAPPING_READ ? "r" : "", mapping->access & MAPPING_WRITE ? "w" : "");
}

static bool is_same_mapping(const struct mapping *a, const struct mapping *b)
{
	return a->start == b->start && a->end == b->end && a->offset == b->offset &&
	       !((a->access ^ b->access) & (MAPPING_READ | MAPPING_WRITE)) &&
	       !memcmp(&a->object->key, &b->object->key, sizeof(a->object->key));
}

static int mapping_differs(struct audit *audit, const struct process *process,
			   const struct mapping *kept, const struct mapping *fresh)
{
	char ours[160], theirs[160];

	mapping_describe(kept, ours, sizeof(ours));
	mapping_describe(fresh, theirs, sizeof(theirs));
	return audit_add(audit, "%s[%u] mapping: kept %s, kernel has %s", process->comm,
			 process->key.pid, ours, theirs);
}

static const struct mapping *mapping_at(const struct process *process, unsigned int place)
{
	const struct mappings *all = process->space ? &process->space->mappings : NULL;

	return all && place < all->count ? all->at[place] : NULL;
}

/* Both are in order, and neighbours that go on alike are one in each. */
static int mappings_compare(const struct process *kept, const struct process *fresh,
			    struct audit *audit)
{
	unsigned int ours = 0, theirs = 0;
	const struct mapping *a, *b;
	int err = 0;

	for (;;) {
		a = mapping_at(kept, ours);
		b = mapping_at(fresh, theirs);
		if (err || (!a && !b))
			return err;
		audit->checked++;
		if (a && b && a->start != b->start) {
			if (a->start < b->start)
				b = NULL;
			else
				a = NULL;
		}
		if (!a || !b || !is_same_mapping(a, b))
			err = mapping_differs(audit, kept, a, b);
		ours += a != NULL;
		theirs += b != NULL;
	}
}

/* --- tasks ----------------------------------------------------------------------------------- */

static const struct task *task_twin(const struct model *model, const struct task *task)
{
	const struct task *twin = task_find(model, task->tid);

	if (!twin || memcmp(&twin->process->key, &task->process->key, sizeof(struct process_key)))
		return NULL;
	return twin;
}

/* A table is compared once, on behalf of the first task that uses it. */
static int task_compare(const struct model *model, const struct task *kept,
			const struct task *fresh, struct audit *audit)
{
	const struct process *process = kept->process;

	audit->checked++;
	if (kept->table && kept->tid == process->key.pid && fresh->table &&
	    mappings_compare(process, fresh->process, audit))
		return -ENOMEM;
	if (!kept->table != !fresh->table || (kept->table && kept->table->id != fresh->table->id))
		return audit_add(audit, "%s[%u] task %u: kept in %s table, kernel has %s",
				 process->comm, process->key.pid, kept->tid,
				 kept->table ? "another" : "no",
				 fresh->table ? "it in one" : "none");
	if (!kept->table || fresh->table->tasks != fresh)
		return 0;
	return table_compare(kept->table, fresh->table, process, audit);
}

static int task_missing(const struct task *task, const char *what, struct audit *audit)
{
	audit->checked++;
	return audit_add(audit, "%s[%u] task %u: %s", task->process->comm, task->process->key.pid,
			 task->tid, what);
}

static bool is_held(const struct endpoint *endpoint)
{
	return endpoint->read_slots || endpoint->write_slots || endpoint->other_slots || endpoint->maps;
}

/* It holds now what a selected one has to do with. */
static bool is_peer(const struct model *model, const struct process *process)
{
	const struct endpoint *endpoint;

	DL_FOREACH2(process->endpoints, endpoint, process_next)
		if (is_held(endpoint) && object_is_near_selected(endpoint->key.object, model))
			return true;
	return process_shares_table_with_selected(process);
}

/* Where processes are selected, the others are nobody's business, but for their peers. */
static bool is_kept(const struct model *kept, const struct model *fresh, const struct process *process)
{
	const struct process *twin, *parent;

	if (kept->select_all)
		return true;
	parent = model_process_by_pid(kept, process->ppid);
	if (kept->follow && parent && parent->selected && !parent->exited)
		return true;
	twin = model_process(kept, process->key.pid, process->key.start_ns);
	return (twin && twin->tasks) || is_peer(fresh, process);
}

/* Tasks without a table are on their way out, or zombies: which of the two sees them is chance. */
static int tasks_compare(const struct model *kept, const struct model *fresh, struct audit *audit)
{
	const struct task *task, *twin;
	int err = 0;

	for (task = fresh->tasks; task && !err; task = task->hh.next) {
		twin = task_twin(kept, task);
		if (twin)
			err = task_compare(kept, twin, task, audit);
		else if (task->table && is_kept(kept, fresh, task->process))
			err = task_missing(task, "not kept, kernel has it", audit);
	}
	for (task = kept->tasks; task && !err; task = task->hh.next)
		if (task->table && !task_twin(fresh, task))
			err = task_missing(task, "kept, kernel has none", audit);
	return err;
}

int audit_compare(const struct model *kept, const struct model *fresh, struct audit *audit)
{
	struct audit result = { 0 };
	int err;

	result.details = calloc(AUDIT_DETAILS_MAX, sizeof(*result.details));
	if (!result.details)
		return -ENOMEM;
	err = tasks_compare(kept, fresh, &result);
	if (!err)
		err = audit_signals(kept, fresh, &result);
	if (err) {
		audit_free(&result);
		return err;
	}
	*audit = result;
	return 0;
}

void audit_free(struct audit *audit)
{
	for (size_t i = 0; i < audit->details_count; i++)
		free(audit->details[i]);
	free(audit->details);
	*audit = (struct audit){ 0 };
}
