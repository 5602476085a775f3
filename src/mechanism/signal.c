// SPDX-License-Identifier: GPL-2.0-only
/* The mechanism "signal": who sent which to whom, why, and what became of it. */
#include "mechanism/wording.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>

#include "util/units.h"

#define NO_DELAY (~0ull)

static void fact_cause(struct event *event, uint32_t cause)
{
	const char *name = signal_cause_name(cause);

	if (name)
		event_fact_text(event, "cause", name);
	else
		event_fact_object(event, "cause", NULL); /* null */
}

static void facts_of_signal(struct event *event, const struct record_signal *record,
			    const struct process *sender, const struct process *target)
{
	event_fact_text(event, "signal", signal_name(record->signal));
	event_fact_int(event, "number", record->signal);
	event_fact_process(event, "sender", sender);
	event_fact_process(event, "target", target);
	event_fact_int(event, "target_tid", record->target_tid);
	fact_cause(event, record->cause);
	event_fact_text(event, "outcome", signal_outcome_name(record->outcome));
	event_fact_bool(event, "group", record->group);
}

/* --- sent ------------------------------------------------------------------------------------ */

static const char *sent_name(uint32_t outcome)
{
	switch (outcome) {
	case SIGNAL_IGNORED:
	case SIGNAL_NOTHING:
	case SIGNAL_TOO_LATE: return "signal.ignore";
	case SIGNAL_MERGED: return "signal.merge";
	}
	return "signal.send";
}

/* " (child exited 813)", " (fault at 0x10)" */
static void say_cause(struct event *event, const struct record_signal *record)
{
	const char *cause = signal_cause_name(record->cause);

	if (!cause)
		return;
	event_say(event, " (%s", cause);
	if (record->child)
		event_say(event, " %u", record->child);
	if (record->cause == SIGNAL_FAULT)
		event_say(event, " at 0x%llx", (unsigned long long)record->value);
	event_say(event, ")");
}

/* "SIGTERM → nginx[812]  terminated", "SIGCHLD → bash[80] (child exited 813)  does nothing by default" */
static bool sent_event(const struct record_signal *record, const struct change *change,
		       struct event *event)
{
	event->name = sent_name(record->outcome);
	event->party = change->other;
	event->by_kernel = !record->head.pid;
	event_say(event, "%s → %s[%u]", signal_name(record->signal),
		  change->other ? change->other->comm : "?", record->other_pid);
	if (!record->group)
		event_say(event, " thread %u", record->target_tid);
	say_cause(event, record);
	if (record->outcome != SIGNAL_PENDING)
		event_say(event, "  %s", signal_outcome_name(record->outcome));
	facts_of_signal(event, record, change->process, change->other);
	event_fact_int(event, "code", record->code);
	if (record->child)
		event_fact_int(event, "child", record->child);
	if (record->cause == SIGNAL_FAULT)
		event_fact_int(event, "address", (int64_t)record->value);
	else if (record->code < 0)
		event_fact_int(event, "value", (int64_t)record->value);
	return true;
}

/* --- delivered ------------------------------------------------------------------------------- */

/* "SIGUSR1 from bash[80] → handler, 12 µs later" */
static bool end_event(const struct record_signal *record, const struct change *change,
		      struct event *event)
{
	char delay[UNITS_MAX];

	event->name = "signal.deliver";
	event->party = change->other;
	if (!event->comm[0] && change->process)
		memcpy(event->comm, change->process->comm, sizeof(event->comm));
	event_say(event, "%s from ", signal_name(record->signal));
	if (record->other_pid)
		event_say(event, "%s[%u]", change->other ? change->other->comm : "?",
			  record->other_pid);
	else
		event_say(event, record->cause == SIGNAL_CAUSE_UNKNOWN ? "?" : "kernel");
	event_say(event, " → %s", signal_outcome_name(record->outcome));
	if (record->delay_ns != NO_DELAY)
		event_say(event, ", %s later", units_duration(record->delay_ns, delay));
	facts_of_signal(event, record, change->other, change->process);
	if (record->delay_ns != NO_DELAY)
		event_fact_int(event, "delay_ns", (int64_t)record->delay_ns);
	else
		event_fact_object(event, "delay_ns", NULL);
	return true;
}

/* --- calls ----------------------------------------------------------------------------------- */

static const char *action_name(uint32_t action)
{
	switch (action) {
	case SIGNAL_ACTION_DEFAULT: return "default";
	case SIGNAL_ACTION_IGNORE: return "ignore";
	}
	return "handler";
}

/* SIGTERM: handler */
static bool action_event(const struct record_signal_action *record, struct event *event)
{
	event->name = "signal.handler";
	event_say(event, "%s: %s", signal_name(record->signal), action_name(record->action));
	event_fact_text(event, "signal", signal_name(record->signal));
	event_fact_int(event, "number", record->signal);
	event_fact_text(event, "action", action_name(record->action));
	event_fact_int(event, "sa_flags", (int64_t)record->sa_flags);
	event->has_result = true;
	return true;
}

/* "SIGCHLD SIGUSR1", "all", "all but SIGTERM"; SIGKILL and SIGSTOP can't be blocked. */
static void say_set(struct event *event, uint64_t set)
{
	const uint64_t never = 1ull << (SIGKILL - 1) | 1ull << (SIGSTOP - 1);
	bool is_most = __builtin_popcountll(set) > SIGNAL_COUNT / 2;
	const char *before = is_most ? "all but " : "";

	if (!set || (set | never) == ~0ull)
		event_say(event, set ? "all" : "nothing");
	if (is_most)
		set = ~(set | never);
	for (uint32_t signal = 1; signal <= SIGNAL_COUNT; signal++) {
		if (!(set >> (signal - 1) & 1))
			continue;
		event_say(event, "%s%s", before, signal_name(signal));
		before = " ";
	}
}

/* blocks SIGCHLD SIGUSR1 */
static bool mask_event(const struct record_signal_mask *record, const struct change *change,
		       struct event *event)
{
	size_t before;

	if (!change->changed)
		return false;
	event->name = "signal.mask";
	event_say(event, "blocks ");
	before = strlen(event->words);
	say_set(event, record->blocked);
	event_fact_said(event, "blocked", strlen(event->words) - before);
	event->has_result = true;
	return true;
}

/* SIGTERM → 812 failed: No such process */
static bool fail_event(const struct record_signal_fail *record, struct event *event)
{
	int error = result_error(record->result);

	event->name = "signal.send";
	event_say(event, "%s → ", signal_name(record->signal));
	if (record->nr == SYS_pidfd_send_signal)
		event_say(event, "pidfd %d", (int)record->arg[0]);
	else
		event_say(event, "%d", record->target);
	event_say(event, " failed: %s", error ? strerror(error) : "?");
	event_fact_text(event, "signal", signal_name(record->signal));
	event_fact_int(event, "number", record->signal);
	event_fact_process(event, "target", NULL);
	event_fact_text(event, "outcome", "failed");
	event->has_result = true;
	event->result = record->result;
	return true;
}

/* SIGUSR1 → b[812]: 5120 records more, counted only */
static bool unshown_event(const struct record_signal_count *record, const struct change *change,
			  struct event *event)
{
	if (!change->unshown)
		return false;
	event->name = "signal.more";
	event->party = change->other;
	event->by_kernel = !record->key.sender_pid;
	if (change->process)
		memcpy(event->comm, change->process->comm, sizeof(event->comm));
	event_say(event, "%s → %s[%u]: %llu events more, counted only",
		  signal_name(record->key.signal), change->other->comm, record->key.target_pid,
		  (unsigned long long)change->unshown);
	event_fact_text(event, "signal", signal_name(record->key.signal));
	event_fact_process(event, "sender", change->process);
	event_fact_process(event, "target", change->other);
	event_fact_int(event, "unshown", (int64_t)change->unshown);
	return true;
}

static bool signal_event(const struct model *model, const struct record *record,
			 const struct change *change, struct event *event)
{
	const void *whole = record;

	event->object = change->object;
	switch (record->type) {
	case RECORD_SIGNAL: return sent_event(whole, change, event);
	case RECORD_SIGNAL_END: return end_event(whole, change, event);
	case RECORD_SIGNAL_ACTION: return action_event(whole, event);
	case RECORD_SIGNAL_MASK: return mask_event(whole, change, event);
	case RECORD_SIGNAL_COUNT: return unshown_event(whole, change, event);
	case RECORD_SIGNAL_FAIL: return fail_event(whole, event);
	}
	return false;
}

const struct mechanism signal_mechanism = {
	.name = "signal",
	.help = "signals: sender, target, and what became of each",
	.kinds = 1ull << FILE_PROCESS,
	.is_default = true,
	.event = signal_event,
};
