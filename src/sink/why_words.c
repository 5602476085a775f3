// SPDX-License-Identifier: GPL-2.0-only
/* How a wait is worded, for text and JSON alike. */
#include "sink/why_words.h"

#include <stdarg.h>
#include <stdio.h>

#include "sink/names.h"
#include "source/calls.h"

/* Of an object's name in a sentence, "…" and NUL included. */
#define NAME_SHOWN_MAX 204

const char *verdict_name(enum verdict verdict)
{
	static const char *const names[] = {
		[VERDICT_RUNNING] = "running",
		[VERDICT_WAITING] = "waiting",
		[VERDICT_NEVER_EOF] = "never-eof",
		[VERDICT_DEADLOCK] = "deadlock",
	};

	return names[verdict];
}

const char *wait_call(const struct wait *wait)
{
	const char *name = wait_call_name(wait->row.nr);

	return name ? name : "?";
}

/* What has no object, or none that says more. */
static const char *outside_call_words(const struct wait *wait)
{
	switch (wait->row.what) {
	case WAIT_SEM: return "anyone with the semaphore set's id can end it";
	case WAIT_MSG_SEND:
	case WAIT_MSG_RECEIVE: return "anyone with the queue's id can end it";
	case WAIT_FUTEX: return "whoever shares that memory can end it";
	case WAIT_CHILD: return "it traces others, whose stops end it";
	case WAIT_OPEN: return "waits for a file system";
	}
	return "something outside can end it";
}

/* "tcp:10.0.0.1:40000->192.0.2.7:443" waits for 192.0.2.7:443 */
static void network_words(const struct model *model, const struct object *object,
			  char buf[RELIEF_MAX])
{
	char name[NAME_SHOWN_MAX], address[SOCKET_ADDRESS_MAX];

	object_words(object, name, sizeof(name), ESCAPE_TERMINAL);
	if (socket_is_listener(object)) {
		snprintf(buf, RELIEF_MAX, "any client of %s can end it", name);
	} else if (socket_is_remote(model, object)) {
		socket_remote_name(object, address);
		snprintf(buf, RELIEF_MAX, "waits for the network: %s", address);
	} else {
		snprintf(buf, RELIEF_MAX, "whoever sends to %s can end it", name);
	}
}

static const char *outside_format(const struct wait *wait, uint32_t kind)
{
	if (wait->row.what == WAIT_FUTEX)
		return kind == FILE_SHM ? "whoever attaches %s can end it" :
					  "whoever maps %s can end it";
	switch (kind) {
	case FILE_FIFO:
	case FILE_MQ: return "whoever opens %s can end it";
	case FILE_PTY: return "whoever writes to %s can end it";
	case FILE_CHAR: return "a terminal or another device can end it: %s";
	case FILE_SIGNALFD: return "a signal can end it";
	case FILE_TIMERFD: return "a timer can end it";
	case FILE_INOTIFY: return "a change in the file system can end it";
	case FILE_SOCKET: return "the kernel, or whoever sends to %s, can end it";
	}
	return "the kernel can end it: %s";
}

void outside_words(const struct model *model, const struct wait *wait, unsigned int i,
		   char buf[RELIEF_MAX])
{
	const struct object *object = wait->outsides[i];
	char name[NAME_SHOWN_MAX];

	if (!object) {
		snprintf(buf, RELIEF_MAX, "%s", outside_call_words(wait));
	} else if (object->socket && object->key.kind != FILE_SOCKET) {
		network_words(model, object, buf);
	} else if (wait->row.what == WAIT_OPEN) {
		object_name(object, name, sizeof(name), ESCAPE_TERMINAL);
		snprintf(buf, RELIEF_MAX, "whoever opens %s for %s ends it", name,
			 wait->ons[0].facts.fmode & 1 ? "writing" : "reading");
	} else {
		object_name(object, name, sizeof(name), ESCAPE_TERMINAL);
		snprintf(buf, RELIEF_MAX, outside_format(wait, object->key.kind), name);
	}
}

/* An io_uring, a queue that nobody can receive from, or a process that came and went while we looked. */
static void hidden_words(const struct model *model, const struct wait *wait, char buf[RELIEF_MAX])
{
	snprintf(buf, RELIEF_MAX, "the other end is %sheld where nothing shows by whom%s",
		 wait->wakers_count ? "also " : "",
		 model->unseen ? ", maybe by a process that BPF can't see here" : "");
}

const char *relief_words(const struct model *model, const struct wait *wait, char buf[RELIEF_MAX])
{
	switch (wait->relief) {
	case RELIEF_OUTSIDE: outside_words(model, wait, 0, buf); return buf;
	case RELIEF_AWAKE: return "not asleep for good: it ran a moment ago";
	case RELIEF_TIMEOUT: return "ends by itself: it has a timeout or a timer";
	case RELIEF_SIGNAL: return "a signal can end it";
	case RELIEF_STOPPED: return wait->row.last_pid ? "its debugger can let it go on" : "SIGCONT lets it go on";
	case RELIEF_HIDDEN: hidden_words(model, wait, buf); return buf;
	case RELIEF_UNKNOWN: return "who could end it is not known";
	case RELIEF_NONE:
	case RELIEF_WAKER: break;
	}
	return NULL;
}

const char *waker_how(const struct waker *waker)
{
	if (waker->through_exec)
		return "exec";
	return provenance_name(waker->came);
}

struct words {
	char *buf;
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void add(struct words *words, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(words->buf + words->used, WHY_SUMMARY_MAX - words->used, format, args);
	va_end(args);
	if (n > 0)
		words->used += (size_t)n < WHY_SUMMARY_MAX - words->used ?
				       (size_t)n :
				       WHY_SUMMARY_MAX - 1 - words->used;
}

/* " waits in read", " is stopped" */
static void add_state(struct words *words, const struct wait *wait)
{
	if (wait->row.what == WAIT_STOPPED)
		add(words, " is stopped");
	else
		add(words, " waits in %s", wait_call(wait));
}

static void add_object(struct words *words, const struct object *object)
{
	char name[NAME_SHOWN_MAX];

	if (object)
		add(words, " %s", object_name(object, name, sizeof(name), ESCAPE_TERMINAL));
}

/* a[1] waits for b[2], b[2] for a[1]: none of them can ever go on. */
static void deadlock_words(struct words *words, const struct why *why)
{
	char who[WHO_MAX], next[WHO_MAX];
	size_t i;

	if (why->ring_count == 1) {
		add(words, "%s waits for itself: it can never go on.",
		    who_name(why->ring[0], who, ESCAPE_TERMINAL));
		return;
	}
	for (i = 0; i < why->ring_count; i++)
		add(words, "%s%s waits for %s", i ? ", " : "",
		    who_name(why->ring[i], who, ESCAPE_TERMINAL),
		    who_name(why->ring[(i + 1) % why->ring_count], next, ESCAPE_TERMINAL));
	add(words, ": none of them can ever go on.");
	if (!why->culprit->in_ring)
		add(words, " %s waits for them.",
		    who_name(why->culprit->process, who, ESCAPE_TERMINAL));
}

/* cat[1] waits for the end of pipe:[5], which cannot come while sleep[2] (fd 1) holds … */
static void eof_words(struct words *words, const struct wait *wait)
{
	char who[WHO_MAX];
	size_t i;

	add(words, "%s waits for the end of", who_name(wait->process, who, ESCAPE_TERMINAL));
	add_object(words, wait->object);
	add(words, ", which cannot come while the end for writing stays open in");
	for (i = 0; i < wait->wakers_count; i++) {
		const struct waker *waker = &wait->wakers[i];

		if (waker->process == wait->process)
			add(words, "%s itself (close(%d) before it reads)", i ? "," : "",
			    waker->fd);
		else
			add(words, "%s %s, which never used it (close(%d) after its fork)",
			    i ? "," : "", who_name(waker->process, who, ESCAPE_TERMINAL),
			    waker->fd);
	}
	add(words, ".");
}

/* The waker that lets the wait end: the first who isn't stuck, and rather another process than itself, which may
 * hold both ends of what others write to. */
static const struct waker *waker_of_hope(const struct model *model, const struct wait *wait)
{
	const struct waker *own = NULL;
	const struct wait *next;
	size_t i;

	for (i = 0; i < wait->wakers_count; i++) {
		next = why_wait_of_waker(model, wait, &wait->wakers[i]);
		if (next && next->stuck)
			continue;
		if (wait->wakers[i].process != wait->process)
			return &wait->wakers[i];
		own = own ? own : &wait->wakers[i];
	}
	return own || !wait->wakers_count ? own : &wait->wakers[0];
}

#define CHAIN_MAX 64 /* a chain may come back to where it was */

/* What it waits for has somebody to come from, and it does not wait for that for ever. */
static bool may_give_up(const struct wait *wait)
{
	return wait->relief == RELIEF_TIMEOUT && wait->wakers_count;
}

/* Of a wait that ends otherwise as well: what it waits for comes from its wakers, as far as is known. Where
 * something outside may as well bring it, none of them is the one it waits for. */
static bool is_for_wakers(const struct wait *wait, const struct waker *first)
{
	if (wait->row.what == WAIT_STOPPED)
		return wait->wakers_count;
	/* Where it handles none but its children's, one of them is whom it waits for. */
	if (wait->row.what == WAIT_SIGNAL && wait->relief == RELIEF_SIGNAL)
		return wait->wakers_count && !(wait->row.flags & WAIT_CATCHES);
	/* That it handles a signal which somebody may send is no answer either. */
	if (wait->relief == RELIEF_SIGNAL && wait->row.flags & WAIT_CATCHES)
		return first->process != wait->process && !wait->outsides_count;
	return may_give_up(wait) && !wait->outsides_count;
}

struct chain {
	unsigned int steps;
	const struct waker *last; /* to whom it leads; NULL = no step */
	const struct wait *end; /* how that one waits; NULL = it runs */
	bool unserved; /* … or it isn't known which thread of it matters */
	bool is_own; /* and that wait is for another thread of its process; for which isn't known */
};

static bool is_for_own_thread(const struct wait *wait, const struct waker *waker)
{
	return waker->process == wait->process && !waker->tid && wait->process->tasks &&
	       wait->process->tasks->process_next;
}

/* That the first gives up in time is no answer to why it waits; that another does on the way is. */
static struct chain chain_follow(const struct model *model, const struct wait *wait)
{
	struct chain chain = { .end = wait };

	for (; wait && chain.steps < CHAIN_MAX; chain.steps++) {
		const struct waker *waker = waker_of_hope(model, wait);

		if (!waker || (wait->relief != RELIEF_WAKER && (chain.steps || !is_for_wakers(wait, waker))))
			break;
		chain.is_own = is_for_own_thread(wait, waker);
		if (chain.is_own)
			break;
		chain.last = waker;
		chain.end = why_wait_of_waker(model, wait, waker);
		if (chain.end && chain.end->row.what == WAIT_RUNNING)
			chain.end = NULL;
		chain.unserved = !chain.end && why_is_unserved(model, wait, waker);
		wait = chain.end;
	}
	return chain;
}

/* ", which waits in read" */
static void add_end(struct words *words, const struct chain *chain)
{
	if (chain->unserved) {
		add(words, ", but which of its threads serves that is not known");
	} else if (!chain->end) {
		add(words, ", which is running");
	} else if (chain->steps) {
		add(words, ", which");
		add_state(words, chain->end);
	}
	if (chain->is_own)
		add(words, " for another of its threads");
}

/* sh[1] waits in wait4 for wc[4], in the end for sleep[2], which waits in clock_nanosleep; ends by
 * itself: it has a timeout or a timer. curl[3] waits in poll (with a timeout) on tcp:… for nginx[5]. */
static void waiting_words(struct words *words, const struct model *model, const struct wait *wait)
{
	char who[WHO_MAX], buf[RELIEF_MAX];
	const struct waker *first = waker_of_hope(model, wait);
	const struct chain chain = chain_follow(model, wait);
	const char *relief;

	add(words, "%s", who_name(wait->process, who, ESCAPE_TERMINAL));
	add_state(words, wait);
	if (may_give_up(wait))
		add(words, " (with a timeout or a timer)");
	if (wait->object)
		add(words, " on");
	add_object(words, wait->object);
	if (chain.steps)
		add(words, wait->row.what == WAIT_STOPPED ? " by its debugger %s" : " for %s",
		    who_name(first->process, who, ESCAPE_TERMINAL));
	if (chain.steps > 1)
		add(words, ", in the end for %s", who_name(chain.last->process, who, ESCAPE_TERMINAL));
	add_end(words, &chain);
	relief = chain.end && !chain.is_own ? relief_words(model, chain.end, buf) : NULL;
	if (!chain.steps && may_give_up(wait) && wait->outsides_count) {
		/* That it gives up in time is said. */
		outside_words(model, wait, 0, buf);
		relief = buf;
	}
	if (relief)
		add(words, "; %s", relief);
	add(words, ".");
}

const char *why_summary(const struct model *model, const struct why *why, char buf[WHY_SUMMARY_MAX])
{
	struct words words = { .buf = buf };

	buf[0] = '\0';
	switch (why->verdict) {
	case VERDICT_DEADLOCK: deadlock_words(&words, why); break;
	case VERDICT_NEVER_EOF: eof_words(&words, why->culprit); break;
	case VERDICT_WAITING: waiting_words(&words, model, why->culprit); break;
	case VERDICT_RUNNING: add(&words, "Nothing that was asked about is asleep."); break;
	}
	return buf;
}
