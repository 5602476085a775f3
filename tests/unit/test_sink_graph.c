// SPDX-License-Identifier: GPL-2.0-only
/* The graph in each format: what is drawn as what, and that no name breaks out of its place. */
#include "sink_fixture.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "sink/drawing.h"
#include "sink/sink.h"

#define HOSTILE "\"];x->y[label=\"\\N<b>&lt;\n\033[2J\xff\xe2\x80\xae"

static int print_dot(FILE *out, const struct fixture *fixture)
{
	return graph_print_dot(out, &fixture->model, &fixture->graph);
}

static int print_mermaid(FILE *out, const struct fixture *fixture)
{
	return graph_print_mermaid(out, &fixture->model, &fixture->graph);
}

static int print_text(FILE *out, const struct fixture *fixture)
{
	return graph_print_text(out, &fixture->model, &fixture->graph);
}

static int print_html(FILE *out, const struct fixture *fixture)
{
	return graph_print_html(out, &fixture->model, &fixture->graph);
}

static int print_json(FILE *out, const struct fixture *fixture)
{
	return graph_print_json(out, &fixture->model, &fixture->graph, NULL);
}

static char *print(const struct fixture *fixture, fixture_print_fn fn)
{
	int err;
	char *text = fixture_print(fixture, fn, &err);

	assert_int_equal(err, 0);
	return text;
}

static unsigned int occurrences(const char *text, const char *word)
{
	unsigned int count = 0;

	for (; (text = strstr(text, word)); text++)
		count++;
	return count;
}

static void expect(const struct fixture *fixture, fixture_print_fn fn, const char *word,
		   unsigned int times)
{
	char *text = print(fixture, fn);

	if (occurrences(text, word) != times)
		print_error("%s", text);
	assert_int_equal(occurrences(text, word), times);
	free(text);
}

/* yes[812] → head[813] */
static struct fixture *pipeline(uint64_t bytes, bool observed)
{
	struct fixture *fixture = fixture_new();
	struct process *yes = fixture_process(fixture, 812, "yes", "yes\0hello", 10, true);
	struct process *head = fixture_process(fixture, 813, "head", NULL, 0, false);
	struct object *object = fixture_object(fixture, FILE_PIPE, 88231, NULL);

	fixture_hold(fixture, yes, object, 1, 2, bytes);
	fixture_hold(fixture, head, object, 0, 1, bytes);
	fixture_link(fixture, yes, head, object, bytes, observed);
	return fixture;
}

static void test_two_parties_are_an_edge(void **state)
{
	struct fixture *fixture = pipeline(1258291, true);

	expect(fixture, print_dot, "p812_5000000812 -> p813_5000000813", 1);
	expect(fixture, print_dot, "label=\"pipe 1.2 MiB\" style=solid", 1);
	expect(fixture, print_dot, "shape=ellipse", 0);
	expect(fixture, print_dot, "INCOMPLETE", 0);
	expect(fixture, print_mermaid, "p812_5000000812 -->|\"pipe 1.2 MiB\"| p813_5000000813", 1);
	expect(fixture, print_text,
	       "yes[812] → head[813]  pipe:[88231]  1.2 MiB in 12582 messages, observed\n", 1);
	fixture_free(fixture);
}

/* In text argv ends without a NUL, as a literal: its size is its length. */
static void expect_command(const char *argv, size_t len, const char *label)
{
	struct fixture *fixture = fixture_new();
	struct process *process = fixture_process(fixture, 812, "chromium", argv, len, true);

	fixture_hold(fixture, process, fixture_object(fixture, FILE_PIPE, 88231, NULL), 1, 2, 0);
	expect(fixture, print_dot, label, 1);
	fixture_free(fixture);
}

#define EXPECT_COMMAND(argv, label) expect_command(argv, sizeof(argv), "label=\"chromium [812]" label "\"")

/* Forty columns are soon full of a path, which tells least. */
static void test_long_commands_begin_with_the_program(void **state)
{
	EXPECT_COMMAND("/usr/lib/chromium/chromium\0--type=gpu", "\\n/usr/lib/chromium/chromium --type=gpu");
	EXPECT_COMMAND("/usr/lib/chromium/chromium\0--type=renderer", "\\nchromium --type=renderer");
	EXPECT_COMMAND("/usr/lib/chromium/chromium\0--type=utility\0--utility-sub-type=audio",
		       "\\nchromium --type=utility --utility-sub-ty…");
	EXPECT_COMMAND("/opt/a folder with blanks/chromium\0/usr/lib/x", "\\nchromium /usr/lib/x");
	/* Titles: of several words, and maybe NULs behind. */
	EXPECT_COMMAND("/usr/lib/chromium/chromium --type=utility --x=/a/b/c\0\0\0", "\\nchromium --type=utility --x=/a/b/c");
	EXPECT_COMMAND("nginx: master process /usr/sbin/nginx -g daemon off;",
		       "\\nnginx: master process /usr/sbin/nginx -g…");
	EXPECT_COMMAND("/usr/lib/and/so/on/and/so/on/and/so/on/chromium", "");
	EXPECT_COMMAND("/usr/lib/and/so/on/and/so/on/and/so/on/chromium/",
		       "\\n/usr/lib/and/so/on/and/so/on/and/so/on/c…");
}

static void test_long_path_of_a_program(void **state)
{
	struct fixture *fixture = pipeline(1258291, true);
	char path[] = "/opt/a folder with blanks and more of them/head-of-all";

	fixture->processes[1].exe = path;
	expect(fixture, print_dot, "head [813]\\nhead-of-all\"", 1);
	expect(fixture, print_mermaid, "head[813]<br/>head-of-all\"", 1);
	expect(fixture, print_html, path, 1);
	fixture->processes[1].exe = NULL;
	fixture_free(fixture);
}

/* Of what is only open there is no volume to tell. */
static void test_no_empty_lines(void **state)
{
	struct fixture *fixture = pipeline(1258291, true);
	struct object *object = fixture_object(fixture, FILE_MEMFD, 815, "/memfd:");

	fixture_link(fixture, &fixture->processes[0], &fixture->processes[1], object, 0, false);
	expect(fixture, print_dot, "label=\"memfd:[815]\"", 1);
	expect(fixture, print_dot, "\\n\"", 0);
	fixture->links[1].bytes = (struct count){ .value = 4096, .known = true };
	expect(fixture, print_dot, "label=\"memfd:[815]\\n4.0 KiB\"", 1);
	fixture_free(fixture);
}

static void test_what_was_not_read_is_told(void **state)
{
	struct fixture *fixture = pipeline(1258291, true);

	fixture->links[0].read = (struct count){ .value = 265, .known = true };
	expect(fixture, print_text, "1.2 MiB in 12582 messages, 265 B of it read, observed\n", 1);
	fixture->links[0].read.value = 1258290; /* the same in words */
	expect(fixture, print_text, "1.2 MiB in 12582 messages, observed\n", 1);
	fixture->links[0].observed = false;
	expect(fixture, print_text, "none of it read, open\n", 1);
	fixture_free(fixture);
}

static void test_who_waits_in_open_is_drawn(void **state)
{
	struct fixture *fixture = fixture_new();
	struct process *cat = fixture_process(fixture, 812, "cat", NULL, 0, true);
	struct object *object = fixture_object(fixture, FILE_FIFO, 88231, "/tmp/f");

	object->facts.pipe.names = 1;

	fixture_hold(fixture, cat, object, 1, 1, 0);
	fixture->graph_endpoints[0].waiting = ROLE_READ;
	expect(fixture, print_dot, "-> p812_5000000812 [label=\"waits in open for a writer\" style=dotted", 1);
	expect(fixture, print_dot, "label=\"fifo:/tmp/f\" ", 1);
	expect(fixture, print_dot, "since before we looked", 1);
	expect(fixture, print_mermaid, "waits in open for a writer\"| p812_5000000812", 1);
	fixture->graph_endpoints[0].waiting = ROLE_WRITE;
	expect(fixture, print_dot, "[label=\"waits in open for a reader\" style=dotted", 1);
	expect(fixture, print_dot, "p812_5000000812 -> o", 1);
	fixture_free(fixture);
}

static void test_states(void **state)
{
	struct fixture *fixture = pipeline(0, false);

	expect(fixture, print_dot, "label=\"pipe\" style=dashed", 1);
	expect(fixture, print_mermaid, "-.->", 1);
	expect(fixture, print_text, "0 B in 0 messages, open\n", 1);
	fixture->links[0].closed = true;
	expect(fixture, print_text, "open, closed\n", 1);
	expect(fixture, print_dot, "style=dashed color=\"#cbd5e1\"", 1);
	fixture->links[0].bytes.known = fixture->links[0].messages.known = false;
	expect(fixture, print_text, "?, open, closed\n", 1);
	fixture->processes[1].exited = true;
	expect(fixture, print_dot, "\\nexited\"", 1);
	fixture_free(fixture);
}

/* All of three with each other through the first object, and two of them through the second. */
static struct fixture *sharers(void)
{
	struct fixture *fixture = fixture_new();
	struct object *all = fixture_object(fixture, FILE_ANON_MEMORY, 77, NULL);
	struct object *some = fixture_object(fixture, FILE_ANON_MEMORY, 78, NULL);
	struct process *processes[3];
	size_t i, j;

	for (i = 0; i < 3; i++)
		processes[i] = fixture_process(fixture, 812 + i, "pg", NULL, 0, !i);
	for (i = 0; i < 3; i++)
		for (j = 0; j < 3; j++)
			if (i != j)
				fixture_link(fixture, processes[i], processes[j], all, 0, false);
	fixture_link(fixture, processes[0], processes[1], some, 0, false);
	fixture_link(fixture, processes[1], processes[0], some, 0, false);
	for (i = 0; i < fixture->graph.links_count; i++)
		fixture->links[i].common = (struct count){ .value = 8192, .known = true };
	return fixture;
}

static void test_all_with_each_other_are_a_line(void **state)
{
	struct fixture *fixture = sharers();

	expect(fixture, print_text,
	       "3 processes, each → each  anon:[77]  8.0 KiB in common, open: pg[812] pg[813] pg[814]\n", 1);
	expect(fixture, print_text, "anon:[77]", 1);
	expect(fixture, print_text, "pg[812] → pg[813]         anon:[78]  8.0 KiB in common, open\n", 1);
	expect(fixture, print_text, "pg[813] → pg[812]         anon:[78]  8.0 KiB in common, open\n", 1);
	expect(fixture, print_text, "-- 3 processes, 8 links, ", 1);
	fixture_free(fixture);
}

/* One that is not like the others, or is missing, is told with all. */
static void test_not_quite_all_are_lines(void **state)
{
	struct fixture *fixture = sharers();

	fixture->links[5].observed = true;
	expect(fixture, print_text, "each", 0);
	expect(fixture, print_text, "anon:[77]", 6);
	fixture->links[5].observed = false;
	expect(fixture, print_text, "each", 2);
	fixture->links[5].to = NULL;
	fixture->links[5].remote = true;
	expect(fixture, print_text, "each", 0);
	fixture_free(fixture);
}

static void test_three_parties_are_a_node(void **state)
{
	struct fixture *fixture = pipeline(1000, true);
	struct process *third = fixture_process(fixture, 814, "tee", NULL, 0, false);
	struct object *object = &fixture->objects[0];

	fixture_hold(fixture, third, object, 1, 2, 500);
	fixture_link(fixture, third, &fixture->processes[1], object, 500, false);
	expect(fixture, print_dot, "2 writers, 1 reader\"", 1);
	expect(fixture, print_dot, "shape=ellipse", 1);
	expect(fixture, print_dot, " -> ", 3);
	expect(fixture, print_dot, "p812_5000000812 -> p813_5000000813", 0);
	expect(fixture, print_mermaid, "([\"pipe:[88231]\"])", 1);
	fixture_free(fixture);
}

static void test_many_alike_are_one_edge(void **state)
{
	struct fixture *fixture = pipeline(1024, true);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		struct object *object = fixture_object(fixture, FILE_PIPE, 100 + i, NULL);

		fixture_link(fixture, &fixture->processes[0], &fixture->processes[1], object, 1024,
			     true);
	}
	expect(fixture, print_dot, " -> ", 3);
	fixture_link(fixture, &fixture->processes[0], &fixture->processes[1],
		     fixture_object(fixture, FILE_PIPE, 200, NULL), 1024, false);
	expect(fixture, print_dot, " -> ", 1);
	expect(fixture, print_dot, "pipe ×4 4.0 KiB", 1);
	fixture_free(fixture);
}

static void test_the_kernel_is_a_node(void **state)
{
	struct fixture *fixture = pipeline(1024, true);

	fixture->links[0].from = NULL;
	expect(fixture, print_dot, "kernel -> p813", 1);
	expect(fixture, print_text, "kernel → head[813]", 1);
	fixture_free(fixture);
}

static void test_loss_is_told(void **state)
{
	struct fixture *fixture = pipeline(1024, true);
	const char *words = "INCOMPLETE: 12 events lost, tables read anew 2 times";

	fixture->model.loss[LOSS_RING_FULL] = 12;
	fixture->model.resyncs = 2;
	expect(fixture, print_dot, words, 1);
	expect(fixture, print_mermaid, words, 1);
	expect(fixture, print_html, words, 1 + (unsigned int)svg_is_available());
	expect(fixture, print_text, "12 events lost (ring full 12), 2 resyncs", 1);
	fixture_free(fixture);
}

static struct fixture *hostile(void)
{
	struct fixture *fixture = fixture_new();
	struct process *from = fixture_process(fixture, 1, HOSTILE, HOSTILE "\0" HOSTILE,
					       2 * sizeof(HOSTILE), true);
	struct process *to = fixture_process(fixture, 2, "a\"b", HOSTILE, sizeof(HOSTILE), true);
	struct object *fifo = fixture_object(fixture, FILE_FIFO, 3, "/tmp/" HOSTILE);

	fixture_link(fixture, from, to, fifo, 10, true);
	return fixture;
}

/* Outside of quotes nothing may stand that a name brought: quotes pair up on every line. */
static void check_quotes(const char *text)
{
	const char *c;
	bool in_quotes = false;

	for (c = text; *c; c++) {
		if (*c == '\\' && in_quotes && c[1])
			c++;
		else if (*c == '"')
			in_quotes = !in_quotes;
		else if (*c == '\n')
			assert_false(in_quotes);
		assert_true(in_quotes || strncmp(c, "x->y", 4));
		assert_true((unsigned char)*c >= 0x20 || *c == '\n' || *c == '\t');
	}
}

static void test_hostile_names_stay_in_dot(void **state)
{
	struct fixture *fixture = hostile();
	char *text = print(fixture, print_dot);

	check_quotes(text);
	assert_int_equal(occurrences(text, "\xff"), 0);
	assert_int_equal(occurrences(text, "\xe2\x80\xae"), 0);
	/* One line a node and edge, and what stands round them. */
	assert_int_equal(occurrences(text, "\n"), 5 + 2 + 1 + 1);
	free(text);
	fixture_free(fixture);
}

static void test_hostile_names_stay_elsewhere(void **state)
{
	struct fixture *fixture = hostile();
	char *text = print(fixture, print_mermaid);

	check_quotes(text);
	free(text);
	text = print(fixture, print_text);
	assert_int_equal(occurrences(text, "\n"), 2);
	assert_int_equal(occurrences(text, "\033"), 0);
	free(text);
	text = print(fixture, print_html);
	assert_int_equal(occurrences(text, "<b>"), 0);
	assert_int_equal(occurrences(text, "\033"), 0);
	free(text);
	fixture_free(fixture);
}

static void test_another_machine_is_its_address(void **state)
{
	static const uint8_t address[16] = { [10] = 0xff, 0xff, 192, 0, 2, 7 };
	struct fixture *fixture = pipeline(1258291, true);
	struct graph_link *link = &fixture->links[0];

	link->to = NULL;
	link->remote = true;
	memcpy(link->place.address, address, sizeof(address));
	link->place.port = 53;
	expect(fixture, print_text, "→ 192.0.2.7:53", 1);
	expect(fixture, print_html, "<td>192.0.2.7:53</td>", 1);
	expect(fixture, print_mermaid, "[\"192.0.2.7:53\"]", 1);
	expect(fixture, print_dot, "[label=\"192.0.2.7:53\"", 1);
	expect(fixture, print_json, "\"remote\":\"192.0.2.7:53\"", 1);
	fixture_free(fixture);
}

static json_t *load(const struct fixture *fixture)
{
	char *text = print(fixture, print_json);
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	if (!root)
		print_error("%s", text);
	assert_non_null(root);
	free(text);
	return root;
}

static const char *text_at(json_t *root, const char *array, size_t i, const char *key)
{
	return json_string_value(
		json_object_get(json_array_get(json_object_get(root, array), i), key));
}

/* In every format. */
static void test_what_was_forgotten_is_told(void **state)
{
	struct fixture *fixture = pipeline(1024, true);
	const char *words = "1200 ended processes and 1 object, over before 500.0 ms, forgotten for want of room";
	char warning[DRAWING_WARNING_MAX];
	json_t *root, *forgotten;

	root = load(fixture);
	assert_null(json_object_get(json_object_get(root, "window"), "forgotten"));
	json_decref(root);
	fixture->model.start_ts = 1000000000;
	fixture->model.forgotten = (struct forgotten){ .processes = 1200, .objects = 1, .before_ts = 1500000000 };
	expect(fixture, print_dot, words, 1);
	expect(fixture, print_mermaid, words, 1);
	expect(fixture, print_html, words, 1 + (unsigned int)svg_is_available());
	expect(fixture, print_text, "0 events lost, 1200 ended processes and 1 object, over before", 1);
	fixture->model.loss[LOSS_RING_FULL] = UINT64_MAX;
	fixture->model.resyncs = UINT32_MAX;
	fixture->model.forgotten = (struct forgotten){ UINT64_MAX, UINT64_MAX, UINT64_MAX };
	drawing_warning(&fixture->model, warning);
	assert_non_null(strstr(warning, "for want of room"));
	root = load(fixture);
	assert_true(json_is_true(json_object_get(root, "incomplete")));
	forgotten = json_object_get(json_object_get(root, "window"), "forgotten");
	assert_non_null(json_object_get(forgotten, "processes"));
	assert_non_null(json_object_get(forgotten, "objects"));
	assert_non_null(json_object_get(forgotten, "before_ns"));
	json_decref(root);
	fixture_free(fixture);
}

static void test_json_document(void **state)
{
	struct fixture *fixture = pipeline(1000, true);
	json_t *root = load(fixture), *link, *endpoint, *process;

	assert_string_equal(json_string_value(json_object_get(root, "schema")), "ipctrace.graph/1");
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(root, "window"), "start_ns")),
		1000000000);
	assert_string_equal(text_at(root, "processes", 0, "id"), "812@5000000812");
	process = json_array_get(json_object_get(root, "processes"), 1);
	assert_true(json_is_null(json_object_get(process, "argv")));
	assert_true(json_is_null(json_object_get(process, "exe")));
	assert_true(json_is_false(json_object_get(process, "selected")));
	assert_string_equal(text_at(root, "objects", 0, "id"), "pipe:[88231]");
	assert_string_equal(text_at(root, "objects", 0, "kind"), "pipe");
	endpoint = json_array_get(json_object_get(root, "endpoints"), 0);
	assert_string_equal(json_string_value(json_object_get(endpoint, "role")), "write");
	assert_int_equal(json_integer_value(json_object_get(endpoint, "bytes_out")), 1000);
	link = json_array_get(json_object_get(root, "links"), 0);
	assert_string_equal(json_string_value(json_object_get(link, "from")), "812@5000000812");
	assert_string_equal(json_string_value(json_object_get(link, "to")), "813@5000000813");
	assert_string_equal(json_string_value(json_object_get(link, "state")), "observed");
	assert_int_equal(json_integer_value(json_object_get(link, "bytes")), 1000);
	assert_true(json_is_null(json_object_get(link, "detail")));
	json_decref(root);
	fixture_free(fixture);
}

static void test_json_unknown_is_null(void **state)
{
	struct fixture *fixture = pipeline(1000, true);
	json_t *root, *endpoint, *link;

	fixture->model.counted = false;
	fixture->links[0].bytes.known = false;
	fixture->links[0].from = NULL;
	root = load(fixture);
	endpoint = json_array_get(json_object_get(root, "endpoints"), 0);
	assert_true(json_is_null(json_object_get(endpoint, "bytes_out")));
	assert_true(json_is_null(json_object_get(endpoint, "blocked_ns")));
	link = json_array_get(json_object_get(root, "links"), 0);
	assert_true(json_is_null(json_object_get(link, "bytes")));
	assert_true(json_is_null(json_object_get(link, "from")));
	json_decref(root);
	fixture_free(fixture);
}

static void test_json_hostile_names(void **state)
{
	struct fixture *fixture = hostile();
	json_t *root = load(fixture);
	char *text = print(fixture, print_json), *c;

	assert_string_equal(text_at(root, "processes", 1, "comm"), "a\"b");
	for (c = text; *c; c++)
		assert_true((unsigned char)*c < 0x7f);
	free(text);
	json_decref(root);
	fixture_free(fixture);
}

static void test_fifty_processes(void **state)
{
	struct fixture *fixture = fixture_new();
	struct process *processes[50];
	unsigned int i;

	for (i = 0; i < 50; i++)
		processes[i] = fixture_process(fixture, 1000 + i, "worker", NULL, 0, i % 2);
	for (i = 1; i < 50; i++)
		fixture_link(fixture, processes[0], processes[i],
			     fixture_object(fixture, FILE_PIPE, i, NULL), i, true);
	expect(fixture, print_dot, " -> ", 49);
	expect(fixture, print_text, " → ", 49);
	fixture_free(fixture);
}

static void test_nothing_at_all(void **state)
{
	struct fixture *fixture = fixture_new();

	expect(fixture, print_dot, "0 processes, 0 links", 1);
	expect(fixture, print_text, "0 processes, 0 links", 1);
	json_decref(load(fixture));
	fixture_free(fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_parties_are_an_edge),
		cmocka_unit_test(test_long_commands_begin_with_the_program),
		cmocka_unit_test(test_long_path_of_a_program),
		cmocka_unit_test(test_no_empty_lines),
		cmocka_unit_test(test_what_was_not_read_is_told),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_who_waits_in_open_is_drawn),
		cmocka_unit_test(test_all_with_each_other_are_a_line),
		cmocka_unit_test(test_not_quite_all_are_lines),
		cmocka_unit_test(test_three_parties_are_a_node),
		cmocka_unit_test(test_many_alike_are_one_edge),
		cmocka_unit_test(test_the_kernel_is_a_node),
		cmocka_unit_test(test_what_was_forgotten_is_told),
		cmocka_unit_test(test_loss_is_told),
		cmocka_unit_test(test_hostile_names_stay_in_dot),
		cmocka_unit_test(test_hostile_names_stay_elsewhere),
		cmocka_unit_test(test_json_document),
		cmocka_unit_test(test_json_unknown_is_null),
		cmocka_unit_test(test_json_hostile_names),
		cmocka_unit_test(test_fifty_processes),
		cmocka_unit_test(test_nothing_at_all),
		cmocka_unit_test(test_another_machine_is_its_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
