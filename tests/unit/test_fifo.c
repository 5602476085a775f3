// SPDX-License-Identifier: GPL-2.0-only
/* FIFOs: paths, stand-ins for what was only made, names that are gone, waiting in open. */
#include "records.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "mechanism/mechanism.h"
#include "model/graph.h"

#define T 0x1000
#define F 0xf000

static struct event event;

static void start(struct script *s)
{
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T + 1, 1);
	snapshot_done(s);
	selected(s, 0, true);
	by(s, 10);
}

/* folders: from the leaf up, as the kernel sends them, with '/' for each NUL. */
static void fifo(struct script *s, uint32_t verb, const char *path, const char *folders,
		 uint64_t ino, uint32_t mnt_ns)
{
	struct record_fifo record = {
		.head = { .type = RECORD_FIFO, .size = sizeof(record), .ts = s->ts++,
			  .pid = s->pid, .tid = s->tid, .start = start_of(s, s->pid) },
		.verb = verb, .ino = ino, .fd = verb == FIFO_OPENED ? 3 : -1, .fmode = 1,
		.dev = verb == FIFO_OPENED ? fifo_end(F, ino, 1).dev : 0,
		.folders_len = strlen(folders), .mnt_ns = mnt_ns, .waited = 1500000,
	};

	snprintf(record.path, sizeof(record.path), "%s", path);
	memcpy(record.folders, folders, record.folders_len);
	for (uint32_t i = 0; i < record.folders_len; i++)
		if (record.folders[i] == '/')
			record.folders[i] = 0;
	apply(s, &record);
}

static void assert_id(const struct object *object, const char *id)
{
	char buf[512];

	assert_non_null(object);
	object_id(object, buf, sizeof(buf));
	assert_string_equal(buf, id);
}

/* The id, with the object's serial number behind it. */
static void assert_numbered_id(const struct object *object, const char *id)
{
	char numbered[512];

	assert_non_null(object);
	snprintf(numbered, sizeof(numbered), "%s #%llu", id, (unsigned long long)object->serial);
	assert_id(object, numbered);
}

static bool happened(struct script *s)
{
	return mechanism_event(s->model, &s->last.head, &s->change, ~0ull, &event);
}

static void paths(void **state)
{
	static const struct {
		const char *path, *folders, *id;
	} rows[] = {
		{ "f", "tmp/", "fifo:/tmp/f" },
		{ "./f", "b/a/", "fifo:/a/b/f" },
		{ "../f", "b/a/", "fifo:/a/f" },
		{ "../../../f", "b/a/", "fifo:/f" },
		{ "c//d/./f", "a/", "fifo:/a/c/d/f" },
		{ "/x/../y/f", "", "fifo:/y/f" },
		{ "f", "", "fifo:/f" },
		{ "\033[31m\n", "a\"b/", "fifo:/a\"b/\033[31m\n" },
	};
	struct script *s = *state;

	start(s);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fifo(s, FIFO_CREATED, rows[i].path, rows[i].folders, 0, 0);
		assert_id(s->change.object, rows[i].id);
	}
	fifo(s, FIFO_CREATED, "f", "tmp/", 0, 77);
	assert_id(s->change.object, "fifo:/tmp/f@mnt:[77]");
}

static void a_path_that_is_not_known_has_no_object(void **state)
{
	struct script *s = *state;

	start(s);
	fifo(s, FIFO_CREATED, "", "tmp/", 0, 0);
	assert_null(s->change.object);
	assert_true(happened(s)); /* but somebody made one */
	fifo(s, FIFO_CREATED, "f", "tmp/", 0, 0);
	fifo(s, FIFO_UNLINKED, "f", "tmp/", 0, 0);
	assert_numbered_id(s->change.object, "fifo:/tmp/f (deleted)");
	fifo(s, FIFO_UNLINKED, "stranger", "tmp/", 0, 0);
	assert_null(s->change.object);
	assert_false(happened(s));
}

static void words(void **state)
{
	struct script *s = *state;

	start(s);
	fifo(s, FIFO_CREATED, "f", "tmp/", 0, 0);
	assert_true(happened(s));
	assert_string_equal(event.name, "fifo.create");
	assert_string_equal(event.words, "mkfifo f = /tmp/f");
	opened(s, T, 3, fifo_end(F, 200, 1));
	assert_false(happened(s)); /* a record of its own tells */
	fifo(s, FIFO_OPENED, "f", "f/tmp/", 200, 0);
	assert_true(happened(s));
	assert_string_equal(event.name, "fifo.open");
	assert_string_equal(event.words, "open 3 f, waited 1.500 ms");
	assert_string_equal(event.end, "read end");
	assert_id(event.object, "fifo:/tmp/f");
	fifo(s, FIFO_UNLINKED, "/tmp/f", "", 0, 0);
	assert_true(happened(s));
	assert_string_equal(event.name, "fifo.unlink");
	assert_string_equal(event.words, "unlink /tmp/f");
	assert_id(event.object, "fifo:/tmp/f (deleted) [200]");
}

/* What stood in for it until it was opened is gone. */
static void a_stand_in_gives_way(void **state)
{
	struct script *s = *state;
	unsigned int count;

	start(s);
	fifo(s, FIFO_CREATED, "f", "tmp/", 0, 0);
	count = HASH_COUNT(s->model->objects);
	opened(s, T, 3, fifo_end(F, 200, 1));
	fifo(s, FIFO_OPENED, "f", "f/tmp/", 200, 0);
	assert_int_equal(HASH_COUNT(s->model->objects), count);
}

static void made_anew_is_another(void **state)
{
	struct script *s = *state;
	struct object *old, *new;

	start(s);
	opened(s, T, 3, fifo_end(F, 200, 1));
	fifo(s, FIFO_OPENED, "f", "f/tmp/", 200, 0);
	old = s->change.object;
	fifo(s, FIFO_UNLINKED, "f", "tmp/", 0, 0);
	fifo(s, FIFO_CREATED, "f", "tmp/", 0, 0);
	opened(s, T, 4, fifo_end(F + 1, 201, 1));
	fifo(s, FIFO_OPENED, "f", "f/tmp/", 201, 0);
	new = s->change.object;
	assert_ptr_not_equal(old, new);
	assert_id(old, "fifo:/tmp/f (deleted) [200]");
	assert_id(new, "fifo:/tmp/f");
}

/* The file system gave the new one the inode of the old one. */
static void an_inode_is_used_again(void **state)
{
	struct script *s = *state;
	struct object *old;

	start(s);
	opened(s, T, 3, fifo_end(F, 200, 1));
	fifo(s, FIFO_OPENED, "f", "f/tmp/", 200, 0);
	old = s->change.object;
	fifo(s, FIFO_UNLINKED, "f", "tmp/", 0, 0);
	closed(s, T, 3);
	fifo(s, FIFO_CREATED, "f", "tmp/", 0, 0);
	opened(s, T, 3, fifo_end(F, 200, 1));
	fifo(s, FIFO_OPENED, "f", "f/tmp/", 200, 0);
	assert_ptr_not_equal(s->change.object, old);
	assert_true(object_is_unlinked(old));
	assert_false(object_is_unlinked(s->change.object));
	assert_numbered_id(old, "fifo:/tmp/f (deleted) [200]");
}

/* A sample from before the unlink that comes late does not bring it back. */
static void a_late_sample_changes_nothing(void **state)
{
	struct script *s = *state;
	uint64_t now;

	start(s);
	opened(s, T, 3, fifo_end(F, 200, 1));
	fifo(s, FIFO_OPENED, "f", "f/tmp/", 200, 0);
	now = s->ts;
	s->ts += 100;
	fifo(s, FIFO_UNLINKED, "f", "tmp/", 0, 0);
	s->ts = now;
	opened(s, T, 4, fifo_end(F + 1, 200, 2));
	assert_true(object_is_unlinked(s->change.object));
	assert_id(s->change.object, "fifo:/tmp/f (deleted) [200]");
}

/* Who waited in open comes back while another unlinks it: what it holds has no name any more, and that call has not
 * returned. */
static void told_unlinked_after_it_was_seen(void **state)
{
	struct script *s = *state;
	struct file_facts gone = fifo_end(F + 1, 200, 2);
	struct object *old;

	start(s);
	opened(s, T, 3, fifo_end(F, 200, 1));
	fifo(s, FIFO_OPENED, "f", "f/tmp/", 200, 0);
	old = s->change.object;
	gone.pipe.names = 0;
	opened(s, T, 4, gone);
	fifo(s, FIFO_UNLINKED, "f", "tmp/", 0, 0);
	assert_ptr_equal(s->change.object, old);
	assert_true(happened(s));
	assert_string_equal(event.name, "fifo.unlink");
	/* Once. */
	fifo(s, FIFO_UNLINKED, "f", "tmp/", 0, 0);
	assert_null(s->change.object);
}

/* The same, and nobody told who did it: the next of that name is none of it. */
static void unlinked_by_a_stranger(void **state)
{
	struct script *s = *state;
	struct file_facts gone = fifo_end(F + 1, 200, 2);
	struct object *new;

	start(s);
	opened(s, T, 3, fifo_end(F, 200, 1));
	fifo(s, FIFO_OPENED, "f", "f/tmp/", 200, 0);
	gone.pipe.names = 0;
	opened(s, T, 4, gone);
	fifo(s, FIFO_CREATED, "f", "tmp/", 0, 0);
	new = s->change.object;
	fifo(s, FIFO_UNLINKED, "f", "tmp/", 0, 0);
	assert_ptr_equal(s->change.object, new);
	assert_true(object_is_unlinked(new));
}

/* Opened while it had a name, and the call came back when another had it. */
static void who_waited_opens_the_old_one(void **state)
{
	struct script *s = *state;
	struct file_facts facts = fifo_end(F, 200, 1);

	start(s);
	fifo(s, FIFO_CREATED, "f", "tmp/", 0, 0);
	facts.pipe.names = 0;
	opened(s, T, 3, facts);
	fifo(s, FIFO_OPENED, "f", "f/tmp/", 200, 0);
	assert_id(s->change.object, "fifo:/tmp/f (deleted) [200]");
	fifo(s, FIFO_UNLINKED, "f", "tmp/", 0, 0); /* the stand-in is still there */
	assert_non_null(s->change.object);
	assert_int_not_equal(s->change.object->key.ino, 200);
}

static void two_of_one_path(void **state)
{
	struct script *s = *state;
	struct object *first;

	start(s);
	opened(s, T, 3, fifo_end(F, 200, 1));
	fifo(s, FIFO_OPENED, "f", "f/tmp/", 200, 0);
	first = s->change.object;
	opened(s, T, 4, fifo_end(F + 1, 201, 1));
	fifo(s, FIFO_OPENED, "f", "f/tmp/", 201, 0);
	assert_id(s->change.object, "fifo:/tmp/f");
	assert_id(first, "fifo:/tmp/f (elsewhere) [200]");
}

static void opening(struct script *s, uint64_t ino, uint32_t fmode, uint64_t since)
{
	struct record_opening record = {
		.head = { .type = RECORD_OPENING, .size = sizeof(record), .flags = RECORD_ROW,
			  .ts = s->ts++, .pid = s->pid, .tid = s->tid,
			  .start = start_of(s, s->pid) },
		.ino = ino, .dev = fifo_end(F, ino, 1).dev, .fmode = fmode, .since = since,
	};

	apply(s, &record);
}

static const struct graph_endpoint *waiting_in(const struct graph *graph)
{
	for (size_t i = 0; i < graph->endpoints_count; i++)
		if (graph->endpoints[i].waiting)
			return &graph->endpoints[i];
	return NULL;
}

static void waiting_is_shown_until_told_otherwise(void **state)
{
	struct script *s = *state;
	struct graph graph;

	start(s);
	plain(s, RECORD_QUEUES_BEGIN);
	opening(s, 200, 2, 123);
	plain(s, RECORD_QUEUES_END);
	assert_int_equal(graph_build(s->model, false, &graph), 0);
	assert_int_equal(graph.endpoints_count, 1);
	assert_int_equal(waiting_in(&graph)->role, ROLE_WRITE);
	assert_int_equal(waiting_in(&graph)->waiting_since, 123);
	assert_false(waiting_in(&graph)->closed);
	graph_free(&graph);
	plain(s, RECORD_QUEUES_BEGIN);
	assert_int_equal(graph_build(s->model, false, &graph), 0);
	assert_null(waiting_in(&graph));
	graph_free(&graph);
}

static void who_has_it_open_or_is_gone_waits_no_more(void **state)
{
	struct script *s = *state;
	struct graph graph;

	start(s);
	opening(s, 200, 1, 0);
	by(s, 20);
	opening(s, 200, 1, 0);
	exited(s, 0, true);
	by(s, 10);
	opened(s, T, 3, fifo_end(F, 200, 1));
	fifo(s, FIFO_OPENED, "f", "f/tmp/", 200, 0);
	assert_int_equal(graph_build(s->model, true, &graph), 0);
	assert_null(waiting_in(&graph));
	graph_free(&graph);
}

static void facts_say_what_is_known(void **state)
{
	struct script *s = *state;
	struct fact facts[EVENT_FACTS_MAX];
	size_t count;

	start(s);
	fifo(s, FIFO_CREATED, "f", "tmp/", 0, 0);
	count = object_facts(s->model, s->change.object, facts, EVENT_FACTS_MAX);
	assert_int_equal(count, 5);
	assert_string_equal(facts[0].key, "capacity");
	assert_int_equal(facts[0].type, FACT_NULL);
	assert_string_equal(facts[4].key, "unlinked");
	assert_false(facts[4].truth);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_setup, script_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(paths),
		TEST(a_path_that_is_not_known_has_no_object),
		TEST(words),
		TEST(a_stand_in_gives_way),
		TEST(made_anew_is_another),
		TEST(an_inode_is_used_again),
		TEST(a_late_sample_changes_nothing),
		TEST(told_unlinked_after_it_was_seen),
		TEST(unlinked_by_a_stranger),
		TEST(who_waited_opens_the_old_one),
		TEST(two_of_one_path),
		TEST(waiting_is_shown_until_told_otherwise),
		TEST(who_has_it_open_or_is_gone_waits_no_more),
		TEST(facts_say_what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
