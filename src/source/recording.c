// SPDX-License-Identifier: GPL-2.0-only
/* A recording as a source of records. It has neither a kernel to ask anew nor a PROGRAM. */
#include "source/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "recording/recording.h"
#include "util/error.h"

#define RECORDS_AT_ONCE 4096 /* then the reader may look whether it was asked to stop */

struct recording_source {
	struct source source;
	struct recording_reader *reader;
	record_fn fn;
	void *ctx;
};

static int recording_source_poll(struct source *source, int timeout_ms)
{
	struct recording_source *self = (struct recording_source *)source;
	const struct record *record;
	int i, ret;

	(void)timeout_ms; /* what is in a file never has to be waited for */
	for (i = 0; i < RECORDS_AT_ONCE; i++) {
		ret = recording_read(self->reader, &record);
		if (ret <= 0)
			return ret;
		ret = self->fn(self->ctx, record);
		if (ret)
			return ret;
	}
	return 1;
}

static int recording_source_refresh(struct source *source)
{
	(void)source;
	return 0;
}

static int recording_source_snapshot(struct source *source, record_fn to, void *ctx)
{
	(void)source;
	(void)to;
	(void)ctx;
	return err_r(-ENOTSUP, "a recording has no kernel behind it to be compared with");
}

static int recording_source_exit_code(struct source *source)
{
	(void)source;
	return -1;
}

static void recording_source_close(struct source *source)
{
	struct recording_source *self = (struct recording_source *)source;

	recording_close(self->reader);
	free(self);
}

int source_open_recording(const char *path, record_fn fn, void *ctx, struct source **source)
{
	struct recording_source *self = malloc(sizeof(*self));
	int err;

	if (!self)
		return err_r(-ENOMEM, "%s: %s", path, strerror(ENOMEM));
	*self = (struct recording_source){
		.source = {
			.poll = recording_source_poll,
			.refresh = recording_source_refresh,
			.snapshot = recording_source_snapshot,
			.exit_code = recording_source_exit_code,
			.close = recording_source_close,
		},
		.fn = fn,
		.ctx = ctx,
	};
	err = recording_open(path, &self->reader);
	if (err) {
		free(self);
		return err;
	}
	*source = &self->source;
	return 0;
}
