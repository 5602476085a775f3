// SPDX-License-Identifier: GPL-2.0-only
/*
 * SVG by way of dot(1). Both its input and its output are files in memory, so neither side can
 * wait for the other, and no shell sees any of it.
 */
#include "sink/svg.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sink/stream.h"

extern char **environ;

FILE *memory_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w+");

	if (fd >= 0 && !file)
		close(fd);
	return file;
}

static int spawn(FILE *in, FILE *out, pid_t *pid)
{
	static char *const argv[] = { (char *)"dot", (char *)"-Tsvg", NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t defaults;
	int err;

	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE); /* which we ignore, and it would inherit that */
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&actions, fileno(in), STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, fileno(out), STDOUT_FILENO);
	posix_spawnattr_setsigdefault(&attributes, &defaults);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	err = posix_spawnp(pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return -err;
}

static int run_dot(FILE *in, FILE *out)
{
	int status, err;
	pid_t pid;

	err = spawn(in, out, &pid);
	if (err)
		return err;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EPROTO;
}

static int draw(FILE *dot, FILE *svg, const struct model *model, const struct graph *graph)
{
	int err = graph_print_dot(dot, model, graph);

	if (!err && fflush(dot))
		err = -errno;
	if (err)
		return err;
	rewind(dot);
	err = run_dot(dot, svg);
	rewind(svg);
	return err;
}

int svg_draw(const struct model *model, const struct graph *graph, FILE **out)
{
	FILE *dot = memory_file("ipctrace.dot"), *svg = memory_file("ipctrace.svg");
	int err = dot && svg ? draw(dot, svg, model, graph) : -ENOMEM;

	if (dot)
		fclose(dot);
	if (!err)
		*out = svg;
	else if (svg)
		fclose(svg);
	return err;
}

int stream_copy(FILE *from, FILE *to)
{
	char buffer[4096];
	size_t got;

	while ((got = fread(buffer, 1, sizeof(buffer), from)))
		fwrite(buffer, 1, got, to);
	return ferror(from) ? -EIO : stream_status(to);
}

int graph_print_svg(FILE *out, const struct model *model, const struct graph *graph)
{
	FILE *svg;
	int err = svg_draw(model, graph, &svg);

	if (err)
		return err;
	err = stream_copy(svg, out);
	fclose(svg);
	return err;
}

bool svg_is_available(void)
{
	const char *path = getenv("PATH");
	size_t len;
	char *name;
	bool found = false;

	for (; path && !found; path = path[len] ? path + len + 1 : NULL) {
		len = strcspn(path, ":");
		if (asprintf(&name, "%.*s/dot", (int)len, path) < 0)
			return true; /* it will turn out */
		found = !access(name, X_OK);
		free(name);
	}
	return found;
}
