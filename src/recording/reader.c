// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reading a recording. The file may be anything: nothing in it is believed before it was checked,
 * and no size in it decides how much memory is taken.
 */
#include "recording/recording.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "model/model.h"
#include "recording/checksum.h"
#include "util/error.h"

struct recording_reader {
	FILE *stream;
	char *path;
	struct recording_header header;
	uint64_t offset; /* of the next record */
	uint64_t records; /* read so far */
	uint32_t checksum; /* of those */
	uint16_t last_type;
	/* Records are read in place, so the buffer is aligned as they are. */
	_Alignas(8) char buffer[RECORD_SIZE_MAX];
};

static int broken(const struct recording_reader *reader, const char *what)
{
	return err_r(-EBADMSG, "%s: broken recording: %s at offset %llu", reader->path, what,
		     (unsigned long long)reader->offset);
}

static int read_failed(const struct recording_reader *reader)
{
	return err_r(errno ? -errno : -EIO, "%s: %s", reader->path, strerror(errno ? errno : EIO));
}

/* Returns how many of the len bytes there were, or -errno. */
static ssize_t read_bytes(struct recording_reader *reader, void *bytes, size_t len)
{
	size_t got = fread(bytes, 1, len, reader->stream);

	return got < len && ferror(reader->stream) ? read_failed(reader) : (ssize_t)got;
}

static int check_machine(const struct recording_reader *reader)
{
	const struct recording_header *header = &reader->header;
	struct utsname machine;

	uname(&machine);
	if (!memchr(header->arch, 0, sizeof(header->arch)) ||
	    !memchr(header->release, 0, sizeof(header->release)))
		return err_r(-EBADMSG,
			     "%s: broken recording: names without end in the header, offset 0",
			     reader->path);
	/* System call numbers and flags in the records are those of the architecture. */
	if (strncmp(header->arch, machine.machine, sizeof(header->arch) - 1))
		return err_r(-EBADMSG, "%s: recorded on %s, this machine is %s", reader->path,
			     header->arch, machine.machine);
	return 0;
}

static int check_header(const struct recording_reader *reader)
{
	const struct recording_header *header = &reader->header;

	if (header->byte_order != 0x01020304)
		return err_r(-EBADMSG, "%s: recorded with another byte order", reader->path);
	if (header->version != RECORD_VERSION)
		return err_r(-EBADMSG, "%s: version %u of the format; this ipctrace reads %d",
			     reader->path, header->version, RECORD_VERSION);
	if (header->header_size != sizeof(*header))
		return err_r(-EBADMSG, "%s: broken recording: header of %u bytes, offset 12",
			     reader->path, header->header_size);
	if (header->complete != 1)
		return err_r(-EBADMSG, "%s: incomplete recording: it was cut short while written",
			     reader->path);
	return check_machine(reader);
}

static int read_header(struct recording_reader *reader)
{
	ssize_t got = read_bytes(reader, &reader->header, sizeof(reader->header));

	if (got < 0)
		return (int)got;
	if ((size_t)got < sizeof(reader->header.magic) ||
	    memcmp(reader->header.magic, RECORDING_MAGIC, sizeof(reader->header.magic)))
		return err_r(-EBADMSG, "%s: not a recording of ipctrace", reader->path);
	if ((size_t)got < sizeof(reader->header))
		return err_r(-EBADMSG, "%s: broken recording: it ends in its header, offset %zd",
			     reader->path, got);
	reader->offset = sizeof(reader->header);
	return check_header(reader);
}

/* At the end of the file: was it all? */
static int check_end(const struct recording_reader *reader)
{
	if (reader->records != reader->header.records || reader->last_type != RECORD_STOP)
		return broken(reader, "the end comes too early, or too late,");
	if (checksum_header(reader->checksum, &reader->header) != reader->header.checksum)
		return broken(reader, "the checksum does not hold up to the end");
	return 0;
}

/* Reads the record whose header is in the buffer. */
static int read_rest(struct recording_reader *reader)
{
	const struct record *record = (const struct record *)reader->buffer;
	size_t size = record->size;
	ssize_t got;

	if (size < sizeof(*record) || size > RECORD_SIZE_MAX || size % 8)
		return broken(reader, "a record of impossible size");
	got = read_bytes(reader, reader->buffer + sizeof(*record), size - sizeof(*record));
	if (got < 0)
		return (int)got;
	if ((size_t)got < size - sizeof(*record))
		return broken(reader, "it ends in the middle of a record,");
	reader->checksum = checksum_add(reader->checksum, record, size);
	reader->last_type = record->type;
	reader->records++;
	return 0;
}

/* Returns 1 for a record to deliver, -ENODATA for one of a type unknown here, else as usual. */
static int read_one(struct recording_reader *reader)
{
	const struct record *record = (const struct record *)reader->buffer;
	ssize_t got = read_bytes(reader, reader->buffer, sizeof(*record));
	int err;

	if (got < 0)
		return (int)got;
	if (!got)
		return check_end(reader);
	if ((size_t)got < sizeof(*record))
		return broken(reader, "it ends in the middle of a record,");
	err = read_rest(reader);
	if (err)
		return err;
	err = record_check(record, record->size);
	if (err && err != -ENODATA)
		return broken(reader, "a record that makes no sense");
	reader->offset += record->size;
	return err ? err : 1;
}

int recording_read(struct recording_reader *reader, const struct record **record)
{
	int ret;

	do {
		ret = read_one(reader);
	} while (ret == -ENODATA);
	if (ret > 0)
		*record = (const struct record *)reader->buffer;
	return ret;
}

static bool is_rewindable(const struct recording_reader *reader)
{
	struct stat st;

	return !fstat(fileno(reader->stream), &st) && S_ISREG(st.st_mode);
}

/* Reads it all once, so that a broken recording is refused before anything of it is shown. */
static int check_all(struct recording_reader *reader)
{
	const struct record *record;
	int ret;

	do {
		ret = recording_read(reader, &record);
	} while (ret > 0);
	if (ret)
		return ret;
	if (fseek(reader->stream, sizeof(reader->header), SEEK_SET))
		return read_failed(reader);
	reader->offset = sizeof(reader->header);
	reader->records = 0;
	reader->checksum = 0;
	return 0;
}

static int reader_open(struct recording_reader *reader, const char *path)
{
	int err;

	reader->path = strdup(path);
	reader->stream = reader->path ? fopen(path, "re") : NULL;
	if (!reader->stream)
		return err_r(-errno, "%s: %s", path, strerror(errno));
	err = read_header(reader);
	return !err && is_rewindable(reader) ? check_all(reader) : err;
}

int recording_open(const char *path, struct recording_reader **out)
{
	struct recording_reader *reader = calloc(1, sizeof(*reader));
	int err;

	if (!reader)
		return err_r(-ENOMEM, "%s: %s", path, strerror(ENOMEM));
	err = reader_open(reader, path);
	if (err) {
		recording_close(reader);
		return err;
	}
	*out = reader;
	return 0;
}

const struct recording_header *recording_reader_header(const struct recording_reader *reader)
{
	return &reader->header;
}

void recording_close(struct recording_reader *reader)
{
	if (reader->stream)
		fclose(reader->stream);
	free(reader->path);
	free(reader);
}
