// SPDX-License-Identifier: GPL-2.0-only
#include "source/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/stop.h"

/* The child: waits for a byte, then becomes PROGRAM. Both pipes are close-on-exec. */
static void child_run(char **argv, const struct identity *identity, int release, int failure)
{
	int err;
	char go;

	/* Now, not after: what is traced of PROGRAM begins with its exec. */
	stop_uninstall();
	err = identity ? -identity_assume(identity) : 0;
	if (read(release, &go, 1) != 1)
		_exit(0);
	if (!err) {
		execvp(argv[0], argv);
		err = errno;
	}
	if (write(failure, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(err == ENOENT ? 127 : 126);
}

int program_spawn(char **argv, const struct identity *identity, struct program *program)
{
	int release[2], failure[2], err;

	if (pipe2(release, O_CLOEXEC))
		return -errno;
	if (pipe2(failure, O_CLOEXEC)) {
		err = -errno;
		close(release[0]);
		close(release[1]);
		return err;
	}
	fflush(NULL);
	program->pid = fork();
	if (program->pid == 0) {
		close(release[1]);
		close(failure[0]);
		child_run(argv, identity, release[0], failure[1]);
	}
	err = -errno;
	close(release[0]);
	close(failure[1]);
	if (program->pid < 0) {
		program->pid = 0;
		close(release[1]);
		close(failure[0]);
		return err;
	}
	program->release = release[1];
	program->failure = failure[0];
	program->pidfd = (int)syscall(SYS_pidfd_open, program->pid, 0);
	return 0;
}

int program_release(struct program *program)
{
	int err = 0;

	if (write(program->release, "g", 1) != 1)
		return -errno;
	close(program->release);
	program->release = -1;
	/* Ends when exec closes the other side, or brings the error. */
	while (read(program->failure, &err, sizeof(err)) < 0 && errno == EINTR)
		;
	close(program->failure);
	program->failure = -1;
	return -err;
}

void program_check(struct program *program)
{
	if (program->pid && !program->exited &&
	    waitpid(program->pid, &program->status, WNOHANG) == program->pid)
		program->exited = true;
}

void program_close(struct program *program)
{
	if (!program->pid)
		return;
	if (program->release >= 0) {
		close(program->release);
		while (waitpid(program->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	if (program->failure >= 0)
		close(program->failure);
	if (program->pidfd >= 0)
		close(program->pidfd);
}

int program_exit_code(const struct program *program)
{
	if (WIFSIGNALED(program->status))
		return 128 + WTERMSIG(program->status);
	return WEXITSTATUS(program->status);
}
