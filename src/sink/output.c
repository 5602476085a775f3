// SPDX-License-Identifier: GPL-2.0-only
/* Where a report goes: standard output, or a file that appears whole or not at all. */
#include "sink/sink.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "sink/stream.h"
#include "util/error.h"
#include "util/replace.h"

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
	struct replace file;
	int err;

	*output = (struct output){ .stream = stdout };
	if (!path)
		return 0;
	err = replace_open(path, &file);
	if (err)
		return err;
	*output = (struct output){
		.stream = fdopen(file.fd, "w"),
		.path = file.path ? file.path : strdup(path),
		.temporary = file.temporary,
	};
	if (output->stream && output->path)
		return 0;
	if (!output->stream)
		close(file.fd);
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
	struct replace file;
	int err = output_flush(output);

	if (err) {
		stream_complain(output->path, err);
		output_abandon(output);
		return err;
	}
	if (!output->temporary) { /* it was written to as it went */
		output_abandon(output);
		return 0;
	}
	file = (struct replace){ .path = output->path, .temporary = output->temporary };
	output->path = output->temporary = NULL;
	return replace_commit(&file);
}

void output_abandon(struct output *output)
{
	struct replace file = { .path = output->path, .temporary = output->temporary };

	if (output->stream && output->stream != stdout)
		fclose(output->stream);
	replace_abandon(&file);
	*output = (struct output){ 0 };
}
