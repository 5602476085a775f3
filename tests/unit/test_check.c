// SPDX-License-Identifier: GPL-2.0-only
/*
 * record_check(): what it refuses, and that whatever it lets pass, in any order, leaves the model
 * without a crash and with counts that agree.
 */
#include "records.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mechanism/mechanism.h"
#include "model/graph.h"

static struct record_slot whole_slot(void)
{
	return (struct record_slot){
		.head = { .type = RECORD_SLOT, .size = sizeof(struct record_slot) },
		.table = 1,
		.fd = 3,
		.facts = { .file = 2, .kind = FILE_PIPE },
	};
}

static int check(const void *record)
{
	return record_check(record, ((const struct record *)record)->size);
}

static void refuses_sizes(void **state)
{
	struct record_slot slot = whole_slot();

	assert_int_equal(check(&slot), 0);
	assert_int_equal(record_check(&slot.head, sizeof(slot) + 64), 0);
	assert_int_equal(record_check(&slot.head, sizeof(slot) - 8), -EBADMSG);
	assert_int_equal(record_check(&slot.head, 4), -EBADMSG);
	slot.head.size = sizeof(slot) - 8;
	assert_int_equal(check(&slot), -EBADMSG);
	slot.head.size = sizeof(struct record) + 4;
	assert_int_equal(check(&slot), -EBADMSG);
	slot.head.size = 0;
	assert_int_equal(record_check(&slot.head, sizeof(slot)), -EBADMSG);
}

static void skips_unknown_types(void **state)
{
	struct record record = { .type = 999, .size = sizeof(record) };

	assert_int_equal(check(&record), -ENODATA);
	record.type = 0;
	assert_int_equal(check(&record), -ENODATA);
}

static void refuses_slots(void **state)
{
	struct record_slot slot = whole_slot();

	slot.fd = -1;
	assert_int_equal(check(&slot), -EBADMSG);
	slot.fd = 1 << 20;
	assert_int_equal(check(&slot), -EBADMSG);
	slot = whole_slot();
	slot.facts.kind = FILE_KIND_MAX;
	assert_int_equal(check(&slot), -EBADMSG);
	slot = whole_slot();
	slot.cloexec = 2;
	assert_int_equal(check(&slot), -EBADMSG);
	slot = whole_slot();
	memset(slot.facts.name, 'x', sizeof(slot.facts.name));
	assert_int_equal(check(&slot), -EBADMSG);
	slot = whole_slot();
	memset(slot.head.comm, 'x', sizeof(slot.head.comm));
	assert_int_equal(check(&slot), -EBADMSG);
	slot = whole_slot();
	slot.text_len = 1;
	assert_int_equal(check(&slot), -EBADMSG);
	slot.text_len = UINT32_MAX;
	assert_int_equal(check(&slot), -EBADMSG);
}

static void refuses_texts_without_end(void **state)
{
	struct {
		struct record_slot slot;
		char text[8];
	} record = { .slot = whole_slot(), .text = "abcdefg" };

	record.slot.head.size = sizeof(record);
	record.slot.text_len = 8;
	assert_int_equal(check(&record), 0);
	record.text[7] = 'h';
	assert_int_equal(check(&record), -EBADMSG);
	record.slot.text_len = 9;
	assert_int_equal(check(&record), -EBADMSG);
}

static void refuses_execs(void **state)
{
	struct {
		struct record_exec exec;
		char text[16];
	} record = { .exec = { .head = { .type = RECORD_EXEC,
					 .size = sizeof(record),
					 .pid = 1,
					 .tid = 1 },
			       .filename_len = 5,
			       .argv_len = 11 },
		     .text = "name" };

	memset(record.text + 5, 'a', 11);
	assert_int_equal(check(&record), 0); /* argv may be cut */
	record.exec.argv_len = 12;
	assert_int_equal(check(&record), -EBADMSG);
	record.exec.argv_len = UINT32_MAX;
	assert_int_equal(check(&record), -EBADMSG);
	record.exec.argv_len = 0;
	record.exec.filename_len = 6;
	assert_int_equal(check(&record), -EBADMSG);
}

static void refuses_tables(void **state)
{
	struct {
		struct record_table table;
		uint64_t files[4];
	} record = { .table = { .head = { .type = RECORD_TABLE, .size = sizeof(record) },
				.mode = TABLE_COPY,
				.count = 4 } };

	assert_int_equal(check(&record), 0);
	record.table.count = 5;
	assert_int_equal(check(&record), -EBADMSG);
	record.table.count = UINT32_MAX;
	assert_int_equal(check(&record), -EBADMSG);
	record.table.count = 4;
	record.table.first = UINT32_MAX - 1;
	assert_int_equal(check(&record), -EBADMSG);
	record.table.first = (1 << 20) - 3;
	assert_int_equal(check(&record), -EBADMSG);
	record.table.first = 0;
	record.table.mode = 3;
	assert_int_equal(check(&record), -EBADMSG);
}

/* --- anything goes --------------------------------------------------------------------------- */

static const uint16_t types[] = {
	RECORD_SNAPSHOT_BEGIN, RECORD_SNAPSHOT_END, RECORD_TASK,   RECORD_IN_FLIGHT,
	RECORD_FORK,           RECORD_EXEC,         RECORD_EXIT,   RECORD_RETABLE,
	RECORD_SLOT,           RECORD_TABLE,        RECORD_PASS,   RECORD_PIPE,
	RECORD_NAME,           RECORD_USE,          RECORD_COUNT,  RECORD_EXE,
	RECORD_ARGV,           RECORD_CGROUP,       RECORD_SELECT, RECORD_BLOCKED,
	RECORD_LIMIT,          RECORD_LEFT,         RECORD_NS_PID,
};

static const int calls[] = {
	-1,        SYS_openat,  SYS_close,       SYS_dup,   SYS_dup3,       SYS_fcntl,
	SYS_ioctl, SYS_recvmsg, SYS_pidfd_getfd, SYS_pipe2, SYS_socketpair, SYS_close_range,
	100000,
};

/* xorshift: the same records on every machine */
static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static uint32_t below(uint64_t *seed, uint32_t limit)
{
	return (uint32_t)(next(seed) >> 11) % limit;
}

static void random_facts(uint64_t *seed, struct file_facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	if (!below(seed, 4))
		return;
	facts->file = 1 + below(seed, 12);
	facts->ino = 1 + below(seed, 4);
	facts->kind = below(seed, 3) ? FILE_PIPE : below(seed, FILE_KIND_MAX);
	facts->fmode = below(seed, 8) ? below(seed, 4) : 0x4000;
}

static void random_head(uint64_t *seed, struct record *head, uint64_t ts)
{
	head->type = types[below(seed, sizeof(types) / sizeof(types[0]))];
	if (!below(seed, 2))
		head->type = RECORD_SLOT;
	head->flags = below(seed, 4) ? 0 : RECORD_ROW;
	head->ts = ts - below(seed, 4);
	head->pid = 1 + below(seed, 5);
	head->tid = below(seed, 2) ? head->pid : 1 + below(seed, 8);
	head->start = below(seed, 6) ? 1 : 2;
	head->comm[0] = 'x';
}

static void random_task(uint64_t *seed, struct record_task *task)
{
	task->table = below(seed, 6);
	task->old_table = below(seed, 6);
	task->parent_pid = below(seed, 6);
	task->parent_start = 1;
	task->parent_tid = below(seed, 8);
	task->clone_flags = (uint32_t)next(seed);
}

static void random_slot(uint64_t *seed, struct record_slot *slot)
{
	slot->table = 1 + below(seed, 5);
	slot->fd = below(seed, 20) ? (int)below(seed, 8) : (int)below(seed, 5000);
	slot->nr = calls[below(seed, sizeof(calls) / sizeof(calls[0]))];
	slot->result = below(seed, 8);
	for (int i = 0; i < 3; i++)
		slot->arg[i] = below(seed, 3) ? below(seed, 8) : (int64_t)next(seed);
	slot->cloexec = below(seed, 2);
	slot->source_pid = below(seed, 6);
	random_facts(seed, &slot->facts);
}

static void random_table(uint64_t *seed, struct record_table *table)
{
	table->table = 1 + below(seed, 5);
	table->mode = 1 + below(seed, 2);
	table->nr = below(seed, 2) ? -1 : SYS_close_range;
	table->first = below(seed, 10);
	table->count = below(seed, 12);
	table->last = below(seed, 2);
	for (uint32_t i = 0; i < table->count; i++)
		table->files[i] = below(seed, 12);
}

static void random_rest(uint64_t *seed, void *record, uint16_t type)
{
	struct record_in_flight *in_flight = record;
	struct record_count *count = record;
	struct record_pass *pass = record;
	struct record_name *name = record;
	struct record_exec *exec = record;

	switch (type) {
	case RECORD_EXEC:
		exec->table = below(seed, 6);
		exec->old_tid = below(seed, 8);
		exec->filename_len = 4;
		exec->argv_len = below(seed, 16);
		memset(exec->text, 'a', 24);
		exec->text[3] = 0;
		break;
	case RECORD_EXIT:
		((struct record_exit *)record)->group_dead = below(seed, 2);
		((struct record_exit *)record)->exit_code = (int)below(seed, 65536);
		break;
	case RECORD_PASS:
		pass->fd = (int)below(seed, 8);
		pass->peer_ino = below(seed, 3);
		random_facts(seed, &pass->facts);
		break;
	case RECORD_IN_FLIGHT:
		in_flight->socket_ino = below(seed, 3);
		random_facts(seed, &in_flight->facts);
		break;
	case RECORD_NAME:
		name->ino = 1 + below(seed, 4);
		name->kind = below(seed, FILE_KIND_MAX);
		break;
	case RECORD_COUNT:
		count->key.ino = 1 + below(seed, 4);
		count->key.pid = 1 + below(seed, 5);
		count->key.start = 1;
		count->total.ops_in = below(seed, 2);
		break;
	case RECORD_BLOCKED:
		((struct record_blocked *)record)->fd = (int)below(seed, 4);
		break;
	case RECORD_LEFT:
		((struct record_left *)record)->kind =
			below(seed, 2) ? FILE_FIFO : FILE_REGULAR;
		((struct record_left *)record)->ino = 1 + below(seed, 4);
		((struct record_left *)record)->text_len = 1;
		break;
	case RECORD_SELECT:
		((struct record_select *)record)->pid = below(seed, 6);
		((struct record_select *)record)->follow = below(seed, 2);
		break;
	}
}

static void random_record(uint64_t *seed, struct record *record, size_t size, uint64_t ts)
{
	void *whole = record;

	memset(record, 0, size);
	random_head(seed, record, ts);
	record->size = (uint32_t)size;
	switch (record->type) {
	case RECORD_TASK:
	case RECORD_FORK:
	case RECORD_RETABLE: random_task(seed, whole); break;
	case RECORD_SLOT:
	case RECORD_USE:
	case RECORD_PIPE: random_slot(seed, whole); break;
	case RECORD_TABLE: random_table(seed, whole); break;
	default: random_rest(seed, whole, record->type);
	}
}

/* What reads the model must stand any state of it. */
static void look_at(const struct model *model, const struct record *record,
		    const struct change *change)
{
	struct event event;
	struct graph graph;

	mechanism_event(model, record, change, ~0ull, &event);
	if (record->ts % 64)
		return;
	assert_invariants(model);
	assert_int_equal(graph_build(model, record->ts & 64, &graph), 0);
	graph_free(&graph);
}

static void stands_anything(void **state)
{
	union {
		struct record head;
		uint64_t room[64];
	} record;
	struct change change;

	for (uint64_t run = 1; run <= 40; run++) {
		struct model *model = model_new();
		uint64_t seed = run * 0x9e3779b97f4a7c15ull;

		for (uint64_t ts = 10; ts < 3000; ts++) {
			random_record(&seed, &record.head, sizeof(record), ts);
			if (check(&record))
				continue;
			assert_int_equal(model_apply(model, &record.head, &change), 0);
			look_at(model, &record.head, &change);
			if (ts % 500 == 0)
				model_forget(model, ts - 100);
		}
		assert_invariants(model);
		model_free(model);
	}
}

/* Bytes that are no records at all: most are refused, none may be believed. */
static void stands_noise(void **state)
{
	union {
		struct record head;
		uint64_t room[64];
	} record;
	struct model *model = model_new();
	uint64_t seed = 42, accepted = 0;
	struct change change;

	for (int i = 0; i < 20000; i++) {
		random_record(&seed, &record.head, sizeof(record), 1000);
		for (uint32_t flips = below(&seed, 6); flips; flips--)
			record.room[below(&seed, 32)] ^= 1ull << below(&seed, 64);
		if (record_check(&record.head, sizeof(record)))
			continue;
		accepted++;
		assert_int_equal(model_apply(model, &record.head, &change), 0);
	}
	assert_true(accepted > 1000);
	assert_invariants(model);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_sizes),   cmocka_unit_test(skips_unknown_types),
		cmocka_unit_test(refuses_slots),   cmocka_unit_test(refuses_texts_without_end),
		cmocka_unit_test(refuses_execs),   cmocka_unit_test(refuses_tables),
		cmocka_unit_test(stands_anything), cmocka_unit_test(stands_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
