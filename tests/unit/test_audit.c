// SPDX-License-Identifier: GPL-2.0-only
/* The audit: finds every difference between two models, and none where there is none. */
#include "records.h"

#include <sched.h>
#include <signal.h>

#define T  0x1000
#define T2 0x2000
#define F  0xf000
#define G  0xf100

struct pair {
	struct script *kept, *fresh;
	struct audit audit;
};

static int pair_setup(void **state)
{
	static struct pair pair;

	*state = &pair;
	return script_setup((void **)&pair.kept) || script_setup((void **)&pair.fresh);
}

static int pair_teardown(void **state)
{
	struct pair *pair = *state;

	audit_free(&pair->audit);
	return script_teardown((void **)&pair->kept) || script_teardown((void **)&pair->fresh);
}

static void start(struct script *s)
{
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	slot_row(s, T, 3, pipe_read_end(F, 200));
	slot_row(s, T, 4, pipe_write_end(F + 1, 200));
	snapshot_done(s);
	by(s, 10);
}

static void start_both(struct pair *pair)
{
	start(pair->kept);
	start(pair->fresh);
}

static void compare(struct pair *pair)
{
	audit_free(&pair->audit);
	assert_int_equal(audit_compare(pair->kept->model, pair->fresh->model, &pair->audit), 0);
}

static void assert_one(struct pair *pair, const char *line)
{
	compare(pair);
	assert_int_equal(pair->audit.differences, 1);
	assert_int_equal(pair->audit.details_count, 1);
	assert_string_equal(pair->audit.details[0], line);
}

static void equal_models(void **state)
{
	struct pair *pair = *state;

	start_both(pair);
	compare(pair);
	assert_int_equal(pair->audit.differences, 0);
	assert_int_equal(pair->audit.checked, 3);
}

static void lost_close(void **state)
{
	struct pair *pair = *state;

	start_both(pair);
	closed(pair->fresh, T, 3);
	assert_one(pair, "p10[10] fd 3: kept pipe:[200], kernel has nothing");
}

static void lost_open(void **state)
{
	struct pair *pair = *state;

	start_both(pair);
	opened(pair->fresh, T, 70, regular_file(G, 5));
	assert_one(pair, "p10[10] fd 70: kept nothing, kernel has file:[5]");
}

static void other_description(void **state)
{
	struct pair *pair = *state;

	start_both(pair);
	opened(pair->fresh, T, 3, pipe_read_end(G, 200));
	assert_one(pair, "p10[10] fd 3: kept pipe:[200], kernel has pipe:[200] "
			 "(another description)");
}

static void lost_flag(void **state)
{
	struct pair *pair = *state;

	start_both(pair);
	cloexec(pair->fresh, T, 3, pipe_read_end(F, 200), true);
	assert_one(pair, "p10[10] fd 3: kept pipe:[200], kernel has pipe:[200] close-on-exec");
}

static void other_tasks(void **state)
{
	struct pair *pair = *state;

	start_both(pair);
	forked(pair->kept, 20, T2);
	assert_one(pair, "p20[20] task 20: kept, kernel has none");
	by(pair->kept, 20);
	exited(pair->kept, 0, true);
	forked(pair->fresh, 30, T2);
	/* where 10 alone was asked for, 30 is nobody's business */
	compare(pair);
	assert_int_equal(pair->audit.differences, 0);
	selected(pair->kept, 0, true);
	assert_one(pair, "p30[30] task 30: not kept, kernel has it");
}

/* A peer is, whether anything is known of it or not; who was one before is none. */
static void peer_not_known(void **state)
{
	struct pair *pair = *state;

	start_both(pair);
	selected(pair->kept, 10, false);
	selected(pair->fresh, 10, false);
	by(pair->fresh, 20);
	opened(pair->fresh, T2, 5, regular_file(G + 1, 5));
	compare(pair);
	assert_int_equal(pair->audit.differences, 0);
	opened(pair->fresh, T2, 3, pipe_write_end(G, 200));
	assert_one(pair, "p20[20] task 20: not kept, kernel has it");
	closed(pair->fresh, T2, 3);
	compare(pair);
	assert_int_equal(pair->audit.differences, 0);
}

static void other_grouping(void **state)
{
	struct pair *pair = *state;

	start_both(pair);
	cloned(pair->kept, 20, 20, T, CLONE_FILES);
	cloned(pair->fresh, 20, 20, T2, 0);
	compare(pair);
	assert_int_equal(pair->audit.differences, 1);
}

static void zombies_do_not_count(void **state)
{
	struct pair *pair = *state;

	start_both(pair);
	cloned(pair->fresh, 20, 20, 0, 0);
	compare(pair);
	assert_int_equal(pair->audit.differences, 0);
}

static void unexplained_is_not_wrong(void **state)
{
	struct pair *pair = *state;
	const uint64_t files[] = { 0, 0, 0, F, F + 1, G };

	start_both(pair);
	table_is(pair->kept, T, TABLE_COPY, -1, 0, files, 6, true);
	opened(pair->fresh, T, 5, regular_file(G, 5));
	compare(pair);
	assert_int_equal(pair->audit.differences, 0);
	opened(pair->fresh, T, 5, regular_file(G + 1, 5));
	assert_one(pair, "p10[10] fd 5: kept unknown:[0], kernel has file:[5]");
}

static void details_are_limited(void **state)
{
	struct pair *pair = *state;

	start_both(pair);
	for (int fd = 10; fd < 200; fd++)
		opened(pair->kept, T, fd, regular_file(G + (uint64_t)fd, 5));
	compare(pair);
	assert_int_equal(pair->audit.differences, 190);
	assert_int_equal(pair->audit.details_count, AUDIT_DETAILS_MAX);
}

static void pending_row(struct script *s, int number)
{
	struct record_signal_queued record = {
		.head = { .type = RECORD_SIGNAL_QUEUED,
			  .flags = RECORD_ROW,
			  .size = sizeof(record),
			  .ts = s->ts++,
			  .pid = 10,
			  .tid = 10,
			  .start = start_of(s, 10) },
		.signal = (uint32_t)number,
		.sender_pid = 10,
		.group = 1,
	};

	apply(s, &record);
}

static void state_row(struct script *s, uint32_t flags)
{
	struct record_signal_state record = {
		.head = { .type = RECORD_SIGNAL_STATE,
			  .flags = RECORD_ROW,
			  .size = sizeof(record),
			  .ts = s->ts++,
			  .pid = 10,
			  .tid = 10,
			  .start = start_of(s, 10) },
		.flags = SIGNAL_STATE_PROCESS | flags,
	};

	apply(s, &record);
}

static void tallied(struct script *s, int number, uint64_t sent, uint64_t delivered, uint64_t ts)
{
	struct record_signal_count record = {
		.head = { .type = RECORD_SIGNAL_COUNT,
			  .size = sizeof(record),
			  .ts = s->ts++,
			  .pid = 10,
			  .start = start_of(s, 10) },
		.key = { .target_start = start_of(s, 10),
			 .target_pid = 10,
			 .signal = (uint32_t)number,
			 .cause = SIGNAL_TIMER },
		.total = { .sent = sent, .delivered = delivered, .last_ts = ts },
	};

	apply(s, &record);
}

static void pending_signals(void **state)
{
	struct pair *pair = *state;

	start_both(pair);
	selected(pair->kept, 10, true);
	tallied(pair->kept, SIGUSR1, 3, 1, 1);
	pending_row(pair->fresh, SIGUSR1);
	compare(pair); /* nobody looked whether that is all */
	assert_int_equal(pair->audit.differences, 0);
	state_row(pair->fresh, 0);
	assert_one(pair, "p10[10] SIGUSR1: kept 2 pending, kernel has 1");
	pending_row(pair->fresh, SIGUSR1);
	compare(pair);
	assert_int_equal(pair->audit.differences, 0);
	assert_int_equal(pair->audit.checked, 4);
	pending_row(pair->fresh, SIGHUP);
	assert_one(pair, "p10[10] SIGHUP: kept 0 pending, kernel has 1");
}

static void signals_that_move_are_left_out(void **state)
{
	struct pair *pair = *state;

	start_both(pair);
	selected(pair->kept, 10, true);
	state_row(pair->fresh, 0);
	tallied(pair->kept, SIGUSR1, 3, 1, pair->fresh->model->snapshot_ts);
	compare(pair);
	assert_int_equal(pair->audit.differences, 0);
	tallied(pair->kept, SIGUSR1, 3, 1, 1);
	compare(pair);
	assert_int_equal(pair->audit.differences, 1);
	state_row(pair->fresh, SIGNAL_STATE_MOVING);
	compare(pair);
	assert_int_equal(pair->audit.differences, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, pair_setup, pair_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(equal_models),
		TEST(lost_close),
		TEST(lost_open),
		TEST(other_description),
		TEST(lost_flag),
		TEST(other_tasks),
		TEST(peer_not_known),
		TEST(other_grouping),
		TEST(zombies_do_not_count),
		TEST(unexplained_is_not_wrong),
		TEST(details_are_limited),
		TEST(pending_signals),
		TEST(signals_that_move_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
