// SPDX-License-Identifier: GPL-2.0-only
/* The stop flag, which a signal handler can reach no other way, and what the caller had set. */
#include "util/stop.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t stop_flag;

static struct {
	int number;
	struct sigaction callers;
} signals[] = { { .number = SIGINT }, { .number = SIGTERM }, { .number = SIGHUP },
		{ .number = SIGPIPE } };

#define SIGNALS_COUNT (sizeof(signals) / sizeof(signals[0]))

static void request_stop(int signal_number)
{
	(void)signal_number;
	stop_flag = 1;
}

/* A reader that goes away shows as EPIPE where we write; under nohup(1) a hang-up is not to be
 * heard. */
static void (*handler_for(int number, const struct sigaction *callers))(int)
{
	if (number == SIGPIPE)
		return SIG_IGN;
	if (number == SIGHUP && callers->sa_handler == SIG_IGN)
		return SIG_IGN;
	return request_stop;
}

int stop_install(void)
{
	/* No SA_RESTART: what waits shall notice. */
	struct sigaction action = { 0 };
	size_t i;

	sigemptyset(&action.sa_mask);
	for (i = 0; i < SIGNALS_COUNT; i++) {
		if (sigaction(signals[i].number, NULL, &signals[i].callers))
			return -errno;
		action.sa_handler = handler_for(signals[i].number, &signals[i].callers);
		if (sigaction(signals[i].number, &action, NULL))
			return -errno;
	}
	return 0;
}

void stop_uninstall(void)
{
	size_t i;

	for (i = 0; i < SIGNALS_COUNT; i++)
		sigaction(signals[i].number, &signals[i].callers, NULL);
}

bool stop_is_requested(void)
{
	return stop_flag;
}
