// SPDX-License-Identifier: GPL-2.0-only
/* The table of rules. The man page's section RULES says the same at more length. */
#include "check/rule.h"

/* In the order in which findings of one severity are shown. */
const struct rule rules[] = {
	{ "reader-holds-writer", SEVERITY_ERROR,
	  "who reads a pipe and holds its write end too never sees end of file",
	  "Close the write end in the reader, before its first read.", false,
	  find_reader_holds_writer },
	{ "unused-pipe-end", SEVERITY_WARNING,
	  "a write end kept open withholds end of file; a read end kept open withholds SIGPIPE",
	  "Close the end that isn't used, right after the fork.", true, find_unused_pipe_end },
	{ "leaked-by-exec", SEVERITY_WARNING,
	  "a program that knows nothing of a descriptor keeps the other side from ever ending",
	  "Open it with O_CLOEXEC (or SOCK_CLOEXEC), or close it before exec.", true,
	  find_leaked_by_exec },
	{ "no-reader", SEVERITY_ERROR,
	  "what is written where nobody reads is lost, and SIGPIPE ends who writes it",
	  "Mind EPIPE, or ignore SIGPIPE and stop writing; keep the reader alive as long.", true,
	  find_no_reader },
	{ "two-readers", SEVERITY_WARNING,
	  "what one reads the other never sees: each gets a part by chance",
	  "Give the program that isn't meant to read another input, such as < /dev/null.", true,
	  find_two_readers },
	{ "shared-nonblock", SEVERITY_WARNING,
	  "O_NONBLOCK belongs to the open file description: all who share it fail with EAGAIN",
	  "Open the file anew (/proc/self/fd/N) before setting it, or put it back before exit.",
	  true, find_shared_nonblock },
	{ "fd-limit", SEVERITY_WARNING,
	  "at the limit every open, accept and pipe fails with EMFILE",
	  "Look for descriptors that are never closed (ipctrace fds), or raise RLIMIT_NOFILE.",
	  false, find_fd_limit },
	{ "in-flight-pile", SEVERITY_WARNING,
	  "descriptors sent and never received stay open, though no process holds them",
	  "Receive them, or close the socket; see why its reader doesn't read.", false,
	  find_in_flight_pile },
	{ "stale-fifo", SEVERITY_WARNING,
	  "a FIFO lasts until it is unlinked; who opens one that is left behind waits for ever",
	  "Unlink it when its users are done (trap 'rm -f FIFO' EXIT, in a shell).", false,
	  find_stale_fifo },
	{ "stale-shm", SEVERITY_WARNING,
	  "a System V segment stays, and takes memory, until somebody removes it or the machine "
	  "restarts",
	  "Remove it (shmctl IPC_RMID, best right after the last shmat; ipcrm -m ID).", false,
	  find_stale_shm },
	{ "stale-posix-shm", SEVERITY_WARNING,
	  "what shm_open or sem_open made stays, and takes memory, until it is unlinked",
	  "Call shm_unlink (sem_unlink) when all have it open, or rm it.", false,
	  find_stale_posix_shm },
	{ "backlog-full", SEVERITY_WARNING,
	  "a listener whose queue is full turns clients away, or lets them wait in connect",
	  "Accept faster, or in more processes; see what the server does instead; raise listen's "
	  "backlog and net.core.somaxconn.",
	  false, find_backlog_full },
	{ "close-wait", SEVERITY_WARNING,
	  "connections that the other side closed stay until this side closes them too",
	  "Close the descriptor when a read returns 0.", false, find_close_wait },
	{ "half-closed", SEVERITY_NOTE,
	  "one side has closed, so the connection serves nobody, and the other still keeps it",
	  "Close the descriptor when a read returns 0; drop idle connections from pools.", false,
	  find_half_closed },
	{ "unsynchronised-memory", SEVERITY_NOTE,
	  "what two processes write at the same time without agreeing is neither's",
	  "Guard it with a process-shared mutex or semaphore, or use atomic operations alone.", true,
	  find_unsynchronised_memory },
	{ "signal-merged", SEVERITY_WARNING,
	  "of several that are sent while one is pending the target sees one",
	  "Don't count signals: use a real-time signal, a pipe or an eventfd.", false,
	  find_signal_merged },
	{ "signal-ignored", SEVERITY_WARNING, "the sender asks for something that never happens",
	  "Handle it in the target, or use the signal that the target does handle.", false,
	  find_signal_ignored },
	{ "signal-blocked", SEVERITY_WARNING,
	  "a signal that is blocked for long might as well be lost",
	  "Unblock it, or take it with sigwaitinfo or signalfd.", false, find_signal_blocked },
};
const size_t rules_count = sizeof(rules) / sizeof(rules[0]);
_Static_assert(sizeof(rules) / sizeof(rules[0]) <= RULES_MAX, "a bit for each rule");

const struct rule *rule_find(const char *name, size_t len)
{
	for (size_t i = 0; i < rules_count; i++)
		if (strlen(rules[i].id) == len && !memcmp(rules[i].id, name, len))
			return &rules[i];
	return NULL;
}

const char *severity_name(enum severity severity)
{
	static const char *const names[] = { "error", "warning", "note" };

	return names[severity];
}
