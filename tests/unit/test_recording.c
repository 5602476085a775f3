// SPDX-License-Identifier: GPL-2.0-only
/* Recordings: what was written is read back, and what is broken is refused in one line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "recording/recording.h"
#include "source/source.h"

#define RECORDS 5

static char directory[] = "/tmp/ipctrace-test-XXXXXX";
static char path[64];
static int quiet_fd; /* what was said on standard error */
static int kept_stderr = -1;

/* --- helpers ------------------------------------------------------------------------------- */

static void make_record(struct record_task *record, unsigned int number)
{
	memset(record, 0, sizeof(*record));
	record->head.type = RECORD_TASK;
	record->head.flags = RECORD_ROW;
	record->head.size = sizeof(*record);
	record->head.ts = 1000 + number;
	record->head.pid = record->head.tid = 100 + number;
	strcpy(record->head.comm, "test");
	record->table = 0xffff888000001000;
}

static void write_recording(void)
{
	struct recording_writer *writer;
	struct record_task record;
	unsigned int i;

	assert_int_equal(recording_create(path, &writer), 0);
	for (i = 0; i < RECORDS; i++) {
		make_record(&record, i);
		assert_int_equal(recording_write(writer, &record.head), 0);
	}
	assert_int_equal(recording_finish(writer, 7), 0);
}

static void silence(void)
{
	quiet_fd = memfd_create("stderr", 0);
	fflush(stderr);
	kept_stderr = dup(STDERR_FILENO);
	dup2(quiet_fd, STDERR_FILENO);
}

/* How many lines were said since silence(). */
static unsigned int lines_said(void)
{
	char said[4096] = "";
	unsigned int lines = 0;
	ssize_t len = pread(quiet_fd, said, sizeof(said) - 1, 0), i;

	for (i = 0; i < len; i++)
		lines += said[i] == '\n';
	assert_int_equal(ftruncate(quiet_fd, 0), 0);
	lseek(quiet_fd, 0, SEEK_SET);
	return lines;
}

struct seen {
	unsigned int records, stops;
};

static int count_record(void *ctx, const struct record *record)
{
	struct seen *seen = ctx;

	seen->records++;
	seen->stops += record->type == RECORD_STOP;
	return 0;
}

/* Reads the file through a source; returns 0 or what was refused with. */
static int read_all(struct seen *seen)
{
	struct source *source;
	int ret;

	*seen = (struct seen){ 0 };
	ret = source_open_recording(path, count_record, seen, &source);
	if (ret)
		return ret;
	do {
		ret = source->poll(source, -1);
	} while (ret > 0);
	source->close(source);
	return ret;
}

static size_t load(char *bytes, size_t room)
{
	int fd = open(path, O_RDONLY);
	ssize_t len = read(fd, bytes, room);

	close(fd);
	assert_true(len > 0 && (size_t)len < room);
	return (size_t)len;
}

static void store(const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), len);
	close(fd);
}

static unsigned int files_in_directory(void)
{
	DIR *handle = opendir(directory);
	unsigned int count = 0;
	struct dirent *entry;

	while ((entry = readdir(handle)))
		count += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
	closedir(handle);
	return count;
}

static int set_up(void **state)
{
	static char template[sizeof(directory)];

	if (!*template)
		memcpy(template, directory, sizeof(template));
	memcpy(directory, template, sizeof(template));
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/recording", directory);
	return 0;
}

static int tear_down(void **state)
{
	if (kept_stderr >= 0) {
		dup2(kept_stderr, STDERR_FILENO);
		close(kept_stderr);
		close(quiet_fd);
		kept_stderr = -1;
	}
	unlink(path);
	return rmdir(directory);
}

/* --- tests --------------------------------------------------------------------------------- */

static void test_round_trip(void **state)
{
	struct recording_reader *reader;
	const struct record *record;
	struct record_task expected;
	unsigned int i;

	write_recording();
	assert_int_equal(recording_open(path, &reader), 0);
	assert_int_equal(recording_reader_header(reader)->complete, 1);
	assert_int_equal(recording_reader_header(reader)->lost, 7);
	assert_int_equal(recording_reader_header(reader)->records, RECORDS + 1);
	for (i = 0; i < RECORDS; i++) {
		make_record(&expected, i);
		assert_int_equal(recording_read(reader, &record), 1);
		assert_int_equal(record->size, sizeof(expected));
		assert_memory_equal(record, &expected, sizeof(expected));
	}
	assert_int_equal(recording_read(reader, &record), 1);
	assert_int_equal(record->type, RECORD_STOP);
	assert_int_equal(recording_read(reader, &record), 0);
	recording_close(reader);
	assert_int_equal(files_in_directory(), 1);
}

static void test_as_a_source(void **state)
{
	struct seen seen;

	write_recording();
	assert_int_equal(read_all(&seen), 0);
	assert_int_equal(seen.records, RECORDS + 1);
	assert_int_equal(seen.stops, 1);
}

static void test_cut_anywhere_is_refused(void **state)
{
	static char bytes[65536];
	struct seen seen;
	size_t len, cut;

	write_recording();
	len = load(bytes, sizeof(bytes));
	silence();
	for (cut = 0; cut < len; cut++) {
		store(bytes, cut);
		assert_true(read_all(&seen) < 0);
		assert_int_equal(lines_said(), 1);
		assert_int_equal(seen.records, 0);
	}
	store(bytes, len);
	assert_int_equal(read_all(&seen), 0);
}

static void test_any_flipped_byte_is_refused(void **state)
{
	static char bytes[65536];
	struct seen seen;
	size_t len, at;

	write_recording();
	len = load(bytes, sizeof(bytes));
	silence();
	for (at = 0; at < len; at++) {
		bytes[at] ^= 0x10;
		store(bytes, len);
		if (read_all(&seen) >= 0)
			print_error("byte %zu\n", at);
		assert_int_equal(lines_said(), 1);
		assert_int_equal(seen.records, 0);
		bytes[at] ^= 0x10;
	}
}

static void test_more_behind_the_end_is_refused(void **state)
{
	static char bytes[65536];
	struct seen seen;
	size_t len;

	write_recording();
	len = load(bytes, sizeof(bytes));
	memcpy(bytes + len, bytes + sizeof(struct recording_header), sizeof(struct record_task));
	silence();
	store(bytes, len + sizeof(struct record_task));
	assert_true(read_all(&seen) < 0);
	assert_int_equal(lines_said(), 1);
}

/* What a crash leaves: records, but a header that was never completed. */
static void test_incomplete_is_refused(void **state)
{
	static char bytes[65536];
	struct recording_header *header = (struct recording_header *)bytes;
	struct seen seen;
	size_t len;

	write_recording();
	len = load(bytes, sizeof(bytes));
	header->complete = 0;
	silence();
	store(bytes, len);
	assert_int_equal(read_all(&seen), -EBADMSG);
	assert_int_equal(lines_said(), 1);
}

static void test_other_files_are_refused(void **state)
{
	struct seen seen;

	silence();
	store("", 0);
	assert_int_equal(read_all(&seen), -EBADMSG);
	store("#!/bin/sh\n", 10);
	assert_int_equal(read_all(&seen), -EBADMSG);
	unlink(path);
	assert_int_equal(read_all(&seen), -ENOENT);
	assert_int_equal(lines_said(), 3);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_true(read_all(&seen) < 0);
	assert_int_equal(lines_said(), 1);
	rmdir(path);
}

static void test_a_pipe_can_be_read(void **state)
{
	static char bytes[65536];
	struct seen seen;
	int ends[2];
	size_t len;

	write_recording();
	len = load(bytes, sizeof(bytes));
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], bytes, len), len);
	close(ends[1]);
	unlink(path);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
	assert_int_equal(read_all(&seen), 0);
	assert_int_equal(seen.records, RECORDS + 1);
	close(ends[0]);
}

static void test_abandoned_leaves_nothing(void **state)
{
	struct recording_writer *writer;

	store("old", 3);
	assert_int_equal(recording_create(path, &writer), 0);
	assert_int_equal(files_in_directory(), 2);
	recording_abandon(writer);
	assert_int_equal(files_in_directory(), 1);
}

static void test_the_old_file_stays_until_the_end(void **state)
{
	struct recording_writer *writer;
	char bytes[4096];

	store("old", 3);
	assert_int_equal(recording_create(path, &writer), 0);
	assert_int_equal(load(bytes, sizeof(bytes)), 3);
	assert_int_equal(recording_finish(writer, 0), 0);
	assert_true(load(bytes, sizeof(bytes)) > 3);
}

static void test_a_device_is_not_replaced(void **state)
{
	struct recording_writer *writer;
	struct stat st;
	int ret;

	silence();
	ret = recording_create("/dev/null", &writer);
	if (!ret)
		recording_finish(writer, 0);
	assert_int_equal(stat("/dev/null", &st), 0);
	assert_true(S_ISCHR(st.st_mode));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_as_a_source, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_cut_anywhere_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_any_flipped_byte_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_more_behind_the_end_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_incomplete_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_files_are_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_pipe_can_be_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_abandoned_leaves_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_old_file_stays_until_the_end, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_a_device_is_not_replaced, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
