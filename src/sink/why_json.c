// SPDX-License-Identifier: GPL-2.0-only
/* why as a document: ipctrace.why/1. */
#include "sink/sink.h"

#include <string.h>

#include "sink/json.h"
#include "sink/why_words.h"
#include "source/calls.h"

static json_t *json_words(const char *words)
{
	return words ? json_text(words, strlen(words)) : json_null();
}

static json_t *json_answer(enum answer answer)
{
	return answer == ANSWER_UNKNOWN ? json_null() : json_boolean(answer == ANSWER_YES);
}

/* {"process", "fd", "how", "used", "hidden", "socket", "tid"} */
static json_t *json_waker(const struct waker *waker)
{
	static const char *const hidden[] = {
		[HIDDEN_IN_FLIGHT] = "in-flight",
		[HIDDEN_URING] = "io_uring",
	};
	json_t *value = json_object();

	json_object_set_new(value, "process", json_process_id(waker->process));
	json_object_set_new(value, "fd",
			    waker->fd >= 0 && !waker->hidden ? json_integer(waker->fd) :
							       json_null());
	json_object_set_new(value, "how",
			    waker->hidden ? json_null() : json_words(waker_how(waker)));
	json_object_set_new(value, "used", json_answer(waker->used));
	json_object_set_new(value, "hidden",
			    waker->hidden ? json_string(hidden[waker->hidden]) : json_null());
	json_object_set_new(value, "socket", json_object_id(waker->socket));
	json_object_set_new(value, "tid", waker->tid ? json_integer(waker->tid) : json_null());
	return value;
}

static json_t *json_wakers(const struct wait *wait)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < wait->wakers_count; i++)
		json_array_append_new(array, json_waker(&wait->wakers[i]));
	return array;
}

/* [{"object", "relief"}]: through what something outside can end it */
static json_t *json_outsides(const struct model *model, const struct wait *wait)
{
	char relief[RELIEF_MAX];
	json_t *array = json_array(), *value;
	unsigned int i;

	for (i = 0; i < wait->outsides_count; i++) {
		value = json_object();
		json_object_set_new(value, "object", json_object_id(wait->outsides[i]));
		outside_words(model, wait, i, relief);
		json_object_set_new(value, "relief", json_words(relief));
		json_array_append_new(array, value);
	}
	return array;
}

static json_t *json_wait_fd(const struct wait *wait)
{
	return wait->ons_count == 1 && wait->ons[0].fd >= 0 ? json_integer(wait->ons[0].fd) :
							      json_null();
}

static json_t *json_wait(const struct model *model, const struct wait *wait)
{
	char relief[RELIEF_MAX];
	json_t *value = json_object();

	json_object_set_new(value, "process", json_process_id(wait->process));
	json_object_set_new(value, "tid", json_integer(wait->tid));
	json_object_set_new(value, "call", json_words(wait_call_name(wait->row.nr)));
	json_object_set_new(value, "fd", json_wait_fd(wait));
	json_object_set_new(value, "object", json_object_id(wait->object));
	json_object_set_new(value, "since_ns",
			    wait->row.since ? json_uint(wait->row.since) : json_null());
	json_object_set_new(value, "for", json_string(wait->all ? "all" : "any"));
	json_object_set_new(value, "of", json_wakers(wait));
	json_object_set_new(value, "stuck", json_boolean(wait->stuck));
	json_object_set_new(value, "stopped", json_boolean(wait->row.what == WAIT_STOPPED));
	json_object_set_new(value, "relief", json_words(relief_words(model, wait, relief)));
	json_object_set_new(value, "outside", json_outsides(model, wait));
	return value;
}

static json_t *json_ring(const struct why *why)
{
	json_t *ring = json_array();
	size_t i;

	for (i = 0; i < why->ring_count; i++)
		json_array_append_new(ring, json_process_id(why->ring[i]));
	return ring;
}

static void reach(const struct model *model, struct wait *wait);

/* Any of its threads may be the one. */
static void reach_all(const struct model *model, const struct process *process)
{
	const struct task *task;
	struct wait *wait;

	DL_FOREACH2(process->tasks, task, process_next) {
		wait = why_wait_of_task(model, process, task);
		if (wait)
			reach(model, wait);
	}
}

/* Marks those that the wait leads to, over its wakers. */
static void reach(const struct model *model, struct wait *wait)
{
	const struct waker *waker;
	struct wait *next;
	size_t i;

	if (wait->visited)
		return;
	wait->visited = true;
	for (i = 0; i < wait->wakers_count; i++) {
		waker = &wait->wakers[i];
		next = why_wait_of_waker(model, wait, waker);
		if (next)
			reach(model, next);
		else if (why_is_unserved(model, wait, waker))
			reach_all(model, waker->process);
	}
}

int why_print_json(FILE *out, const struct model *model, const struct why *why)
{
	char summary[WHY_SUMMARY_MAX];
	struct document document;
	struct wait *wait;
	size_t i;

	for (wait = model->waits; wait; wait = wait->hh.next)
		wait->visited = false;
	for (i = 0; i < why->waits_count; i++)
		reach(model, why->waits[i]);
	document_begin(&document, out, "ipctrace.why/1", model);
	document_value(&document, "verdict", json_string(verdict_name(why->verdict)));
	document_array(&document, "waits");
	for (i = 0; i < why->waits_count; i++) {
		document_item(&document, json_wait(model, why->waits[i]));
		why->waits[i]->visited = false;
	}
	for (wait = model->waits; wait; wait = wait->hh.next)
		if (wait->visited)
			document_item(&document, json_wait(model, wait));
	document_value(&document, "deadlock", json_ring(why));
	why_summary(model, why, summary);
	document_value(&document, "summary", json_text(summary, strlen(summary)));
	return document_end(&document);
}
