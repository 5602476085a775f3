// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two processes over a Unix socket pair: 64 bytes there and back, one half of the rounds by a
 * stream, the other by datagrams. usage: unixmsg [ROUNDS] → ns a round
 */
#include "bench.h"

#define SIZE 64

static void answer(int sock, long rounds)
{
	char data[SIZE];

	for (long i = 0; i < rounds; i++) {
		if (must(recv(sock, data, SIZE, MSG_WAITALL)) != SIZE)
			_exit(96);
		must(send(sock, data, SIZE, 0));
	}
}

static void ask(int sock, long rounds)
{
	char data[SIZE] = "";

	for (long i = 0; i < rounds; i++) {
		must(send(sock, data, SIZE, 0));
		if (must(recv(sock, data, SIZE, MSG_WAITALL)) != SIZE)
			_exit(96);
	}
}

int main(int argc, char **argv)
{
	long rounds = bench_count(argc, argv, 40000) / 2;
	int stream[2], dgram[2];

	bench_pin();
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, stream));
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, dgram));
	pid_t child = fork_child();
	if (child == 0) {
		answer(stream[1], rounds + 500);
		answer(dgram[1], rounds);
		_exit(0);
	}
	ask(stream[0], 500);
	uint64_t start = bench_now();
	ask(stream[0], rounds);
	ask(dgram[0], rounds);
	bench_tell(start, 2 * rounds);
	must(waitpid(child, NULL, 0));
	return 0;
}
