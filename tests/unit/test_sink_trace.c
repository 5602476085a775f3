// SPDX-License-Identifier: GPL-2.0-only
/* Lines of the trace, and where reports are written to. */
#include "sink_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

#include "sink/sink.h"
#include "util/replace.h"

/* --- lines --------------------------------------------------------------------------------- */

static struct event sample(const struct fixture *fixture)
{
	struct event event = {
		.ts = fixture->model.start_ts + 1234567,
		.name = "pipe.create",
		.process = &fixture->processes[0],
		.tid = 812,
		.comm = "yes",
		.object = &fixture->objects[0],
		.fds = { 3, 4 },
		.fds_count = 2,
		.has_result = true,
		.words = "pipe → [3, 4]",
		.end = "write end",
		.facts = {
			{ .key = "flags", .type = FACT_UINT, .number = 7 },
			{ .key = "path", .type = FACT_TEXT, .text = { "a\xff\x7f", 3 } },
			{ .key = "to", .type = FACT_PROCESS, .process = &fixture->processes[0] },
			{ .key = "peer", .type = FACT_OBJECT, .object = &fixture->objects[0] },
			{ .key = "big", .type = FACT_UINT, .number = UINT64_MAX },
			{ .key = "unknown", .type = FACT_NULL },
		},
		.facts_count = 6,
	};

	return event;
}

static struct fixture *fixture_small(void)
{
	struct fixture *fixture = fixture_new();

	fixture_process(fixture, 812, "yes", NULL, 0, true);
	fixture_object(fixture, FILE_PIPE, 88231, NULL);
	return fixture;
}

static char *line_of(const struct event *event, const struct trace_style *style)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(trace_event_print(out, event, style), 0);
	fclose(out);
	assert_ptr_equal(strchr(text, '\n'), text + len - 1);
	return text;
}

static void test_text_line(void **state)
{
	struct fixture *fixture = fixture_small();
	struct event event = sample(fixture);
	struct trace_style style = { .start_ts = fixture->model.start_ts };
	char *line = line_of(&event, &style);

	assert_string_equal(line,
			    "    0.001234  yes[812]              "
			    "pipe → [3, 4]                       pipe:[88231]      write end\n");
	free(line);
	event.tid = 815;
	event.object = NULL;
	event.end = NULL;
	line = line_of(&event, &style);
	assert_string_equal(line, "    0.001234  yes[812/815]          pipe → [3, 4]\n");
	free(line);
	style.color = true;
	line = line_of(&event, &style);
	assert_non_null(strchr(line, '\033'));
	free(line);
	fixture_free(fixture);
}

static void test_text_line_is_tame(void **state)
{
	struct fixture *fixture = fixture_small();
	struct event event = sample(fixture);
	struct trace_style style = { .start_ts = fixture->model.start_ts };
	char *line;

	memcpy(event.comm, "\033[2J\n0123456789", sizeof(event.comm)); /* without a NUL */
	memset(event.words, '\n', sizeof(event.words));
	line = line_of(&event, &style);
	assert_null(strchr(line, '\033'));
	assert_non_null(strstr(line, "\\x1b[2J\\x0a0123456789"));
	free(line);
	style.json = true;
	line = line_of(&event, &style);
	assert_non_null(strstr(line, "\\u001B[2J\\n0123456789"));
	free(line);
	fixture_free(fixture);
}

static void test_json_line(void **state)
{
	struct fixture *fixture = fixture_small();
	struct event event = sample(fixture);
	struct trace_style style = { .json = true };
	char *line = line_of(&event, &style);

	assert_string_equal(line,
			    "{\"ts_ns\":1001234567,\"event\":\"pipe.create\","
			    "\"process\":\"812@5000000812\",\"tid\":812,\"comm\":\"yes\","
			    "\"object\":\"pipe:[88231]\",\"fds\":[3,4],\"result\":0,\"flags\":7,"
			    "\"path\":\"a\\uFFFD\\u007f\",\"to\":\"812@5000000812\","
			    "\"peer\":\"pipe:[88231]\",\"big\":1.8446744073709552e19,"
			    "\"unknown\":null}\n");
	free(line);
	event.process = NULL;
	event.object = NULL;
	event.has_result = false;
	event.fds_count = event.facts_count = 0;
	event.tid = 0;
	line = line_of(&event, &style);
	assert_string_equal(line,
			    "{\"ts_ns\":1001234567,\"event\":\"pipe.create\",\"process\":null,"
			    "\"tid\":null,\"comm\":\"yes\",\"object\":null,\"fds\":[],"
			    "\"result\":null}\n");
	free(line);
	fixture_free(fixture);
}

static char *end_of(const struct fixture *fixture, const struct audit *audit, bool json)
{
	struct trace_style style = { .json = json };
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	assert_int_equal(trace_end_print(out, &fixture->model, 1234, audit, &style), 0);
	fclose(out);
	return text;
}

static void test_end(void **state)
{
	struct fixture *fixture = fixture_small();
	char detail[] = "fd 3 of \033a[1]: missing", *details[] = { detail };
	struct audit audit = {
		.checked = 10, .differences = 1, .details = details, .details_count = 1
	};
	char *text = end_of(fixture, NULL, false);
	json_t *line;

	assert_string_equal(text, "-- 1234 events, 0 events lost, 0 resyncs\n");
	free(text);
	text = end_of(fixture, &audit, false);
	assert_string_equal(text, "-- 1234 events, 0 events lost, 0 resyncs\n"
				  "-- audit: 10 checked, 1 differences\n"
				  "-- audit: fd 3 of \\x1ba[1]: missing\n");
	free(text);
	text = end_of(fixture, NULL, true);
	line = json_loads(text, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(line, "event")), "end");
	assert_int_equal(json_integer_value(json_object_get(line, "events")), 1234);
	assert_true(json_is_null(json_object_get(line, "audit")));
	json_decref(line);
	free(text);
	text = end_of(fixture, &audit, true);
	line = json_loads(text, 0, NULL);
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(line, "audit"), "differences")),
		1);
	json_decref(line);
	free(text);
	fixture_free(fixture);
}

static void test_a_full_disk_is_noticed(void **state)
{
	struct fixture *fixture = fixture_small();
	struct event event = sample(fixture);
	struct trace_style style = { .json = true };
	FILE *out = fopen("/dev/full", "w");

	setvbuf(out, NULL, _IONBF, 0);
	assert_int_equal(trace_event_print(out, &event, &style), -ENOSPC);
	fclose(out);
	fixture_free(fixture);
}

/* --- outputs ------------------------------------------------------------------------------- */

static char directory[32], path[128];

static int set_up(void **state)
{
	strcpy(directory, "/tmp/ipctrace-test-XXXXXX");
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/report", directory);
	return 0;
}

static int tear_down(void **state)
{
	unlink(path);
	return rmdir(directory);
}

static void write_report(const char *text)
{
	struct output output;

	assert_int_equal(output_open(path, &output), 0);
	fputs(text, output.stream);
	assert_int_equal(output_commit(&output), 0);
}

static void expect_content(const char *name, const char *text)
{
	char content[64] = "";
	int fd = open(name, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, content, sizeof(content) - 1) >= 0);
	close(fd);
	assert_string_equal(content, text);
}

static void test_a_report_appears_whole(void **state)
{
	struct output output;
	struct stat st;
	mode_t mask = umask(027);

	assert_int_equal(output_open(path, &output), 0);
	fputs("half", output.stream);
	fflush(output.stream);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(output_commit(&output), 0);
	expect_content(path, "half");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	umask(mask);
	write_report("anew");
	expect_content(path, "anew");
}

static void test_an_abandoned_report_leaves_nothing(void **state)
{
	struct output output;

	write_report("old");
	assert_int_equal(output_open(path, &output), 0);
	fputs("new", output.stream);
	output_abandon(&output);
	expect_content(path, "old");
	/* tear_down finds the directory empty but for the report */
}

static void test_a_link_stays_a_link(void **state)
{
	char target[80];
	struct stat st;

	snprintf(target, sizeof(target), "%s/target", directory);
	close(open(target, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(symlink(target, path), 0);
	write_report("through");
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	expect_content(target, "through");
	unlink(target);
}

/* Where anyone may put links, none is followed. */
static void test_a_planted_link_is_not_followed(void **state)
{
	char target[80], world[80];
	struct stat st;

	snprintf(target, sizeof(target), "%s/target", directory);
	snprintf(world, sizeof(world), "%s/world", directory);
	close(open(target, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(mkdir(world, 0700), 0);
	assert_int_equal(chmod(world, 01777), 0);
	snprintf(path, sizeof(path), "%s/report", world);
	assert_int_equal(symlink(target, path), 0);
	assert_int_equal(stream_open(path), -ELOOP);
	write_report("beside");
	expect_content(target, "");
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	unlink(path);
	rmdir(world);
	unlink(target);
}

static void test_descriptors_by_name(void **state)
{
	struct output output;
	char name[32], got[8] = "";
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	snprintf(name, sizeof(name), "/dev/fd/%d", ends[1]);
	assert_int_equal(output_open(name, &output), 0);
	fputs("hello", output.stream);
	assert_int_equal(output_commit(&output), 0);
	assert_int_equal(read(ends[0], got, sizeof(got) - 1), 5);
	assert_string_equal(got, "hello");
	close(ends[0]);
	close(ends[1]);
}

static void test_devices_stay(void **state)
{
	struct output output;
	struct stat st;

	assert_int_equal(output_open("/dev/null", &output), 0);
	fputs("gone", output.stream);
	assert_int_equal(output_commit(&output), 0);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(output_open("/dev/full", &output), 0);
	fputs("too much", output.stream);
	assert_int_equal(output_commit(&output), -ENOSPC);
}

static void test_impossible_names(void **state)
{
	struct output output;

	assert_int_equal(output_open(directory, &output), -EISDIR);
	assert_int_equal(output_open("/nonexistent/report", &output), -ENOENT);
	assert_int_equal(output_open("/dev/fd/999", &output), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_line),
		cmocka_unit_test(test_text_line_is_tame),
		cmocka_unit_test(test_json_line),
		cmocka_unit_test(test_end),
		cmocka_unit_test(test_a_full_disk_is_noticed),
		cmocka_unit_test_setup_teardown(test_a_report_appears_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_an_abandoned_report_leaves_nothing, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_a_link_stays_a_link, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_planted_link_is_not_followed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_descriptors_by_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_devices_stay, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_impossible_names, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
