// SPDX-License-Identifier: GPL-2.0-only
/* What is kept of what is over: for the graph, and where there is no room for all of it. */
#include "records.h"

#include "model/graph.h"

#define T  0x1000
#define T2 0x2000
#define F  0xf000
#define G  0xf100

#define HEIRS 200

static struct graph build(struct script *s)
{
	struct graph graph;

	assert_int_equal(graph_build(s->model, true, &graph), 0);
	return graph;
}

static const struct graph_link *link_at(const struct graph *graph, uint32_t from, uint32_t to)
{
	for (size_t i = 0; i < graph->links_count; i++)
		if (graph->links[i].from->key.pid == from && graph->links[i].to->key.pid == to)
			return &graph->links[i];
	return NULL;
}

/* 10 has a pipe to 11, who is its child, and forks; the whole machine is looked at. */
static void start(struct script *s, bool for_graph)
{
	s->model->for_graph = s->model->drops_heirs = for_graph;
	selected(s, 0, true);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	snapshot_done(s);
	by(s, 10);
	pipe_made(s, T, 3, 4, F, 200);
	forked_whole(s, 11, T2);
	closed(s, T, 3);
	by(s, 11);
	closed(s, T2, 4);
	counted(s, 10, 200, 0, 4096);
	counted(s, 11, 200, 4096, 0);
	by(s, 10);
}

/* A child that lets go of what it was given, and one that keeps it to its end. */
static void heir(struct script *s, uint32_t pid, bool keeps)
{
	const uint64_t table = 0x100000 + pid * 0x100;

	by(s, 10);
	forked_whole(s, pid, table);
	by(s, pid);
	if (!keeps)
		closed(s, table, 4);
	exited(s, 0, true);
}

static void tidy(struct script *s)
{
	model_tidy(s->model, s->ts + 1);
}

/* Of those that did nothing nothing is kept, and the graph is as before. */
static void heirs_that_did_nothing(void **state)
{
	struct script *s = *state;
	struct graph graph;

	start(s, true);
	pipe_made(s, T, 5, 6, G, 201);
	for (uint32_t i = 0; i < HEIRS; i++) {
		const uint64_t table = 0x100000 + i * 0x100;

		by(s, 10);
		forked_whole(s, 100 + i, table);
		by(s, 100 + i);
		for (int fd = 4; fd <= 6; fd++)
			closed(s, table, fd);
		exited(s, 0, true);
	}
	/* 4 alone was the only end they had. */
	assert_non_null(endpoint_at(s, 100, FILE_PIPE, 200));
	assert_null(endpoint_at(s, 100, FILE_PIPE, 201));
	assert_int_equal(endpoint_at(s, 10, FILE_PIPE, 201)->key.object->past->parties, HEIRS);
	graph = build(s);
	assert_true(link_at(&graph, 10, 11)->observed);
	assert_false(link_at(&graph, 10, 11)->closed);
	graph_free(&graph);
}

/* Without anything to tell of it the process goes too, once all counts of it must have come. */
static void process_without_links_goes(void **state)
{
	struct script *s = *state;
	struct graph graph;
	size_t size;

	start(s, true);
	closed(s, T, 4);
	pipe_made(s, T, 5, 6, G, 201);
	heir(s, 100, false);
	tidy(s);
	size = model_size(s->model);
	for (uint32_t i = 1; i < HEIRS; i++) {
		const uint64_t table = 0x100000 + i * 0x100;

		by(s, 10);
		forked_whole(s, 100 + i, table);
		by(s, 100 + i);
		closed(s, table, 5);
		closed(s, table, 6);
		exited(s, 0, true);
		assert_non_null(process_at(s, 100 + i));
		model_tidy(s->model, s->ts - 1); /* it ended after that */
		assert_non_null(process_at(s, 100 + i));
		tidy(s);
		assert_null(process_at(s, 100 + i));
	}
	assert_true(model_size(s->model) <= size + sizeof(struct past));
	graph = build(s);
	assert_non_null(link_at(&graph, 10, 11));
	graph_free(&graph);
}

/* What the kernel counted is told late, of an endpoint that was let go: it is there again. */
static void late_count_is_not_lost(void **state)
{
	struct script *s = *state;
	struct graph graph;

	start(s, true);
	pipe_made(s, T, 5, 6, G, 201);
	by(s, 10);
	forked_whole(s, 100, T2 + 0x100);
	by(s, 100);
	closed(s, T2 + 0x100, 5);
	closed(s, T2 + 0x100, 6);
	exited(s, 0, true);
	assert_null(endpoint_at(s, 100, FILE_PIPE, 201));
	counted(s, 10, 201, 77, 0);
	counted(s, 100, 201, 0, 77);
	tidy(s);
	graph = build(s);
	assert_true(link_at(&graph, 100, 10)->observed);
	assert_int_equal(link_at(&graph, 100, 10)->bytes.value, 77);
	graph_free(&graph);
}

/* Of very many holders the graph has the links that were used, and the number of the others: the same whether all of
 * them are kept or not. */
static void crowd_tells_the_same(void **state)
{
	size_t links, left_out;
	struct script *s = *state;
	struct graph graph;
	bool kept = true;

again:
	start(s, !kept);
	for (uint32_t i = 0; i < 8 * HEIRS; i++)
		heir(s, 100 + i, true);
	by(s, 10);
	forked_whole(s, 50, T2 + 0x80);
	counted(s, 50, 200, 0, 5);
	by(s, 50);
	exited(s, 0, true);
	tidy(s);
	graph = build(s);
	assert_true(link_at(&graph, 10, 11)->observed);
	assert_int_equal(link_at(&graph, 50, 11)->bytes.value, 5);
	if (kept) {
		links = graph.links_count;
		left_out = graph.links_left_out;
		assert_true(graph.processes_count > 8 * HEIRS);
	} else {
		assert_int_equal(graph.links_count, links);
		assert_int_equal(graph.links_left_out, left_out);
		assert_true(graph.processes_count < 8 * HEIRS);
		assert_true(model_object(s->model, &endpoint_at(s, 10, FILE_PIPE, 200)->key.object->key)->parties < 1100);
	}
	graph_free(&graph);
	if (!kept)
		return;
	kept = false;
	assert_int_equal(script_teardown(state), 0);
	assert_int_equal(script_setup(state), 0);
	s = *state;
	goto again;
}

/* What a selected process held is shown whoever else has it. */
static void selected_process_stays(void **state)
{
	struct script *s = *state;
	struct graph graph;

	s->model->for_graph = s->model->drops_heirs = true;
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	snapshot_done(s);
	selected(s, 10, true);
	by(s, 10);
	pipe_made(s, T, 3, 4, F, 200);
	forked_whole(s, 20, T2);
	by(s, 20);
	closed(s, T2, 3);
	closed(s, T2, 4);
	exited(s, 0, true);
	by(s, 10);
	exited(s, 0, true);
	tidy(s);
	assert_non_null(process_at(s, 20));
	assert_non_null(endpoint_at(s, 10, FILE_PIPE, 200));
	graph = build(s);
	assert_int_equal(graph.processes_count, 2);
	assert_int_equal(graph.objects_count, 1);
	graph_free(&graph);
}

/* Nothing but the graph may do without it. */
static void others_keep_all(void **state)
{
	struct script *s = *state;

	start(s, false);
	pipe_made(s, T, 5, 6, G, 201);
	by(s, 10);
	forked_whole(s, 100, T2 + 0x100);
	by(s, 100);
	closed(s, T2 + 0x100, 5);
	closed(s, T2 + 0x100, 6);
	exited(s, 0, true);
	tidy(s);
	assert_non_null(endpoint_at(s, 100, FILE_PIPE, 201));
}

/* --- for want of room -------------------------------------------------------------------------- */

static void conversation(struct script *s, uint32_t i)
{
	const uint64_t ino = 1000 + i, table = 0x200000 + i * 0x100;

	by(s, 10);
	pipe_made(s, T, 5, 6, 0x50000 + i * 0x10, ino);
	forked_whole(s, 1000 + i, table);
	closed(s, T, 5);
	closed(s, T, 6);
	counted(s, 1000 + i, ino, 10, 10);
	by(s, 1000 + i);
	exited(s, 0, true);
}

/* The oldest go, are counted, and no more than is needed; what is there now stays. */
static void oldest_are_forgotten(void **state)
{
	struct script *s = *state;
	struct graph graph;
	size_t size;

	start(s, true);
	for (uint32_t i = 0; i < HEIRS; i++)
		conversation(s, i);
	tidy(s);
	graph = build(s);
	assert_true(graph.links_count >= HEIRS + 1);
	graph_free(&graph);
	size = model_size(s->model);
	assert_false(model_has_forgotten(s->model));
	assert_true(model_forget_oldest(s->model));
	assert_true(model_has_forgotten(s->model));
	assert_true(model_size(s->model) < size / 8 * 7);
	assert_true(model_size(s->model) > size / 2);
	assert_null(process_at(s, 1000));
	assert_non_null(process_at(s, 1000 + HEIRS - 1));
	assert_in_range(s->model->forgotten.processes, HEIRS / 5, HEIRS / 3);
	assert_in_range(s->model->forgotten.objects, HEIRS / 5, HEIRS / 3);
	assert_true(s->model->forgotten.before_ts > s->model->start_ts);
	assert_true(s->model->forgotten.before_ts < s->model->end_ts);
	graph = build(s);
	assert_true(link_at(&graph, 10, 11)->observed);
	graph_free(&graph);
	while (model_forget_oldest(s->model))
		;
	assert_int_equal(s->model->forgotten.processes, HEIRS);
	assert_int_equal(s->model->forgotten.objects, HEIRS);
	graph = build(s);
	assert_int_equal(graph.links_count, 1);
	graph_free(&graph);
}

/* Its writer ended before its reader closed it: as long as it is there, so is who wrote. */
static void what_is_over_goes_whole(void **state)
{
	struct script *s = *state;
	uint64_t amid;

	start(s, true);
	by(s, 10);
	pipe_made(s, T, 5, 6, 0x50000, 1000);
	forked_whole(s, 1000, 0x200000);
	counted(s, 1000, 1000, 10, 10);
	by(s, 1000);
	exited(s, 0, true);
	amid = s->ts;
	by(s, 10);
	closed(s, T, 5);
	closed(s, T, 6);
	model_forget(s->model, amid);
	assert_non_null(endpoint_at(s, 1000, FILE_PIPE, 1000));
	model_forget(s->model, s->ts + 1);
	assert_null(endpoint_at(s, 1000, FILE_PIPE, 1000));
}

/* Without that a machine that is asked for by one of its processes would fill it all the same. */
static void even_selected_ones(void **state)
{
	struct script *s = *state;

	s->model->for_graph = s->model->drops_heirs = true;
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	snapshot_done(s);
	selected(s, 10, true);
	for (uint32_t i = 0; i < HEIRS; i++)
		conversation(s, i);
	while (model_forget_oldest(s->model))
		;
	assert_int_equal(s->model->forgotten.processes, HEIRS);
	assert_int_equal(s->model->forgotten.objects, HEIRS);
	assert_non_null(process_at(s, 10));
}

static uint64_t size_of_handovers(struct script *s, int from, int to)
{
	const size_t before = model_size(s->model);

	for (int i = from; i < to; i++) {
		struct record_pass record = {
			.head = { .type = RECORD_PASS, .size = sizeof(record), .ts = s->ts++, .pid = 10, .tid = 10,
				  .start = start_of(s, 10) },
			.fd = 4, .socket_fd = 9, .socket_ino = 3000 + i, .peer_ino = 301,
			.facts = pipe_write_end(F + 1, 200),
		};

		opened(s, T, 9, unix_socket(0x70000 + i * 0x10, 3000 + i));
		apply(s, &record);
		by(s, 11);
		slot(s, T2, 7, pipe_write_end(F + 1, 200), SYS_recvmsg, 1, 6, 0, 0);
		closed(s, T2, 7);
		by(s, 10);
		closed(s, T, 9);
	}
	return model_size(s->model) - before;
}

/* A hand-over takes what was handed over, and goes with its socket, be both sides alive. */
static void handovers_take_little_and_go(void **state)
{
	struct script *s = *state;

	start(s, false);
	by(s, 11);
	opened(s, T2, 6, unix_socket(0x6000, 301));
	by(s, 10);
	assert_true(size_of_handovers(s, 0, 100) < 100 * 2000);
	assert_int_equal(HASH_COUNT(s->model->handovers), 100);
	model_forget(s->model, s->ts + 1);
	assert_int_equal(HASH_COUNT(s->model->handovers), 0);
	assert_int_equal(process_at(s, 10)->handovers, 0);
	assert_int_equal(process_at(s, 11)->handovers, 0);
}

/* A thousand of one program have one text. */
static void texts_are_shared(void **state)
{
	struct script *s = *state;
	const struct process *one, *other;

	start(s, false);
	for (uint32_t i = 0; i < 2; i++) {
		by(s, 10);
		forked_whole(s, 100 + i, 0x100000 + i * 0x100);
		by(s, 100 + i);
		executed(s, 0x100000 + i * 0x100, 0, "/bin/true", "true\0-x", 8);
	}
	one = process_at(s, 100);
	other = process_at(s, 101);
	assert_string_equal(one->exe, "/bin/true");
	assert_ptr_equal(one->exe, other->exe);
	assert_ptr_equal(one->argv, other->argv);
	by(s, 100);
	executed(s, 0x100000, 0, "/bin/false", "false", 6);
	assert_string_equal(one->exe, "/bin/false");
	assert_string_equal(other->exe, "/bin/true");
	assert_int_equal(other->argv_len, 8);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_setup, script_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(heirs_that_did_nothing),
		TEST(process_without_links_goes),
		TEST(late_count_is_not_lost),
		TEST(crowd_tells_the_same),
		TEST(selected_process_stays),
		TEST(others_keep_all),
		TEST(oldest_are_forgotten),
		TEST(what_is_over_goes_whole),
		TEST(even_selected_ones),
		TEST(handovers_take_little_and_go),
		TEST(texts_are_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
