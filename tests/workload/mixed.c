// SPDX-License-Identifier: GPL-2.0-only
/*
 * A storm of everything at once, on every processor: pipes, Unix and TCP sockets, descriptors passed,
 * signals, forks, execs, dups, mappings; and beside it, if asked for, a real-time process that keeps one
 * processor to itself for so many seconds. Then all is quiet and stays, with descriptors of every kind.
 *
 * usage: mixed [-p PROCESSES] [-g SECONDS of the real-time process]
 *   → {"ready": true, "pid"}                          waits for a line, then storms
 *   → {"storming": true}                              waits for a line, and for the real-time process
 *   → {"quiet": [PID…], "rounds": N, "hog": 0|errno}  nothing changes any more
 *   waits for a line or end of file, then ends
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>
#include "workload.h"

#define FIRST       32 /* numbers from here to LIMIT are kept, and replaced at random */
#define LIMIT       160
#define WORKERS_MAX 16

static int workers, hog_seconds;
static struct sockaddr_in server = { .sin_family = AF_INET };
static int listener;

/* Everybody's pid, known to all before anything starts. */
static struct {
	pid_t workers[WORKERS_MAX];
	unsigned int rounds;
	int hog_error;
	volatile bool is_over;
} * shared;

struct worker {
	uint64_t dice;
	int index;
};

static uint32_t roll(struct worker *it, uint32_t below)
{
	it->dice ^= it->dice << 13;
	it->dice ^= it->dice >> 7;
	it->dice ^= it->dice << 17;
	return (it->dice >> 32) % below;
}

static int any_fd(struct worker *it)
{
	return FIRST + roll(it, LIMIT - FIRST);
}

/* Keeps it under some number, whose old content goes. */
static void keep(struct worker *it, int fd)
{
	must(dup3(fd, any_fd(it), roll(it, 2) ? O_CLOEXEC : 0));
	must(close(fd));
}

static void move_data(int from, int to, size_t size)
{
	char data[4096] = { 0 };

	write_all(from, data, size);
	read_all(to, data, size);
}

static void round_pipe(struct worker *it)
{
	int ends[2];

	must(pipe(ends));
	move_data(ends[1], ends[0], 1 + roll(it, 4096));
	keep(it, ends[0]);
	keep(it, ends[1]);
}

static void round_pair(struct worker *it)
{
	int pair[2], got;

	must(socketpair(AF_UNIX, roll(it, 2) ? SOCK_STREAM : SOCK_SEQPACKET, 0, pair));
	must(send_fds(pair[0], (int[]){ 0, pair[1] }, 1 + roll(it, 2)));
	if (roll(it, 2)) { /* else they stay in flight, until the socket goes */
		int fds[2];

		for (got = must(receive_fds(pair[1], fds, 2, 0)); got > 0; got--)
			keep(it, fds[got - 1]);
	}
	keep(it, pair[0]);
	keep(it, pair[1]);
}

/* All share one listener; who accepts gets anybody's connection, which is as it should be. */
static void round_tcp(struct worker *it)
{
	int mine = must(socket(AF_INET, SOCK_STREAM, 0)), other;

	must(connect(mine, (struct sockaddr *)&server, sizeof(server)));
	other = must(accept4(listener, NULL, NULL, roll(it, 2) ? SOCK_CLOEXEC : 0));
	must(send(mine, "storm", 5, MSG_NOSIGNAL));
	keep(it, mine);
	keep(it, other);
}

static void round_signal(struct worker *it)
{
	pid_t to = shared->workers[roll(it, workers)];

	must(kill(to, SIGUSR1));
	must(kill(to, SIGUSR2));
	if (sigqueue(to, SIGRTMIN + 1, (union sigval){ .sival_int = 1 }))
		must(errno == EAGAIN ? 0 : -1);
	must(raise(SIGRTMIN + 2));
}

static void round_fork(struct worker *it)
{
	pid_t pid = must(fork());

	if (pid == 0) {
		int ends[2];

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		must(pipe(ends));
		must(close(any_fd(it)) && errno != EBADF ? -1 : 0);
		if (roll(it, 2))
			_exit(0);
		execl("/bin/true", "true", NULL);
		_exit(94);
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static void round_dup(struct worker *it)
{
	for (int i = 0; i < 8; i++) {
		if (dup2(any_fd(it), any_fd(it)) < 0)
			must(errno == EBADF ? 0 : -1);
		close(any_fd(it));
	}
}

static void round_memory(struct worker *it)
{
	int fd = must(memfd_create("storm", roll(it, 2) ? MFD_CLOEXEC : 0));
	void *at;

	must(ftruncate(fd, 8192));
	at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(at == MAP_FAILED ? -1 : 0);
	if (roll(it, 16)) /* a few stay */
		must(munmap(at, 8192));
	keep(it, fd);
}

static void *thread_main(void *arg)
{
	int *ends = arg;

	must(close(ends[0]));
	must(close(ends[1]));
	return NULL;
}

/* A thread changes its process's table while that goes on. */
static void round_thread(struct worker *it)
{
	pthread_t thread;
	int ends[2];

	must(pipe(ends));
	must(pthread_create(&thread, NULL, thread_main, ends) ? -1 : 0);
	round_dup(it);
	must(pthread_join(thread, NULL) ? -1 : 0);
}

static void (*const kinds[])(struct worker *) = {
	round_pipe, round_pair, round_tcp,    round_signal, round_fork,
	round_dup,  round_dup,  round_memory, round_thread,
};

static void handler(int signal)
{
}

static void catch (int signal)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

	must(sigaction(signal, &action, NULL));
}

static void pin(int index)
{
	cpu_set_t all, one;
	int cpu = -1, left;

	must(sched_getaffinity(0, sizeof(all), &all));
	for (left = index % CPU_COUNT(&all); left >= 0; left--)
		while (!CPU_ISSET(++cpu, &all))
			;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	must(sched_setaffinity(0, sizeof(one), &one));
}

static void work(int index)
{
	struct worker it = { .index = index, .dice = (index + 1) * 0x9e3779b97f4a7c15ull | 1 };

	pin(index);
	while (!shared->is_over) {
		kinds[roll(&it, sizeof(kinds) / sizeof(kinds[0]))](&it);
		__atomic_fetch_add(&shared->rounds, 1, __ATOMIC_RELAXED);
	}
}

/* Real-time work on the last processor: whoever else is there gets what the kernel leaves them. */
static pid_t hog_start(int gate)
{
	pid_t pid = fork_child();
	struct timespec now, end;

	if (pid)
		return pid;
	must(close(gate)); /* the workers wait until nobody has it */
	pin(workers - 1);
	if (sched_setscheduler(0, SCHED_FIFO, &(struct sched_param){ .sched_priority = 50 })) {
		shared->hog_error = errno;
		_exit(0);
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += hog_seconds;
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while (now.tv_sec < end.tv_sec || (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
	_exit(0);
}

static void listener_open(void)
{
	socklen_t len = sizeof(server);

	server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = must(socket(AF_INET, SOCK_STREAM, 0));
	must(bind(listener, (struct sockaddr *)&server, len));
	must(getsockname(listener, (struct sockaddr *)&server, &len));
	must(listen(listener, 4096));
}

static void worker_main(int index, const int *start, const int *done)
{
	char c;

	must(close(start[1]));
	if (read(start[0], &c, 1) != 0)
		_exit(95);
	must(close(start[0]));
	work(index);
	signal_turn(done[1]);
	stay();
}

int main(int argc, char **argv)
{
	int option, start[2], done[2];
	pid_t hog = 0;

	workers = 2 * sysconf(_SC_NPROCESSORS_ONLN);
	while ((option = getopt(argc, argv, "p:g:")) != -1)
		switch (option) {
		case 'p': workers = atoi(optarg); break;
		case 'g': hog_seconds = atoi(optarg); break;
		default: return 2;
		}
	if (workers > WORKERS_MAX)
		workers = WORKERS_MAX;
	if (workers < 1)
		return 2;
	tell("{\"ready\": true, \"pid\": %d}", getpid());
	listen_for_test();

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		return 95;
	catch (SIGUSR1);
	catch (SIGRTMIN + 1);
	catch (SIGRTMIN + 2);
	must(signal(SIGUSR2, SIG_IGN) == SIG_ERR ? -1 : 0);
	listener_open();
	must(pipe(start));
	must(pipe(done));
	for (int i = 0; i < workers; i++) {
		pid_t pid = fork_child();
		if (pid == 0)
			worker_main(i, start, done);
		shared->workers[i] = pid; /* 0, for a moment, would be everybody in the group */
	}
	must(close(start[0]));
	if (hog_seconds)
		hog = hog_start(start[1]);
	must(close(start[1]));
	tell("{\"storming\": true}");
	listen_for_test();
	while (hog && waitpid(hog, NULL, 0) < 0 && errno == EINTR)
		;
	shared->is_over = true;

	char list[512];
	int at = snprintf(list, sizeof(list), "%d", getpid());
	for (int i = 0; i < workers; i++)
		await_turn(done[0]);
	for (int i = 0; i < workers; i++)
		at += snprintf(list + at, sizeof(list) - at, ", %d", shared->workers[i]);
	tell("{\"quiet\": [%s], \"rounds\": %u, \"hog\": %d}", list, shared->rounds,
	     shared->hog_error);
	listen_for_test();
	for (int i = 0; i < workers; i++)
		end_child(shared->workers[i]);
	return 0;
}
