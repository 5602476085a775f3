/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A recording on disk: a header, then records as they came, then RECORD_STOP. It is written to a
 * temporary name beside its target and renamed when whole.
 */
#ifndef IPCTRACE_RECORDING_H
#define IPCTRACE_RECORDING_H

#include <stdint.h>
#include <linux/types.h>

#include "ipctrace/record.h"

#define RECORDING_MAGIC "ipctrace" /* 8 bytes, no NUL */

struct recording_header {
	char magic[8];
	uint32_t version; /* RECORD_VERSION */
	uint32_t header_size; /* sizeof(struct recording_header) */
	char arch[16]; /* uname -m */
	char release[64]; /* uname -r */
	uint32_t byte_order; /* 0x01020304 in the writer's order */
	uint32_t page_size;
	uint64_t boot_offset_ns; /* CLOCK_BOOTTIME minus CLOCK_MONOTONIC */
	uint64_t wall_offset_ns; /* CLOCK_REALTIME minus CLOCK_MONOTONIC */
	uint64_t complete; /* 1 = ended in order (set last) */
	uint64_t records; /* how many, when complete */
	uint64_t lost; /* events dropped, when complete */
	uint32_t checksum; /* CRC-32 of the records, then of this header with 0 here */
	uint32_t pad; /* 0 */
};

struct recording_writer;

/* 0 or -errno, after one line on standard error. */
int recording_create(const char *path, struct recording_writer **writer);
int recording_write(struct recording_writer *writer, const struct record *record);
/* Completes the header and moves the file to its name. Frees the writer in every case. */
int recording_finish(struct recording_writer *writer, uint64_t lost);
/* Throws the file away. Frees the writer. */
void recording_abandon(struct recording_writer *writer);

struct recording_reader;

/*
 * Opens a recording and checks all of it that can be checked before it is read: the header, and
 * where the file can be rewound each record and the checksum. 0 or -errno, after one line on
 * standard error that names the offset; -EBADMSG: not a recording, or a broken one.
 */
int recording_open(const char *path, struct recording_reader **reader);
/* The next record, valid until the next call. Returns 1, 0 at the end, or -errno as above. */
int recording_read(struct recording_reader *reader, const struct record **record);
const struct recording_header *recording_reader_header(const struct recording_reader *reader);
void recording_close(struct recording_reader *reader);

#endif /* IPCTRACE_RECORDING_H */
