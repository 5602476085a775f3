// SPDX-License-Identifier: GPL-2.0-only
/* The fds report for people: a table for each process, then what is known of the IPC objects. */
#include "sink/sink.h"

#include <stdlib.h>
#include <string.h>

#include "sink/fds_view.h"
#include "sink/names.h"
#include "sink/stream.h"
#include "sink/text_table.h"
#include "util/units.h"

#define COMMAND_COLUMNS 60
#define PEERS_MAX       4

#define BOLD   "\033[1m"
#define NORMAL "\033[0m"

static bool is_first_task(const struct table *table, const struct task *task)
{
	const struct task *other;

	for (other = table->tasks; other != task; other = other->table_next)
		if (other->process == task->process)
			return false;
	return true;
}

/* Everybody else who uses the table: ", table shared with a[1], b[2]". */
static void print_sharers(FILE *out, const struct process *process, const struct table *table)
{
	const char *before = ", table shared with ";
	const struct task *task;
	char who[WHO_MAX];

	for (task = table->tasks; task; task = task->table_next) {
		if (task->process == process || !is_first_task(table, task))
			continue;
		fprintf(out, "%s%s", before, who_name(task->process, who, ESCAPE_TERMINAL));
		before = ", ";
	}
}

static unsigned int count_shown(const struct fds_view *view, const struct process *process,
				const struct table *table)
{
	unsigned int count = 0, fd;

	for (fd = 0; fd < table->size; fd++)
		count += fds_view_has(view, process, &table->slots[fd]);
	return count;
}

/* bash[812]  /bin/bash -c true  (3 descriptors, pid 5 in its own namespace, table shared with bash[815]) */
static void print_header(FILE *out, const struct fds_view *view, const struct process *process,
			 const struct table *table, bool color)
{
	bool is_peer = !process_is_selected(view->model, process);
	char who[WHO_MAX], command[COMMAND_COLUMNS * 4 + 8];
	unsigned int count = table ? count_shown(view, process, table) : 0;

	command_line(process, command, sizeof(command), COMMAND_COLUMNS, ESCAPE_TERMINAL);
	fprintf(out, "%s%s%s%s%s  (", color ? BOLD : "", who_name(process, who, ESCAPE_TERMINAL),
		color ? NORMAL : "", *command ? "  " : "", command);
	if (is_peer)
		fprintf(out, "peer, %u shared of %u descriptors", count, table ? table->used : 0);
	else if (process->exited)
		fprintf(out, "exited");
	else
		fprintf(out, "%u descriptor%s", count, count == 1 ? "" : "s");
	if (process->ns_pid && process->ns_pid != process->key.pid)
		fprintf(out, ", pid %u in its own namespace", process->ns_pid);
	if (table)
		print_sharers(out, process, table);
	fprintf(out, ")\n");
}

/* "rw nonblock append cloexec" */
static void add_mode(struct text_table *rows, const struct slot *slot)
{
	const char *names[FLAGS_MAX], *access = access_name(slot->description);
	size_t count = flag_names(slot->description, names), i;

	text_table_put(rows, access ? access : "-");
	for (i = 0; i < count; i++) {
		text_table_put(rows, " ");
		text_table_put(rows, names[i]);
	}
	text_table_put(rows, slot->cloexec ? " cloexec" : "");
	text_table_end(rows);
}

/* "dup 3", "fork bash[811]", "passed cat[4]:7, exec"; "?" = was there before we looked */
static void add_came(struct text_table *rows, const struct slot *slot)
{
	const char *came = provenance_name(slot->came);
	bool has_number = slot->from_fd >= 0 && slot->came != CAME_OPENED && slot->came != CAME_FORK && came;
	bool has_who = slot->from && slot->came != CAME_DUP;
	char who[WHO_MAX];

	text_table_put(rows, came ? came : "?");
	if (has_who || has_number)
		text_table_put(rows, " ");
	if (has_who)
		text_table_put(rows, who_name(slot->from, who, ESCAPE_TERMINAL));
	if (has_number) {
		text_table_put(rows, has_who ? ":" : "");
		text_table_put_number(rows, (uint64_t)slot->from_fd);
	}
	text_table_put(rows, slot->through_exec && came ? ", exec" : "");
	text_table_end(rows);
}

static unsigned int access_bits(const struct description *description)
{
	return description->fmode & 3;
}

/* What is at the other end from a descriptor of a process. */
enum other_end {
	OTHER_ALL,	 /* whoever holds the peer */
	OTHER_DIRECTION, /* of a pipe: whoever holds the other side of it */
	OTHER_PROCESS,	 /* no ends to tell apart: another process that has it is all one can name */
};

static bool faces(const struct description *mine, const struct description *theirs)
{
	return (access_bits(mine) & 1 && access_bits(theirs) & 2) ||
	       (access_bits(mine) & 2 && access_bits(theirs) & 1);
}

/* "grep[813]:0w"; an exact repetition of the same process is still another descriptor. */
static void put_peer(struct text_table *rows, const struct holder *holder)
{
	const char *access = access_name(holder->slot->description);
	char who[WHO_MAX];

	text_table_put(rows, who_name(holder->process, who, ESCAPE_TERMINAL));
	text_table_put(rows, ":");
	text_table_put_number(rows, (uint64_t)holder->fd);
	text_table_put(rows, access ? access : "");
}

struct peers {
	struct text_table *rows;
	const struct process *process;
	const struct slot *slot;
	enum other_end which;
	size_t found;
};

static void put_some(struct peers *peers, const struct holder *holders, size_t count)
{
	size_t i;

	for (i = 0; i < count && peers->found + i < PEERS_MAX; i++) {
		text_table_put(peers->rows, peers->found + i ? " " : "");
		put_peer(peers->rows, &holders[i]);
	}
	peers->found += count;
}

/* Of holders of one description, which are in the order of their processes. There may be thousands. */
static void put_alike(struct peers *peers, const struct holder *holders, size_t count)
{
	size_t begin, own;

	if (peers->which == OTHER_DIRECTION && !faces(peers->slot->description, holders->slot->description))
		return;
	if (peers->which == OTHER_PROCESS) {
		own = fds_view_of_process(holders, count, peers->process, &begin);
		put_some(peers, holders, begin);
		put_some(peers, holders + begin + own, count - begin - own);
		return;
	}
	put_some(peers, holders, count);
}

static void put_peers(struct peers *peers, const struct holder *holders, size_t count)
{
	size_t i, alike;

	for (i = 0; i < count; i += alike) {
		alike = fds_view_alike(holders + i, count - i);
		put_alike(peers, holders + i, alike);
	}
	if (peers->found > PEERS_MAX) {
		text_table_put(peers->rows, " +");
		text_table_put_number(peers->rows, peers->found - PEERS_MAX);
		text_table_put(peers->rows, " more");
	}
}

/* The kernel counts who has the other end of a pipe open; where no table shows any of those, they are not known. */
static bool has_hidden_end(const struct slot *slot)
{
	const struct file_facts *facts = &slot->description->object->facts;

	return (access_bits(slot->description) & 1 && facts->pipe.writers) ||
	       (access_bits(slot->description) & 2 && facts->pipe.readers);
}

/* What stands where no other holder is known. */
static const char *no_peer(const struct model *model, const struct slot *slot, bool is_pipe, bool has_peer)
{
	if (is_pipe)
		return has_hidden_end(slot) ? "?" : "nobody";
	/* Closed, or not accepted yet; where processes are that can't be seen it may be theirs. */
	return has_peer && model->unseen ? "?" : "";
}

/* Who is at the other end; of what is no means of communication, who shares the description. */
static void add_peers(struct text_table *rows, struct fds_view *view,
		      const struct process *process, const struct slot *slot)
{
	const struct object *object = slot->description->object, *peer = object_peer(view->model, object);
	bool is_pipe = object->key.kind == FILE_PIPE || object->key.kind == FILE_FIFO;
	struct peers peers = {
		.rows = rows,
		.process = process,
		.slot = slot,
		.which = peer ? OTHER_ALL : is_pipe ? OTHER_DIRECTION : OTHER_PROCESS,
	};
	const struct holder *holders;
	size_t count;

	if (peer)
		holders = fds_view_object(view, peer, &count);
	else if (object_is_ipc(object))
		holders = fds_view_object(view, object, &count);
	else
		holders = fds_view_description(view, slot->description, &count);
	if (description_tells(slot->description))
		put_peers(&peers, holders, count);
	if (!peers.found)
		text_table_put(rows, no_peer(view->model, slot, is_pipe, peer));
	if (slot->description->in_flight)
		text_table_put(rows, peers.found ? " (and in flight)" : " (in flight)");
	text_table_end(rows);
}

static void add_object(struct text_table *rows, const struct description *description)
{
	const char *end = description_end(description);
	char name[NAME_MAX_ESCAPED];

	text_table_put(rows, object_name(description->object, name, sizeof(name), ESCAPE_TERMINAL));
	if (end) {
		text_table_put(rows, " ");
		text_table_put(rows, end);
	}
	text_table_end(rows);
}

static void add_row(struct text_table *rows, struct fds_view *view,
		    const struct process *process, int fd, const struct slot *slot)
{
	text_table_put_number(rows, (uint64_t)fd);
	text_table_end(rows);
	add_mode(rows, slot);
	text_table_put(rows, "#");
	text_table_put_number(rows, slot->description->serial);
	text_table_end(rows);
	add_object(rows, slot->description);
	add_came(rows, slot);
	add_peers(rows, view, process, slot);
}

static const char *const heads[] = { "FD", "MODE", "DESC", "OBJECT", "CAME", "PEERS" };

/*
 *   FD  MODE  DESC  OBJECT                   CAME            PEERS
 *   0   r     #17   pipe:[88231] read end    fork bash[811]  yes[813]:1w
 */
static int print_table(FILE *out, struct text_table *rows, struct fds_view *view,
		       const struct process *process, const struct table *table)
{
	unsigned int fd;
	size_t i;

	for (i = 0; i < rows->columns; i++) {
		text_table_put(rows, heads[i]);
		text_table_end(rows);
	}
	for (fd = 0; fd < table->size; fd++)
		if (fds_view_has(view, process, &table->slots[fd]))
			add_row(rows, view, process, (int)fd, &table->slots[fd]);
	return text_table_print(rows, out, 2);
}

static void print_tids(FILE *out, const struct process *process, const struct table *table)
{
	const struct task *task;

	fprintf(out, "  table of its own, threads");
	for (task = process->tasks; task; task = task->process_next)
		if (task->table == table)
			fprintf(out, " %u", task->tid);
	fprintf(out, ":\n");
}

static void print_mappers(FILE *out, const struct process *process, const struct object *object)
{
	const struct endpoint *endpoint;
	unsigned int others = 0;
	char who[WHO_MAX];

	for (endpoint = object->endpoints; endpoint; endpoint = endpoint->object_next) {
		if (endpoint->key.process == process || !endpoint->maps)
			continue;
		if (others < PEERS_MAX)
			fprintf(out, "%s%s %s", others ? ", " : "  also ",
				who_name(endpoint->key.process, who, ESCAPE_TERMINAL),
				endpoint->write_maps ? "rw" : "r");
		others++;
	}
	if (others > PEERS_MAX)
		fprintf(out, " +%u more", others - PEERS_MAX);
}

/* "  maps rw  8192  file:/dev/shm/x  also worker[12] rw" */
static void print_maps(FILE *out, const struct fds_view *view, const struct process *process)
{
	const struct mapping *mapping;
	char name[NAME_MAX_ESCAPED];

	if (!process->space)
		return;
	MAPPINGS_FOREACH(&process->space->mappings, mapping) {
		if (!fds_view_has_mapping(view, process, mapping))
			continue;
		fprintf(out, "  maps %-2s %10llu  %s", mapping_access_name(mapping),
			(unsigned long long)(mapping->end - mapping->start),
			object_name(mapping->object, name, sizeof(name), ESCAPE_TERMINAL));
		print_mappers(out, process, mapping->object);
		fputc('\n', out);
	}
}

static int print_process(FILE *out, struct text_table *rows, struct fds_view *view,
			 const struct process *process, bool color)
{
	const struct table *table = process_table_next(process, NULL);
	int err = 0;

	print_header(out, view, process, table, color);
	if (table && count_shown(view, process, table))
		err = print_table(out, rows, view, process, table);
	while (table && !err && (table = process_table_next(process, table))) {
		print_tids(out, process, table);
		err = print_table(out, rows, view, process, table);
	}
	print_maps(out, view, process);
	fputc('\n', out);
	return err;
}

/* Those who were asked for, or their peers. */
static int print_processes(FILE *out, struct text_table *rows, struct fds_view *view, bool are_selected, bool color)
{
	int err = 0;

	for (size_t i = 0; i < view->processes.count && !err; i++)
		if (process_is_selected(view->model, view->processes.items[i]) == are_selected)
			err = print_process(out, rows, view, view->processes.items[i], color);
	return err;
}

/* Of these there are hundreds of thousands. */
static void print_number(FILE *out, const char *key, uint64_t number)
{
	char digits[NUMBER_MAX];

	number_put(digits, number);
	fputs_unlocked(key, out);
	putc_unlocked(' ', out);
	fputs_unlocked(digits, out);
}

static void print_fact(FILE *out, const struct fact *fact)
{
	char name[NAME_MAX_ESCAPED], who[WHO_MAX];

	switch (fact->type) {
	case FACT_UINT: print_number(out, fact->key, fact->number); break;
	case FACT_INT: fprintf(out, "%s %lld", fact->key, (long long)fact->integer); break;
	case FACT_BOOL: fprintf(out, "%s%s", fact->truth ? "" : "not ", fact->key); break;
	case FACT_TEXT:
		fprintf(out, "%s ", fact->key);
		escape_print(out, ESCAPE_TERMINAL, fact->text.bytes, fact->text.len);
		break;
	case FACT_PROCESS:
		fprintf(out, "%s %s", fact->key,
			fact->process ? who_name(fact->process, who, ESCAPE_TERMINAL) : "?");
		break;
	case FACT_OBJECT:
		fprintf(out, "%s %s", fact->key,
			fact->object ?
				object_name(fact->object, name, sizeof(name), ESCAPE_TERMINAL) :
				"?");
		break;
	case FACT_WORDS: fprintf(out, "%s: %s", fact->key, fact->words); break;
	case FACT_NULL: fprintf(out, "%s ?", fact->key); break;
	}
}

/* unix:[815] (/run/app.sock)  type stream, state listen, backlog 0 */
static void print_object(FILE *out, const struct model *model, const struct object *object)
{
	struct fact facts[EVENT_FACTS_MAX];
	size_t count = object_facts(model, object, facts, EVENT_FACTS_MAX), i;
	char name[NAME_MAX_ESCAPED];

	if (!count)
		return;
	fputs_unlocked(object_words(object, name, sizeof(name), ESCAPE_TERMINAL), out);
	fputs_unlocked("  ", out);
	for (i = 0; i < count; i++) {
		print_fact(out, &facts[i]);
		fputs_unlocked(i + 1 < count ? ", " : "\n", out);
	}
}

static void print_in_flight(FILE *out, const struct description *description)
{
	const char *access = access_name(description);
	const struct passing *passing;
	char name[NAME_MAX_ESCAPED], who[WHO_MAX];

	object_name(description->object, name, sizeof(name), ESCAPE_TERMINAL);
	for (passing = description->in_flight; passing; passing = passing->next) {
		fprintf(out, "#%llu %s (%s) in flight", (unsigned long long)description->serial,
			name, access ? access : "-");
		if (passing->socket_ino)
			fprintf(out, " in unix:[%llu]", (unsigned long long)passing->socket_ino);
		if (passing->sender)
			fprintf(out, ", sent by %s",
				who_name(passing->sender, who, ESCAPE_TERMINAL));
		fputc('\n', out);
	}
}

static int print_all(FILE *out, struct fds_view *view, bool color)
{
	struct text_table rows = { .columns = sizeof(heads) / sizeof(heads[0]) };
	size_t i;
	int err = print_processes(out, &rows, view, true, color);

	/* By pid they may well come first; who asked for a process looks for its own table at the top. */
	if (!err)
		err = print_processes(out, &rows, view, false, color);
	text_table_free(&rows);
	for (i = 0; i < view->in_flight.count && !err; i++)
		print_in_flight(out, view->in_flight.items[i]);
	for (i = 0; i < view->objects.count && !err; i++)
		print_object(out, view->model, view->objects.items[i]);
	unseen_print(out, view->model);
	if (model_lost(view->model)) {
		fputs(color ? BOLD : "", out);
		loss_print(out, view->model);
		fprintf(out, ", tables read anew %u times%s\n", view->model->resyncs,
			color ? NORMAL : "");
	}
	return err ? err : stream_status(out);
}

int fds_print_text(FILE *out, const struct model *model, bool color)
{
	struct fds_view view;
	int err = fds_view_build(model, PEERS_TELLING, &view);

	if (err)
		return err;
	err = print_all(out, &view, color);
	fds_view_free(&view);
	return err;
}
