// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sockets of every kind between two processes: pairs and bound Unix sockets (stream, datagram,
 * seqpacket; path, abstract), TCP over IPv4, IPv6 and IPv4 in IPv6, UDP connected and not, a
 * connection that nobody accepts, and one half closed.
 *
 *   sockets FOLDER
 *   → {"ready": true, "pid", "server"}           waits for a line
 *   → {"done": true, "pid", "server", "talks": [{"what", "kind", "client": inode, "server": inode,
 *       "client_fd", "server_fd", "to_server": bytes, "to_client": bytes}],
 *       "waiting": [{"kind", "inode", "listener": inode}], "sent": [{"kind", "inode", "to": inode,
 *       "bytes"}], "half": {"inode", "peer"}, "tcp_port"}
 *   waits for a line or end of file, then ends
 */
#include "workload.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <sys/un.h>

#define TALKS_MAX 16

union address {
	struct sockaddr any;
	struct sockaddr_un un;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

struct talk {
	const char *what, *kind;
	int client, server;
	unsigned long client_inode, server_inode;
	size_t to_server, to_client;
};

static struct talk talks[TALKS_MAX];
static size_t talks_count;
static int to_child[2], to_parent[2];
static const char *folder;

static socklen_t unix_address(union address *address, const char *name, bool is_abstract)
{
	memset(address, 0, sizeof(*address));
	address->un.sun_family = AF_UNIX;
	if (is_abstract) {
		int len = snprintf(address->un.sun_path + 1, sizeof(address->un.sun_path) - 1,
				   "ipc\n%d %s", getpid(), name);
		return offsetof(struct sockaddr_un, sun_path) + 1 + len;
	}
	snprintf(address->un.sun_path, sizeof(address->un.sun_path), "%s/%s", folder, name);
	return sizeof(address->un);
}

static socklen_t loopback(union address *address, int family)
{
	memset(address, 0, sizeof(*address));
	address->any.sa_family = family;
	if (family == AF_INET) {
		address->v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(address->v4);
	}
	address->v6.sin6_addr = in6addr_loopback;
	return sizeof(address->v6);
}

static struct talk *talk_add(const char *what, const char *kind, int client, int server)
{
	struct talk *talk = &talks[talks_count++];

	*talk = (struct talk){ .what = what, .kind = kind, .client = client, .server = server };
	talk->client_inode = fd_inode(client);
	talk->server_inode = fd_inode(server);
	return talk;
}

static int listener_open(int type, union address *address, socklen_t *len)
{
	int fd = must(socket(address->any.sa_family, type, 0));

	must(bind(fd, &address->any, *len));
	must(listen(fd, 2));
	must(getsockname(fd, &address->any, len));
	return fd;
}

/* One process makes both ends; the child keeps the server's only. */
static int connected(const char *what, const char *kind, int type, union address *address,
		     socklen_t len)
{
	int listener = listener_open(type, address, &len);
	int client = must(socket(address->any.sa_family, type, 0));

	must(connect(client, &address->any, len));
	talk_add(what, kind, client, must(accept(listener, NULL, NULL)));
	return listener;
}

static void pairs(void)
{
	static const struct {
		const char *what;
		int type;
	} kinds[] = { { "pair stream", SOCK_STREAM },
		      { "pair dgram", SOCK_DGRAM },
		      { "pair seqpacket", SOCK_SEQPACKET } };
	int ends[2];

	for (size_t i = 0; i < 3; i++) {
		must(socketpair(AF_UNIX, kinds[i].type, 0, ends));
		talk_add(kinds[i].what, "unix", ends[0], ends[1]);
	}
}

static void udp_connected(void)
{
	union address one, other;
	socklen_t len = loopback(&one, AF_INET);
	int client = must(socket(AF_INET, SOCK_DGRAM, 0)), server;

	loopback(&other, AF_INET);
	server = must(socket(AF_INET, SOCK_DGRAM, 0));
	must(bind(client, &one.any, len));
	must(bind(server, &other.any, len));
	must(getsockname(client, &one.any, &len));
	must(getsockname(server, &other.any, &len));
	must(connect(client, &other.any, len));
	must(connect(server, &one.any, len));
	talk_add("udp connected", "udp", client, server);
}

/* IPv4 in IPv6 at the server, plain IPv4 at the client. */
static void tcp_mapped(void)
{
	union address any = { .v6 = { .sin6_family = AF_INET6 } }, v4;
	socklen_t len = sizeof(any.v6), v4_len = loopback(&v4, AF_INET);
	int listener = listener_open(SOCK_STREAM, &any, &len);
	int client = must(socket(AF_INET, SOCK_STREAM, 0));

	v4.v4.sin_port = any.v6.sin6_port;
	must(connect(client, &v4.any, v4_len));
	talk_add("tcp mapped", "tcp", client, must(accept(listener, NULL, NULL)));
	must(close(listener));
}

/* Each way of writing. Returns the bytes. */
static size_t write_ways(int fd, bool is_stream)
{
	struct iovec parts[2] = { { "12", 2 }, { "345", 3 } };
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };
	struct mmsghdr many[2] = { { .msg_hdr = msg }, { .msg_hdr = msg } };
	size_t sum = 0;
	int file, ends[2];

	sum += must(write(fd, "a", 1));
	sum += must(send(fd, "bc", 2, 0));
	sum += must(writev(fd, parts, 2));
	sum += must(sendmsg(fd, &msg, 0));
	must(sendmmsg(fd, many, 2, 0));
	sum += many[0].msg_len + many[1].msg_len;
	if (!is_stream)
		return sum;
	file = must(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
	sum += must(sendfile(fd, file, NULL, 100));
	must(close(file));
	must(pipe(ends));
	must(write(ends[1], "splice", 6));
	sum += must(splice(ends[0], NULL, fd, NULL, 6, 0));
	must(close(ends[0]));
	must(close(ends[1]));
	return sum;
}

static void read_ways(int fd, bool is_stream, size_t size)
{
	char room[2][64], buf[256];
	struct iovec parts[2] = { { room[0], 64 }, { room[1], 64 } };
	struct mmsghdr many[2] = { { .msg_hdr = { .msg_iov = &parts[0], .msg_iovlen = 1 } },
				   { .msg_hdr = { .msg_iov = &parts[1], .msg_iovlen = 1 } } };
	size_t sum = 0;

	if (!is_stream) {
		must(read(fd, buf, sizeof(buf)));
		must(recv(fd, buf, sizeof(buf), 0));
		must(readv(fd, parts, 2));
		must(recvmmsg(fd, many, 2, 0, NULL));
		return;
	}
	sum += must(read(fd, buf, 4));
	sum += must(recv(fd, buf, 3, 0));
	while (sum < size)
		sum += must(read(fd, buf, sizeof(buf)));
}

static bool is_stream(int fd)
{
	int type;
	socklen_t len = sizeof(type);

	must(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len));
	return type == SOCK_STREAM;
}

/* The server's process: reads all that comes, and answers each with a byte. */
static void serve(void)
{
	for (size_t i = 0; i < talks_count; i++) {
		size_t size;

		must(close(talks[i].client));
		read_all(to_child[0], &size, sizeof(size));
		read_ways(talks[i].server, is_stream(talks[i].server), size);
		must(write(talks[i].server, "!", 1));
		signal_turn(to_parent[1]);
	}
	stay();
}

static void talk_all(void)
{
	char answer;

	for (size_t i = 0; i < talks_count; i++) {
		struct talk *talk = &talks[i];

		must(close(talk->server));
		talk->to_server = write_ways(talk->client, is_stream(talk->client));
		talk->to_client = 1;
		write_all(to_child[1], &talk->to_server, sizeof(talk->to_server));
		await_turn(to_parent[0]);
		must(read(talk->client, &answer, 1));
	}
}

/* The end of the stream is in FIN-WAIT-1 until the other side's TCP has answered, and no call waits for that. */
static void await_acknowledged(int fd)
{
	struct tcp_info info;
	socklen_t len;

	do {
		len = sizeof(info);
		must(getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len));
	} while (info.tcpi_state == TCP_FIN_WAIT1);
}

int main(int argc, char **argv)
{
	union address address;
	socklen_t len;

	if (argc != 2)
		return 2;
	folder = argv[1];
	must(pipe(to_child));
	must(pipe(to_parent));
	tell("{\"ready\": true, \"pid\": %d}", getpid());
	listen_for_test();
	pairs();
	len = unix_address(&address, "stream", false);
	must(close(connected("unix path", "unix", SOCK_STREAM, &address, len)));
	len = unix_address(&address, "packets", true);
	must(close(connected("unix abstract", "unix", SOCK_SEQPACKET, &address, len)));
	len = loopback(&address, AF_INET);
	must(close(connected("tcp v4", "tcp", SOCK_STREAM, &address, len)));
	len = loopback(&address, AF_INET6);
	must(close(connected("tcp v6", "tcp", SOCK_STREAM, &address, len)));
	tcp_mapped();
	udp_connected();

	/* Only the child holds what is bound and listened on from here. */
	union address wait_tcp, wait_unix, to_unix, to_udp;
	socklen_t tcp_len = loopback(&wait_tcp, AF_INET);
	socklen_t unix_len = unix_address(&wait_unix, "waits", true);
	int tcp = listener_open(SOCK_STREAM, &wait_tcp, &tcp_len);
	int local = listener_open(SOCK_STREAM, &wait_unix, &unix_len);
	int unix_bound = must(socket(AF_UNIX, SOCK_DGRAM, 0));
	int udp_bound = must(socket(AF_INET, SOCK_DGRAM, 0));
	socklen_t to_unix_len = unix_address(&to_unix, "bound", true);
	socklen_t to_udp_len = loopback(&to_udp, AF_INET);

	must(bind(unix_bound, &to_unix.any, to_unix_len));
	must(bind(udp_bound, &to_udp.any, to_udp_len));
	must(getsockname(udp_bound, &to_udp.any, &to_udp_len));
	unsigned long tcp_inode = fd_inode(tcp), local_inode = fd_inode(local);
	unsigned long unix_inode = fd_inode(unix_bound), udp_inode = fd_inode(udp_bound);
	pid_t child = fork_child();
	if (child == 0)
		serve();
	must(close(tcp));
	must(close(local));
	must(close(unix_bound));
	must(close(udp_bound));
	talk_all();

	int waits_tcp = must(socket(AF_INET, SOCK_STREAM, 0));
	int waits_unix = must(socket(AF_UNIX, SOCK_STREAM, 0));
	must(connect(waits_tcp, &wait_tcp.any, tcp_len));
	must(connect(waits_unix, &wait_unix.any, unix_len));
	int from_unix = must(socket(AF_UNIX, SOCK_DGRAM, 0));
	int from_udp = must(socket(AF_INET, SOCK_DGRAM, 0));
	for (int i = 0; i < 3; i++) {
		must(sendto(from_unix, "hi", 2, 0, &to_unix.any, to_unix_len));
		must(sendto(from_udp, "hey", 3, 0, &to_udp.any, to_udp_len));
	}
	struct talk *half = &talks[5];
	must(shutdown(half->client, SHUT_WR));
	await_acknowledged(half->client);

	printf("{\"done\": true, \"pid\": %d, \"server\": %d, \"tcp_port\": %d, \"talks\": [",
	       getpid(), child, ntohs(wait_tcp.v4.sin_port));
	for (size_t i = 0; i < talks_count; i++)
		printf("%s{\"what\": \"%s\", \"kind\": \"%s\", \"client\": %lu, \"server\": %lu, "
		       "\"client_fd\": %d, \"server_fd\": %d, \"to_server\": %zu, "
		       "\"to_client\": %zu}",
		       i ? ", " : "", talks[i].what, talks[i].kind, talks[i].client_inode,
		       talks[i].server_inode, talks[i].client, talks[i].server, talks[i].to_server,
		       talks[i].to_client);
	printf("], \"waiting\": [{\"kind\": \"tcp\", \"inode\": %lu, \"fd\": %d, \"listener\": %lu}, "
	       "{\"kind\": \"unix\", \"inode\": %lu, \"fd\": %d, \"listener\": %lu}], ",
	       fd_inode(waits_tcp), waits_tcp, tcp_inode, fd_inode(waits_unix), waits_unix,
	       local_inode);
	printf("\"sent\": [{\"kind\": \"unix\", \"inode\": %lu, \"fd\": %d, \"to\": %lu, \"bytes\": 6}, "
	       "{\"kind\": \"udp\", \"inode\": %lu, \"fd\": %d, \"to\": %lu, \"bytes\": 9}], "
	       "\"half\": %d}\n",
	       fd_inode(from_unix), from_unix, unix_inode, fd_inode(from_udp), from_udp, udp_inode,
	       half->client);
	fflush(stdout);
	listen_for_test();
	end_child(child);
	unlink("stream");
	return 0;
}
