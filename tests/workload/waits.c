// SPDX-License-Identifier: GPL-2.0-only
/*
 * Processes that get stuck, or nearly. Each argument is the script of one process; those that begin
 * with '-' are started by another (op D). All see PIPES pipes, SOCKETS socket pairs, EVENTS eventfds
 * two files, TCPS connections, a connected pair of UDP sockets, two listeners, a terminal, a POSIX queue
 * and two FIFOs. An end is R0 or W0 of a pipe, A0 or B0 of a socket pair, E0 an eventfd, C0 or V0 of a
 * TCP connection, U0 or Y0 of the UDP pair, J0 a TCP listener, J1 a Unix one, O0 the terminal's master,
 * S0 its slave, Q0 the queue for reading, Z0 for writing, I0 a Unix datagram socket with a name. Ops, in
 * order:
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
 *   h / H      use that semaphore / queue, and leave it as it was
 *   e          epoll on the ends that follow: e R0 R1
 *   q END      a limit on receiving from that socket
 *   a END      accept a connection, and no more      j END    connect to that listener, and read
 *   n END      connect or send to J1 or I0 until that blocks
 *   f N / F N  open FIFO N for reading / writing     v N      vfork script N
 *   l END      read, by recv with MSG_WAITALL        X        unlink the queue
 *   G N        take semaphore N, which is in memory that only the scripts' processes share
 *   V          unmap that memory
 *
 * Tells {"pids": [...]} when all sleep that ever will.
 */
#include "workload.h"

#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <termios.h>

#define PIPES   6
#define SOCKETS 4
#define EVENTS  4
#define TCPS    3
#define OTHERS  9 /* UDP pair, listeners, terminal, queue: two each; a datagram socket */
#define SCRIPTS 12
#define WORDS   32

static struct shared {
	_Atomic int pid[SCRIPTS], met, busy[SCRIPTS], gone[SCRIPTS];
	pthread_mutex_t robust[4], inherit[4];
} * shared;

#define WORDS_SIZE 4096
static sem_t *semaphores; /* that many bytes of them */

static int ends[PIPES * 2 + SOCKETS * 2 + EVENTS + TCPS * 2 + OTHERS], files[2], sem, msg;
static char *file_names[2], fifo_names[2][32], queue_name[32];
static char **scripts;

#define TCP_AT   (PIPES * 2 + SOCKETS * 2 + EVENTS)
#define OTHER_AT (TCP_AT + TCPS * 2)
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
	case 'C': return &ends[TCP_AT + n * 2];
	case 'V': return &ends[TCP_AT + n * 2 + 1];
	case 'U': return &ends[OTHER_AT];
	case 'Y': return &ends[OTHER_AT + 1];
	case 'J': return &ends[OTHER_AT + 2 + n];
	case 'O': return &ends[OTHER_AT + 4];
	case 'S': return &ends[OTHER_AT + 5];
	case 'Q': return &ends[OTHER_AT + 6];
	case 'Z': return &ends[OTHER_AT + 7];
	case 'I': return &ends[OTHER_AT + 8];
	}
	abort();
}

static bool is_end(const char *word)
{
	return word && strlen(word) == 2 && strchr("RWABECVUYJOSQZI", word[0]) && word[1] >= '0' &&
	       word[1] <= '9';
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

static void start(int index, bool vforked)
{
	/* Its own memory, but the maker sleeps as in vfork(). */
	pid_t pid = vforked ? syscall(SYS_clone, CLONE_VFORK | SIGCHLD, 0, 0, 0, 0) : fork();

	must(pid);
	if (pid == 0 && vforked)
		shared->pid[index] = getpid();
	if (pid == 0) {
		run(index);
		_exit(0);
	}
	shared->pid[index] = pid;
}

static void fill(int fd)
{
	static char block[4096];

	/* A queue: it has room for one message. */
	if (fd == *end_of("Z0"))
		for (;;)
			mq_send(fd, block, 8, 0);
	for (;;)
		if (write(fd, block, sizeof(block)) < 0 && errno != EINTR)
			pause();
}

static void read_whole(int fd)
{
	static char block[4096];

	while (recv(fd, block, sizeof(block), MSG_WAITALL) < 0 && errno == EINTR)
		;
}

static void read_on(int fd)
{
	static char block[4096];

	if (fd == *end_of("Q0"))
		for (;;)
			mq_receive(fd, block, sizeof(block), NULL);
	for (;;) {
		ssize_t n = read(fd, block, sizeof(block));
		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			return;
	}
}

static void connect_and_read(int listener)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);
	int fd;

	must(getsockname(listener, (void *)&address, &len));
	must(fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
	close(listener);
	*end_of(address.ss_family == AF_INET ? "J0" : "J1") = -1;
	must(connect(fd, (void *)&address, len));
	read_on(fd);
}

/* Until its queue is full, and then one more. */
static void crowd(int fd)
{
	int type, *end = fd == *end_of("I0") ? end_of("I0") : end_of("J1");
	struct sockaddr_storage address;
	socklen_t len = sizeof(address), type_len = sizeof(type);

	must(getsockname(fd, (void *)&address, &len));
	must(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len));
	close(fd);
	*end = -1;
	for (;;) {
		must(fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0));
		must(type == SOCK_DGRAM ? sendto(fd, "x", 1, 0, (void *)&address, len) :
					  connect(fd, (void *)&address, len));
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
		case 'k':
			keep_only(words + i + 1, n);
			i += n;
			break;
		case 'r':
			read_on(*end_of(arg));
			i++;
			break;
		case 'w':
			fill(*end_of(arg));
			i++;
			break;
		case 'o':
			must(write(*end_of(arg), "x", 1));
			i++;
			break;
		case 'p':
			poll_ends(words + i + 1, n, -1);
			i += n;
			break;
		case 'P':
			n = 0;
			while (i + 2 + n < count && is_end(words[i + 2 + n]))
				n++;
			poll_ends(words + i + 2, n, atoi(arg));
			i += 1 + n;
			break;
		case 'e':
			epoll_ends(words + i + 1, n);
			i += n;
			break;
		/* That time passes is what is meant: times of files are a tick old, and a pipe written to
		 * before a process began must be so by more than that (TICK_NS in src/model/). */
		case 'N': usleep(60000); break;
		case 'z': sleep(1000); break;
		case 'y': pause(); break;
		case 'b':
			shared->busy[index] = 1;
			for (;;)
				sched_yield();
		case 'x': shared->gone[index] = 1; _exit(0);
		case 'c':
			while (wait(NULL) < 0 && errno == EINTR)
				;
			break;
		case 'i':
			while (waitpid(shared->pid[atoi(arg)], NULL, 0) < 0 && errno == EINTR)
				;
			i++;
			break;
		case 'D':
			start(atoi(arg), false);
			i++;
			break;
		case 'v':
			start(atoi(arg), true);
			i++;
			break;
		case 'a':
			must(accept(*end_of(arg), NULL, NULL));
			i++;
			break;
		case 'n':
			crowd(*end_of(arg));
			i++;
			break;
		case 'j':
			connect_and_read(*end_of(arg));
			i++;
			break;
		case 'f':
			must(open(fifo_names[atoi(arg)], O_RDONLY));
			i++;
			break;
		case 'F':
			must(open(fifo_names[atoi(arg)], O_WRONLY));
			i++;
			break;
		case 'l':
			read_whole(*end_of(arg));
			i++;
			break;
		case 'X': mq_unlink(queue_name); break;
		case 'L':
			lock_file(atoi(arg), true);
			i++;
			break;
		case 'K':
			lock_file(atoi(arg), false);
			i++;
			break;
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
			must(setsockopt(*end_of(arg), SOL_SOCKET, SO_RCVTIMEO, &limit,
					sizeof(limit)));
			i++;
			break;
		}
		case 'm':
			pthread_mutex_lock(&shared->robust[atoi(arg)]);
			i++;
			break;
		case 'M':
			pthread_mutex_lock(&shared->inherit[atoi(arg)]);
			i++;
			break;
		case 's': {
			struct sembuf op = { .sem_op = -1 };
			semop(sem, &op, 1);
			break;
		}
		case 'S': {
			struct {
				long type;
				char text[8];
			} buf;
			msgrcv(msg, &buf, sizeof(buf.text), 0, 0);
			break;
		}
		case 'h': {
			struct sembuf op = { .sem_op = 1 };
			must(semop(sem, &op, 1));
			op.sem_op = -1;
			must(semop(sem, &op, 1));
			break;
		}
		case 'H': {
			struct {
				long type;
				char text[8];
			} buf = { .type = 1 };
			must(msgsnd(msg, &buf, sizeof(buf.text), 0));
			must(msgrcv(msg, &buf, sizeof(buf.text), 0, 0));
			break;
		}
		case 'G':
			while (sem_wait(&semaphores[atoi(arg)]) && errno == EINTR)
				;
			i++;
			break;
		case 'V': must(munmap(semaphores, WORDS_SIZE)); break;
		case 'd':
			prctl(PR_SET_PDEATHSIG, 0);
			setsid();
			break;
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

/* All that will sleep do: seen asleep three times without a run between. The kernel tells nobody when that
 * comes, so /proc is asked; what never settles shows as the limit of the test. */
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
			/* D: in vfork. */
			if (!shared->pid[i] || !look(shared->pid[i], &state, &now) ||
			    !strchr("SD", state) || now != before[i])
				still = false;
			before[i] = now;
		}
		calm = still ? calm + 1 : 0;
		usleep(5000);
	}
}

static int bound(int family, int type)
{
	struct sockaddr_storage address = { .ss_family = family };
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	must(fd);
	if (family == AF_INET)
		((struct sockaddr_in *)&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	/* A Unix socket without a name is given one of its own. */
	must(bind(fd, (void *)&address, family == AF_INET ? sizeof(struct sockaddr_in) : 2));
	return fd;
}

static void connect_to(int fd, int other)
{
	struct sockaddr_in address;
	socklen_t len = sizeof(address);

	must(getsockname(other, (void *)&address, &len));
	must(connect(fd, (void *)&address, len));
}

static void make_sockets(void)
{
	int listener = bound(AF_INET, SOCK_STREAM), size = 16384;

	must(setsockopt(listener, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
	must(setsockopt(listener, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)));
	must(listen(listener, TCPS));
	for (int i = 0; i < TCPS; i++) {
		must(ends[TCP_AT + i * 2] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
		/* Buffers of a fixed size: those that grow wake their writer long after. */
		must(setsockopt(ends[TCP_AT + i * 2], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)));
		must(setsockopt(ends[TCP_AT + i * 2], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)));
		connect_to(ends[TCP_AT + i * 2], listener);
		must(ends[TCP_AT + i * 2 + 1] = accept(listener, NULL, NULL));
	}
	close(listener);
	*end_of("U0") = bound(AF_INET, SOCK_DGRAM);
	*end_of("Y0") = bound(AF_INET, SOCK_DGRAM);
	connect_to(*end_of("U0"), *end_of("Y0"));
	connect_to(*end_of("Y0"), *end_of("U0"));
	*end_of("J0") = bound(AF_INET, SOCK_STREAM);
	*end_of("J1") = bound(AF_UNIX, SOCK_STREAM);
	*end_of("I0") = bound(AF_UNIX, SOCK_DGRAM);
	must(listen(*end_of("J0"), 8));
	must(listen(*end_of("J1"), 8));
}

static void make_named(void)
{
	struct mq_attr attr = { .mq_maxmsg = 1, .mq_msgsize = 64 };
	struct termios modes;

	must(*end_of("O0") = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
	must(grantpt(*end_of("O0")));
	must(unlockpt(*end_of("O0")));
	must(*end_of("S0") = open(ptsname(*end_of("O0")), O_RDWR | O_NOCTTY | O_CLOEXEC));
	must(tcgetattr(*end_of("S0"), &modes));
	cfmakeraw(&modes);
	must(tcsetattr(*end_of("S0"), TCSANOW, &modes));
	snprintf(queue_name, sizeof(queue_name), "/waits-%d", getpid());
	must(*end_of("Q0") = mq_open(queue_name, O_CREAT | O_EXCL | O_RDONLY, 0600, &attr));
	must(*end_of("Z0") = mq_open(queue_name, O_WRONLY));
	for (int i = 0; i < 2; i++) {
		snprintf(fifo_names[i], sizeof(fifo_names[i]), "/tmp/waits-%d-%d", getpid(), i);
		must(mkfifo(fifo_names[i], 0600));
	}
}

int main(int argc, char **argv)
{
	char pids[512];
	int used = 0;

	scripts = argv + 1;
	scripts_count = argc - 1;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	make_mutexes();
	semaphores = mmap(NULL, WORDS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
			  0);
	for (int i = 0; i < 4; i++)
		must(sem_init(&semaphores[i], 1, 0));
	for (int i = 0; i < PIPES; i++)
		must(pipe(&ends[i * 2]));
	for (int i = 0; i < SOCKETS; i++)
		must(socketpair(AF_UNIX, SOCK_STREAM, 0, &ends[PIPES * 2 + i * 2]));
	for (int i = 0; i < EVENTS; i++)
		must(ends[PIPES * 2 + SOCKETS * 2 + i] = eventfd(0, 0));
	make_sockets();
	make_named();
	for (int i = 0; i < 2; i++) {
		char name[] = "/tmp/waits-XXXXXX";
		files[i] = mkstemp(name);
		file_names[i] = strdup(name);
	}
	must(sem = semget(IPC_PRIVATE, 1, 0600));
	must(msg = msgget(IPC_PRIVATE, 0600));
	for (int i = 0; i < scripts_count; i++)
		if (scripts[i][0] != '-')
			start(i, false);
	keep_only(NULL, 0);
	must(munmap(semaphores, WORDS_SIZE));
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
	for (int i = 0; i < 2; i++) {
		unlink(file_names[i]);
		unlink(fifo_names[i]);
	}
	mq_unlink(queue_name);
	semctl(sem, 0, IPC_RMID);
	msgctl(msg, IPC_RMID, NULL);
	return 0;
}
