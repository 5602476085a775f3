// SPDX-License-Identifier: GPL-2.0-only
/* Ping-pong over TCP on the loopback. usage: tcppong [ROUNDS] → ns a round */
#include "sockpong.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = must(socket(AF_INET, SOCK_STREAM, 0)), here, there, one = 1;
	socklen_t len = sizeof(address);

	bench_pin();
	must(bind(listener, (struct sockaddr *)&address, len));
	must(listen(listener, 1));
	must(getsockname(listener, (struct sockaddr *)&address, &len));
	here = must(socket(AF_INET, SOCK_STREAM, 0));
	must(connect(here, (struct sockaddr *)&address, len));
	there = must(accept(listener, NULL, NULL));
	must(setsockopt(here, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
	must(setsockopt(there, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)));
	return sockpong(here, there, bench_count(argc, argv, 30000));
}
