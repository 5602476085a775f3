// SPDX-License-Identifier: GPL-2.0-only
/* The fds report: what is in it for selected processes and for peers, and how it is worded. */
#include "sink_fixture.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>

#include "sink/fds_view.h"
#include "sink/sink.h"

static int print_text(FILE *out, const struct fixture *fixture)
{
	return fds_print_text(out, &fixture->model, false);
}

static int print_json(FILE *out, const struct fixture *fixture)
{
	return fds_print_json(out, &fixture->model);
}

/* yes[812] (selected) and head[813] share a pipe; head alone has a file, as has cat[814]. */
static struct fixture *pipeline(void)
{
	struct fixture *fixture = fixture_new();
	struct process *yes = fixture_process(fixture, 812, "yes", "yes\0hello", 10, true);
	struct process *head = fixture_process(fixture, 813, "head", NULL, 0, false);
	struct process *cat = fixture_process(fixture, 814, "cat", NULL, 0, false);
	struct object *object = fixture_object(fixture, FILE_PIPE, 88231, NULL);
	struct object *mine = fixture_object(fixture, FILE_REGULAR, 70, "/var/log/mine");
	struct object *other = fixture_object(fixture, FILE_REGULAR, 71, "/var/log/other");

	fixture_hold(fixture, yes, object, 1, 2, 0);
	fixture_hold(fixture, yes, mine, 4, 3, 0);
	fixture_hold(fixture, head, object, 0, 1, 0);
	fixture_hold(fixture, head, other, 5, 1, 0);
	fixture_hold(fixture, cat, other, 3, 1, 0);
	return fixture;
}

/* Another process gets the very description that is in that slot, as fork and dup do. */
static void share_slot(struct process *from, int from_fd, struct process *to, int fd,
		       enum provenance came)
{
	to->table->slots[fd] = from->table->slots[from_fd];
	to->table->slots[fd].came = (uint8_t)came;
	to->table->slots[fd].from = from;
	to->table->slots[fd].from_fd = from_fd;
	to->table->used++;
}

static json_t *load(const struct fixture *fixture)
{
	int err;
	char *text = fixture_print(fixture, print_json, &err);
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);

	assert_int_equal(err, 0);
	if (!root)
		print_error("%s", text);
	assert_non_null(root);
	free(text);
	return root;
}

static void expect_text(const struct fixture *fixture, const char *word, bool is_there)
{
	int err;
	char *text = fixture_print(fixture, print_text, &err);

	assert_int_equal(err, 0);
	if (!strstr(text, word) == is_there)
		print_error("%s\n%s", word, text);
	assert_true(!strstr(text, word) != is_there);
	free(text);
}

static json_t *at(json_t *root, const char *array, size_t i)
{
	return json_array_get(json_object_get(root, array), i);
}

static const char *text_of(json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static void test_selected_and_peers(void **state)
{
	struct fixture *fixture = pipeline();
	json_t *root = load(fixture), *yes, *head;

	assert_string_equal(text_of(root, "schema"), "ipctrace.fds/1");
	assert_int_equal(json_array_size(json_object_get(root, "processes")), 2);
	yes = at(root, "processes", 0);
	head = at(root, "processes", 1);
	assert_true(json_is_true(json_object_get(yes, "selected")));
	assert_int_equal(json_array_size(json_object_get(yes, "fds")), 2);
	assert_true(json_is_false(json_object_get(head, "selected")));
	assert_int_equal(json_array_size(json_object_get(head, "fds")), 1);
	assert_int_equal(json_integer_value(json_object_get(at(head, "fds", 0), "fd")), 0);
	assert_int_equal(json_array_size(json_object_get(root, "descriptions")), 3);
	assert_int_equal(json_array_size(json_object_get(root, "objects")), 2);
	json_decref(root);
	fixture_free(fixture);
}

/* An inode is no help to whoever looks for a socket or for memory; the name is. */
static void test_what_an_inode_names_is_told_with_its_name(void **state)
{
	struct fixture *fixture = fixture_new();
	struct process *server = fixture_process(fixture, 812, "server", NULL, 0, true);

	fixture_hold(fixture, server, fixture_object(fixture, FILE_MEMFD, 815, "a\nb"), 3, 3, 0);
	fixture_hold(fixture, server, fixture_object(fixture, FILE_REGULAR, 70, "/var/log/mine"), 4,
		     3, 0);
	expect_text(fixture, "\nmemfd:[815] (a\\x0ab)  ", true);
	expect_text(fixture, "(/var/log/mine)", false);
	fixture_free(fixture);
}

static void test_whole_machine(void **state)
{
	struct fixture *fixture = pipeline();
	json_t *root;

	fixture->model.select_all = true;
	root = load(fixture);
	assert_int_equal(json_array_size(json_object_get(root, "processes")), 3);
	assert_int_equal(json_array_size(json_object_get(root, "descriptions")), 5);
	json_decref(root);
	fixture->processes[2].exited = true;
	fixture->processes[2].table = NULL;
	fixture->processes[2].tasks = NULL;
	root = load(fixture);
	assert_int_equal(json_array_size(json_object_get(root, "processes")), 2);
	json_decref(root);
	fixture_free(fixture);
}

static void test_shared_descriptions_have_all_holders(void **state)
{
	struct fixture *fixture = pipeline();
	struct process *yes = &fixture->processes[0], *cat = &fixture->processes[2];
	json_t *root, *description, *slot;

	share_slot(yes, 4, yes, 6, CAME_DUP);
	share_slot(yes, 4, cat, 7, CAME_FORK);
	root = load(fixture);
	assert_int_equal(json_array_size(json_object_get(root, "processes")), 3);
	slot = at(at(root, "processes", 0), "fds", 2);
	assert_string_equal(text_of(slot, "came"), "dup");
	assert_int_equal(json_integer_value(json_object_get(slot, "from_fd")), 4);
	description = at(root, "descriptions", 1);
	assert_string_equal(text_of(description, "object"), "file:/var/log/mine");
	assert_string_equal(text_of(description, "access"), "rw");
	assert_string_equal(text_of(description, "id"), text_of(slot, "description"));
	assert_int_equal(json_array_size(json_object_get(description, "holders")), 3);
	assert_string_equal(text_of(at(description, "holders", 2), "process"), "814@5000000814");
	json_decref(root);
	expect_text(fixture, "fork yes[812]", true);
	expect_text(fixture, "dup 4", true);
	fixture_free(fixture);
}

static void test_flags(void **state)
{
	struct fixture *fixture = pipeline();
	struct description *description = &fixture->descriptions[0];
	json_t *root, *flags;

	description->fflags = O_WRONLY | O_NONBLOCK | O_SYNC;
	fixture->processes[0].table->slots[1].cloexec = true;
	root = load(fixture);
	flags = json_object_get(at(root, "descriptions", 0), "flags");
	assert_int_equal(json_array_size(flags), 2);
	assert_string_equal(json_string_value(json_array_get(flags, 0)), "nonblock");
	assert_string_equal(json_string_value(json_array_get(flags, 1)), "sync");
	assert_true(
		json_is_true(json_object_get(at(at(root, "processes", 0), "fds", 0), "cloexec")));
	json_decref(root);
	expect_text(fixture, "w nonblock sync cloexec", true);
	description->fflags = O_PATH;
	root = load(fixture);
	assert_true(json_is_null(json_object_get(at(root, "descriptions", 0), "access")));
	json_decref(root);
	fixture_free(fixture);
}

static void test_in_flight(void **state)
{
	struct fixture *fixture = pipeline();
	struct passing passing = { .sender = &fixture->processes[0],
				   .sender_fd = 9,
				   .socket_ino = 4242 };
	struct description hidden = { .file = 1,
				      .object = &fixture->objects[0],
				      .fmode = 2,
				      .serial = 99,
				      .in_flight = &passing };
	json_t *root, *description;

	HASH_ADD(hh, fixture->model.descriptions, file, sizeof(hidden.file), &hidden);
	passing.description = &hidden;
	DL_APPEND2(fixture->model.passings, &passing, all_prev, all_next);
	root = load(fixture);
	assert_int_equal(json_array_size(json_object_get(root, "descriptions")), 4);
	description = at(root, "descriptions", 3);
	assert_string_equal(text_of(description, "id"), "desc:99");
	assert_int_equal(json_integer_value(json_object_get(description, "in_flight")), 1);
	assert_int_equal(json_array_size(json_object_get(description, "holders")), 0);
	json_decref(root);
	expect_text(fixture, "#99 pipe:[88231] (w) in flight in unix:[4242], sent by yes[812]",
		    true);
	fixture_free(fixture);
}

/* Of 812, which is selected, and of 813, neither of whom has that memory open: what lies in the queue of a socket. */
static void lies_in(struct fixture *fixture, uint64_t socket_ino, bool is_shown)
{
	struct passing passing = { .sender_fd = -1, .socket_ino = socket_ino };
	struct description hidden = { .file = 1,
				      .object = &fixture->objects[3],
				      .fmode = 3,
				      .serial = 99,
				      .in_flight = &passing };
	json_t *root, *descriptions;
	size_t known;

	root = load(fixture);
	known = json_array_size(json_object_get(root, "descriptions"));
	json_decref(root);
	HASH_ADD(hh, fixture->model.descriptions, file, sizeof(hidden.file), &hidden);
	passing.description = &hidden;
	DL_APPEND2(fixture->model.passings, &passing, all_prev, all_next);
	root = load(fixture);
	descriptions = json_object_get(root, "descriptions");
	assert_int_equal(json_array_size(descriptions), known + is_shown);
	json_decref(root);
	expect_text(fixture, "memfd:[4] (rw) in flight in unix:[", is_shown);
	DL_DELETE2(fixture->model.passings, &passing, all_prev, all_next);
	HASH_DEL(fixture->model.descriptions, &hidden);
}

static void test_in_flight_to_the_selected(void **state)
{
	struct fixture *fixture = fixture_new();
	struct process *server = fixture_process(fixture, 812, "server", NULL, 0, true);
	struct process *client = fixture_process(fixture, 813, "client", NULL, 0, false);
	struct object *near = fixture_object(fixture, FILE_UNIX, 1, NULL);
	struct object *far = fixture_object(fixture, FILE_UNIX, 2, NULL);
	struct object *other = fixture_object(fixture, FILE_UNIX, 3, NULL);
	struct object *carried;
	struct socket near_socket = { .facts = { .kind = FILE_UNIX, .dev = 13, .ino = 1, .peer_ino = 2 }, .object = near };
	struct socket far_socket = { .facts = { .kind = FILE_UNIX, .dev = 13, .ino = 2, .peer_ino = 1 }, .object = far };
	struct passing passing = { .sender_fd = -1, .socket_ino = 1 };
	struct description socket = { .file = 2, .fmode = 3, .serial = 98, .in_flight = &passing };

	fixture_object(fixture, FILE_MEMFD, 4, NULL);
	carried = fixture_object(fixture, FILE_UNIX, 5, NULL);
	fixture_hold(fixture, server, near, 3, 3, 0);
	fixture_hold(fixture, client, far, 3, 3, 0);
	fixture_hold(fixture, client, other, 4, 3, 0);
	near->socket = &near_socket;
	far->socket = &far_socket;
	lies_in(fixture, 1, true);
	lies_in(fixture, 2, true); /* the selected one sent it, or may have */
	lies_in(fixture, 3, false);
	lies_in(fixture, 0, false); /* nobody knows where */
	far_socket.facts.peer_ino = 0; /* others send there too */
	lies_in(fixture, 2, false);
	/* In the queue of a socket that lies in a queue itself. */
	lies_in(fixture, 5, false);
	socket.object = carried;
	passing.description = &socket;
	DL_APPEND2(fixture->model.passings, &passing, all_prev, all_next);
	lies_in(fixture, 5, true);
	fixture_free(fixture);
}

static void test_shared_and_own_tables(void **state)
{
	struct fixture *fixture = pipeline();
	struct process *yes = &fixture->processes[0], *cat = &fixture->processes[2];
	struct task thread = { .tid = 900, .process = yes, .table = cat->table };
	json_t *root, *tables;

	/* A thread of yes uses the table of cat. */
	yes->tasks->process_next = &thread;
	cat->tasks->table_next = &thread;
	root = load(fixture);
	tables = json_object_get(at(root, "processes", 0), "other_tables");
	assert_int_equal(json_array_size(tables), 1);
	assert_string_equal(text_of(json_array_get(tables, 0), "table"),
			    text_of(at(root, "processes", 2), "table"));
	json_decref(root);
	expect_text(fixture, "table of its own, threads 900", true);
	expect_text(fixture, "table shared with yes[812]", true);
	fixture_free(fixture);
}

static void test_text(void **state)
{
	struct fixture *fixture = pipeline();

	expect_text(fixture, "yes[812]  yes hello  (2 descriptors)\n", true);
	expect_text(fixture, "head[813]  (peer, 1 shared of 2 descriptors)\n", true);
	expect_text(fixture, "head[813]:0r\n", true);
	expect_text(fixture, "yes[812]:1w\n", true);
	expect_text(fixture, "/var/log/mine", true);
	expect_text(fixture, "/var/log/other", false);
	expect_text(fixture, "events lost", false);
	fixture->model.loss[LOSS_MAP_FULL] = 3;
	expect_text(fixture, "3 events lost (map full 3)", true);
	fixture_free(fixture);
}

/* Though the peer has the lower pid; a document goes by pid alone. */
static void test_selected_come_first(void **state)
{
	struct fixture *fixture = pipeline();
	json_t *root;
	char *text;
	int err;

	fixture->processes[0].selected = false;
	fixture->processes[1].selected = true;
	text = fixture_print(fixture, print_text, &err);
	assert_int_equal(err, 0);
	assert_int_equal(strncmp(text, "head[813]  (2 descriptors)\n", 27), 0);
	assert_non_null(strstr(text, "\nyes[812]  yes hello  (peer"));
	free(text);
	root = load(fixture);
	assert_string_equal(text_of(at(root, "processes", 0), "comm"), "yes");
	assert_string_equal(text_of(at(root, "processes", 1), "comm"), "head");
	json_decref(root);
	fixture_free(fixture);
}

static void test_nobody_at_the_other_end(void **state)
{
	struct fixture *fixture = fixture_new();
	struct process *yes = fixture_process(fixture, 812, "ye\033s", NULL, 0, true);

	fixture_hold(fixture, yes, fixture_object(fixture, FILE_PIPE, 1, NULL), 1, 2, 0);
	expect_text(fixture, "nobody\n", true);
	expect_text(fixture, "ye\\x1bs[812]  (1 descriptor)", true);
	expect_text(fixture, "\033", false);
	fixture_free(fixture);
}

/* Two that share a pipe, a terminal's description and one of /dev/null: of the last text says nothing. */
static void test_what_all_have_open(void **state)
{
	struct fixture *fixture = fixture_new();
	struct process *yes = fixture_process(fixture, 812, "yes", NULL, 0, true);
	struct process *head = fixture_process(fixture, 813, "head", NULL, 0, false);
	struct object *null = fixture_object(fixture, FILE_CHAR, 4, "/dev/null");
	struct object *console = fixture_object(fixture, FILE_CHAR, 5, "/dev/console");
	json_t *root;

	null->facts.rdev = 1 << 20 | 3;
	console->facts.rdev = 5 << 20 | 1;
	fixture_hold(fixture, yes, null, 0, 1, 0);
	fixture_hold(fixture, yes, console, 1, 3, 0);
	fixture_hold(fixture, yes, fixture_object(fixture, FILE_PIPE, 1, NULL), 2, 2, 0);
	for (int fd = 0; fd <= 2; fd++)
		share_slot(yes, fd, head, fd, CAME_FORK);
	expect_text(fixture, "char:/dev/null      ?\n", true);
	expect_text(fixture, "head[813]:1rw\n", true);
	expect_text(fixture, "yes[812]:1rw\n", true);
	expect_text(fixture, "head[813]  (peer, 2 shared of 3 descriptors)\n", true);
	expect_text(fixture, "[813]:0r", false);
	expect_text(fixture, "[812]:0r", false);
	root = load(fixture);
	assert_int_equal(json_array_size(json_object_get(
				 json_array_get(json_object_get(root, "processes"), 1), "fds")),
			 3);
	json_decref(root);
	fixture_free(fixture);
}

/* Of runs of every length: how long they are, and where a process's own are, as counting has it. */
static void test_alike(void **state)
{
	struct process processes[5] = { 0 };
	struct holder holders[80] = { 0 };
	size_t total = sizeof(holders) / sizeof(holders[0]), begin;

	for (size_t i = 0; i < 5; i++)
		processes[i].key.pid = (uint32_t)i + 1;
	for (size_t run = 1; run < total; run++) {
		for (size_t i = 0; i < total; i++) {
			holders[i].description = i < run ? 7 : 8;
			/* None of the first, and of the last as many as are left. */
			holders[i].process = &processes[i / 20 + 1];
		}
		for (size_t count = 1; count <= total; count++)
			assert_int_equal(fds_view_alike(holders, count), count < run ? count : run);
	}
	assert_int_equal(fds_view_of_process(holders, total, &processes[0], &begin), 0);
	assert_int_equal(begin, 0);
	for (size_t i = 1; i < 5; i++) {
		assert_int_equal(fds_view_of_process(holders, total, &processes[i], &begin), 20);
		assert_int_equal(begin, 20 * (i - 1));
	}
	assert_int_equal(fds_view_of_process(holders, 70, &processes[4], &begin), 10);
	assert_int_equal(fds_view_of_process(holders, 20, &processes[4], &begin), 0);
	assert_int_equal(begin, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_selected_and_peers),
		cmocka_unit_test(test_what_an_inode_names_is_told_with_its_name),
		cmocka_unit_test(test_whole_machine),
		cmocka_unit_test(test_shared_descriptions_have_all_holders),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_in_flight),
		cmocka_unit_test(test_in_flight_to_the_selected),
		cmocka_unit_test(test_shared_and_own_tables),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_selected_come_first),
		cmocka_unit_test(test_nobody_at_the_other_end),
		cmocka_unit_test(test_what_all_have_open),
		cmocka_unit_test(test_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
