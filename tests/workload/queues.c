// SPDX-License-Identifier: GPL-2.0-only
/*
 * A POSIX queue, an eventfd and a pseudo-terminal between this process and a child: some data each
 * way it goes, counted here.
 *
 *   → {"ready": true, "pid", "child", "mq": {"name", "fd"}, "eventfd": {"fd", "id"},
 *      "pty": {"master", "slave": path}}          waits for a line
 *   → {"done": true, "mq": bytes, "eventfd": bytes, "pty": {"down": bytes, "up": bytes}}
 *   waits for a line or end of file, then ends
 */
#include "workload.h"

#include <mqueue.h>
#include <sys/eventfd.h>
#include <termios.h>

#define MESSAGE "a message"
#define UP	"up from the program"
#define DOWN	"down from the terminal\n"

/* Says its turns through a pipe; what it moves through the rest is what is counted. */
static void child_run(mqd_t queue, int event, const char *slave, int turn, int told)
{
	char text[64];
	uint64_t count;
	int fd = must(open(slave, O_RDWR | O_NOCTTY));
	struct termios mode;

	must(tcgetattr(fd, &mode));
	cfmakeraw(&mode);
	must(tcsetattr(fd, TCSANOW, &mode));
	signal_turn(told);
	await_turn(turn);
	for (int i = 0; i < 3; i++)
		must(mq_receive(queue, text, sizeof(text), NULL));
	read_all(event, &count, sizeof(count));
	if (count != 42)
		_exit(93);
	read_all(fd, text, strlen(DOWN));
	write_all(fd, UP, strlen(UP));
	signal_turn(told);
	stay();
}

static unsigned int eventfd_id(int fd)
{
	char path[64], line[128];
	unsigned int id = 0;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	FILE *file = fopen(path, "r");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "eventfd-id: %u", &id);
	if (file)
		fclose(file);
	return id;
}

int main(void)
{
	struct mq_attr attr = { .mq_maxmsg = 5, .mq_msgsize = 64 };
	char name[64], text[64];
	int turn[2], told[2];

	snprintf(name, sizeof(name), "/ipctrace-test-%d", getpid());
	mqd_t queue = must(mq_open(name, O_RDWR | O_CREAT | O_EXCL, 0600, &attr));
	must(mq_unlink(name)); /* what happens to us, nothing stays */
	int event = must(eventfd(0, 0));
	int master = must(posix_openpt(O_RDWR | O_NOCTTY));
	must(grantpt(master));
	must(unlockpt(master));
	const char *slave = ptsname(master);
	must(pipe(turn));
	must(pipe(told));
	pid_t child = fork_child();
	if (child == 0) {
		must(close(master));
		child_run(queue, event, slave, turn[0], told[1]);
	}
	await_turn(told[0]);
	tell("{\"ready\": true, \"pid\": %d, \"child\": %d, \"mq\": {\"name\": \"%s\", \"fd\": %d}, "
	     "\"eventfd\": {\"fd\": %d, \"id\": %u}, \"pty\": {\"master\": %d, \"slave\": \"%s\"}}",
	     getpid(), child, name, queue, event, eventfd_id(event), master, slave);
	listen_for_test();
	for (int i = 0; i < 3; i++)
		must(mq_send(queue, MESSAGE, strlen(MESSAGE), 0));
	write_all(event, &(uint64_t){ 42 }, sizeof(uint64_t));
	write_all(master, DOWN, strlen(DOWN));
	signal_turn(turn[1]);
	await_turn(told[0]);
	read_all(master, text, strlen(UP));
	must(mq_send(queue, MESSAGE, strlen(MESSAGE), 0)); /* nobody takes it */
	tell("{\"done\": true, \"mq\": %zu, \"eventfd\": %zu, \"pty\": {\"down\": %zu, \"up\": %zu}}",
	     4 * strlen(MESSAGE), sizeof(uint64_t), strlen(DOWN), strlen(UP));
	listen_for_test();
	end_child(child);
	return 0;
}
