// SPDX-License-Identifier: GPL-2.0-only
/* Builders of records, and the count that the model's own counts must equal. */
#include "records.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>

const struct file_facts empty;

int script_setup(void **state)
{
	struct script *s = calloc(1, sizeof(*s));

	s->model = model_new();
	s->ts = 1000;
	*state = s;
	return !s->model;
}

int script_teardown(void **state)
{
	struct script *s = *state;

	assert_invariants(s->model);
	model_free(s->model);
	free(s);
	return 0;
}

void by(struct script *s, uint32_t pid)
{
	by_thread(s, pid, pid);
}

void by_thread(struct script *s, uint32_t pid, uint32_t tid)
{
	s->pid = pid;
	s->tid = tid;
}

uint64_t start_of(const struct script *s, uint32_t pid)
{
	return pid * 1000ull + s->epoch;
}

void apply(struct script *s, const void *record)
{
	const struct record *head = record;

	assert_int_equal(record_check(head, head->size), 0);
	assert_true(head->size <= sizeof(s->last));
	memcpy(&s->last, record, head->size);
	assert_int_equal(model_apply(s->model, &s->last.head, &s->change), 0);
}

static void head(struct script *s, struct record *head, uint16_t type, size_t size)
{
	head->type = type;
	head->flags = s->flags;
	head->size = (uint32_t)size;
	head->ts = s->ts++;
	head->pid = s->pid;
	head->tid = s->tid;
	head->start = start_of(s, s->pid);
	snprintf(head->comm, sizeof(head->comm), "p%u", s->pid);
}

/* --- facts ----------------------------------------------------------------------------------- */

static struct file_facts facts_of(uint64_t file, uint64_t ino, uint32_t kind, uint32_t fmode)
{
	return (struct file_facts){
		.file = file, .ino = ino, .dev = 7, .kind = kind, .fmode = fmode
	};
}

struct file_facts pipe_read_end(uint64_t file, uint64_t ino)
{
	return facts_of(file, ino, FILE_PIPE, 1);
}

struct file_facts pipe_write_end(uint64_t file, uint64_t ino)
{
	return facts_of(file, ino, FILE_PIPE, 2);
}

struct file_facts fifo_end(uint64_t file, uint64_t ino, uint32_t fmode)
{
	struct file_facts facts = facts_of(file, ino, FILE_FIFO, fmode);

	facts.pipe.names = 1;
	return facts;
}

struct file_facts regular_file(uint64_t file, uint64_t ino)
{
	return facts_of(file, ino, FILE_REGULAR, 3);
}

struct file_facts unix_socket(uint64_t file, uint64_t ino)
{
	return facts_of(file, ino, FILE_UNIX, 3);
}

struct file_facts event_fd(uint64_t file, int id)
{
	struct file_facts facts = facts_of(file, 4, FILE_EVENTFD, 3);

	facts.eventfd.id = id;
	return facts;
}

/* --- snapshots ------------------------------------------------------------------------------- */

void plain(struct script *s, uint16_t type)
{
	struct record record = { 0 };

	head(s, &record, type, sizeof(record));
	apply(s, &record);
}

void snapshot_start(struct script *s)
{
	plain(s, RECORD_SNAPSHOT_BEGIN);
	s->flags = RECORD_ROW;
}

void snapshot_done(struct script *s)
{
	s->flags = 0;
	plain(s, RECORD_SNAPSHOT_END);
}

void task_row(struct script *s, uint32_t pid, uint32_t tid, uint64_t table, uint32_t ppid)
{
	struct record_task record = { .table = table,
				      .parent_pid = ppid,
				      .parent_start = start_of(s, ppid) };

	by_thread(s, pid, tid);
	head(s, &record.head, RECORD_TASK, sizeof(record));
	snprintf(record.leader_comm, sizeof(record.leader_comm), "p%u", pid);
	apply(s, &record);
}

void slot_row(struct script *s, uint64_t table, int fd, struct file_facts facts)
{
	slot(s, table, fd, facts, -1, 0, 0, 0, 0);
}

void in_flight_row(struct script *s, uint64_t socket_ino, struct file_facts facts)
{
	struct record_in_flight record = { .socket_ino = socket_ino, .facts = facts };

	by(s, 0);
	head(s, &record.head, RECORD_IN_FLIGHT, sizeof(record));
	apply(s, &record);
}

/* --- calls ----------------------------------------------------------------------------------- */

void slot(struct script *s, uint64_t table, int fd, struct file_facts facts, int nr, int64_t result,
	  int64_t arg0, int64_t arg1, int64_t arg2)
{
	struct record_slot record = { .table = table,
				      .fd = fd,
				      .nr = nr,
				      .result = result,
				      .arg = { arg0, arg1, arg2 },
				      .facts = facts };

	head(s, &record.head, RECORD_SLOT, sizeof(record));
	apply(s, &record);
}

void opened(struct script *s, uint64_t table, int fd, struct file_facts facts)
{
	slot(s, table, fd, facts, SYS_openat, fd, AT_FDCWD, 0, 0);
}

void opened_path(struct script *s, uint64_t table, int fd, struct file_facts facts,
		 const char *path)
{
	struct {
		struct record_slot slot;
		char text[64];
	} record = {
		.slot = { .table = table, .fd = fd, .nr = SYS_openat, .result = fd, .facts = facts }
	};

	record.slot.text_len = (uint32_t)strlen(path) + 1;
	memcpy((char *)&record + sizeof(record.slot), path, record.slot.text_len);
	head(s, &record.slot.head, RECORD_SLOT, sizeof(record));
	apply(s, &record);
}

void closed(struct script *s, uint64_t table, int fd)
{
	slot(s, table, fd, empty, SYS_close, 0, fd, 0, 0);
}

void cloexec(struct script *s, uint64_t table, int fd, struct file_facts facts, bool on)
{
	struct record_slot record = { .table = table,
				      .fd = fd,
				      .nr = SYS_fcntl,
				      .arg = { fd, F_SETFD, on },
				      .cloexec = on,
				      .facts = facts };

	head(s, &record.head, RECORD_SLOT, sizeof(record));
	apply(s, &record);
}

void pipe_made(struct script *s, uint64_t table, int r, int w, uint64_t file, uint64_t ino)
{
	slot(s, table, r, pipe_read_end(file, ino), SYS_pipe2, 0, r, w, 0);
	slot(s, table, w, pipe_write_end(file + 1, ino), SYS_pipe2, 0, r, w, 0);
}

void cloned(struct script *s, uint32_t pid, uint32_t tid, uint64_t table, uint32_t flags)
{
	struct process *parent = process_at(s, s->pid);
	struct record_task record = { .table = table,
				      .parent_pid = s->pid,
				      .parent_start = start_of(s, s->pid),
				      .parent_tid = s->tid,
				      .uid = 1000,
				      .clone_flags = flags };
	uint32_t maker = s->pid, maker_tid = s->tid;

	record.old_table = parent && parent->table ? parent->table->id : 0;
	by_thread(s, pid, tid);
	head(s, &record.head, RECORD_FORK, sizeof(record));
	by_thread(s, maker, maker_tid);
	apply(s, &record);
}

void forked(struct script *s, uint32_t pid, uint64_t table)
{
	cloned(s, pid, pid, table, 0);
}

void forked_whole(struct script *s, uint32_t pid, uint64_t table)
{
	const struct table *from = process_at(s, s->pid)->table;
	uint32_t maker = s->pid, count = from->size < 64 ? from->size : 64;
	uint64_t files[64] = { 0 };

	for (uint32_t fd = 0; fd < count; fd++)
		if (from->slots[fd].description)
			files[fd] = from->slots[fd].description->file;
	forked(s, pid, table);
	by(s, pid);
	table_is(s, table, TABLE_COPY, -1, 0, files, 64, true);
	by(s, maker);
}

void table_is(struct script *s, uint64_t table, uint32_t mode, int nr, uint32_t first,
	      const uint64_t *files, uint32_t count, bool last)
{
	struct {
		struct record_table table;
		uint64_t files[RECORD_CHUNK];
	} record = { .table = { .table = table,
				.mode = mode,
				.nr = nr,
				.first = first,
				.count = count,
				.last = last } };

	memcpy(record.files, files, count * sizeof(*files));
	head(s, &record.table.head, RECORD_TABLE, sizeof(record.table) + count * sizeof(*files));
	apply(s, &record);
}

void executed(struct script *s, uint64_t table, uint32_t old_tid, const char *filename,
	      const char *argv, uint32_t argv_len)
{
	struct {
		struct record_exec exec;
		char text[256];
	} record = {
		.exec = { .table = table, .old_tid = old_tid, .uid = 1000, .argv_len = argv_len }
	};
	char *text = (char *)&record + sizeof(record.exec);

	record.exec.filename_len = (uint32_t)strlen(filename) + 1;
	memcpy(text, filename, record.exec.filename_len);
	memcpy(text + record.exec.filename_len, argv, argv_len);
	head(s, &record.exec.head, RECORD_EXEC, sizeof(record));
	apply(s, &record);
}

void retabled(struct script *s, uint64_t table)
{
	struct record_task record = { .table = table };

	head(s, &record.head, RECORD_RETABLE, sizeof(record));
	apply(s, &record);
}

void exited(struct script *s, int code, bool group_dead)
{
	struct record_exit record = { .exit_code = code, .group_dead = group_dead };

	head(s, &record.head, RECORD_EXIT, sizeof(record));
	apply(s, &record);
}

void passed(struct script *s, int fd, uint64_t peer_ino, struct file_facts facts)
{
	struct record_pass record = {
		.fd = fd, .socket_fd = 9, .peer_ino = peer_ino, .facts = facts
	};

	head(s, &record.head, RECORD_PASS, sizeof(record));
	apply(s, &record);
}

void counted(struct script *s, uint32_t pid, uint64_t ino, uint64_t in, uint64_t out)
{
	struct record_count record = {
		.key = { .ino = ino, .dev = 7, .pid = pid, .start = start_of(s, pid) },
		.total = { .bytes_in = in, .bytes_out = out, .ops_in = in > 0, .ops_out = out > 0 },
	};

	by(s, pid);
	head(s, &record.head, RECORD_COUNT, sizeof(record));
	apply(s, &record);
}

void selected(struct script *s, uint32_t pid, bool follow)
{
	struct record_select record = { .pid = pid, .follow = follow };

	head(s, &record.head, RECORD_SELECT, sizeof(record));
	apply(s, &record);
}

/* --- what the model knows -------------------------------------------------------------------- */

struct process *process_at(const struct script *s, uint32_t pid)
{
	return model_process(s->model, pid, start_of(s, pid));
}

/* By walking: the model's hash function is its own. */
struct table *table_at(const struct script *s, uint64_t id)
{
	struct table *table;

	for (table = s->model->tables; table; table = table->hh.next)
		if (table->id == id)
			return table;
	return NULL;
}

struct slot *slot_at(const struct script *s, uint64_t id, unsigned int fd)
{
	struct table *table = table_at(s, id);

	if (!table || fd >= table->size || !table->slots[fd].description)
		return NULL;
	return &table->slots[fd];
}

struct endpoint *endpoint_at(const struct script *s, uint32_t pid, uint32_t kind, uint64_t ino)
{
	const struct object_key key = { .ino = ino, .dev = 7, .kind = kind };
	struct object *object = model_object(s->model, &key);
	struct process *process = process_at(s, pid);

	return object && process ? model_endpoint(s->model, process, object) : NULL;
}

/* --- invariants ------------------------------------------------------------------------------ */

static unsigned int count_slots(const struct model *model, const struct description *description)
{
	const struct table *table;
	unsigned int count = 0;

	for (table = model->tables; table; table = table->hh.next)
		for (unsigned int fd = 0; fd < table->size; fd++)
			count += table->slots[fd].description == description;
	return count;
}

static void count_slot(const struct slot *slot, unsigned int counts[3])
{
	uint32_t access = slot->description->fmode & 3;

	counts[0] += access & 1;
	counts[1] += access >> 1;
	counts[2] += !access;
}

static void count_endpoint(const struct endpoint *endpoint, const struct table *table,
			   unsigned int counts[3])
{
	const struct table_user *user;

	DL_FOREACH(table->users, user) {
		if (user->process != endpoint->key.process)
			continue;
		for (unsigned int fd = 0; fd < table->size; fd++)
			if (table->slots[fd].description &&
			    table->slots[fd].description->object == endpoint->key.object)
				count_slot(&table->slots[fd], counts);
	}
}

static void assert_endpoint(const struct model *model, const struct endpoint *endpoint)
{
	unsigned int counts[3] = { 0 };
	const struct table *table;

	for (table = model->tables; table; table = table->hh.next)
		count_endpoint(endpoint, table, counts);
	assert_int_equal(endpoint->read_slots, counts[0]);
	assert_int_equal(endpoint->write_slots, counts[1]);
	assert_int_equal(endpoint->other_slots, counts[2]);
	if (counts[0])
		assert_true(endpoint->ever_read);
	if (counts[1])
		assert_true(endpoint->ever_write);
}

/* Each is found, however many there are. */
static void assert_parties(const struct model *model, const struct object *object)
{
	const struct endpoint *endpoint;
	unsigned int count = 0;

	DL_FOREACH2(object->endpoints, endpoint, object_next) {
		assert_ptr_equal(model_endpoint(model, endpoint->key.process, object), endpoint);
		assert_endpoint(model, endpoint);
		count++;
	}
	assert_int_equal(object->parties, count);
}

static void assert_object(const struct model *model, const struct object *object)
{
	const struct description *description;
	unsigned int slots = 0, in_flight = 0, count;
	const struct passing *passing;

	DL_FOREACH2(object->descriptions, description, object_next) {
		assert_ptr_equal(description->object, object);
		assert_int_equal(description->slots, count_slots(model, description));
		slots += description->slots;
		count = 0;
		DL_FOREACH(description->in_flight, passing)
			count++;
		in_flight += count;
		assert_true(description->slots || count);
	}
	assert_int_equal(object->slots, slots);
	assert_int_equal(object->in_flight, in_flight);
	assert_parties(model, object);
	if (!kind_is_ipc(object->key.kind))
		assert_true(slots || in_flight || object->maps || object->is_left ||
			    object->sync_looks);
}

/* What is met by a walk over all objects is what is listed. */
static void assert_lists(const struct model *model)
{
	const struct object *object;
	const struct segment *segment;
	const struct passing *passing;
	int in_flight = 0, segments = 0;

	for (object = model->objects; object; object = object->hh.next) {
		in_flight += (int)object->in_flight;
		segments += object->segment != NULL;
	}
	DL_FOREACH2(model->passings, passing, all_next)
		in_flight--;
	DL_FOREACH(model->segments, segment)
		segments -= segment->object->segment == segment;
	assert_int_equal(in_flight, 0);
	assert_int_equal(segments, 0);
}

static void assert_user(const struct table *table, const struct table_user *user)
{
	const struct task *task;
	unsigned int count = 0;

	DL_FOREACH2(table->tasks, task, table_next)
		count += task->process == user->process;
	assert_int_equal(user->tasks, count);
	assert_true(count > 0);
	assert_false(user->process->exited);
}

/* Returns how many slots lead to something unknown. */
static uint64_t assert_table(const struct model *model, const struct table *table)
{
	const struct table_user *user;
	const struct task *task;
	unsigned int used = 0;
	uint64_t unknown = 0;

	for (unsigned int fd = 0; fd < table->size; fd++) {
		if (!table->slots[fd].description)
			continue;
		used++;
		unknown += table->slots[fd].description->object->key.kind == FILE_UNKNOWN;
	}
	assert_int_equal(table->used, used);
	DL_FOREACH(table->users, user)
		assert_user(table, user);
	DL_FOREACH2(table->tasks, task, table_next)
		assert_ptr_equal(task->table, table);
	if (!model->in_snapshot)
		assert_non_null(table->tasks);
	return unknown;
}

static void assert_process(const struct process *process)
{
	const struct task *task;
	bool found = false, any = false;

	DL_FOREACH2(process->tasks, task, process_next) {
		assert_ptr_equal(task->process, process);
		found |= task->table == process->table;
		any |= task->table != NULL;
		if (task->tid == process->key.pid && task->table)
			assert_ptr_equal(process->table, task->table);
	}
	if (process->exited)
		assert_null(process->tasks);
	assert_int_equal(any, process->table != NULL);
	assert_true(found || !process->table);
}

void assert_invariants(const struct model *model)
{
	const struct process *process;
	const struct object *object;
	const struct table *table;
	uint64_t unknown = 0;

	for (table = model->tables; table; table = table->hh.next)
		unknown += assert_table(model, table);
	assert_int_equal(model->unresolved, unknown);
	for (object = model->objects; object; object = object->hh.next)
		assert_object(model, object);
	assert_lists(model);
	for (process = model->processes; process; process = process->hh.next)
		assert_process(process);
}
