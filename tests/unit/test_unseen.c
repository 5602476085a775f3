// SPDX-License-Identifier: GPL-2.0-only
/* Processes that no BPF program sees: whom /proc has and the rows have not, and what is said of them. */
#include "records.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sink/names.h"
#include "sink/sink.h"
#include "source/unseen.h"

/* --- telling them ------------------------------------------------------------------------------- */

static void test_difference(void **state)
{
	static const uint32_t in_proc[] = { 1, 2, 300, 4, 4194303 }, rows[] = { 300, 7, 300, 2, 4 };
	struct pids present = { 0 }, shown = { 0 };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(pids_add(&present, in_proc[i]), 0);
		assert_int_equal(pids_add(&shown, rows[i]), 0);
	}
	pids_without(&present, &shown);
	assert_int_equal(present.count, 2);
	assert_int_equal(present.all[0], 1);
	assert_int_equal(present.all[1], 4194303);
	pids_without(&present, &present);
	assert_int_equal(present.count, 0);
	pids_without(&present, &shown);
	assert_int_equal(present.count, 0);
	pids_free(&present);
	assert_int_equal(pids_add(&present, 5), 0);
	pids_free(&shown);
	pids_without(&present, &shown);
	assert_int_equal(present.count, 1);
	pids_free(&present);
}

static void test_threads_of_one_are_one(void **state)
{
	struct pids pids = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(pids_add(&pids, 812), 0);
	assert_int_equal(pids.count, 1);
	pids_free(&pids);
}

static void test_names(void **state)
{
	(void)state;
	assert_int_equal(pid_of_name("1"), 1);
	assert_int_equal(pid_of_name("4194303"), 4194303);
	assert_int_equal(pid_of_name("self"), 0);
	assert_int_equal(pid_of_name("12x"), 0);
	assert_int_equal(pid_of_name("0"), 0);
	assert_int_equal(pid_of_name(""), 0);
	assert_int_equal(pid_of_name("99999999999"), 0);
}

#define STAT(name, state, flags) \
	"812 (" name ") " state " 1 812 812 0 -1 " flags " 283979 26 0 46 3 2 6 5 10 -10 14 0 6177 47128576 3548"

static void test_stat(void **state)
{
	struct proc_stat stat;

	(void)state;
	assert_true(proc_stat_parse(STAT("a) S 5 (b", "R", "4194560"), &stat));
	assert_string_equal(stat.comm, "a) S 5 (b");
	assert_int_equal(stat.state, 'R');
	assert_int_equal(stat.start_ticks, 6177);
	assert_false(stat.is_kernel_thread || stat.is_ending);
	assert_true(proc_stat_parse(STAT("kworker/R-sync_wq-and-more", "I", "69238880"), &stat));
	assert_string_equal(stat.comm, "kworker/R-sync_");
	assert_true(stat.is_kernel_thread);
	assert_true(proc_stat_parse(STAT("", "Z", "4194564"), &stat));
	assert_true(stat.is_ending);
	assert_false(proc_stat_parse("", &stat));
	assert_false(proc_stat_parse("812 (sh", &stat));
	assert_false(proc_stat_parse("812 )(", &stat));
	assert_false(proc_stat_parse("812 (sh) S 1 812", &stat));
}

/* Who came while the rows were read, is about to go, or is the kernel's own needs none. */
static void test_who_should_have_a_row(void **state)
{
	static const struct proc_stat there = { .state = 'S', .start_ticks = 99 };
	struct proc_stat stat = there;

	(void)state;
	assert_true(proc_is_unseen(&stat, 100));
	assert_false(proc_is_unseen(&stat, 99));
	stat.state = 'Z';
	assert_false(proc_is_unseen(&stat, 100));
	stat.state = 'X';
	assert_false(proc_is_unseen(&stat, 100));
	stat = there;
	stat.is_kernel_thread = true;
	assert_false(proc_is_unseen(&stat, 100));
	stat = there;
	stat.is_ending = true;
	assert_false(proc_is_unseen(&stat, 100));
}

/* In ticks: the rest is not told. */
static void test_start(void **state)
{
	const uint64_t tick = 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK);
	static const struct proc_stat stat = { .start_ticks = 6177 };

	(void)state;
	assert_true(proc_started_at(&stat, 6177 * tick));
	assert_true(proc_started_at(&stat, 6178 * tick - 1));
	assert_false(proc_started_at(&stat, 6178 * tick));
	assert_false(proc_started_at(&stat, 6177 * tick - 1));
}

static void test_proc_of_ourselves(void **state)
{
	struct proc_status status;
	struct proc_stat stat;

	(void)state;
	assert_true(proc_stat_read((uint32_t)getpid(), &stat));
	assert_true(proc_status_read((uint32_t)getpid(), &status));
	assert_int_equal(status.tgid, getpid());
	assert_int_equal(status.ppid, getppid());
	assert_false(stat.is_kernel_thread || stat.is_ending);
	assert_string_equal(stat.comm, "test_unseen");
	assert_false(proc_stat_read(0, &stat));
}

/* --- telling of them ---------------------------------------------------------------------------- */

static void unseen(struct script *s, uint32_t pid, const char *comm)
{
	struct record record = { .type = RECORD_UNSEEN, .size = sizeof(record), .ts = s->ts++, .pid = pid, .tid = pid };

	snprintf(record.comm, sizeof(record.comm), "%s", comm);
	apply(s, &record);
}

static char *print(const struct model *model, int (*how)(FILE *out, const struct model *model))
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	assert_int_equal(how(out, model), 0);
	fclose(out);
	return text;
}

static int fds_text(FILE *out, const struct model *model)
{
	return fds_print_text(out, model, false);
}

static void expect(const struct model *model, int (*how)(FILE *out, const struct model *model), const char *word,
		   bool is_there)
{
	char *text = print(model, how);

	if (!strstr(text, word) == is_there)
		print_error("%s\n", text);
	assert_int_equal(strstr(text, word) != NULL, is_there);
	free(text);
}

static void test_words(void **state)
{
	char words[UNSEEN_MAX];
	struct script *s = *state;

	assert_null(unseen_words(s->model, words));
	expect(s->model, fds_print_json, "\"unseen\":null", true);
	unseen(s, 0, "");
	assert_null(unseen_words(s->model, words));
	expect(s->model, fds_print_json, "\"unseen\":[]", true);
	expect(s->model, fds_text, "BPF", false);
	unseen(s, 1, "in\033it");
	assert_string_equal(unseen_words(s->model, words), "1 process can't be seen by BPF on this host: 1 (in\\x1bit)");
	expect(s->model, fds_print_json, "\"unseen\":[{\"pid\":1,\"comm\":\"in\\u001Bit\"}]", true);
	expect(s->model, fds_text, "-- 1 process can't be seen by BPF on this host: 1 (in\\x1bit)\n", true);
	unseen(s, 812, "b");
	assert_string_equal(unseen_words(s->model, words),
			    "2 processes can't be seen by BPF on this host: 1 (in\\x1bit), 812 (b)");
	/* Of very many the first, however long they show. */
	for (uint32_t pid = 1000; pid < 1100; pid++)
		unseen(s, pid, "\033\033\033\033\033\033\033\033\033\033\033\033\033\033\033");
	assert_memory_equal(unseen_words(s->model, words), "102 processes", 13);
	assert_string_equal(words + strlen(words) - strlen("), …"), "), …");
	/* A later look replaces the one before. */
	unseen(s, 0, "");
	assert_null(unseen_words(s->model, words));
}

/* 10 holds one end of each of two pipes; of the second the kernel counts a writer that no table shows. */
static void test_other_end(void **state)
{
	struct file_facts gone = pipe_read_end(0xf1, 100), hidden = pipe_read_end(0xf2, 200);
	struct script *s = *state;

	gone.pipe.readers = hidden.pipe.readers = 1;
	gone.pipe.writers = 0;
	hidden.pipe.writers = 1;
	snapshot_start(s);
	task_row(s, 10, 10, 0x1000, 1);
	slot_row(s, 0x1000, 3, gone);
	slot_row(s, 0x1000, 4, hidden);
	snapshot_done(s);
	selected(s, 10, true);
	expect(s->model, fds_text, "pipe:[100] read end  ?     nobody\n", true);
	expect(s->model, fds_text, "pipe:[200] read end  ?     ?\n", true);
}

/* Its children and theirs are known by it, and nobody else. */
static void test_selecting(void **state)
{
	struct script *s = *state;

	unseen(s, 0, "");
	unseen(s, 1, "init");
	snapshot_start(s);
	task_row(s, 10, 10, 0x1000, 1);
	task_row(s, 20, 20, 0x2000, 10);
	task_row(s, 30, 30, 0x3000, 2);
	snapshot_done(s);
	selected(s, 1, true);
	assert_true(model_process_by_pid(s->model, 10)->selected);
	assert_true(model_process_by_pid(s->model, 20)->selected);
	assert_false(model_process_by_pid(s->model, 30)->selected);
}

static void test_selecting_alone(void **state)
{
	struct script *s = *state;

	unseen(s, 0, "");
	unseen(s, 1, "init");
	snapshot_start(s);
	task_row(s, 10, 10, 0x1000, 1);
	snapshot_done(s);
	selected(s, 1, false);
	assert_false(model_process_by_pid(s->model, 10)->selected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_difference),
		cmocka_unit_test(test_threads_of_one_are_one),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_who_should_have_a_row),
		cmocka_unit_test(test_start),
		cmocka_unit_test(test_proc_of_ourselves),
#define TEST(name) cmocka_unit_test_setup_teardown(name, script_setup, script_teardown)
		TEST(test_words), TEST(test_other_end), TEST(test_selecting), TEST(test_selecting_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
