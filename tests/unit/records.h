/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records made tersely and applied at once: a test reads as the story of what processes did. Every
 * record goes through record_check() first, and after each test the counts of the whole model are
 * counted anew.
 */
#ifndef IPCTRACE_TEST_RECORDS_H
#define IPCTRACE_TEST_RECORDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <sys/syscall.h>

#include "model/model.h"

struct script {
	struct model *model;
	struct change change; /* of the last record */
	uint64_t ts; /* of the next record; rises by itself */
	uint64_t epoch; /* added to start times: another life of the same pid */
	uint32_t pid, tid; /* whose records these are */
	uint16_t flags; /* of records: RECORD_ROW inside a snapshot */
	union {
		struct record head;
		char room[8192];
	} last; /* the record applied last, for the mechanisms */
};

int script_setup(void **state);
/* Checks the invariants too. */
int script_teardown(void **state);

/* The records that follow are by that task. */
void by(struct script *s, uint32_t pid);
void by_thread(struct script *s, uint32_t pid, uint32_t tid);
uint64_t start_of(const struct script *s, uint32_t pid);

void apply(struct script *s, const void *record);

/* What files are: the address of the description first. */
struct file_facts pipe_read_end(uint64_t file, uint64_t ino);
struct file_facts pipe_write_end(uint64_t file, uint64_t ino);
struct file_facts fifo_end(uint64_t file, uint64_t ino, uint32_t fmode);
struct file_facts regular_file(uint64_t file, uint64_t ino);
struct file_facts unix_socket(uint64_t file, uint64_t ino);
struct file_facts event_fd(uint64_t file, int id);
extern const struct file_facts empty;

/* Snapshots. task_row() comes with the table's number. */
void snapshot_start(struct script *s);
void snapshot_done(struct script *s);
void task_row(struct script *s, uint32_t pid, uint32_t tid, uint64_t table, uint32_t ppid);
void slot_row(struct script *s, uint64_t table, int fd, struct file_facts facts);
void in_flight_row(struct script *s, uint64_t socket_ino, struct file_facts facts);

/* Calls. */
void slot(struct script *s, uint64_t table, int fd, struct file_facts facts, int nr, int64_t result,
	  int64_t arg0, int64_t arg1, int64_t arg2);
void opened(struct script *s, uint64_t table, int fd, struct file_facts facts);
void opened_path(struct script *s, uint64_t table, int fd, struct file_facts facts,
		 const char *path);
void closed(struct script *s, uint64_t table, int fd);
void cloexec(struct script *s, uint64_t table, int fd, struct file_facts facts, bool on);
void pipe_made(struct script *s, uint64_t table, int r, int w, uint64_t file, uint64_t ino);
void forked(struct script *s, uint32_t pid, uint64_t table);
/* The same, and the copy of the table as the kernel sends it, taken from the model's own. */
void forked_whole(struct script *s, uint32_t pid, uint64_t table);
void cloned(struct script *s, uint32_t pid, uint32_t tid, uint64_t table, uint32_t flags);
void table_is(struct script *s, uint64_t table, uint32_t mode, int nr, uint32_t first,
	      const uint64_t *files, uint32_t count, bool last);
void executed(struct script *s, uint64_t table, uint32_t old_tid, const char *filename,
	      const char *argv, uint32_t argv_len);
void retabled(struct script *s, uint64_t table);
void exited(struct script *s, int code, bool group_dead);
void passed(struct script *s, int fd, uint64_t peer_ino, struct file_facts facts);
void counted(struct script *s, uint32_t pid, uint64_t ino, uint64_t in, uint64_t out);
void selected(struct script *s, uint32_t pid, bool follow);
void plain(struct script *s, uint16_t type);

/* What the model knows. */
struct process *process_at(const struct script *s, uint32_t pid);
struct table *table_at(const struct script *s, uint64_t id);
/* NULL where the slot is empty. */
struct slot *slot_at(const struct script *s, uint64_t table, unsigned int fd);
struct endpoint *endpoint_at(const struct script *s, uint32_t pid, uint32_t kind, uint64_t ino);

/* Counts every slot anew and compares with what descriptions, objects and endpoints say. */
void assert_invariants(const struct model *model);

#endif /* IPCTRACE_TEST_RECORDS_H */
