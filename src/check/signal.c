// SPDX-License-Identifier: GPL-2.0-only
/* Signals that came to nothing: merged into one that was pending, ignored, or held up by a mask. Only
 * those that one program sends another on purpose: what the kernel sends (a child's end, a timer) is
 * told by other means too, and programs that signal their own kind know what they do. */
#include "check/rule.h"

#include <signal.h>

#define BLOCKED_NS 1000000000ull

static bool is_same_program(const struct process *a, const struct process *b)
{
	return a == b || (a->exe && b->exe && !strcmp(a->exe, b->exe));
}

static bool is_between_programs(const struct signal_tally *tally)
{
	return tally->sender && tally->target && tally->key.cause == SIGNAL_BY_PROCESS &&
	       !is_same_program(tally->sender, tally->target);
}

/* The object of the target: "process:812"; NULL = none. */
static const struct object *target_of(const struct model *model, const struct signal_tally *tally)
{
	const struct object_key key = { .ino = tally->key.target_pid, .kind = FILE_PROCESS };

	return model_object(model, &key);
}

/* --- signal-merged --------------------------------------------------------------------------- */

/* Each of these is a message of its own, and the real-time ones are queued one by one. */
static bool is_message(uint32_t signal)
{
	return signal == SIGUSR1 || signal == SIGUSR2 || signal >= 32;
}

int find_signal_merged(struct inspection *inspection)
{
	const struct signal_tally *tally;
	char who[WHO_LEN], other[WHO_LEN];
	int err = 0;

	for (tally = inspection->model->signals; tally && !err; tally = tally->hh.next) {
		unsigned long long lost = tally->counts.merged + tally->counts.overflow;

		if (!lost || !is_between_programs(tally) || !is_message(tally->key.signal))
			continue;
		err = finding_add(inspection, tally->target, target_of(inspection->model, tally),
				  "of %llu %s that %s sent to %s, %llu were lost: one was pending "
				  "already",
				  (unsigned long long)tally->counts.sent,
				  signal_name(tally->key.signal), process_words(tally->sender, who),
				  process_words(tally->target, other), lost);
	}
	return err;
}

/* --- signal-ignored -------------------------------------------------------------------------- */

/* Whoever sends these wants something done. SIGHUP, SIGINT and SIGQUIT are ignored on purpose by what
 * runs in the background. */
static bool is_request(uint32_t signal)
{
	return signal == SIGTERM || signal == SIGUSR1 || signal == SIGUSR2 || signal >= 32;
}

int find_signal_ignored(struct inspection *inspection)
{
	const struct signal_tally *tally;
	char who[WHO_LEN], other[WHO_LEN];
	int err = 0;

	for (tally = inspection->model->signals; tally && !err; tally = tally->hh.next) {
		if (!tally->counts.ignored || tally->counts.delivered ||
		    !is_between_programs(tally) || !is_request(tally->key.signal))
			continue;
		err = finding_add(inspection, tally->target, target_of(inspection->model, tally),
				  "%s ignores %s, which %s sent it %llu time%s",
				  process_words(tally->target, other),
				  signal_name(tally->key.signal), process_words(tally->sender, who),
				  (unsigned long long)tally->counts.ignored,
				  tally->counts.ignored == 1 ? "" : "s");
	}
	return err;
}

/* --- signal-blocked -------------------------------------------------------------------------- */

int find_signal_blocked(struct inspection *inspection)
{
	const struct model *model = inspection->model;
	const struct signal_tally *tally;
	char who[WHO_LEN], other[WHO_LEN];
	int err = 0;

	for (tally = model->signals; tally && !err; tally = tally->hh.next) {
		if (!tally->target || tally->target->exited || !is_between_programs(tally) ||
		    !signal_pending(&tally->counts) || !tally->counts.last_ts ||
		    model->end_ts < tally->counts.last_ts + BLOCKED_NS)
			continue;
		err = finding_add(inspection, tally->target, target_of(model, tally),
				  "%s from %s has been pending at %s for %llu s: it is blocked, or "
				  "the process stopped",
				  signal_name(tally->key.signal), process_words(tally->sender, who),
				  process_words(tally->target, other),
				  (unsigned long long)((model->end_ts - tally->counts.last_ts) /
						       1000000000ull));
	}
	return err;
}
