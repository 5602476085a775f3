/* SPDX-License-Identifier: GPL-2.0-only */
/* PROGRAM of the command line: forked early, started only once everything is attached, so that it
 * is traced from its first instruction. */
#ifndef IPCTRACE_PROGRAM_H
#define IPCTRACE_PROGRAM_H

#include <stdbool.h>
#include <sys/types.h>

#include "util/identity.h"

struct program {
	pid_t pid;	/* 0 = none */
	int pidfd;	/* -1 = none */
	int release;	/* written to let it go; -1 = released */
	int failure;	/* its errno comes from here if exec fails; -1 = read already */
	bool exited;
	int status;	/* as wait(2) gives it */
};

/* Forks a child that waits to exec argv, as that user (NULL = as we are). 0 or -errno. */
int program_spawn(char **argv, const struct identity *identity, struct program *program);
/* Lets it go. Returns 0, or -errno of what failed, its exec or becoming that user. */
int program_release(struct program *program);
/* Notes whether it has ended; does not block. */
void program_check(struct program *program);
/* Ends what was not released, and closes everything. */
void program_close(struct program *program);
/* Exit code of the contract: status, or 128 + signal. */
int program_exit_code(const struct program *program);

#endif /* IPCTRACE_PROGRAM_H */
