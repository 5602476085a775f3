/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run of a command: records flow from the source into the recording, the model and, worded as
 * events, to the command. It knows neither formats nor where the records come from.
 */
#ifndef IPCTRACE_SESSION_H
#define IPCTRACE_SESSION_H

#include "mechanism/event.h"
#include "model/model.h"
#include "options.h"
#include "recording/recording.h"
#include "source/source.h"

struct session {
	/* Set by the command before session_run(). */
	const struct options *options;
	struct recording_writer *writer; /* NULL = nothing is recorded; borrowed */
	/* Called with every event to show; NULL = events are not worded at all. 0, or -errno to
	 * stop, after saying why. */
	int (*event)(void *ctx, const struct model *model, const struct event *event);
	/* Called when for now there is nothing more; as above. May be NULL. */
	int (*flush)(void *ctx);
	void *ctx;

	/* To be read after it. */
	struct model *model;
	struct audit audit;
	bool audited;
	bool is_cut; /* our reader went away: nothing more is to be printed */
	uint64_t events; /* shown */
	int program_code; /* exit status of PROGRAM; -1 = none */

	/* Its own. */
	struct source *source;
	struct model *fresh; /* what the kernel's tables said at the end, for the audit */
	uint64_t deadline_ns; /* CLOCK_MONOTONIC; 0 = none */
	uint64_t records;
	uint64_t forgotten_ts;
	uint64_t tidied_ts[2]; /* the last and the one before */
	uint64_t room; /* with more in the model something must be forgotten; 0 = as the options say */
	bool has_selected; /* -p with a recording: its own selection has been replaced */
	bool failed; /* a callback of ours failed, and has said so */
};

/* Runs to the end. Returns 0 or an exit code, after one line on standard error. */
int session_run(struct session *session);
/* What to exit with once all was printed and that went as `code` says. */
int session_exit_code(const struct session *session, int code);
void session_free(struct session *session);

/* Loss and audit, for reports that have no room for them. To standard error, unless -q. */
void session_report(const struct session *session);

#endif /* IPCTRACE_SESSION_H */
