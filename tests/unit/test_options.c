// SPDX-License-Identifier: GPL-2.0-only
/* The command line: what is understood, what is refused, and in which words. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "mechanism/mechanism.h"
#include "options.h"

#define WORDS_MAX 16

static struct options options;

/* Splits at blanks and parses; "''" is an empty word. */
static int parse(const char *line)
{
	static char copy[512];
	static char *argv[WORDS_MAX + 2];
	int argc = 0;
	char *word;

	snprintf(copy, sizeof(copy), "ipctrace %s", line);
	for (word = strtok(copy, " "); word && argc < WORDS_MAX; word = strtok(NULL, " "))
		argv[argc++] = strcmp(word, "''") ? word : word + 2;
	argv[argc] = NULL;
	return options_parse(argc, argv, &options);
}

static void accept_line(const char *line)
{
	int code = parse(line);

	if (code)
		print_error("refused: %s\n", line);
	assert_int_equal(code, 0);
}

/* Refused with exit 2 and one line on standard error in which each word occurs. */
static void refuse_line(const char *line, const char *first, const char *second)
{
	int memory = memfd_create("stderr", 0), kept = dup(STDERR_FILENO), code;
	char said[2048] = "";

	fflush(stderr);
	dup2(memory, STDERR_FILENO);
	code = parse(line);
	dup2(kept, STDERR_FILENO);
	close(kept);
	assert_true(pread(memory, said, sizeof(said) - 1, 0) >= 0);
	close(memory);
	if (code != EXIT_USAGE || !strstr(said, first) || !strstr(said, second))
		print_error("line: %s\nsaid: %s", line, said);
	assert_int_equal(code, EXIT_USAGE);
	assert_memory_equal(said, "ipctrace: ", 10);
	assert_non_null(strstr(said, first));
	assert_non_null(strstr(said, second));
	assert_ptr_equal(strchr(said, '\n'), said + strlen(said) - 1);
}

static uint64_t bit_of(const char *name)
{
	size_t i;

	for (i = 0; mechanisms[i]; i++)
		if (!strcmp(mechanisms[i]->name, name))
			return 1ull << i;
	fail_msg("no mechanism %s", name);
	return 0;
}

static void test_defaults(void **state)
{
	uint64_t defaults = 0;
	size_t i;

	accept_line("");
	assert_int_equal(options.command, COMMAND_TRACE);
	assert_false(options.command_given);
	assert_true(options.follow);
	assert_int_equal(options.format, FORMAT_TEXT);
	assert_int_equal(options.ready_fd, -1);
	assert_false(options.has_duration);
	assert_null(options.program);
	assert_true(options.ring_bytes >= 65536);
	for (i = 0; mechanisms[i]; i++)
		defaults |= (uint64_t)mechanisms[i]->is_default << i;
	assert_int_equal(options.mechanisms, defaults);
	options_free(&options);
}

static void test_options_before_and_after_the_command(void **state)
{
	accept_line("--json fds -p 1");
	assert_int_equal(options.command, COMMAND_FDS);
	assert_int_equal(options.format, FORMAT_JSON);
	assert_int_equal(options.pids_count, 1);
	options_free(&options);
	accept_line("-p 1 graph -f svg -o x.svg");
	assert_int_equal(options.format, FORMAT_SVG);
	assert_string_equal(options.output, "x.svg");
	options_free(&options);
	accept_line("graph");
	assert_int_equal(options.format, FORMAT_DOT);
	options_free(&options);
}

static void test_pids(void **state)
{
	accept_line("-p 1,22 --pid=4194304 -p 22");
	assert_int_equal(options.pids_count, 3);
	assert_int_equal(options.pids[0], 1);
	assert_int_equal(options.pids[1], 22);
	assert_int_equal(options.pids[2], 4194304);
	options_free(&options);
	refuse_line("-p 12x", "-p 12x", "process id");
	refuse_line("--pid 0", "--pid 0", "process id");
	refuse_line("-p 4194305", "-p", "process id");
	refuse_line("-p 99999999999999999999", "-p", "process id");
	refuse_line("-p -1", "-p -1", "process id");
	refuse_line("-p +1", "-p +1", "process id");
	refuse_line("-p 1,", "-p", "process id");
	refuse_line("-p ,1", "-p", "process id");
	refuse_line("-p ''", "-p", "process id");
	refuse_line("-p", "-p", "PID");
	refuse_line("--pid", "--pid", "PID");
}

static void test_program(void **state)
{
	accept_line("-d 1 ls -l --json");
	assert_int_equal(options.command, COMMAND_TRACE);
	assert_string_equal(options.program[0], "ls");
	assert_string_equal(options.program[1], "-l");
	assert_string_equal(options.program[2], "--json");
	assert_null(options.program[3]);
	assert_int_equal(options.format, FORMAT_TEXT);
	options_free(&options);
	accept_line("graph -- trace -x");
	assert_int_equal(options.command, COMMAND_GRAPH);
	assert_string_equal(options.program[0], "trace");
	options_free(&options);
	accept_line("-- fds");
	assert_int_equal(options.command, COMMAND_TRACE);
	assert_string_equal(options.program[0], "fds");
	options_free(&options);
	accept_line("trace cat graph");
	assert_string_equal(options.program[0], "cat");
	options_free(&options);
	accept_line("-o -- fds");
	assert_string_equal(options.output, "--");
	assert_int_equal(options.command, COMMAND_FDS);
	options_free(&options);
	accept_line("--");
	assert_null(options.program);
	options_free(&options);
	refuse_line("-p 1 ls", "-p", "PROGRAM");
	refuse_line("-p 1 -- ls", "-p", "PROGRAM");
}

static void test_commands_to_come(void **state)
{
	refuse_line("-p 1 top", "top", "not a command");
	refuse_line("top -d 1", "top", "not a command");
	accept_line("-- top");
	options_free(&options);
}

static void test_why(void **state)
{
	accept_line("why -p 1 --longer 1.5");
	assert_int_equal(options.command, COMMAND_WHY);
	assert_int_equal(options.longer_ns, 1500000000);
	assert_true(options_is_snapshot(&options));
	options_free(&options);
	refuse_line("graph --longer 1", "--longer", "why");
	refuse_line("why -d 1", "--duration", "now");
	refuse_line("why -i x", "--input", "recording");
	refuse_line("why --longer x", "--longer", "seconds");
}

static void test_durations(void **state)
{
	accept_line("-d 1.5");
	assert_true(options.has_duration);
	assert_int_equal(options.duration_ns, 1500000000);
	options_free(&options);
	accept_line("--duration=0");
	assert_true(options.has_duration);
	assert_int_equal(options.duration_ns, 0);
	options_free(&options);
	accept_line("-d 1e9");
	options_free(&options);
	refuse_line("-d -1", "-d -1", "seconds");
	refuse_line("-d nan", "-d nan", "seconds");
	refuse_line("-d inf", "-d", "seconds");
	refuse_line("-d 1e10", "-d", "seconds");
	refuse_line("-d 1e999", "-d", "seconds");
	refuse_line("-d 0x10", "-d", "seconds");
	refuse_line("-d 1s", "-d 1s", "seconds");
	refuse_line("-d ''", "-d", "seconds");
	refuse_line("-d", "-d", "SECONDS");
}

static void test_events(void **state)
{
	uint64_t defaults;

	accept_line("");
	defaults = options.mechanisms;
	options_free(&options);
	accept_line("-e pipe");
	assert_int_equal(options.mechanisms, bit_of("pipe"));
	options_free(&options);
	accept_line("-e pipe,fd -e ^fd");
	assert_int_equal(options.mechanisms, bit_of("pipe"));
	options_free(&options);
	accept_line("-e ^pipe");
	assert_int_equal(options.mechanisms, defaults & ~bit_of("pipe"));
	options_free(&options);
	refuse_line("-e pipes", "-e pipes", "known are");
	refuse_line("--events pipe,", "--events", "known");
	refuse_line("-e ''", "-e", "known");
	refuse_line("-e ^", "-e", "known");
	refuse_line("-e pipe,^pipe", "-e", "no mechanism");
}

static void test_formats(void **state)
{
	accept_line("graph --json -f dot");
	assert_int_equal(options.format, FORMAT_DOT);
	options_free(&options);
	refuse_line("fds -f dot", "--format", "fds");
	refuse_line("-f svg", "--format", "trace");
	refuse_line("graph -f png", "-f png", "mermaid");
	refuse_line("graph -f default", "-f", "mermaid");
	refuse_line("record -o f --json", "--json", "record");
	refuse_line("--json=yes", "--json", "argument");
}

static void test_recordings(void **state)
{
	accept_line("replay file");
	assert_int_equal(options.command, COMMAND_REPLAY);
	assert_string_equal(options.input, "file");
	options_free(&options);
	accept_line("replay file --json");
	assert_int_equal(options.format, FORMAT_JSON);
	options_free(&options);
	accept_line("replay --input file");
	assert_string_equal(options.input, "file");
	options_free(&options);
	accept_line("replay -- --odd");
	assert_string_equal(options.input, "--odd");
	options_free(&options);
	accept_line("graph -i file -p 3");
	options_free(&options);
	refuse_line("replay", "replay", "FILE");
	refuse_line("replay a b", "PROGRAM", "recording");
	refuse_line("-i f -- ls", "PROGRAM", "recording");
	refuse_line("-i f --audit", "--audit", "recording");
	refuse_line("-i f -d 1", "--duration", "recording");
	refuse_line("replay f --ring-size 1M", "--ring-size", "recording");
	refuse_line("record -o f -i g", "--input", "record");
	refuse_line("record", "record", "-o FILE");
	refuse_line("replay ''", "replay", "empty");
}

static void test_together(void **state)
{
	accept_line("record -o f --dot g --audit ls");
	options_free(&options);
	refuse_line("fds --dot f", "--dot", "fds");
	refuse_line("graph --dot f", "--dot", "graph");
	refuse_line("fds --audit", "--audit", "fds");
}

static void test_files_that_are_the_same(void **state)
{
	char path[] = "/tmp/ipctrace-options-XXXXXX", line[128];
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	close(fd);
	accept_line("-o /dev/null --dot /dev/null"); /* no file to spoil */
	options_free(&options);
	accept_line("-o nowhere --dot elsewhere");
	options_free(&options);
	refuse_line("-o nowhere --dot nowhere", "--dot nowhere", "-o");
	snprintf(line, sizeof(line), "replay %s -o /tmp/../%s", path, path);
	refuse_line(line, "-o", "recording to read");
	snprintf(line, sizeof(line), "fds -i %s -o %s", path, path);
	refuse_line(line, "-o", "recording to read");
	snprintf(line, sizeof(line), "replay %s --dot %s", path, path);
	refuse_line(line, "--dot", "recording to read");
	snprintf(line, sizeof(line), "record -o %s --dot %s", path, path);
	refuse_line(line, "--dot", "-o writes");
	unlink(path);
}

static void test_ready_fd(void **state)
{
	char line[32];
	int fd;

	accept_line("--ready-fd 2");
	assert_int_equal(options.ready_fd, 2);
	options_free(&options);
	refuse_line("--ready-fd 999", "--ready-fd 999", "open");
	refuse_line("--ready-fd -1", "--ready-fd", "number");
	refuse_line("--ready-fd 2x", "--ready-fd", "number");
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	snprintf(line, sizeof(line), "--ready-fd %d", fd);
	refuse_line(line, line, "not open for writing");
	close(fd);
}

static void test_ring_size(void **state)
{
	accept_line("--ring-size 64K");
	assert_int_equal(options.ring_bytes, 65536);
	options_free(&options);
	accept_line("--ring-size 1048576");
	assert_int_equal(options.ring_bytes, 1048576);
	options_free(&options);
	accept_line("--ring-size 4M");
	assert_int_equal(options.ring_bytes, 4194304);
	options_free(&options);
	refuse_line("--ring-size 32K", "--ring-size 32K", "power");
	refuse_line("--ring-size 3M", "--ring-size", "power");
	refuse_line("--ring-size 0", "--ring-size", "power");
	refuse_line("--ring-size 64k", "--ring-size", "power");
	refuse_line("--ring-size 18446744073709551616", "--ring-size", "power");
	refuse_line("--ring-size 17592186044416M", "--ring-size", "power");
	refuse_line("--ring-size -65536", "--ring-size", "power");
}

static void test_history(void **state)
{
	accept_line("graph -d 1");
	assert_in_range(options.history_bytes, 1 << 20, 1 << 30);
	options_free(&options);
	accept_line("--history 1M");
	assert_int_equal(options.history_bytes, 1 << 20);
	options_free(&options);
	accept_line("--history 3000K");
	assert_int_equal(options.history_bytes, 3000 << 10);
	options_free(&options);
	accept_line("graph -i f --history 4G");
	assert_int_equal(options.history_bytes, 4ull << 30);
	options_free(&options);
	refuse_line("--history 1023K", "--history 1023K", "1M");
	refuse_line("--history 0", "--history", "1M");
	refuse_line("--history 4T", "--history", "1M");
	refuse_line("--history 4MM", "--history", "1M");
	refuse_line("--history M", "--history", "1M");
	refuse_line("--history 17179869184G", "--history", "1M");
	refuse_line("--history -1", "--history", "1M");
}

static void test_hooks(void **state)
{
	accept_line("trace");
	assert_int_equal(options.hooks, HOOKS_FITTING);
	options_free(&options);
	accept_line("--hooks perf");
	assert_int_equal(options.hooks, HOOKS_PERF);
	options_free(&options);
	accept_line("--hooks tp_btf");
	assert_int_equal(options.hooks, HOOKS_TP_BTF);
	options_free(&options);
	refuse_line("--hooks kprobe", "--hooks kprobe", "neither");
}

static void test_help_and_version(void **state)
{
	accept_line("-h");
	assert_true(options.help);
	options_free(&options);
	accept_line("graph --help --nonsense");
	assert_true(options.help);
	options_free(&options);
	accept_line("--version");
	assert_true(options.version);
	options_free(&options);
	accept_line("record -V");
	assert_true(options.version);
	options_free(&options);
}

static void test_unknown_options(void **state)
{
	refuse_line("-x", "-x", "no such option");
	refuse_line("--nonsense", "--nonsense", "no such option");
	refuse_line("-qx", "-x", "no such option");
	refuse_line("fds --pidd 1", "--pidd", "no such option");
	refuse_line("--ver", "--ver", "no such option"); /* --verbose or --version? */
	accept_line("--dur 3");
	assert_true(options.has_duration);
	options_free(&options);
}

static void test_snapshot(void **state)
{
	accept_line("fds -p 1");
	assert_true(options_is_snapshot(&options));
	options_free(&options);
	accept_line("graph -d 1");
	assert_false(options_is_snapshot(&options));
	options_free(&options);
	accept_line("graph ls");
	assert_false(options_is_snapshot(&options));
	options_free(&options);
	accept_line("trace -p 1");
	assert_false(options_is_snapshot(&options));
	options_free(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_options_before_and_after_the_command),
		cmocka_unit_test(test_pids),
		cmocka_unit_test(test_program),
		cmocka_unit_test(test_commands_to_come),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_recordings),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_files_that_are_the_same),
		cmocka_unit_test(test_ready_fd),
		cmocka_unit_test(test_ring_size),
		cmocka_unit_test(test_history),
		cmocka_unit_test(test_hooks),
		cmocka_unit_test(test_help_and_version),
		cmocka_unit_test(test_unknown_options),
		cmocka_unit_test(test_snapshot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
