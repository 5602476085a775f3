// SPDX-License-Identifier: GPL-2.0-only
/*
 * Servers of every model, and their clients: servers MODEL, with MODEL one of iterative, events,
 * threads, processes, prefork. Tells {"ready"}; at a line, serves CLIENTS connections, which all exist
 * at once where the model allows, and tells {"done", "port", "clients"}. Ends with its input.
 */
#include "workload.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#define CLIENTS 6

static int listener;

static int client_connect(void)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);
	int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));

	must(getsockname(listener, (struct sockaddr *)&address, &len));
	must(connect(fd, (struct sockaddr *)&address, len));
	return fd;
}

static void client_ask(int fd)
{
	char c = 'q';

	must(write(fd, &c, 1));
}

static void client_hear(int fd)
{
	char c;

	if (must(read(fd, &c, 1)) != 1)
		_exit(9);
}

static int serve(int fd)
{
	char c;

	if (must(read(fd, &c, 1)) != 1)
		return 0;
	must(write(fd, &c, 1));
	return 1;
}

/* All connected before the first asks; each then asks in its turn. */
static void clients(bool at_once)
{
	int fds[CLIENTS];

	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = client_connect();
		client_ask(fds[i]);
		if (at_once)
			continue;
		client_hear(fds[i]);
		close(fds[i]);
	}
	for (int i = 0; at_once && i < CLIENTS; i++)
		client_hear(fds[i]);
	for (int i = 0; at_once && i < CLIENTS; i++)
		close(fds[i]);
	_exit(0);
}

static void iterative(void)
{
	for (int i = 0; i < CLIENTS; i++) {
		int fd = must(accept(listener, NULL, NULL));

		serve(fd);
		close(fd);
	}
}

/* Accepts all, then answers all. */
static void events(void)
{
	struct pollfd polled[CLIENTS];

	for (int i = 0; i < CLIENTS; i++)
		polled[i] = (struct pollfd){ .fd = must(accept(listener, NULL, NULL)), .events = POLLIN };
	for (int left = CLIENTS; left;) {
		must(poll(polled, CLIENTS, -1));
		for (int i = 0; i < CLIENTS; i++)
			if (polled[i].revents && polled[i].fd >= 0) {
				serve(polled[i].fd);
				close(polled[i].fd);
				polled[i].fd = -1;
				left--;
			}
	}
}

static void *thread_serve(void *fd)
{
	serve((int)(long)fd);
	close((int)(long)fd);
	return NULL;
}

static void threads(void)
{
	pthread_t ids[CLIENTS];

	for (int i = 0; i < CLIENTS; i++) {
		long fd = must(accept(listener, NULL, NULL));

		pthread_create(&ids[i], NULL, thread_serve, (void *)fd);
	}
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(ids[i], NULL);
}

static void processes(void)
{
	pid_t pids[CLIENTS];

	for (int i = 0; i < CLIENTS; i++) {
		int fd = must(accept(listener, NULL, NULL));

		pids[i] = must(fork());
		if (pids[i] == 0) {
			serve(fd);
			_exit(0);
		}
		close(fd);
	}
	for (int i = 0; i < CLIENTS; i++)
		must(waitpid(pids[i], NULL, 0));
}

/* Three children, two connections each: whoever has served two goes. */
static void prefork(void)
{
	pid_t pids[3];

	for (int i = 0; i < 3; i++) {
		pids[i] = must(fork());
		if (pids[i] == 0) {
			for (int j = 0; j < CLIENTS / 3; j++) {
				int fd = must(accept(listener, NULL, NULL));

				serve(fd);
				close(fd);
			}
			_exit(0);
		}
	}
	for (int i = 0; i < 3; i++)
		must(waitpid(pids[i], NULL, 0));
}

static const struct {
	const char *name;
	void (*run)(void);
	bool at_once;
} models[] = {
	{ "iterative", iterative, false }, { "events", events, true },	{ "threads", threads, true },
	{ "processes", processes, true },  { "prefork", prefork, true },
};

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);

	listener = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
	must(bind(listener, (struct sockaddr *)&address, len));
	must(listen(listener, CLIENTS));
	must(getsockname(listener, (struct sockaddr *)&address, &len));
	tell("{\"ready\": true, \"pid\": %d}", getpid());
	listen_for_test();
	for (size_t i = 0; argc > 1 && i < sizeof(models) / sizeof(models[0]); i++) {
		pid_t client;

		if (strcmp(argv[1], models[i].name))
			continue;
		client = must(fork());
		if (client == 0)
			clients(models[i].at_once);
		models[i].run();
		must(waitpid(client, NULL, 0));
		tell("{\"done\": true, \"port\": %d, \"clients\": %d}", ntohs(address.sin_port), CLIENTS);
	}
	listen_for_test();
	return 0;
}
