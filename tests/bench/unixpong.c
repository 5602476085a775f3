// SPDX-License-Identifier: GPL-2.0-only
/* Ping-pong over a Unix stream. usage: unixpong [ROUNDS] → ns a round */
#include "sockpong.h"

int main(int argc, char **argv)
{
	int ends[2];

	bench_pin();
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	return sockpong(ends[0], ends[1], bench_count(argc, argv, 50000));
}
