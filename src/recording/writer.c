// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writing a recording. The header goes out first as "incomplete" and is written again at the end,
 * so what a crash leaves behind (under the temporary name) says of itself that it is cut short.
 */
#include "recording/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "recording/checksum.h"
#include "util/error.h"
#include "util/replace.h"

#define BUFFER_SIZE (1 << 20)

struct recording_writer {
	struct recording_header header;
	struct replace file;
	FILE *stream;
	char *path; /* as the user gave it, for messages */
	char *buffer;
	uint32_t checksum; /* of the records so far */
	uint64_t last_ts;
	bool stopped; /* the last record was RECORD_STOP */
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void header_init(struct recording_header *header)
{
	struct utsname machine;

	*header = (struct recording_header){
		.version = RECORD_VERSION,
		.header_size = sizeof(*header),
		.byte_order = 0x01020304,
		.page_size = (uint32_t)sysconf(_SC_PAGESIZE),
		.boot_offset_ns = clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC),
		.wall_offset_ns = clock_ns(CLOCK_REALTIME) - clock_ns(CLOCK_MONOTONIC),
	};
	memcpy(header->magic, RECORDING_MAGIC, sizeof(header->magic));
	uname(&machine);
	snprintf(header->arch, sizeof(header->arch), "%.15s", machine.machine);
	snprintf(header->release, sizeof(header->release), "%.63s", machine.release);
}

static int write_bytes(struct recording_writer *writer, const void *bytes, size_t len)
{
	if (fwrite(bytes, 1, len, writer->stream) == len)
		return 0;
	return err_r(errno ? -errno : -EIO, "%s: %s", writer->path, strerror(errno ? errno : EIO));
}

static void writer_free(struct recording_writer *writer)
{
	if (writer->stream)
		fclose(writer->stream);
	replace_abandon(&writer->file);
	free(writer->buffer);
	free(writer->path);
	free(writer);
}

static int writer_open(struct recording_writer *writer, const char *path)
{
	int err = replace_open(path, &writer->file);

	if (err)
		return err;
	/* Its header is written last: that takes a file one can go back in. */
	if (lseek(writer->file.fd, 0, SEEK_CUR) < 0) {
		close(writer->file.fd);
		return err_r(-ESPIPE, "%s: a recording needs a regular file", path);
	}
	writer->stream = fdopen(writer->file.fd, "w");
	if (!writer->stream) {
		close(writer->file.fd);
		return err_r(-ENOMEM, "%s: %s", path, strerror(ENOMEM));
	}
	if (writer->buffer)
		setvbuf(writer->stream, writer->buffer, _IOFBF, BUFFER_SIZE);
	err = write_bytes(writer, &writer->header, sizeof(writer->header));
	if (err)
		return err;
	/* At once: a crash before the buffer is full shall leave a file that says what it is. */
	if (fflush(writer->stream))
		return err_r(-errno, "%s: %s", path, strerror(errno));
	return 0;
}

int recording_create(const char *path, struct recording_writer **out)
{
	struct recording_writer *writer = calloc(1, sizeof(*writer));
	int err;

	if (!writer)
		return err_r(-ENOMEM, "%s: %s", path, strerror(ENOMEM));
	header_init(&writer->header);
	writer->buffer = malloc(BUFFER_SIZE);
	writer->path = strdup(path);
	err = writer->path ? writer_open(writer, path) :
			     err_r(-ENOMEM, "%s: %s", path, strerror(ENOMEM));
	if (err) {
		writer_free(writer);
		return err;
	}
	*out = writer;
	return 0;
}

int recording_write(struct recording_writer *writer, const struct record *record)
{
	writer->checksum = checksum_add(writer->checksum, record, record->size);
	writer->header.records++;
	writer->stopped = record->type == RECORD_STOP;
	if (record->ts > writer->last_ts)
		writer->last_ts = record->ts;
	return write_bytes(writer, record, record->size);
}

static int write_stop(struct recording_writer *writer)
{
	struct record stop = {
		.type = RECORD_STOP,
		.size = sizeof(stop),
		.ts = writer->last_ts,
	};

	return writer->stopped ? 0 : recording_write(writer, &stop);
}

static int write_header(struct recording_writer *writer, uint64_t lost)
{
	struct recording_header *header = &writer->header;

	header->complete = 1;
	header->lost = lost;
	header->checksum = checksum_header(writer->checksum, header);
	if (fseek(writer->stream, 0, SEEK_SET))
		return err_r(-errno, "%s: %s", writer->path, strerror(errno));
	return write_bytes(writer, header, sizeof(*header));
}

static int writer_close(struct recording_writer *writer)
{
	FILE *stream = writer->stream;

	writer->stream = NULL;
	if (!fclose(stream))
		return 0;
	return err_r(-errno, "%s: %s", writer->path, strerror(errno));
}

int recording_finish(struct recording_writer *writer, uint64_t lost)
{
	int err = write_stop(writer);

	if (!err)
		err = write_header(writer, lost);
	if (!err)
		err = writer_close(writer);
	if (!err)
		err = replace_commit(&writer->file);
	writer_free(writer);
	return err;
}

void recording_abandon(struct recording_writer *writer)
{
	writer_free(writer);
}
