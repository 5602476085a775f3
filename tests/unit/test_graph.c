// SPDX-License-Identifier: GPL-2.0-only
/* The graph: who belongs in it, which links there are, and what state they are in. */
#include "records.h"

#include <sched.h>

#include "model/graph.h"

#define T  0x1000
#define T2 0x2000
#define T3 0x3000
#define F  0xf000
#define G  0xf100

static struct graph build(struct script *s, bool closed)
{
	struct graph graph;

	assert_int_equal(graph_build(s->model, closed, &graph), 0);
	return graph;
}

static const struct graph_link *link_at(const struct graph *graph, uint32_t from, uint32_t to)
{
	for (size_t i = 0; i < graph->links_count; i++)
		if (graph->links[i].from->key.pid == from && graph->links[i].to->key.pid == to)
			return &graph->links[i];
	return NULL;
}

/* A shell (10) makes a | b: 20 writes, 30 reads. */
static void pipeline(struct script *s)
{
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	snapshot_done(s);
	by(s, 10);
	pipe_made(s, T, 3, 4, F, 200);
	forked_whole(s, 20, T2);
	closed(s, T, 4);
	forked_whole(s, 30, T3);
	closed(s, T, 3);
	by(s, 20);
	closed(s, T2, 3);
	slot(s, T2, 1, pipe_write_end(F + 1, 200), SYS_dup3, 1, 4, 1, 0);
	closed(s, T2, 4);
}

static void instant(void **state)
{
	struct script *s = *state;
	struct graph graph;

	pipeline(s);
	selected(s, 0, true);
	graph = build(s, false);
	assert_int_equal(graph.processes_count, 2);
	assert_int_equal(graph.processes[0]->key.pid, 20);
	assert_int_equal(graph.processes[1]->key.pid, 30);
	assert_int_equal(graph.objects_count, 1);
	assert_int_equal(graph.endpoints_count, 2);
	assert_int_equal(graph.endpoints[0].role, ROLE_WRITE);
	assert_int_equal(graph.endpoints[0].fds_count, 1);
	assert_int_equal(graph.endpoints[0].fds[0], 1);
	assert_null(graph.endpoints[0].transfer);
	assert_int_equal(graph.links_count, 1);
	assert_string_equal(graph.links[0].kind, "pipe");
	assert_false(graph.links[0].observed);
	assert_false(graph.links[0].closed);
	assert_false(graph.links[0].bytes.known);
	assert_int_equal(graph_parties(&graph, graph.objects[0]), 2);
	graph_free(&graph);
}

static void observed_in_a_window(void **state)
{
	struct script *s = *state;
	const struct graph_link *link;
	struct graph graph;

	pipeline(s);
	selected(s, 10, true);
	counted(s, 20, 200, 0, 4096);
	counted(s, 30, 200, 4096, 0);
	by(s, 20);
	exited(s, 0, true);
	graph = build(s, true);
	/* the shell is there, selected, but talked to nobody */
	assert_int_equal(graph.processes_count, 3);
	assert_int_equal(graph.links_count, 1);
	link = link_at(&graph, 20, 30);
	assert_true(link->observed);
	assert_true(link->closed);
	assert_true(link->bytes.known);
	assert_int_equal(link->bytes.value, 4096);
	assert_int_equal(link->messages.value, 1);
	graph_free(&graph);
	/* now, nobody is at the other end any more */
	graph = build(s, false);
	assert_int_equal(graph.links_count, 0);
	assert_int_equal(graph.objects_count, 1);
	assert_int_equal(graph.processes_count, 2);
	graph_free(&graph);
}

/* Nothing was written, and all are gone: who held which end to the last could have talked. */
static void unobserved_and_closed(void **state)
{
	struct script *s = *state;
	struct graph graph;

	pipeline(s);
	selected(s, 10, true);
	by(s, 20);
	exited(s, 0, true);
	by(s, 30);
	exited(s, 0, true);
	graph = build(s, true);
	assert_int_equal(graph.links_count, 1);
	assert_non_null(link_at(&graph, 20, 30));
	assert_false(graph.links[0].observed);
	assert_true(graph.links[0].closed);
	assert_true(graph.endpoints[0].closed);
	graph_free(&graph);
}

/* As make hands its jobserver to all: a link from each to each would be thousands. */
static void crowd(struct script *s, uint32_t others)
{
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	snapshot_done(s);
	by(s, 10);
	pipe_made(s, T, 3, 4, F, 200);
	for (uint32_t i = 0; i < others; i++)
		forked_whole(s, 100 + i, T2 + i * 0x100);
	selected(s, 0, true);
	counted(s, 10, 200, 0, 4096);
	counted(s, 102, 200, 4096, 0);
}

/* Ten of a hundred live: they have links, and so has what was used. */
static void crowd_that_is_gone_has_the_links_it_used(void **state)
{
	const uint32_t others = 99, gone = 90;
	struct script *s = *state;
	struct graph graph;

	crowd(s, others);
	for (uint32_t i = 0; i < gone; i++) {
		by(s, 100 + i);
		exited(s, 0, true);
	}
	graph = build(s, true);
	assert_int_equal(graph.links_count, 10 * 9 + 1);
	assert_true(link_at(&graph, 10, 102)->observed);
	assert_true(link_at(&graph, 10, 102)->closed);
	assert_false(link_at(&graph, 10, 198)->observed);
	assert_null(link_at(&graph, 10, 103));
	assert_int_equal(graph.links_left_out, 100 * 99 - graph.links_count);
	assert_int_equal(graph.endpoints_count, 100);
	graph_free(&graph);
}

static void crowd_has_the_links_that_were_used(void **state)
{
	const uint32_t others = 299;
	struct script *s = *state;
	struct graph graph;

	crowd(s, others);
	graph = build(s, true);
	assert_int_equal(graph.links_count, 1);
	assert_non_null(link_at(&graph, 10, 102));
	assert_true(graph.links[0].observed);
	assert_int_equal(graph.links_left_out, (others + 1) * others - 1);
	assert_int_equal(graph.endpoints_count, others + 1);
	graph_free(&graph);
}

static void whole_machine_leaves_out_strangers(void **state)
{
	struct script *s = *state;
	struct graph graph;

	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	slot_row(s, T, 3, unix_socket(F, 300));
	slot_row(s, T, 4, pipe_read_end(F + 1, 200));
	slot_row(s, T, 5, regular_file(F + 2, 9));
	task_row(s, 20, 20, T2, 1);
	slot_row(s, T2, 3, event_fd(G, 1));
	snapshot_done(s);
	selected(s, 0, true);
	graph = build(s, false);
	assert_int_equal(graph.processes_count, 0);
	assert_int_equal(graph.objects_count, 0);
	graph_free(&graph);
	/* an eventfd of two: either may wake the other */
	by(s, 20);
	forked_whole(s, 30, T3);
	graph = build(s, false);
	assert_int_equal(graph.processes_count, 2);
	assert_int_equal(graph.objects_count, 1);
	assert_int_equal(graph.endpoints[1].role, ROLE_BOTH);
	assert_int_equal(graph.links_count, 2);
	assert_string_equal(graph.links[0].kind, "eventfd");
	graph_free(&graph);
}

static void selected_are_always_shown(void **state)
{
	struct script *s = *state;
	struct graph graph;

	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	slot_row(s, T, 4, pipe_read_end(F + 1, 200));
	slot_row(s, T, 3, unix_socket(F, 300));
	task_row(s, 20, 20, T2, 1);
	snapshot_done(s);
	selected(s, 10, false);
	selected(s, 20, false);
	graph = build(s, false);
	assert_int_equal(graph.processes_count, 2);
	assert_int_equal(graph.objects_count, 2); /* the pipe nobody writes to, the socket of nobody's */
	assert_int_equal(graph.endpoints_count, 2);
	graph_free(&graph);
}

static void talks_to_itself(void **state)
{
	struct script *s = *state;
	struct graph graph;

	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	snapshot_done(s);
	selected(s, 0, true);
	by(s, 10);
	pipe_made(s, T, 3, 4, F, 200);
	graph = build(s, false);
	assert_non_null(link_at(&graph, 10, 10)); /* nobody else it could be for */
	graph_free(&graph);
	forked_whole(s, 20, T2);
	graph = build(s, false);
	assert_null(link_at(&graph, 10, 10));
	assert_non_null(link_at(&graph, 10, 20));
	assert_non_null(link_at(&graph, 20, 10));
	graph_free(&graph);
	counted(s, 10, 200, 5, 5);
	graph = build(s, false);
	assert_non_null(link_at(&graph, 10, 10));
	assert_true(link_at(&graph, 10, 10)->observed);
	assert_false(link_at(&graph, 20, 10)->observed);
	graph_free(&graph);
}

static void fifo_both_ways(void **state)
{
	struct script *s = *state;
	struct graph graph;

	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	slot_row(s, T, 5, fifo_end(F, 400, 3));
	slot_row(s, T, 3, fifo_end(F, 400, 3));
	task_row(s, 20, 20, T2, 1);
	slot_row(s, T2, 3, fifo_end(G, 400, 2));
	task_row(s, 30, 30, T3, 1);
	slot_row(s, T3, 3, fifo_end(G + 1, 400, 0x4000));
	snapshot_done(s);
	selected(s, 0, true);
	graph = build(s, false);
	assert_int_equal(graph.links_count, 1);
	assert_string_equal(link_at(&graph, 20, 10)->kind, "fifo");
	assert_int_equal(graph.endpoints_count, 2); /* O_PATH is no end */
	assert_int_equal(graph.endpoints[0].role, ROLE_BOTH);
	assert_int_equal(graph.endpoints[0].fds_count, 2);
	assert_int_equal(graph.endpoints[0].fds[0], 3);
	assert_int_equal(graph.endpoints[0].fds[1], 5);
	graph_free(&graph);
}

/* Threads with tables of their own: each number once. */
static void merges_tables_of_threads(void **state)
{
	struct script *s = *state;
	struct graph graph;

	pipeline(s);
	by(s, 30);
	cloned(s, 30, 31, T3, CLONE_FILES | CLONE_THREAD);
	by_thread(s, 30, 31);
	retabled(s, 0x5000);
	selected(s, 30, false);
	graph = build(s, false);
	assert_int_equal(graph.processes_count, 2); /* the peer too */
	assert_int_equal(graph.endpoints[1].fds_count, 1);
	assert_int_equal(graph.endpoints[1].fds[0], 3);
	graph_free(&graph);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_setup, script_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(instant),
		TEST(observed_in_a_window),
		TEST(unobserved_and_closed),
		TEST(crowd_that_is_gone_has_the_links_it_used),
		TEST(crowd_has_the_links_that_were_used),
		TEST(whole_machine_leaves_out_strangers),
		TEST(selected_are_always_shown),
		TEST(talks_to_itself),
		TEST(fifo_both_ways),
		TEST(merges_tables_of_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
