// SPDX-License-Identifier: GPL-2.0-only
/* Signals: words, counts, links, and how memory stays bounded. */
#include "records.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "mechanism/mechanism.h"
#include "model/graph.h"

#define T   0x1000
#define ALL (~0ull)

static struct event event;

static void start(struct script *s)
{
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T + 1, 1);
	snapshot_done(s);
	by(s, 10);
}

static void fill(struct script *s, struct record *head, uint16_t type, size_t size, uint32_t pid)
{
	head->type = type;
	head->size = (uint32_t)size;
	head->ts = s->ts++;
	head->pid = pid;
	head->tid = pid;
	head->start = pid ? start_of(s, pid) : 0;
	if (pid)
		snprintf(head->comm, sizeof(head->comm), "p%u", pid);
}

static void signal_record(struct script *s, uint16_t type, uint32_t by, uint32_t other, int number,
			  uint32_t cause, uint32_t outcome)
{
	struct record_signal record = { .other_pid = other,
					.other_start = other ? start_of(s, other) : 0,
					.target_tid = type == RECORD_SIGNAL ? other : by,
					.signal = (uint32_t)number,
					.cause = cause,
					.outcome = outcome,
					.group = 1,
					.delay_ns = type == RECORD_SIGNAL ? ~0ull : 12000 };

	fill(s, &record.head, type, sizeof(record), by);
	apply(s, &record);
}

static void tallied(struct script *s, uint32_t from, uint32_t to, int number,
		    struct signal_counts total)
{
	struct record_signal_count record = { .key = { .target_start = start_of(s, to),
						       .sender_start = from ? start_of(s, from) : 0,
						       .target_pid = to,
						       .sender_pid = from,
						       .signal = (uint32_t)number,
						       .cause = from ? SIGNAL_BY_PROCESS :
								       SIGNAL_CHILD_EXITED },
					      .total = total };

	fill(s, &record.head, RECORD_SIGNAL_COUNT, sizeof(record), to);
	memset(record.head.comm, 0, sizeof(record.head.comm));
	if (!total.last_ts)
		record.total.last_ts = record.head.ts;
	apply(s, &record);
}

static void assert_event(struct script *s, const char *name, const char *words)
{
	assert_true(mechanism_event(s->model, &s->last.head, &s->change, ALL, &event));
	assert_string_equal(event.name, name);
	assert_string_equal(event.words, words);
}

static void words(void **state)
{
	struct script *s = *state;

	start(s);
	signal_record(s, RECORD_SIGNAL, 10, 20, SIGTERM, SIGNAL_BY_PROCESS, SIGNAL_TERMINATED);
	assert_event(s, "signal.send", "SIGTERM → p20[20]  terminated");
	assert_false(event.by_kernel);
	signal_record(s, RECORD_SIGNAL_END, 20, 10, SIGTERM, SIGNAL_BY_PROCESS, SIGNAL_HANDLED);
	assert_event(s, "signal.deliver", "SIGTERM from p10[10] → handler, 12.0 µs later");
	signal_record(s, RECORD_SIGNAL, 10, 20, SIGUSR1, SIGNAL_BY_PROCESS, SIGNAL_MERGED);
	assert_event(s, "signal.merge", "SIGUSR1 → p20[20]  merged into a pending one");
	signal_record(s, RECORD_SIGNAL, 0, 20, SIGCHLD, SIGNAL_CHILD_EXITED, SIGNAL_NOTHING);
	assert_event(s, "signal.ignore",
		     "SIGCHLD → p20[20] (child exited)  does nothing by default");
	assert_true(event.by_kernel);
	assert_null(event.process);
	assert_ptr_equal(event.party, process_at(s, 20));
}

static void mask_twice_is_one_event(void **state)
{
	struct script *s = *state;
	struct record_signal_mask record = { .blocked = 1ull << (SIGCHLD - 1) };

	start(s);
	fill(s, &record.head, RECORD_SIGNAL_MASK, sizeof(record), 10);
	apply(s, &record);
	assert_event(s, "signal.mask", "blocks SIGCHLD");
	apply(s, &record);
	assert_false(mechanism_event(s->model, &s->last.head, &s->change, ALL, &event));
	record.blocked = ~0ull & ~(1ull << (SIGKILL - 1) | 1ull << (SIGTERM - 1));
	apply(s, &record);
	assert_event(s, "signal.mask", "blocks all but SIGTERM");
}

static void an_unknown_sender_is_no_task(void **state)
{
	struct script *s = *state;

	start(s);
	signal_record(s, RECORD_SIGNAL, 30, 20, SIGHUP, SIGNAL_BY_PROCESS, SIGNAL_PENDING);
	assert_event(s, "signal.send", "SIGHUP → p20[20]");
	assert_string_equal(event.process->comm, "p30");
	assert_null(event.process->tasks);
}

static void links_by_pair(void **state)
{
	struct script *s = *state;
	const struct graph_link *link = NULL;
	struct graph graph;

	start(s);
	process_at(s, 10)->selected = true;
	tallied(s, 10, 20, SIGUSR1, (struct signal_counts){ .sent = 4, .merged = 3 });
	tallied(s, 10, 20, SIGTERM, (struct signal_counts){ .sent = 1, .delivered = 1 });
	tallied(s, 0, 20, SIGCHLD, (struct signal_counts){ .sent = 1, .ignored = 1 });
	assert_int_equal(graph_build(s->model, true, &graph), 0);
	/* The kernel's is between two that nobody asked for. */
	assert_int_equal(graph.links_count, 1);
	link = &graph.links[0];
	assert_ptr_equal(link->from, process_at(s, 10));
	assert_ptr_equal(link->to, process_at(s, 20));
	assert_int_equal(link->messages.value, 5);
	assert_int_equal(link->details_count, 2);
	assert_string_equal(link->details[0].fields[0].text, "SIGUSR1");
	assert_string_equal(link->details[0].fields[5].key, "pending");
	assert_int_equal(link->details[0].fields[5].count.value, 1);
	assert_string_equal(link->details[1].fields[0].text, "SIGTERM");
	graph_free(&graph);
}

static void forgotten_once_a_side_is_gone(void **state)
{
	struct script *s = *state;

	start(s);
	tallied(s, 10, 20, SIGUSR1, (struct signal_counts){ .sent = 1, .delivered = 1 });
	tallied(s, 30, 20, SIGUSR1, (struct signal_counts){ .sent = 1, .delivered = 1 });
	assert_non_null(process_at(s, 30));
	model_forget(s->model, s->ts + 1);
	assert_int_equal(HASH_COUNT(s->model->signals), 1);
	assert_null(model_process(s->model, 30, start_of(s, 30)));
}

static void unshown_is_the_difference(void **state)
{
	struct script *s = *state;

	start(s);
	tallied(s, 10, 20, SIGUSR1, (struct signal_counts){ .sent = 9, .unshown = 5 });
	assert_event(s, "signal.more", "SIGUSR1 → p20[20]: 5 events more, counted only");
	tallied(s, 10, 20, SIGUSR1, (struct signal_counts){ .sent = 9, .unshown = 5 });
	assert_false(mechanism_event(s->model, &s->last.head, &s->change, ALL, &event));
}

static void queued(struct script *s, uint32_t target, uint32_t sender, int number, uint32_t cause)
{
	struct record_signal_queued record = {
		.signal = (uint32_t)number, .cause = cause, .sender_pid = sender, .group = 1
	};

	fill(s, &record.head, RECORD_SIGNAL_QUEUED, sizeof(record), target);
	record.head.flags = RECORD_ROW;
	apply(s, &record);
}

static void stands(struct script *s, uint32_t pid, uint64_t blocked, uint64_t ignored,
		   uint64_t handled)
{
	struct record_signal_state record = { .blocked = blocked,
					      .ignored = ignored,
					      .handled = handled,
					      .flags = SIGNAL_STATE_PROCESS };

	fill(s, &record.head, RECORD_SIGNAL_STATE, sizeof(record), pid);
	record.head.flags = RECORD_ROW;
	apply(s, &record);
}

/* The rows say whose number the sender gave; start is as the source tells it of what was before. */
static void from_before(struct script *s, uint32_t sender, uint32_t target, int number)
{
	struct record_signal_count record = { .key = { .target_start = start_of(s, target),
						       .target_pid = target,
						       .sender_pid = sender,
						       .signal = (uint32_t)number },
					      .total = { .sent = 1 } };

	fill(s, &record.head, RECORD_SIGNAL_COUNT, sizeof(record), target);
	memset(record.head.comm, 0, sizeof(record.head.comm));
	apply(s, &record);
}

static void pending_from_before_is_its_senders(void **state)
{
	struct script *s = *state;
	struct graph graph;

	start(s);
	selected(s, 0, true);
	from_before(s, 10, 20, SIGUSR1);
	tallied(s, 10, 20, SIGUSR1, (struct signal_counts){ .sent = 2, .delivered = 2 });
	from_before(s, 44, 20, SIGUSR2);
	assert_int_equal(graph_build(s->model, true, &graph), 0);
	/* One link from 10, whether it sent before or after; one from who is gone. */
	assert_int_equal(graph.links_count, 2);
	assert_ptr_equal(graph.links[0].from, process_at(s, 10));
	assert_int_equal(graph.links[0].messages.value, 3);
	assert_int_equal(graph.links[0].details_count, 1);
	assert_int_equal(graph.links[1].from->key.pid, 44);
	assert_int_equal(graph.links[1].from->key.start_ns, 0);
	assert_true(graph.links[1].closed);
	graph_free(&graph);
}

static void an_instant_shows_what_is_pending(void **state)
{
	struct script *s = *state;
	struct graph graph;

	start(s);
	selected(s, 0, true);
	from_before(s, 10, 20, SIGUSR1);
	tallied(s, 20, 10, SIGUSR1, (struct signal_counts){ .sent = 2, .delivered = 2 });
	assert_int_equal(graph_build(s->model, false, &graph), 0);
	assert_int_equal(graph.links_count, 1);
	assert_ptr_equal(graph.links[0].to, process_at(s, 20));
	graph_free(&graph);
}

static void a_look_replaces_the_last(void **state)
{
	struct script *s = *state;

	start(s);
	queued(s, 20, 10, SIGUSR1, SIGNAL_BY_PROCESS);
	queued(s, 20, 44, SIGUSR2, SIGNAL_BY_PROCESS);
	queued(s, 77, 10, SIGUSR2, SIGNAL_BY_PROCESS); /* nobody knows that target */
	assert_ptr_equal(s->model->pending->sender, process_at(s, 10));
	assert_null(s->model->pending->next->sender);
	assert_int_equal(s->model->pending->next->sender_pid, 44);
	assert_null(s->model->pending->next->next);
	plain(s, RECORD_QUEUES_BEGIN);
	assert_null(s->model->pending);
}

static uint64_t bit(int number)
{
	return 1ull << (number - 1);
}

static void how_it_stands_follows_calls(void **state)
{
	struct script *s = *state;
	struct record_signal_action action = { .signal = SIGHUP, .action = SIGNAL_ACTION_HANDLER };
	const struct process *child;
	uint64_t blocked = 0;

	start(s);
	assert_false(process_blocks(process_at(s, 10), &blocked));
	stands(s, 10, bit(SIGUSR1), bit(SIGHUP) | bit(SIGPIPE), bit(SIGTERM));
	assert_true(process_blocks(process_at(s, 10), &blocked));
	assert_true(blocked == bit(SIGUSR1));
	by(s, 10);
	fill(s, &action.head, RECORD_SIGNAL_ACTION, sizeof(action), 10);
	apply(s, &action);
	assert_true(process_at(s, 10)->stance.ignored == bit(SIGPIPE));
	assert_true(process_at(s, 10)->stance.handled == (bit(SIGTERM) | bit(SIGHUP)));
	forked(s, 30, T + 2);
	child = process_at(s, 30);
	assert_true(child->stance.handled == (bit(SIGTERM) | bit(SIGHUP)));
	assert_true(process_blocks(child, &blocked) && blocked == bit(SIGUSR1));
	by(s, 30);
	executed(s, T + 3, 0, "/bin/x", "x", 2);
	assert_true(child->stance.ignored == bit(SIGPIPE));
	assert_true(child->stance.handled == 0);
}

/* The leak checker of the sanitized build says whether it was. */
static void freed_whatever_its_time(void **state)
{
	struct script *s = *state;

	start(s);
	tallied(s, 10, 20, SIGUSR1, (struct signal_counts){ .sent = 1, .last_ts = UINT64_MAX });
	assert_int_equal(HASH_COUNT(s->model->signals), 1);
}

static void broken_records_are_refused(void **state)
{
	struct record_signal record = { .head = { .type = RECORD_SIGNAL, .size = sizeof(record) },
					.other_pid = 1,
					.signal = 65 };

	assert_int_equal(record_check(&record.head, sizeof(record)), -EBADMSG);
	record.signal = 0;
	assert_int_equal(record_check(&record.head, sizeof(record)), -EBADMSG);
	record.signal = 64;
	assert_int_equal(record_check(&record.head, sizeof(record)), 0);
	record.outcome = SIGNAL_OUTCOME_MAX;
	assert_int_equal(record_check(&record.head, sizeof(record)), -EBADMSG);
	record.outcome = 0;
	record.cause = SIGNAL_CAUSE_MAX;
	assert_int_equal(record_check(&record.head, sizeof(record)), -EBADMSG);
	record.cause = 0;
	record.other_pid = 0;
	assert_int_equal(record_check(&record.head, sizeof(record)), -EBADMSG);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, script_setup, script_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(words),
		TEST(mask_twice_is_one_event),
		TEST(an_unknown_sender_is_no_task),
		TEST(links_by_pair),
		TEST(forgotten_once_a_side_is_gone),
		TEST(unshown_is_the_difference),
		TEST(pending_from_before_is_its_senders),
		TEST(an_instant_shows_what_is_pending),
		TEST(a_look_replaces_the_last),
		TEST(how_it_stands_follows_calls),
		TEST(freed_whatever_its_time),
		TEST(broken_records_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
