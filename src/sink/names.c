// SPDX-License-Identifier: GPL-2.0-only
/* Names of things, for all sinks. */
#include "sink/names.h"

#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>

#include "util/units.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FMODE_ACCESS 3
#define FMODE_PATH   0x4000 /* include/linux/fs.h */

const char *who_name(const struct process *process, char buf[WHO_MAX], enum escape how)
{
	size_t used = escape_into(buf, WHO_MAX, how, process->comm,
				  strnlen(process->comm, sizeof(process->comm)));

	/* WHO_MAX has room for both. */
	buf[used++] = '[';
	used += number_put(buf + used, process->key.pid);
	memcpy(buf + used, "]", 2);
	return buf;
}

const char *side_name(const struct graph_link *link, const struct process *side, char buf[WHO_MAX],
		      enum escape how)
{
	if (side)
		return who_name(side, buf, how);
	_Static_assert(WHO_MAX >= SOCKET_ADDRESS_MAX, "an address fits");
	if (!link->remote)
		return "kernel";
	elsewhere_name(&link->place, buf);
	return buf;
}

const char *object_name(const struct object *object, char *buf, size_t size, enum escape how)
{
	char id[ID_MAX];

	object_id(object, id, sizeof(id));
	escape_cut(buf, size, how, id, strlen(id));
	return buf;
}

const char *object_words(const struct object *object, char *buf, size_t size, enum escape how)
{
	char id[ID_MAX];
	size_t used, around = strlen(" ()");

	object_id(object, id, sizeof(id));
	used = escape_cut(buf, size, how, id, strlen(id));
	if (!object->name || strstr(id, object->name) || size - used <= around + 1)
		return buf;
	used += (size_t)snprintf(buf + used, size - used, " (");
	used += escape_cut(buf + used, size - used - 1, how, object->name, strlen(object->name));
	snprintf(buf + used, size - used, ")");
	return buf;
}

/* argv with its NULs turned into blanks, or the executable; cut inside a character if need be. */
static size_t command_bytes(const struct process *process, char *buf, size_t size)
{
	size_t len, i;

	if (!process->argv || !process->argv_len) {
		len = process->exe ? strlen(process->exe) : 0;
		len = len < size ? len : size;
		memcpy(buf, process->exe ? process->exe : "", len);
		return len;
	}
	len = process->argv_len;
	while (len && !process->argv[len - 1])
		len--;
	len = len < size ? len : size;
	for (i = 0; i < len; i++) {
		buf[i] = process->argv[i];
		if (!buf[i])
			buf[i] = ' ';
	}
	return len;
}

/* Where the last component of the program's path begins in the line: 18 of "/usr/lib/chromium/chromium -x". A title,
 * which is one argument of several words, may begin with a path too. 0 = there is none. */
static size_t program_begin(const struct process *process, const char *line, size_t len)
{
	size_t end = len, at;

	if (process->argv && process->argv_len) {
		const size_t first = strnlen(process->argv, process->argv_len);
		const char *blank = first < len ? NULL : memchr(line, ' ', len);

		if (blank && line[0] != '/')
			return 0;
		end = blank ? (size_t)(blank - line) : first < len ? first : len;
	}
	for (at = end; at && line[at - 1] != '/'; at--)
		;
	return at < end ? at : 0;
}

const char *command_line(const struct process *process, char *buf, size_t size, size_t max,
			 enum escape how)
{
	char bytes[RECORD_ARGV_MAX + RECORD_TEXT_MAX];
	size_t len = command_bytes(process, bytes, sizeof(bytes));
	size_t begin = len > max ? program_begin(process, bytes, len) : 0, used;
	const char *line = bytes + begin;
	bool cut;

	len -= begin;
	cut = process->argv_cut || len > max;
	if (len > max) {
		len = max;
		/* Not in the middle of a character. */
		while (len && ((unsigned char)line[len] & 0xc0) == 0x80)
			len--;
	}
	used = escape_into(buf, size, how, line, len);
	if (cut && len)
		snprintf(buf + used, size - used, "…");
	return buf;
}

static bool is_path_only(const struct description *description)
{
	return (description->fmode & FMODE_PATH) || (description->fflags & O_PATH);
}

const char *access_name(const struct description *description)
{
	static const char *const names[] = { NULL, "r", "w", "rw" };

	return is_path_only(description) ? NULL : names[description->fmode & FMODE_ACCESS];
}

static const struct {
	unsigned int mask;
	const char *name;
} flag_table[] = {
	{ O_NONBLOCK, "nonblock" },   { O_APPEND, "append" },   { O_DIRECT, "direct" },
	{ O_SYNC, "sync" },           { O_DSYNC, "dsync" },     { O_ASYNC, "async" },
	{ O_PATH, "path" },           { O_NOATIME, "noatime" }, { O_TMPFILE, "tmpfile" },
	{ O_DIRECTORY, "directory" },
};
_Static_assert(COUNT(flag_table) <= FLAGS_MAX, "room for every flag");

size_t flag_names(const struct description *description, const char *names[FLAGS_MAX])
{
	unsigned int flags = description->fflags;
	size_t count = 0, i;

	if (is_path_only(description))
		flags |= O_PATH;
	/* O_SYNC and O_TMPFILE contain later rows: what a row explained is taken out. */
	for (i = 0; i < COUNT(flag_table); i++) {
		if ((flags & flag_table[i].mask) != flag_table[i].mask)
			continue;
		flags &= ~flag_table[i].mask;
		names[count++] = flag_table[i].name;
	}
	return count;
}

const char *provenance_name(enum provenance came)
{
	static const char *const names[] = {
		[CAME_UNKNOWN] = NULL, [CAME_OPENED] = "opened", [CAME_FORK] = "fork",
		[CAME_DUP] = "dup",    [CAME_PASSED] = "passed", [CAME_TAKEN] = "taken",
	};

	return came < COUNT(names) ? names[came] : NULL;
}

static const struct {
	const char *key, *words;
} losses[] = {
	[LOSS_RING_FULL] = { "ring_full", "ring full" },
	[LOSS_MAP_FULL] = { "map_full", "map full" },
	[LOSS_TEXT_CUT] = { "text_cut", "text cut" },
	[LOSS_READ_FAILED] = { "read_failed", "read failed" },
	[LOSS_RECURSION] = { "recursion", "hook skipped" },
	[LOSS_TABLE_CUT] = { "table_cut", "table cut" },
	[LOSS_UNRESOLVED] = { "unresolved", "descriptor unexplained" },
};
_Static_assert(COUNT(losses) == LOSS_MAX, "every loss has its name");

const char *loss_key(enum loss loss)
{
	return losses[loss].key;
}

const char *loss_words(enum loss loss)
{
	return losses[loss].words;
}

char *forgotten_words(const struct model *model, char buf[FORGOTTEN_MAX])
{
	const struct forgotten *forgotten = &model->forgotten;
	uint64_t before = forgotten->before_ts > model->start_ts ? forgotten->before_ts - model->start_ts : 0;
	char duration[UNITS_MAX];

	snprintf(buf, FORGOTTEN_MAX, "%llu ended process%s and %llu object%s, over before %s, forgotten for want of room",
		 (unsigned long long)forgotten->processes, forgotten->processes == 1 ? "" : "es",
		 (unsigned long long)forgotten->objects, forgotten->objects == 1 ? "" : "s",
		 units_duration(before, duration));
	return buf;
}

void loss_print(FILE *out, const struct model *model)
{
	char words[FORGOTTEN_MAX];
	const char *before = " (";
	enum loss loss;

	fprintf(out, "%llu events lost", (unsigned long long)model_lost(model));
	for (loss = 0; loss < LOSS_MAX; loss++) {
		if (!model->loss[loss] || loss == LOSS_TEXT_CUT)
			continue;
		fprintf(out, "%s%s %llu", before, loss_words(loss),
			(unsigned long long)model->loss[loss]);
		before = ", ";
	}
	fprintf(out, "%s", before[0] == ',' ? ")" : "");
	if (model_has_forgotten(model))
		fprintf(out, ", %s", forgotten_words(model, words));
}

const char *unseen_words(const struct model *model, char buf[UNSEEN_MAX])
{
	char comm[RECORD_COMM_LEN * 4 + 1];
	const struct unseen *unseen;
	size_t count = 0, used, i = 0;

	DL_COUNT(model->unseen, unseen, count);
	if (!count)
		return NULL;
	used = (size_t)snprintf(buf, UNSEEN_MAX, "%zu process%s can't be seen by BPF on this host:", count,
				count == 1 ? "" : "es");
	DL_FOREACH(model->unseen, unseen) {
		if (i++ == UNSEEN_SHOWN)
			break;
		escape_into(comm, sizeof(comm), ESCAPE_TERMINAL, unseen->comm,
			    strnlen(unseen->comm, sizeof(unseen->comm)));
		used += (size_t)snprintf(buf + used, UNSEEN_MAX - used, "%s %u (%s)", i > 1 ? "," : "", unseen->pid,
					 comm);
	}
	if (count > UNSEEN_SHOWN)
		snprintf(buf + used, UNSEEN_MAX - used, ", …");
	return buf;
}

void unseen_print(FILE *out, const struct model *model)
{
	char words[UNSEEN_MAX];

	if (unseen_words(model, words))
		fprintf(out, "-- %s\n", words);
}

int exit_status(const struct process *process)
{
	int status = process->exit_code;

	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
