// SPDX-License-Identifier: GPL-2.0-only
/* The mechanism "process": fork, exec and exit, by which descriptors are inherited and lost. */
#include "mechanism/wording.h"

#include <sched.h>
#include <string.h>
#include <sys/wait.h>

/* fork → 813 */
static bool fork_event(const struct record_task *record, const struct change *change,
		       struct event *event)
{
	if (!change->other || (record->clone_flags & CLONE_THREAD))
		return false;
	event->name = "process.fork";
	event->tid = record->parent_tid; /* the record's own is the child's */
	event_say(event, "%s → %u", record->clone_flags & CLONE_VFORK ? "vfork" : "fork",
		  change->other->key.pid);
	event_fact_process(event, "child", change->other);
	event_fact_bool(event, "shares_table", record->clone_flags & CLONE_FILES);
	event->has_result = true;
	event->result = change->other->key.pid;
	return true;
}

/* "grep -n foo": the arguments, NUL-separated, as a person would type them; quotes are lost */
static void say_arguments(struct event *event, const char *argv, size_t len)
{
	size_t before = strlen(event->words);

	for (size_t i = 0; i < len; i += strnlen(argv + i, len - i) + 1)
		event_say(event, "%s%.*s", i ? " " : "", (int)strnlen(argv + i, len - i), argv + i);
	event_fact_said(event, "argv", strlen(event->words) - before);
}

/* exec /usr/bin/grep grep -n foo */
static bool exec_event(const struct record_exec *record, const struct change *change,
		       struct event *event)
{
	const char *filename = record->filename_len ? record->text : "?";

	event->name = "process.exec";
	event_say(event, "exec ");
	event_say(event, "%s", filename);
	if (record->filename_len)
		event_fact_text(event, "filename", filename);
	if (record->argv_len) {
		event_say(event, " ");
		say_arguments(event, record->text + record->filename_len, record->argv_len);
	}
	event_fact_int(event, "closed", change->closed);
	event_fact_int(event, "kept", change->kept);
	return true;
}

static void say_signal(struct event *event, int signal)
{
	size_t before = strlen(event->words);

	event_say(event, "%s", signal_name((uint32_t)signal));
	event_fact_said(event, "signal", strlen(event->words) - before);
}

/* "exit status 0", "killed by SIGTERM" */
static bool exit_event(const struct record_exit *record, const struct change *change,
		       struct event *event)
{
	int code = record->exit_code;

	if (!change->process || !record->group_dead)
		return false;
	event->name = "process.exit";
	if (!WIFSIGNALED(code)) {
		event_say(event, "exit status %d", WEXITSTATUS(code));
		event_fact_int(event, "status", WEXITSTATUS(code));
		return true;
	}
	event_say(event, "killed by ");
	say_signal(event, WTERMSIG(code));
	if (WCOREDUMP(code))
		event_say(event, ", core dumped");
	event_fact_bool(event, "core_dumped", WCOREDUMP(code));
	return true;
}

static bool process_event(const struct model *model, const struct record *record,
			  const struct change *change, struct event *event)
{
	const void *whole = record;

	switch (record->type) {
	case RECORD_FORK: return fork_event(whole, change, event);
	case RECORD_EXEC: return exec_event(whole, change, event);
	case RECORD_EXIT: return exit_event(whole, change, event);
	}
	return false;
}

const struct mechanism process_mechanism = {
	.name = "process",
	.help = "fork, exec and exit",
	.is_default = true,
	.event = process_event,
};
