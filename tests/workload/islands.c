// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two network namespaces with the same addresses in use: in each a client and a server talk over TCP,
 * connected and unconnected UDP, and abstract Unix sockets, from and to the same ports and names.
 *
 *   → {"ready": true, "pid"}                     waits for a line
 *   → {"done": true, "pid", "islands": [{"client", "server", "talks": [{"kind", "inode", "to",
 *       "bytes", "answer"}]}]}
 *   waits for a line or end of file, then ends. inode is the client's socket, to the server's; answer
 *   is how many bytes came back, 0 = nobody could.
 */
#include "workload.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/un.h>

#define ISLANDS 2
#define TALKS	5

struct talk {
	const char *kind;
	int client, server;
	unsigned long client_inode, server_inode;
	bool answers;
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_un un;
	} to;			/* unconnected: where it sends to */
	socklen_t to_len;
};

static struct talk talks[TALKS];
static size_t talks_count;

static struct sockaddr_in loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons(port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static socklen_t abstract(struct sockaddr_un *address, const char *name)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			   snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1,
				    "ipctrace twin %s", name));
}

static struct talk *talk_add(const char *kind, int client, int server, bool answers)
{
	struct talk *talk = &talks[talks_count++];

	*talk = (struct talk){ .kind = kind, .client = client, .server = server, .answers = answers };
	talk->client_inode = fd_inode(client);
	talk->server_inode = fd_inode(server);
	return talk;
}

static int bound(int type, uint16_t port)
{
	struct sockaddr_in address = loopback(port);
	int fd = must(socket(AF_INET, type, 0)), on = 1;

	must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)));
	must(bind(fd, (struct sockaddr *)&address, sizeof(address)));
	return fd;
}

static void connect_to(int fd, uint16_t port)
{
	struct sockaddr_in address = loopback(port);

	must(connect(fd, (struct sockaddr *)&address, sizeof(address)));
}

static void tcp(void)
{
	int listener = bound(SOCK_STREAM, 7001), client = bound(SOCK_STREAM, 7002);

	must(listen(listener, 1));
	connect_to(client, 7001);
	talk_add("tcp", client, must(accept(listener, NULL, NULL)), true);
	must(close(listener));
}

static void udp(void)
{
	int server = bound(SOCK_DGRAM, 7003), client = bound(SOCK_DGRAM, 7004);
	struct talk *talk;

	connect_to(client, 7003);
	connect_to(server, 7004);
	talk_add("udp", client, server, true);
	server = bound(SOCK_DGRAM, 7005);
	talk = talk_add("udp", bound(SOCK_DGRAM, 7006), server, false);
	talk->to.v4 = loopback(7005);
	talk->to_len = sizeof(talk->to.v4);
}

static void local(void)
{
	struct sockaddr_un address;
	socklen_t len = abstract(&address, "stream");
	int server = must(socket(AF_UNIX, SOCK_STREAM, 0)), client = must(socket(AF_UNIX, SOCK_STREAM, 0));
	struct talk *talk;

	must(bind(server, (struct sockaddr *)&address, len));
	must(listen(server, 1));
	must(connect(client, (struct sockaddr *)&address, len));
	talk_add("unix", client, must(accept(server, NULL, NULL)), true);
	must(close(server));
	server = must(socket(AF_UNIX, SOCK_DGRAM, 0));
	talk = talk_add("unix", must(socket(AF_UNIX, SOCK_DGRAM, 0)), server, false);
	talk->to_len = abstract(&talk->to.un, "dgram");
	must(bind(server, &talk->to.any, talk->to_len));
}

static void namespace_enter(void)
{
	struct ifreq lo = { .ifr_name = "lo" };
	int fd;

	must(unshare(CLONE_NEWNET));
	fd = must(socket(AF_INET, SOCK_DGRAM, 0));
	must(ioctl(fd, SIOCGIFFLAGS, &lo));
	lo.ifr_flags |= IFF_UP;
	must(ioctl(fd, SIOCSIFFLAGS, &lo));
	must(close(fd));
}

/* Reads what comes and answers where it can, each time it is told to. */
static void serve(int go, int done)
{
	char buf[64];

	for (size_t i = 0; i < TALKS; i++)
		must(close(talks[i].client));
	for (size_t i = 0; i < TALKS; i++) {
		await_turn(go);
		must(read(talks[i].server, buf, sizeof(buf)));
		if (talks[i].answers)
			must(write(talks[i].server, buf, 1));
		signal_turn(done);
	}
	stay();
}

static void talk_all(int go, int done, size_t bytes)
{
	char buf[64] = "";

	for (size_t i = 0; i < TALKS; i++) {
		struct talk *talk = &talks[i];

		must(close(talk->server));
		if (talk->to_len)
			must(sendto(talk->client, buf, bytes + i, 0, &talk->to.any, talk->to_len));
		else
			must(write(talk->client, buf, bytes + i));
		signal_turn(go);
		await_turn(done);
		if (talk->answers)
			must(read(talk->client, buf, 1));
	}
}

/* {"client", "server", "talks": […]} */
static void report(int to, pid_t server, size_t bytes)
{
	char text[4096];
	int len = snprintf(text, sizeof(text), "{\"client\": %d, \"server\": %d, \"talks\": [", getpid(),
			   server);

	for (size_t i = 0; i < TALKS; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len,
				"%s{\"kind\": \"%s\", \"inode\": %lu, \"to\": %lu, \"bytes\": %zu, "
				"\"answer\": %d}",
				i ? ", " : "", talks[i].kind, talks[i].client_inode,
				talks[i].server_inode, bytes + i, talks[i].answers);
	len += snprintf(text + len, sizeof(text) - (size_t)len, "]}");
	write_all(to, text, (size_t)len);
	must(close(to));
}

static void island(int to, size_t bytes)
{
	int go[2], done[2];
	pid_t server;

	namespace_enter();
	tcp();
	udp();
	local();
	must(pipe(go));
	must(pipe(done));
	server = fork_child();
	if (server == 0) {
		must(close(to));
		serve(go[0], done[1]);
	}
	talk_all(go[1], done[0], bytes);
	report(to, server, bytes);
	stay();
}

int main(void)
{
	char text[2][4096] = { "", "" };
	pid_t pids[ISLANDS];
	int ends[2];

	tell("{\"ready\": true, \"pid\": %d}", getpid());
	listen_for_test();
	for (int i = 0; i < ISLANDS; i++) {
		ssize_t len = 0, n;

		must(pipe(ends));
		pids[i] = fork_child();
		if (pids[i] == 0)
			island(ends[1], 10 + 20 * (size_t)i);
		must(close(ends[1]));
		while ((n = must(read(ends[0], text[i] + len, sizeof(text[i]) - 1 - (size_t)len))) > 0)
			len += n;
		must(close(ends[0]));
	}
	tell("{\"done\": true, \"pid\": %d, \"islands\": [%s, %s]}", getpid(), text[0], text[1]);
	listen_for_test();
	for (int i = 0; i < ISLANDS; i++)
		end_child(pids[i]); /* its server ends with it */
	return 0;
}
