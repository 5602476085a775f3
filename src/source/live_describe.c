// SPDX-License-Identifier: GPL-2.0-only
/* What /proc tells about processes that started before us, and the paths of what they hold. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/why.h"
#include "source/live.h"
#include "source/proc.h"

/* A record with text behind it. */
union text_record {
	struct record head;
	struct record_text text;
	struct record_name name;
	char bytes[sizeof(struct record_name) + RECORD_TEXT_MAX + 8];
};

static uint32_t round8(size_t size)
{
	return (size + 7) & ~7u;
}

static int text_deliver(struct live *live, enum record_type type, const struct process *process,
			const char *text, size_t len)
{
	union text_record record = {.head = {.type = type, .ts = now_ns(),
					     .pid = process->key.pid, .tid = process->key.pid,
					     .start = process->key.start_ns}};

	memcpy(record.head.comm, process->comm, sizeof(record.head.comm));
	if (len > RECORD_TEXT_MAX - 1) {
		len = RECORD_TEXT_MAX - 1;
		record.head.flags |= RECORD_TEXT_CUT;
	}
	memcpy(record.text.text, text, len);
	record.text.text_len = len + 1;
	record.head.size = round8(sizeof(struct record_text) + len + 1);
	return live_deliver(live, &record.head);
}

static ssize_t proc_read(uint32_t pid, const char *name, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size);
	close(fd);
	return n;
}

static int describe_exe(struct live *live, const struct process *process)
{
	char path[64], target[RECORD_TEXT_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/exe", process->key.pid);
	n = readlink(path, target, sizeof(target));
	return n > 0 ? text_deliver(live, RECORD_EXE, process, target, n) : 0;
}

#define ARGV_SIZE (RECORD_TEXT_MAX + 1)

/* Without the last NUL. Returns its length; 0 = it has none, or has ended. */
static size_t argv_read(const struct process *process, char buf[ARGV_SIZE])
{
	ssize_t n = proc_read(process->key.pid, "cmdline", buf, ARGV_SIZE);

	if (n > 0 && buf[n - 1] == 0)
		n--;
	return n > 0 ? (size_t)n : 0;
}

static int describe_argv(struct live *live, const struct process *process)
{
	char buf[ARGV_SIZE];
	size_t len = argv_read(process, buf);

	return len ? text_deliver(live, RECORD_ARGV, process, buf, len) : 0;
}

/* As text_deliver() would cut it. */
static bool has_argv(const struct process *process, const char *argv, size_t len)
{
	if (len > RECORD_TEXT_MAX - 1)
		len = RECORD_TEXT_MAX - 1;
	return process->argv_len == len + 1 && !memcmp(process->argv, argv, len);
}

/* A process may write over its arguments (setproctitle(3)), as PostgreSQL's do after each fork; of an exec only
 * some bytes were told. */
static int describe_argv_again(struct live *live, const struct process *process)
{
	char buf[ARGV_SIZE];
	size_t len = argv_read(process, buf);
	struct proc_stat stat;

	/* stat takes longer than all the rest, and hardly any has changed. */
	if (!len || has_argv(process, buf, len) || !proc_stat_read(process->key.pid, &stat) ||
	    !proc_started_at(&stat, process->key.start_ns))
		return 0;
	return text_deliver(live, RECORD_ARGV, process, buf, len);
}

/* cgroup v2: one line "0::/path"; on a mixed system it is among the others. */
static int describe_cgroup(struct live *live, const struct process *process)
{
	char buf[RECORD_TEXT_MAX], *line, *save = NULL;
	ssize_t n = proc_read(process->key.pid, "cgroup", buf, sizeof(buf) - 1);

	if (n <= 0)
		return 0;
	buf[n] = 0;
	for (line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!strncmp(line, "0::", 3))
			return text_deliver(live, RECORD_CGROUP, process, line + 3,
					    strlen(line + 3));
	}
	return 0;
}

static bool kind_has_path(uint32_t kind)
{
	return kind == FILE_REGULAR || kind == FILE_DIRECTORY || kind == FILE_CHAR ||
	       kind == FILE_BLOCK || kind == FILE_FIFO || kind == FILE_PTY ||
	       kind == FILE_MEMFD || kind == FILE_MQ || kind == FILE_SYMLINK;
}

/* As the model names those that are elsewhere (src/model/fifo.c). */
static ssize_t name_namespace(uint32_t pid, char *text, ssize_t len)
{
	uint32_t ns = mount_namespace(pid);

	if (!ns || ns == mount_namespace(getpid()))
		return len;
	return len + snprintf(text + len, RECORD_TEXT_MAX - len, "@mnt:[%u]", ns);
}

static int describe_object(struct live *live, uint32_t pid, uint32_t fd,
			   const struct object *object)
{
	union text_record record = {.head = {.type = RECORD_NAME, .ts = now_ns()}};
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/fd/%u", pid, fd);
	n = readlink(path, record.name.text, RECORD_TEXT_MAX);
	if (n <= 0 || n >= RECORD_TEXT_MAX - 32)
		return 0;
	if (object->key.kind == FILE_FIFO) {
		record.name.text[n] = 0;
		live_fifo_remember(live, record.name.text);
		n = name_namespace(pid, record.name.text, n);
	}
	record.name.text[n] = 0;
	/* A master is ptmx to all; its object goes by the slave. */
	if (object->key.kind == FILE_PTY && strstr(record.name.text, "ptmx"))
		return 0;
	record.name.ino = object->key.ino;
	record.name.dev = object->key.dev;
	record.name.kind = object->key.kind;
	record.name.text_len = n + 1;
	record.head.size = round8(sizeof(struct record_name) + n + 1);
	return live_deliver(live, &record.head);
}

/* fds lists every descriptor, now or from a recording; the others only need the paths of what
 * processes talk over. */
static bool wants_all_paths(const struct live *live)
{
	return live->options->command == COMMAND_FDS || live->options->command == COMMAND_RECORD;
}

static int describe_slots(struct live *live, const struct process *process)
{
	const struct table *table = process->table;
	int err = 0;

	for (unsigned int fd = 0; table && fd < table->size && !err; fd++) {
		const struct description *description = table->slots[fd].description;
		const struct object *object = description ? description->object : NULL;

		if (!object || object->name || !kind_has_path(object->key.kind))
			continue;
		if (wants_all_paths(live) || object_is_ipc(object))
			err = describe_object(live, process->key.pid, fd, object);
	}
	return err;
}

/* A mapped file without a descriptor: /proc/PID/map_files has its path. */
static int describe_mapping(struct live *live, uint32_t pid, uint64_t start, uint64_t end,
			    const struct object *object)
{
	static const char deleted[] = " (deleted)";
	union text_record record = {.head = {.type = RECORD_NAME, .ts = now_ns()}};
	const size_t tail = sizeof(deleted) - 1;
	char path[96];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/map_files/%llx-%llx", pid,
		 (unsigned long long)start, (unsigned long long)end);
	n = readlink(path, record.name.text, RECORD_TEXT_MAX);
	if (n <= 0 || n >= RECORD_TEXT_MAX)
		return 0;
	record.name.text[n] = 0;
	/* Of a memfd the model takes it away. */
	if (object->key.kind != FILE_MEMFD && !object->facts.regular.links && (size_t)n > tail &&
	    !strcmp(record.name.text + n - tail, deleted))
		record.name.text[n -= (ssize_t)tail] = 0;
	record.name.ino = object->key.ino;
	record.name.dev = object->key.dev;
	record.name.kind = object->key.kind;
	record.name.text_len = n + 1;
	record.head.size = round8(sizeof(struct record_name) + n + 1);
	return live_deliver(live, &record.head);
}

static int describe_mappings(struct live *live, const struct process *process)
{
	const struct mapping *mapping;
	int err = 0;

	MAPPINGS_FOREACH(&process->space->mappings, mapping)
		if (!err && !mapping->object->name && kind_has_path(mapping->object->key.kind))
			err = describe_mapping(live, process->key.pid, mapping->start, mapping->end,
					       mapping->object);
	return err;
}

int live_describe_mapped(struct live *live, const struct record_mapping *record)
{
	const struct object_key key = {
		.ino = record->facts.ino, .dev = record->facts.dev, .kind = record->facts.kind
	};
	const struct object *object;

	if (key.kind != FILE_REGULAR || record->start >= record->end)
		return 0;
	object = model_object(live->model, &key);
	if (!object || object->name || !(record->access & MAPPING_WRITE || object_is_ipc(object)))
		return 0;
	return describe_mapping(live, record->head.pid, record->start, record->end, object);
}

/* By any of those who have it mapped: of some, neighbours are known as one, which have no link. */
static int describe_memory(struct live *live, const struct object *object)
{
	const struct endpoint *endpoint;
	const struct mapping *mapping;
	int err = 0;

	DL_FOREACH2(object->endpoints, endpoint, object_next) {
		const struct process *process = endpoint->key.process;

		if (!process->space)
			continue;
		MAPPINGS_FOREACH(&process->space->mappings, mapping)
			if (mapping->object == object && !object->name && !err)
				err = describe_mapping(live, process->key.pid, mapping->start,
						       mapping->end, object);
	}
	return err;
}

/* --- what tasks wait on ------------------------------------------------------------------------ */

/* Is that still what is behind the descriptor? It may have been closed since it was looked at.
 * ino:	1234 */
static bool leads_to(uint32_t tid, uint32_t fd, uint64_t ino)
{
	unsigned long long number = 0;
	char path[64], line[128];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/fdinfo/%u", tid, fd);
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file))
		found = sscanf(line, "ino: %llu", &number) == 1;
	if (file)
		fclose(file);
	return found && number == ino;
}

static int describe_waited(struct live *live, const struct wait *wait, const struct wait_on *on,
			   const struct object *object)
{
	if (on->fd < 0)
		return describe_memory(live, object);
	return leads_to(wait->tid, on->fd, object->key.ino) ?
		       describe_object(live, wait->tid, on->fd, object) :
		       0;
}

/* Reports name it by its path, as fds does, whoever it is that waits. */
static int describe_waits(struct live *live)
{
	const struct object *object;
	const struct wait *wait;
	struct object_key key;
	int err = 0;

	for (wait = live->model->waits; wait; wait = wait->hh.next)
		for (size_t i = 0; i < wait->ons_count && !err; i++) {
			const struct wait_on *on = &wait->ons[i];

			key = (struct object_key){ on->facts.ino, on->facts.dev, on->facts.kind };
			object = kind_has_path(key.kind) ? model_object(live->model, &key) : NULL;
			if (object && !object->name)
				err = describe_waited(live, wait, on, object);
		}
	return err;
}

static bool is_interesting(const struct live *live, const struct process *process)
{
	if (process->exited)
		return false;
	if (live->wants_waits)
		return process->selected && live->selective;
	return live->selective || wants_all_paths(live) || process->endpoints;
}

/* Text names a process by its arguments, and a drawing too; check tells programs apart. */
static bool wants_all_texts(const struct options *options)
{
	return options->format == FORMAT_JSON || options->command == COMMAND_RECORD ||
	       options->command == COMMAND_CHECK;
}

static int describe_texts(struct live *live, const struct process *process)
{
	const bool all = wants_all_texts(live->options);
	int err = 0;

	if (!process->argv)
		err = describe_argv(live, process);
	if (!err && (all || !process->argv) && (!process->exe || process->exe[0] != '/'))
		err = describe_exe(live, process);
	if (!err && all && !process->cgroup)
		err = describe_cgroup(live, process);
	return err;
}

int live_describe_next(struct live *live, const struct process **last)
{
	const struct process *next = *last ? (*last)->hh.next : live->model->processes;
	int err = 0;

	if (!next || live->selective)
		return 0;
	*last = next;
	if (is_interesting(live, next))
		err = describe_texts(live, next);
	return err ? err : 1;
}

/* Will there be a report with arguments in it, or may one be made of the recording? */
static bool wants_argv(const struct options *options)
{
	return options->dot || options->command == COMMAND_GRAPH || options->command == COMMAND_FDS ||
	       options->command == COMMAND_CHECK || options->command == COMMAND_RECORD;
}

static int describe(struct live *live, bool again)
{
	const struct process *process;
	int err = 0;

	for (process = live->model->processes; process && !err; process = process->hh.next) {
		if (!is_interesting(live, process))
			continue;
		if (again && process->argv)
			err = describe_argv_again(live, process);
		if (!err)
			err = describe_texts(live, process);
		if (!err)
			err = describe_slots(live, process);
		if (!err && process->space)
			err = describe_mappings(live, process);
	}
	return err ? err : describe_waits(live);
}

int live_describe(struct live *live)
{
	return describe(live, false);
}

int live_describe_at_end(struct live *live)
{
	return describe(live, wants_argv(live->options));
}
