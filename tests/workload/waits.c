// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that get stuck, or nearly. Each argument is the script of one process; those that begin
 * with '-' are started by another (op D). All see PIPES pipes, SOCKETS socket pairs, EVENTS eventfds
 * and two files. An end is R0 or W0 of a pipe, A0 or B0 of a socket pair, E0 an eventfd. Ops, in order:
 *
 *   k R0 W1    close all ends but these            r END   read        w END  write until it blocks
 *   p A0 R1    poll these without limit            P MS END…  poll with a limit
 *   o END      write one byte                      z       sleep       y      pause
 *   b          keep running                        x       exit        c      wait for a child
 *   i N        wait for child of script N          D N     fork script N
 *   L F / K F  flock / fcntl lock of file F        B       all meet here
 *   t          a thread that sleeps                T SECONDS  alarm, with a handler
 *   N          lets the clock tick
 *   g A0 W1    send W1 over A0, and close W1       u SIG   handle the signal
 *   m N        lock robust mutex N in shared memory   M N  …priority-inheriting
 *   s / S      System V semop / msgrcv that blocks d       a session of its own, without PDEATHSIG
 *   e          epoll on the ends that follow: e R0 R1
 *   q END      a limit on receiving from that socket
 *
 * Tells {"pids": [...]} when all sleep that ever will.
 */
#include "workload.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/time.h>

#define PIPES	6
#define SOCKETS 4
#define EVENTS	4
#define SCRIPTS 12
#define WORDS	32

static struct shared {
	_Atomic int pid[SCRIPTS], met, busy[SCRIPTS], gone[SCRIPTS];
	pthread_mutex_t robust[4], inherit[4];
} *shared;

static int ends[PIPES * 2 + SOCKETS * 2 + EVENTS], files[2], sem, msg;
static char *file_names[2];
static char **scripts;
static int scripts_count;

static int *end_of(const char *name)
{
	int n = name[1] - '0';

	switch (name[0]) {
	case 'R': return &ends[n * 2];
	case 'W': return &ends[n * 2 + 1];
	case 'A': return &ends[PIPES * 2 + n * 2];
	case 'B': return &ends[PIPES * 2 + n * 2 + 1];
	case 'E': return &ends[PIPES * 2 + SOCKETS * 2 + n];
	}
	abort();
}

static bool is_end(const char *word)
{
	return word && strlen(word) == 2 && strchr("RWABE", word[0]) && word[1] >= '0' && word[1] <= '9';
}

static void run(int index);

static void *sleeper(void *arg)
{
	for (;;)
		sleep(1000);
	return NULL;
}

static void on_signal(int signal)
{
}

static void start(int index)
{
	pid_t pid = fork();

	must(pid);
	if (pid == 0) {
		run(index);
		_exit(0);
	}
	shared->pid[index] = pid;
}

static void fill(int fd)
{
	static char block[4096];

	for (;;)
		if (write(fd, block, sizeof(block)) < 0 && errno != EINTR)
			pause();
}

static void read_on(int fd)
{
	static char block[4096];

	for (;;) {
		ssize_t n = read(fd, block, sizeof(block));
		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			return;
	}
}

static void keep_only(char **words, int count)
{
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		bool kept = false;

		for (int j = 0; j < count; j++)
			kept |= end_of(words[j]) == &ends[i];
		if (!kept && ends[i] >= 0) {
			close(ends[i]);
			ends[i] = -1;
		}
	}
}

static void poll_ends(char **words, int count, int timeout)
{
	struct pollfd set[WORDS];

	for (int i = 0; i < count; i++)
		set[i] = (struct pollfd){ .fd = *end_of(words[i]), .events = POLLIN };
	while (poll(set, count, timeout) < 0)
		;
}

static void epoll_ends(char **words, int count)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event event = { .events = EPOLLIN };

	for (int i = 0; i < count; i++)
		must(epoll_ctl(epoll, EPOLL_CTL_ADD, *end_of(words[i]), &event));
	while (epoll_wait(epoll, &event, 1, -1) < 0)
		;
}

static void lock_file(int file, bool whole_file)
{
	struct flock lock = { .l_type = F_WRLCK };
	/* A description of one's own: the inherited one shares its locks. */
	int fd = open(file_names[file], O_RDWR | O_CLOEXEC);

	must(fd);
	if (whole_file)
		while (flock(fd, LOCK_EX) < 0 && errno == EINTR)
			;
	else
		while (fcntl(fd, F_SETLKW, &lock) < 0 && errno == EINTR)
			;
}

static void meet(void)
{
	int all = 0;

	for (int i = 0; i < scripts_count; i++)
		all += strstr(scripts[i], " B ") != NULL;
	shared->met++;
	while (shared->met < all)
		sched_yield();
}

static void run(int index)
{
	char *script = strdup(scripts[index] + (scripts[index][0] == '-')), *words[WORDS], *save;
	int count = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (char *word = strtok_r(script, " ", &save); word && count < WORDS - 1;
	     word = strtok_r(NULL, " ", &save))
		words[count++] = word;
	words[count] = NULL;
	for (int i = 0; i < count; i++) {
		char *arg = words[i + 1];
		int n = 0;
		pthread_t thread;

		while (i + 1 + n < count && is_end(words[i + 1 + n]))
			n++;
		switch (words[i][0]) {
		case 'k': keep_only(words + i + 1, n); i += n; break;
		case 'r': read_on(*end_of(arg)); i++; break;
		case 'w': fill(*end_of(arg)); i++; break;
		case 'o': must(write(*end_of(arg), "x", 1)); i++; break;
		case 'p': poll_ends(words + i + 1, n, -1); i += n; break;
		case 'P':
			n = 0;
			while (i + 2 + n < count && is_end(words[i + 2 + n]))
				n++;
			poll_ends(words + i + 2, n, atoi(arg));
			i += 1 + n;
			break;
		case 'e': epoll_ends(words + i + 1, n); i += n; break;
		/* Times of files are a tick old: to be told apart they must be further apart. */
		case 'N': usleep(60000); break;
		case 'z': sleep(1000); break;
		case 'y': pause(); break;
		case 'b':
			shared->busy[index] = 1;
			for (;;)
				sched_yield();
		case 'x': shared->gone[index] = 1; _exit(0);
		case 'c': while (wait(NULL) < 0 && errno == EINTR); break;
		case 'i':
			while (waitpid(shared->pid[atoi(arg)], NULL, 0) < 0 && errno == EINTR);
			i++;
			break;
		case 'D': start(atoi(arg)); i++; break;
		case 'L': lock_file(atoi(arg), true); i++; break;
		case 'K': lock_file(atoi(arg), false); i++; break;
		case 'B': meet(); break;
		case 't': pthread_create(&thread, NULL, sleeper, NULL); break;
		case 'T': {
			struct itimerval timer = { .it_value.tv_sec = atoi(arg) };
			struct sigaction action = { .sa_handler = on_signal };
			sigaction(SIGALRM, &action, NULL);
			setitimer(ITIMER_REAL, &timer, NULL);
			i++;
			break;
		}
		case 'u': {
			struct sigaction action = { .sa_handler = on_signal };
			sigaction(atoi(arg), &action, NULL);
			i++;
			break;
		}
		case 'g': {
			int fd = *end_of(words[i + 2]);
			must(send_fds(*end_of(arg), &fd, 1));
			close(fd);
			*end_of(words[i + 2]) = -1;
			i += 2;
			break;
		}
		case 'q': {
			struct timeval limit = { .tv_sec = 1000 };
			must(setsockopt(*end_of(arg), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)));
			i++;
			break;
		}
		case 'm': pthread_mutex_lock(&shared->robust[atoi(arg)]); i++; break;
		case 'M': pthread_mutex_lock(&shared->inherit[atoi(arg)]); i++; break;
		case 's': {
			struct sembuf op = { .sem_op = -1 };
			semop(sem, &op, 1);
			break;
		}
		case 'S': {
			struct { long type; char text[8]; } buf;
			msgrcv(msg, &buf, sizeof(buf.text), 0, 0);
			break;
		}
		case 'd': prctl(PR_SET_PDEATHSIG, 0); setsid(); break;
		default: abort();
		}
	}
}

static void make_mutexes(void)
{
	pthread_mutexattr_t robust, inherit;

	pthread_mutexattr_init(&robust);
	pthread_mutexattr_setpshared(&robust, PTHREAD_PROCESS_SHARED);
	inherit = robust;
	pthread_mutexattr_setrobust(&robust, PTHREAD_MUTEX_ROBUST);
	pthread_mutexattr_setprotocol(&inherit, PTHREAD_PRIO_INHERIT);
	for (int i = 0; i < 4; i++) {
		pthread_mutex_init(&shared->robust[i], &robust);
		pthread_mutex_init(&shared->inherit[i], &inherit);
	}
}

/* State and count of voluntary switches; false = no such process. */
static bool look(int pid, char *state, long *switches)
{
	char path[64], line[256];
	FILE *file;

	*state = 0;
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (fgets(line, sizeof(line), file)) {
		sscanf(line, "State: %c", state);
		sscanf(line, "voluntary_ctxt_switches: %ld", switches);
	}
	fclose(file);
	return *state != 'Z';
}

/* All that will sleep do: seen asleep three times without a run between. */
static void settle(void)
{
	long before[SCRIPTS] = { 0 }, now;
	int calm = 0;
	char state;

	while (calm < 3) {
		bool still = true;

		for (int i = 0; i < scripts_count; i++) {
			if (shared->busy[i] || shared->gone[i])
				continue;
			if (!shared->pid[i] || !look(shared->pid[i], &state, &now) || state != 'S' ||
			    now != before[i])
				still = false;
			before[i] = now;
		}
		calm = still ? calm + 1 : 0;
		usleep(5000);
	}
}

int main(int argc, char **argv)
{
	char pids[512];
	int used = 0;

	scripts = argv + 1;
	scripts_count = argc - 1;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	make_mutexes();
	for (int i = 0; i < PIPES; i++)
		must(pipe(&ends[i * 2]));
	for (int i = 0; i < SOCKETS; i++)
		must(socketpair(AF_UNIX, SOCK_STREAM, 0, &ends[PIPES * 2 + i * 2]));
	for (int i = 0; i < EVENTS; i++)
		must(ends[PIPES * 2 + SOCKETS * 2 + i] = eventfd(0, 0));
	for (int i = 0; i < 2; i++) {
		char name[] = "/tmp/waits-XXXXXX";
		files[i] = mkstemp(name);
		file_names[i] = strdup(name);
	}
	must(sem = semget(IPC_PRIVATE, 1, 0600));
	must(msg = msgget(IPC_PRIVATE, 0600));
	for (int i = 0; i < scripts_count; i++)
		if (scripts[i][0] != '-')
			start(i);
	keep_only(NULL, 0);
	settle();
	for (int i = 0; i < scripts_count; i++)
		used += snprintf(pids + used, sizeof(pids) - used, "%s%d", i ? ", " : "",
				 shared->pid[i]);
	tell("{\"ready\": true, \"pids\": [%s]}", pids);
	while (listen_for_test())
		;
	for (int i = 0; i < scripts_count; i++)
		if (shared->pid[i] && !shared->gone[i])
			kill(shared->pid[i], SIGKILL);
	while (wait(NULL) > 0 || errno == EINTR)
		;
	for (int i = 0; i < 2; i++)
		unlink(file_names[i]);
	semctl(sem, 0, IPC_RMID);
	msgctl(msg, IPC_RMID, NULL);
	return 0;
}
