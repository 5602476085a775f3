// SPDX-License-Identifier: GPL-2.0-only
/* Where a report goes: standard output, or a file that appears whole or not at all. */
#include "sink/sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sink/stream.h"
#include "util/error.h"

#define BUFFER_SIZE (64u << 10) /* a report comes at once; the C library would write 4 KiB at a time */

int stream_status(FILE *out)
{
	if (!ferror(out))
		return 0;
	return errno ? -errno : -EIO;
}

int stream_complain(const char *path, int err)
{
	/* Whoever read our output has seen enough (| head): not worth a word. */
	if (err == -EPIPE)
		return err;
	return err_r(err, "%s: %s", path ? path : "standard output", strerror(-err));
}

int output_open(const char *path, struct output *output)
{
	int err;

	*output = (struct output){ .stream = stdout };
	if (!path) {
		setvbuf(stdout, NULL, _IOFBF, BUFFER_SIZE);
		return 0;
	}
	*output = (struct output){ 0 };
	err = replace_open(path, &output->file);
	if (err)
		return err;
	output->stream = fdopen(output->file.fd, "w");
	output->path = strdup(path);
	if (output->stream && output->path) {
		setvbuf(output->stream, NULL, _IOFBF, BUFFER_SIZE);
		return 0;
	}
	if (!output->stream)
		close(output->file.fd);
	output_abandon(output);
	return err_r(-ENOMEM, "%s: %s", path, strerror(ENOMEM));
}

/* Brings out what is still buffered; standard output stays open. */
static int output_flush(struct output *output)
{
	FILE *stream = output->stream;
	int err = 0;

	output->stream = NULL;
	if (fflush(stream) || ferror(stream))
		err = errno ? -errno : -EIO;
	if (stream != stdout && fclose(stream) && !err)
		err = -errno;
	return err;
}

int output_commit(struct output *output)
{
	int err = output_flush(output);

	if (err)
		stream_complain(output->path, err);
	else
		err = replace_commit(&output->file);
	output_abandon(output);
	return err;
}

void output_abandon(struct output *output)
{
	if (output->stream && output->stream != stdout)
		fclose(output->stream);
	replace_abandon(&output->file);
	free(output->path);
	*output = (struct output){ 0 };
}
