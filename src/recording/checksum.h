/* SPDX-License-Identifier: GPL-2.0-only */
/* The checksum of a recording: one definition for the writer and the reader. */
#ifndef IPCTRACE_RECORDING_CHECKSUM_H
#define IPCTRACE_RECORDING_CHECKSUM_H

#include <zlib.h>

#include "recording/recording.h"

/* Goes on from the checksum of what came before; 0 to begin with. */
static inline uint32_t checksum_add(uint32_t checksum, const void *bytes, size_t len)
{
	return (uint32_t)crc32(checksum, bytes, (uInt)len);
}

/* Closes the checksum of the records with the header, whose own field counts as 0. */
static inline uint32_t checksum_header(uint32_t records, const struct recording_header *header)
{
	struct recording_header copy = *header;

	copy.checksum = 0;
	return checksum_add(records, &copy, sizeof(copy));
}

#endif /* IPCTRACE_RECORDING_CHECKSUM_H */
