// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whether a record is whole. Everything behind this check trusts sizes, counts and the ends of
 * texts, so it must let nothing pass that would lead outside the record.
 */
#include "model/internal.h"

/* Of the fixed part of each type of record; 0 = no such type. */
static size_t record_fixed_size(uint16_t type)
{
	switch (type) {
	case RECORD_SNAPSHOT_BEGIN:
	case RECORD_SNAPSHOT_END:
	case RECORD_READY:
	case RECORD_STOP:
	case RECORD_PRUNE:
	case RECORD_UNSEEN:
	case RECORD_QUEUES_BEGIN:
	case RECORD_QUEUES_END:
	case RECORD_WAITS_BEGIN: return sizeof(struct record);
	case RECORD_WAIT: return sizeof(struct record_wait);
	case RECORD_WAIT_ON: return sizeof(struct record_wait_on);
	case RECORD_LOCK: return sizeof(struct record_lock);
	case RECORD_WAIT_PEER: return sizeof(struct record_wait_peer);
	case RECORD_TASK:
	case RECORD_FORK:
	case RECORD_RETABLE: return sizeof(struct record_task);
	case RECORD_IN_FLIGHT: return sizeof(struct record_in_flight);
	case RECORD_EXEC: return sizeof(struct record_exec);
	case RECORD_EXIT: return sizeof(struct record_exit);
	case RECORD_SLOT:
	case RECORD_PIPE:
	case RECORD_USE: return sizeof(struct record_slot);
	case RECORD_TABLE: return sizeof(struct record_table);
	case RECORD_PASS: return sizeof(struct record_pass);
	case RECORD_NAME: return sizeof(struct record_name);
	case RECORD_COUNT: return sizeof(struct record_count);
	case RECORD_BLOCKED: return sizeof(struct record_blocked);
	case RECORD_LIMIT: return sizeof(struct record_limit);
	case RECORD_NS_PID: return sizeof(struct record_ns_pid);
	case RECORD_SIGNAL:
	case RECORD_SIGNAL_END: return sizeof(struct record_signal);
	case RECORD_SIGNAL_ACTION: return sizeof(struct record_signal_action);
	case RECORD_SIGNAL_MASK: return sizeof(struct record_signal_mask);
	case RECORD_SIGNAL_COUNT: return sizeof(struct record_signal_count);
	case RECORD_SIGNAL_FAIL: return sizeof(struct record_signal_fail);
	case RECORD_SIGNAL_QUEUED: return sizeof(struct record_signal_queued);
	case RECORD_SIGNAL_STATE: return sizeof(struct record_signal_state);
	case RECORD_LEFT: return sizeof(struct record_left);
	case RECORD_LEFT_MEMORY: return sizeof(struct record_left_memory);
	case RECORD_EXE:
	case RECORD_ARGV:
	case RECORD_CGROUP: return sizeof(struct record_text);
	case RECORD_FIFO: return sizeof(struct record_fifo);
	case RECORD_OPENING: return sizeof(struct record_opening);
	case RECORD_SOCKET: return sizeof(struct record_socket);
	case RECORD_DESTINATION: return sizeof(struct record_destination);
	case RECORD_SENT: return sizeof(struct record_sent);
	case RECORD_HEARD: return sizeof(struct record_heard);
	case RECORD_CLOSING: return sizeof(struct record_closing);
	case RECORD_WAITING: return sizeof(struct record_waiting);
	case RECORD_ADDRESS: return sizeof(struct record_address);
	case RECORD_HOST: return sizeof(struct record_host);
	case RECORD_MAPPING: return sizeof(struct record_mapping);
	case RECORD_SPACE:
	case RECORD_SPACE_BEGIN:
	case RECORD_SPACE_END: return sizeof(struct record_space);
	case RECORD_SYNC: return sizeof(struct record_sync);
	case RECORD_SEGMENT: return sizeof(struct record_segment);
	case RECORD_SELECT: return sizeof(struct record_select);
	case RECORD_LOSS: return sizeof(struct record_loss);
	}
	return 0;
}

static bool is_ended(const char *text, size_t len)
{
	return len > 0 && text[len - 1] == 0;
}

/* A text of len bytes, NUL included, with `room` bytes behind the fixed part; len 0 = none. */
static bool is_text(const char *text, size_t len, size_t room)
{
	return len <= room && (!len || is_ended(text, len));
}

static bool is_facts(const struct file_facts *facts)
{
	return facts->kind < FILE_KIND_MAX && is_ended(facts->name, sizeof(facts->name));
}

static bool is_task(const struct record_task *record)
{
	return record->head.pid && record->head.tid &&
	       is_ended(record->leader_comm, sizeof(record->leader_comm));
}

/* argv is cut where it was too long, so it need not end with NUL. */
static bool is_exec(const struct record_exec *record, size_t room)
{
	return record->head.pid && record->head.tid &&
	       is_text(record->text, record->filename_len, room) &&
	       record->argv_len <= room - record->filename_len;
}

static bool is_slot(const struct record_slot *record, size_t room)
{
	return record->fd >= 0 && record->fd < FD_LIMIT && record->cloexec <= 1 &&
	       is_facts(&record->facts) && is_text(record->text, record->text_len, room);
}

static bool is_table(const struct record_table *record, size_t room)
{
	return (record->mode == TABLE_COPY || record->mode == TABLE_PRUNE) &&
	       record->first < FD_LIMIT && record->count <= RECORD_CHUNK &&
	       record->first + record->count <= FD_LIMIT && record->last <= 1 &&
	       record->count * sizeof(record->files[0]) <= room;
}

static bool is_name(const struct record_name *record, size_t room)
{
	return record->kind < FILE_KIND_MAX && is_text(record->text, record->text_len, room);
}

static bool is_fifo(const struct record_fifo *record)
{
	size_t len = record->folders_len;

	return record->verb >= FIFO_CREATED && record->verb <= FIFO_UNLINKED && record->cut <= 1 &&
	       record->whole <= 1 && len <= sizeof(record->folders) &&
	       (!len || is_ended(record->folders, len)) &&
	       is_ended(record->path, sizeof(record->path));
}

static bool is_opening(const struct record_opening *record, size_t room)
{
	return record->head.pid &&
	       (record->fmode == ACCESS_READ || record->fmode == ACCESS_WRITE) &&
	       is_text(record->path, record->path_len, room);
}

static bool is_signal_number(uint32_t signal)
{
	return signal && signal <= SIGNAL_COUNT;
}

static bool is_signal(const struct record_signal *record)
{
	uint32_t target = record->head.type == RECORD_SIGNAL ? record->other_pid : record->head.pid;

	return target && is_signal_number(record->signal) && record->cause < SIGNAL_CAUSE_MAX &&
	       record->outcome < SIGNAL_OUTCOME_MAX && record->group <= 1 &&
	       is_ended(record->other_comm, sizeof(record->other_comm));
}

static bool is_signal_count(const struct record_signal_count *record)
{
	return record->key.target_pid && is_signal_number(record->key.signal) &&
	       record->key.cause < SIGNAL_CAUSE_MAX;
}

static bool is_signal_queued(const struct record_signal_queued *record)
{
	return record->head.pid && is_signal_number(record->signal) &&
	       record->cause < SIGNAL_CAUSE_MAX && record->group <= 1;
}

static bool is_socket(const struct record_socket *record)
{
	const struct socket_facts *facts = &record->facts;

	return facts->kind >= FILE_UNIX && facts->kind <= FILE_SOCKET &&
	       facts->name_len <= sizeof(record->named.name);
}

static bool is_destination(const struct record_destination *record)
{
	return record->head.pid && record->name_len <= sizeof(record->name);
}

static bool is_left(const struct record_left *record, size_t room)
{
	if (record->kind == FILE_SHM)
		return !record->text_len;
	return record->kind == FILE_FIFO && record->text_len &&
	       is_text(record->text, record->text_len, room);
}

static bool is_left_memory(const struct record_left_memory *record, size_t room)
{
	return record->text_len && is_text(record->text, record->text_len, room);
}

static bool is_wait(const struct record_wait *record)
{
	return record->head.pid && record->head.tid && record->what < WAIT_WHAT_MAX;
}

static bool is_mapping(const struct record_mapping *record)
{
	return is_facts(&record->facts) && record->start <= record->end &&
	       record->gone_start <= record->gone_end && record->doubt <= 1 && record->head.pid &&
	       record->offset <= UINT64_MAX - (record->end - record->start);
}

static bool is_body(const struct record *record, size_t room)
{
	const void *whole = record;
	const struct record_text *text = whole;

	switch (record->type) {
	case RECORD_TASK:
	case RECORD_FORK:
	case RECORD_RETABLE: return is_task(whole);
	case RECORD_IN_FLIGHT: return is_facts(&((const struct record_in_flight *)whole)->facts);
	case RECORD_EXEC: return is_exec(whole, room);
	case RECORD_EXIT: return ((const struct record_exit *)whole)->group_dead <= 1;
	case RECORD_SLOT:
	case RECORD_PIPE:
	case RECORD_USE: return is_slot(whole, room);
	case RECORD_TABLE: return is_table(whole, room);
	case RECORD_PASS: return is_facts(&((const struct record_pass *)whole)->facts);
	case RECORD_NAME: return is_name(whole, room);
	case RECORD_FIFO: return is_fifo(whole);
	case RECORD_MAPPING: return is_mapping(whole);
	case RECORD_OPENING: return is_opening(whole, room);
	case RECORD_SIGNAL:
	case RECORD_SIGNAL_END: return is_signal(whole);
	case RECORD_SIGNAL_ACTION:
		return is_signal_number(((const struct record_signal_action *)whole)->signal);
	case RECORD_SIGNAL_COUNT: return is_signal_count(whole);
	case RECORD_SIGNAL_QUEUED: return is_signal_queued(whole);
	case RECORD_SOCKET: return is_socket(whole);
	case RECORD_DESTINATION: return is_destination(whole);
	case RECORD_SENT: return ((const struct record_sent *)whole)->last <= 1;
	case RECORD_CLOSING:
		return ((const struct record_closing *)whole)->first < CLOSED_FIRST_MAX;
	case RECORD_WAIT: return is_wait(whole);
	case RECORD_WAIT_ON: return is_facts(&((const struct record_wait_on *)whole)->facts);
	case RECORD_EXE:
	case RECORD_CGROUP: return is_text(text->text, text->text_len, room);
	case RECORD_ARGV: return text->text_len <= room;
	case RECORD_LEFT: return is_left(whole, room);
	case RECORD_SYNC: return ((const struct record_sync *)whole)->kind < FILE_KIND_MAX;
	case RECORD_LEFT_MEMORY: return is_left_memory(whole, room);
	case RECORD_BLOCKED: {
		const struct record_blocked *blocked = whole;

		return blocked->fd >= 0 && blocked->fd < FD_LIMIT;
	}
	case RECORD_SELECT: return ((const struct record_select *)whole)->follow <= 1;
	}
	return true;
}

int record_check(const struct record *record, size_t size)
{
	size_t fixed;

	if (size < sizeof(*record) || record->size < sizeof(*record) || record->size > size ||
	    record->size > RECORD_SIZE_MAX || record->size % 8)
		return -EBADMSG;
	fixed = record_fixed_size(record->type);
	if (!fixed)
		return -ENODATA;
	if (record->size < fixed || !is_ended(record->comm, sizeof(record->comm)) ||
	    !is_body(record, record->size - fixed))
		return -EBADMSG;
	return 0;
}
