// SPDX-License-Identifier: GPL-2.0-only
/*
 * Titles over arguments, as setproctitle(3) writes them. At a word from the test it forks a child that takes one,
 * and takes one itself; the child stays, on a pipe from its parent. Tells {"child", "titles": [its own, the
 * child's]}. Its argument must be long enough.
 */
#include "workload.h"

#define OWN_TITLE   "titled: waits for words"
#define CHILD_TITLE "titled: child that stays"

/* Arguments lie one behind the other. */
static void take_title(char **argv, int argc, const char *title)
{
	size_t room = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) - argv[0]);

	if (room < strlen(title))
		_exit(95);
	memset(argv[0], 0, room);
	memcpy(argv[0], title, strlen(title));
}

int main(int argc, char **argv)
{
	int words[2], answers[2];
	pid_t child;

	tell("{\"ready\": true}");
	listen_for_test();
	must(pipe(words));
	must(pipe(answers));
	child = fork_child();
	if (!child) {
		must(close(words[1]));
		must(close(answers[0]));
		take_title(argv, argc, CHILD_TITLE);
		signal_turn(answers[1]);
		await_turn(words[0]);
		_exit(0);
	}
	must(close(words[0]));
	must(close(answers[1]));
	await_turn(answers[0]);
	take_title(argv, argc, OWN_TITLE);
	tell("{\"child\": %d, \"titles\": [\"" OWN_TITLE "\", \"" CHILD_TITLE "\"]}", child);
	while (listen_for_test())
		;
	signal_turn(words[1]);
	must(waitpid(child, NULL, 0));
	return 0;
}
