// SPDX-License-Identifier: GPL-2.0-only
/*
 * When the other side of a half-closed TCP connection was last heard of, for check: TCP_INFO of such
 * connections, by netlink (net/ipv4/inet_diag.c). Whatever came last came not before the other side
 * closed, so for at least so long the connection has been as it is. In our own network namespace only.
 */
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "source/live.h"

#define NS_PER_MS  1000000ull
#define REPLY_SIZE 32768
/* include/net/tcp_states.h */
#define HALF_STATES (1u << 4 /* FIN_WAIT1 */ | 1u << 5 /* FIN_WAIT2 */ | 1u << 8 /* CLOSE_WAIT */)

struct request {
	struct nlmsghdr head;
	struct inet_diag_req_v2 body;
};

static bool is_half(const struct object *object)
{
	return object->key.kind == FILE_TCP && object->slots && object->socket &&
	       object->socket->facts.state < 32 && (1u << object->socket->facts.state & HALF_STATES);
}

/* Of the connections in that state here, none = 0. */
static struct object *object_here(const struct live *live, uint64_t ino, uint32_t netns)
{
	struct object *object;

	for (object = live->model->objects; object; object = object->hh.next)
		if (object->key.ino == ino && is_half(object) &&
		    object->socket->facts.netns == netns)
			return object;
	return NULL;
}

static bool has_half(const struct live *live)
{
	const struct object *object;

	for (object = live->model->objects; object; object = object->hh.next)
		if (is_half(object))
			return true;
	return false;
}

static int heard_deliver(struct live *live, const struct object *object, uint64_t ms)
{
	struct record_heard record = {
		.head = {.type = RECORD_HEARD, .size = sizeof(record), .ts = now_ns()},
		.ino = object->key.ino,
		.dev = object->key.dev,
		.ago = ms * NS_PER_MS,
	};

	return live_deliver(live, &record.head);
}

static const struct tcp_info *info_of(const struct nlmsghdr *head)
{
	const struct inet_diag_msg *message = NLMSG_DATA(head);
	int len = (int)head->nlmsg_len - (int)NLMSG_LENGTH(sizeof(*message));
	const struct rtattr *attr = (const void *)(message + 1);

	for (; RTA_OK(attr, len); attr = RTA_NEXT(attr, len))
		if (attr->rta_type == INET_DIAG_INFO &&
		    RTA_PAYLOAD(attr) >= offsetof(struct tcp_info, tcpi_pmtu))
			return RTA_DATA(attr);
	return NULL;
}

static int message_take(struct live *live, const struct nlmsghdr *head, uint32_t netns)
{
	const struct inet_diag_msg *message = NLMSG_DATA(head);
	const struct tcp_info *info = info_of(head);
	const struct object *object;

	object = info ? object_here(live, message->idiag_inode, netns) : NULL;
	return object ? heard_deliver(live, object, info->tcpi_last_ack_recv) : 0;
}

/* 1 = more is to come; 0 = that was all, or it cannot be known. */
static int replies_take(struct live *live, const char *buf, ssize_t size, uint32_t netns)
{
	const struct nlmsghdr *head = (const void *)buf;
	int left = (int)size, err = 0;

	for (; NLMSG_OK(head, left) && !err; head = NLMSG_NEXT(head, left)) {
		if (head->nlmsg_type != SOCK_DIAG_BY_FAMILY)
			return 0; /* done, or an error: it stays unknown */
		err = message_take(live, head, netns);
	}
	return err ? err : 1;
}

static int family_ask(struct live *live, int fd, __u8 family, uint32_t netns)
{
	struct request request = {
		.head = {.nlmsg_len = sizeof(request),
			 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
			 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.body = {.sdiag_family = family,
			 .sdiag_protocol = IPPROTO_TCP,
			 .idiag_ext = 1 << (INET_DIAG_INFO - 1),
			 .idiag_states = HALF_STATES},
	};
	char *buf = malloc(REPLY_SIZE);
	ssize_t n;
	int more;

	if (!buf)
		return -ENOMEM;
	more = send(fd, &request, sizeof(request), 0) == sizeof(request);
	while (more > 0) {
		n = recv(fd, buf, REPLY_SIZE, 0);
		more = n > 0 ? replies_take(live, buf, n, netns) : n < 0 && errno == EINTR;
	}
	free(buf);
	return more;
}

int live_heard(struct live *live)
{
	enum command command = live->options->command;
	struct stat ns;
	int fd, err;

	if ((command != COMMAND_CHECK && command != COMMAND_RECORD) || !has_half(live) ||
	    stat("/proc/self/ns/net", &ns))
		return 0;
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	if (fd < 0)
		return 0;
	err = family_ask(live, fd, AF_INET, (uint32_t)ns.st_ino);
	if (!err)
		err = family_ask(live, fd, AF_INET6, (uint32_t)ns.st_ino);
	close(fd);
	return err;
}
