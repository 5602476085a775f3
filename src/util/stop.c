// SPDX-License-Identifier: GPL-2.0-only
/* The stop flag: the one mutable global there is, for a signal handler has nothing else. */
#include "util/stop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t stop_flag;

static void request_stop(int signal_number)
{
	(void)signal_number;
	stop_flag = 1;
}

int stop_install(void)
{
	/* No SA_RESTART: what waits shall notice. */
	struct sigaction action = { .sa_handler = request_stop }, hangup;

	sigemptyset(&action.sa_mask);
	if (sigaction(SIGINT, &action, NULL) || sigaction(SIGTERM, &action, NULL))
		return -errno;
	/* Under nohup(1) a hang-up is not to be heard. */
	if (!sigaction(SIGHUP, NULL, &hangup) && hangup.sa_handler != SIG_IGN &&
	    sigaction(SIGHUP, &action, NULL))
		return -errno;
	return 0;
}

bool stop_is_requested(void)
{
	return stop_flag;
}
