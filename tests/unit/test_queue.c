// SPDX-License-Identifier: GPL-2.0-only
/* POSIX queues, eventfds and pseudo-terminals: who is linked with whom, and their facts. */
#include "records.h"

#include <stdio.h>
#include <string.h>

#include "mechanism/mechanism.h"
#include "model/graph.h"

#define T     0x1000
#define F     0xf000
#define SLAVE (136u << 20 | 4)

static struct file_facts odd(uint64_t file, uint64_t ino, uint32_t kind)
{
	struct file_facts facts = fifo_end(file, ino, 3);

	facts.kind = kind;
	memset(facts.raw, 0, sizeof(facts.raw));
	return facts;
}

static struct file_facts terminal(uint64_t file, bool master)
{
	struct file_facts facts = odd(file, 7, FILE_PTY);

	facts.pty.master = master;
	facts.rdev = SLAVE;
	return facts;
}

static struct file_facts queue(uint64_t file)
{
	struct file_facts facts = odd(file, 300, FILE_MQ);

	facts.mq.messages = 2;
	facts.mq.max = 10;
	facts.mq.size = 64;
	return facts;
}

static void start(struct script *s)
{
	snapshot_start(s);
	for (uint32_t pid = 10; pid <= 40; pid += 10)
		task_row(s, pid, pid, T + pid, 1);
	snapshot_done(s);
	selected(s, 0, true);
}

static void open_by(struct script *s, uint32_t pid, struct file_facts facts)
{
	by(s, pid);
	opened(s, T + pid, 3, facts);
}

/* "10>20 20>10 " of the links, in their order */
static const char *links_of(struct script *s, bool closed)
{
	static char text[256];
	struct graph graph;

	text[0] = 0;
	assert_int_equal(graph_build(s->model, closed, &graph), 0);
	for (size_t i = 0; i < graph.links_count; i++)
		sprintf(text + strlen(text), "%u>%u ", graph.links[i].from->key.pid,
			graph.links[i].to->key.pid);
	graph_free(&graph);
	return text;
}

static const char *id_of(const struct object *object)
{
	static char id[128];

	object_id(object, id, sizeof(id));
	return id;
}

/* 10 shows the terminal, 20 and 30 are on it. */
static void terminals_link_the_two_sides(void **state)
{
	struct script *s = *state;
	char id[64];

	start(s);
	open_by(s, 10, terminal(F, true));
	open_by(s, 20, terminal(F + 1, false));
	open_by(s, 30, terminal(F + 2, false));
	object_id(s->change.object, id, sizeof(id));
	assert_string_equal(id, "pty:/dev/pts/4");
	assert_string_equal(links_of(s, false), "10>20 10>30 20>10 30>10 ");
}

static void over_a_window_those_who_used_it(void **state)
{
	struct script *s = *state;

	start(s);
	open_by(s, 10, terminal(F, true));
	open_by(s, 20, terminal(F + 1, false));
	open_by(s, 30, terminal(F + 2, false));
	counted(s, 10, 7, 100, 5);
	counted(s, 20, 7, 0, 100);
	assert_string_equal(links_of(s, true), "20>10 ");
	counted(s, 30, 7, 5, 0);
	assert_string_equal(links_of(s, true), "10>30 20>10 ");
}

/* The emulator is gone; its side still is what it was. */
static void a_master_stays_one_when_closed(void **state)
{
	struct script *s = *state;

	start(s);
	open_by(s, 10, terminal(F, true));
	open_by(s, 20, terminal(F + 1, false));
	counted(s, 10, 7, 100, 0);
	counted(s, 20, 7, 0, 100);
	by(s, 10);
	closed(s, T + 10, 3);
	assert_string_equal(links_of(s, true), "20>10 ");
	assert_string_equal(links_of(s, false), "");
}

static void eventfds_are_per_file(void **state)
{
	struct script *s = *state;

	start(s);
	open_by(s, 10, event_fd(F, 1));
	open_by(s, 20, event_fd(F + 1, 2)); /* the same inode, another eventfd */
	assert_string_equal(links_of(s, false), "");
	open_by(s, 30, event_fd(F, 1));
	assert_string_equal(id_of(s->change.object), "eventfd:[1]");
	assert_string_equal(links_of(s, false), "10>30 30>10 ");
}

static void a_number_is_used_again(void **state)
{
	struct script *s = *state;
	struct object *old;

	start(s);
	open_by(s, 10, event_fd(F, 1));
	old = s->change.object;
	closed(s, T + 10, 3);
	assert_string_equal(id_of(old), "eventfd:[1]"); /* while its closing is told */
	open_by(s, 20, event_fd(F + 1, 1));
	assert_string_equal(id_of(s->change.object), "eventfd:[1]");
	assert_string_not_equal(id_of(old), "eventfd:[1]");
	assert_non_null(strstr(id_of(old), "(closed)"));
	open_by(s, 30, event_fd(F, 2)); /* the address of the old one */
	assert_string_equal(id_of(s->change.object), "eventfd:[2]");
}

/* Its closing was lost, and the address went to the next one. */
static void an_address_is_used_again(void **state)
{
	struct script *s = *state;
	struct object *old;

	start(s);
	open_by(s, 10, event_fd(F, 1));
	old = s->change.object;
	open_by(s, 20, event_fd(F, 2));
	assert_ptr_not_equal(s->change.object, old);
	assert_string_equal(id_of(s->change.object), "eventfd:[2]");
	assert_non_null(strstr(id_of(old), "eventfd:[1] (closed)"));
	assert_string_equal(links_of(s, false), "");
	assert_invariants(s->model);
}

/* Known by its address alone, until a sample says that it is one that everybody had closed. */
static void a_closed_one_is_held_again(void **state)
{
	struct script *s = *state;
	const uint64_t files[] = { 0, 0, 0, F };

	start(s);
	open_by(s, 10, event_fd(F, 1));
	closed(s, T + 10, 3);
	by(s, 20);
	table_is(s, T + 20, TABLE_COPY, -1, 0, files, 4, true);
	slot(s, T + 20, 3, event_fd(F, 1), -1, 0, 0, 0, 0);
	assert_string_equal(id_of(s->change.object), "eventfd:[1]");
	assert_invariants(s->model);
}

static void a_queue_of_one_is_no_link_until_it_talks_to_itself(void **state)
{
	struct script *s = *state;

	start(s);
	open_by(s, 10, queue(F));
	assert_string_equal(links_of(s, true), "");
	counted(s, 10, 300, 8, 8);
	assert_string_equal(links_of(s, true), "10>10 ");
	open_by(s, 20, queue(F + 1));
	assert_string_equal(links_of(s, true), "10>10 10>20 20>10 ");
}

static void facts(void **state)
{
	struct fact facts[EVENT_FACTS_MAX];
	struct script *s = *state;

	start(s);
	open_by(s, 10, queue(F));
	assert_int_equal(object_facts(s->model, s->change.object, facts, EVENT_FACTS_MAX), 3);
	assert_string_equal(facts[0].key, "queued");
	assert_int_equal(facts[0].number, 2);
	assert_string_equal(facts[1].key, "capacity");
	assert_int_equal(facts[1].number, 10);
	assert_int_equal(facts[2].number, 64);
	assert_int_equal(object_facts(s->model, s->change.object, facts, 1), 1);
	open_by(s, 10, event_fd(F, 1));
	assert_int_equal(object_facts(s->model, s->change.object, facts, EVENT_FACTS_MAX), 2);
	assert_string_equal(facts[1].key, "semaphore");
	assert_false(facts[1].truth);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_setup, script_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(terminals_link_the_two_sides),
		TEST(over_a_window_those_who_used_it),
		TEST(a_master_stays_one_when_closed),
		TEST(eventfds_are_per_file),
		TEST(an_address_is_used_again),
		TEST(a_closed_one_is_held_again),
		TEST(a_number_is_used_again),
		TEST(a_queue_of_one_is_no_link_until_it_talks_to_itself),
		TEST(facts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
