// SPDX-License-Identifier: GPL-2.0-only
/* Links of descriptors handed over: their details, their bounds, and what becomes of them. */
#include "records.h"

#include <string.h>

#include "model/graph.h"

#define T  0x1000
#define T2 0x2000
#define F  0xf000
#define G  0xf100
#define S  0xf200

static void start(struct script *s)
{
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T2, 1);
	by(s, 10);
	slot_row(s, T, 9, unix_socket(S, 300));
	by(s, 20);
	slot_row(s, T2, 6, unix_socket(S + 1, 301));
	snapshot_done(s);
	selected(s, 10, true);
	by(s, 10);
}

static void pass(struct script *s, int fd, struct file_facts facts)
{
	struct record_pass record = {
		.head = { .type = RECORD_PASS, .size = sizeof(record), .ts = s->ts++, .pid = 10,
			  .tid = 10, .start = start_of(s, 10) },
		.fd = fd, .socket_fd = 9, .socket_ino = 300, .peer_ino = 301, .facts = facts,
	};

	apply(s, &record);
}

static void receive(struct script *s, int fd, struct file_facts facts)
{
	by(s, 20);
	slot(s, T2, fd, facts, SYS_recvmsg, 1, 6, 0, 0);
	by(s, 10);
}

static const struct graph_link *link_of(const struct graph *graph, const char *kind)
{
	for (size_t i = 0; i < graph->links_count; i++)
		if (!strcmp(graph->links[i].kind, kind))
			return &graph->links[i];
	return NULL;
}

static uint64_t field(const struct graph_link *link, size_t i, const char *key)
{
	for (size_t j = 0; j < link->details[i].count; j++)
		if (!strcmp(link->details[i].fields[j].key, key))
			return link->details[i].fields[j].count.known ?
				       link->details[i].fields[j].count.value :
				       ~0ull;
	fail();
	return 0;
}

static void over_the_senders_socket(void **state)
{
	struct script *s = *state;
	const struct graph_link *link;
	struct graph graph;

	start(s);
	pipe_made(s, T, 3, 4, F, 200);
	pass(s, 4, pipe_write_end(F + 1, 200));
	s->ts += 1000;
	receive(s, 7, pipe_write_end(F + 1, 200));
	assert_int_equal(s->change.socket->key.ino, 301);
	assert_int_equal(graph_build(s->model, true, &graph), 0);
	link = link_of(&graph, "passing");
	assert_non_null(link);
	assert_int_equal(link->from->key.pid, 10);
	assert_int_equal(link->to->key.pid, 20);
	assert_int_equal(link->object->key.ino, 300);
	assert_int_equal(link->messages.value, 1);
	assert_false(link->bytes.known);
	assert_true(link->direct && link->observed && !link->closed);
	assert_int_equal(link->details_count, 1);
	assert_int_equal(field(link, 0, "from_fd"), 4);
	assert_int_equal(field(link, 0, "fd"), 7);
	assert_true(field(link, 0, "in_flight_ns") >= 1000);
	assert_int_equal(link->details[0].fields[0].object->key.ino, 200);
	graph_free(&graph);
}

/* The receiver was faster than the sender's call came back. */
static void told_late(void **state)
{
	struct script *s = *state;
	const struct graph_link *link;
	struct graph graph;

	start(s);
	pipe_made(s, T, 3, 4, F, 200);
	receive(s, 7, pipe_write_end(F + 1, 200));
	pass(s, 4, pipe_write_end(F + 1, 200));
	assert_int_equal(graph_build(s->model, true, &graph), 0);
	link = link_of(&graph, "passing");
	assert_non_null(link);
	assert_int_equal(link->object->key.ino, 300);
	assert_int_equal(field(link, 0, "fd"), 7);
	assert_int_equal(field(link, 0, "in_flight_ns"), ~0ull);
	graph_free(&graph);
}

static void taken(void **state)
{
	struct script *s = *state;
	const struct graph_link *link;
	struct record_slot record = {
		.table = T, .fd = 8, .nr = SYS_pidfd_getfd, .result = 8, .arg = { 5, 6, 0 },
		.source_pid = 20, .facts = unix_socket(S + 1, 301),
	};
	struct graph graph;

	start(s);
	record.head = (struct record){ .type = RECORD_SLOT, .size = sizeof(record), .ts = s->ts++,
				       .pid = 10, .tid = 10, .start = start_of(s, 10) };
	apply(s, &record);
	assert_int_equal(graph_build(s->model, true, &graph), 0);
	link = link_of(&graph, "taking");
	assert_non_null(link);
	assert_int_equal(link->from->key.pid, 20);
	assert_int_equal(link->to->key.pid, 10);
	assert_int_equal(link->object->key.ino, 301);
	assert_int_equal(field(link, 0, "from_fd"), 6);
	graph_free(&graph);
}

/* Thousands are counted; the newest few are told, the oldest of them first. */
static void many(void **state)
{
	struct script *s = *state;
	const struct graph_link *link;
	struct graph graph;

	start(s);
	for (int i = 0; i < 1000; i++) {
		pass(s, 3, regular_file(G, 50));
		receive(s, 10 + i, regular_file(G, 50));
	}
	assert_int_equal(graph_build(s->model, true, &graph), 0);
	link = link_of(&graph, "passing");
	assert_int_equal(link->messages.value, 1000);
	assert_int_equal(link->details_count, HANDED_MAX);
	assert_int_equal(field(link, 0, "fd"), 10 + 1000 - HANDED_MAX);
	assert_int_equal(field(link, HANDED_MAX - 1, "fd"), 10 + 999);
	graph_free(&graph);
}

/* What was passed is closed and forgotten, and still told. */
static void what_is_gone_is_still_told(void **state)
{
	struct script *s = *state;
	const struct graph_link *link;
	struct graph graph;

	start(s);
	pass(s, 3, regular_file(G, 50));
	receive(s, 7, regular_file(G, 50));
	by(s, 20);
	closed(s, T2, 7);
	plain(s, RECORD_STOP);
	assert_int_equal(graph_build(s->model, true, &graph), 0);
	link = link_of(&graph, "passing");
	assert_int_equal(link->details[0].fields[0].object->key.ino, 50);
	graph_free(&graph);
	exited(s, 0, true);
	assert_int_equal(graph_build(s->model, true, &graph), 0);
	assert_true(link_of(&graph, "passing")->closed);
	graph_free(&graph);
	assert_int_equal(graph_build(s->model, false, &graph), 0);
	assert_null(link_of(&graph, "passing")); /* not of this instant */
	graph_free(&graph);
	model_forget(s->model, s->ts + 1);
	assert_int_equal(graph_build(s->model, true, &graph), 0);
	graph_free(&graph);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_setup, script_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(over_the_senders_socket),
		TEST(told_late),
		TEST(taken),
		TEST(many),
		TEST(what_is_gone_is_still_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
