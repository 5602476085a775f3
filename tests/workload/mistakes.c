// SPDX-License-Identifier: GPL-2.0-only
/*
 * Mistakes in the use of IPC, one for each rule of ipctrace check, and beside each what looks like it
 * but is none.
 *
 * usage: mistakes NAME
 *   → {"ready": true, "pid": PID}         waits for a line, then does it
 *   → {"done": true, …the pids and inodes that a finding has to name}    waits, then ends
 *
 * A rule that speaks of what lasts can only be tested by letting it last.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/file.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <time.h>

#include "workload.h"

static const char *self;

/* Keeps what there is for longer than check takes for passing (LASTING_NS and others in src/check/). */
static void last(void)
{
	struct timespec pause = { .tv_sec = 1, .tv_nsec = 400000000 };

	while (nanosleep(&pause, &pause) < 0)
		;
}

static void tell_done(pid_t who, int fd)
{
	tell("{\"done\": true, \"pid\": %d, \"inode\": %lu}", who, fd < 0 ? 0 : fd_inode(fd));
}

static void tell_and_wait(pid_t who, int fd)
{
	tell_done(who, fd);
	listen_for_test();
}

/* --- pipe ends ------------------------------------------------------------------------------- */

/* A child reads to the end; it has closed the write end, or not. The parent writes, and is done. */
static void reader(bool closes)
{
	char byte;
	int ends[2];
	pid_t child;

	must(pipe(ends));
	child = fork_child();
	if (!child) {
		if (closes)
			must(close(ends[1]));
		while (read(ends[0], &byte, 1) > 0)
			;
		stay();
	}
	must(close(ends[0]));
	write_all(ends[1], "xyz", 3);
	unsigned long inode = fd_inode(ends[1]);
	must(close(ends[1]));
	last();
	tell("{\"done\": true, \"pid\": %d, \"inode\": %lu}", child, inode);
	listen_for_test();
	end_child(child);
}

/* The parent makes a pipe for two children, as a shell does, and closes the write end, or not. */
static void parent(bool closes)
{
	pid_t writer, reader;
	char byte;
	int ends[2];

	must(pipe(ends));
	unsigned long inode = fd_inode(ends[1]);
	writer = fork_child();
	if (!writer) {
		must(close(ends[0]));
		write_all(ends[1], "xyz", 3);
		_exit(0);
	}
	reader = fork_child();
	if (!reader) {
		must(close(ends[1]));
		while (read(ends[0], &byte, 1) > 0)
			;
		stay();
	}
	must(close(ends[0]));
	if (closes)
		must(close(ends[1]));
	must(waitpid(writer, NULL, 0));
	last();
	tell("{\"done\": true, \"pid\": %d, \"inode\": %lu}", getpid(), inode);
	listen_for_test();
	end_child(reader);
}

/* A child writes to its parent and has closed the read end, or not. */
static void writer(bool closes)
{
	pid_t child;
	int ends[2];

	must(pipe(ends));
	child = fork_child();
	if (!child) {
		if (closes)
			must(close(ends[0]));
		write_all(ends[1], "x", 1);
		stay();
	}
	must(close(ends[1]));
	await_turn(ends[0]);
	last();
	tell_and_wait(child, ends[0]);
	end_child(child);
}

/* Both ends in one process, to wake itself. */
static void self_pipe(void)
{
	int ends[2];
	pid_t child;

	must(pipe(ends));
	child = fork_child();
	if (!child)
		stay();
	signal_turn(ends[1]);
	await_turn(ends[0]);
	last();
	tell_and_wait(getpid(), ends[0]);
	end_child(child);
}

/* Children that learn of their parent's death by the end of a pipe nobody writes to. */
static void death_watch(void)
{
	pid_t children[2];
	char byte;
	int ends[2];

	must(pipe(ends));
	for (int i = 0; i < 2; i++) {
		children[i] = fork_child();
		if (children[i])
			continue;
		must(close(ends[1]));
		while (read(ends[0], &byte, 1) > 0)
			;
		_exit(0);
	}
	last();
	tell_and_wait(getpid(), ends[0]);
	for (int i = 0; i < 2; i++)
		end_child(children[i]);
}

/* A queue that all hold at both ends, and in which each does one thing. */
static void queue(void)
{
	pid_t child;
	char bytes[3];
	int ends[2];

	must(pipe(ends));
	child = fork_child();
	if (!child) {
		write_all(ends[1], "xyz", 3);
		_exit(0);
	}
	read_all(ends[0], bytes, sizeof(bytes));
	must(waitpid(child, NULL, 0));
	last();
	tell_and_wait(getpid(), ends[0]);
}

/* A master keeps both ends of its log pipe, for a logger that it may have to start anew; a worker
 * that has it as standard error lives on. */
static void master(void)
{
	pid_t logger, workers[2];
	char bytes[3];
	int ends[2];

	must(pipe(ends));
	logger = fork_child();
	if (!logger) {
		must(close(ends[1]));
		read_all(ends[0], bytes, sizeof(bytes));
		stay();
	}
	for (int i = 0; i < 2; i++) {
		workers[i] = fork_child();
		if (workers[i])
			continue;
		must(dup2(ends[1], 2));
		must(close(ends[0]));
		must(close(ends[1]));
		if (i)
			stay();
		write_all(2, "xyz", 3);
		_exit(0);
	}
	must(waitpid(workers[0], NULL, 0));
	last();
	tell_and_wait(getpid(), ends[0]);
	end_child(workers[1]);
	end_child(logger);
}

/* --- exec -------------------------------------------------------------------------------------- */

enum leak { LEAK, LEAK_CLOEXEC, LEAK_NAMED, LEAK_USED, LEAK_FOR_A_CHILD };

/* The parent writes to one child; another program, which has nothing to do with it, gets a copy. */
static void leak(enum leak how)
{
	pid_t reader, other;
	char byte, number[16];
	int ends[2];

	must(pipe2(ends, how == LEAK_CLOEXEC ? O_CLOEXEC : 0));
	reader = fork_child();
	if (!reader) {
		must(close(ends[1]));
		while (read(ends[0], &byte, 1) > 0)
			;
		_exit(0);
	}
	must(close(ends[0]));
	snprintf(number, sizeof(number), "--fd=%d", ends[1]);
	other = fork_child();
	if (!other) {
		execl(self, self,
		      how == LEAK_USED	       ? "program-write" :
		      how == LEAK_FOR_A_CHILD ? "program-child" :
						"program",
		      how == LEAK_NAMED || how == LEAK_USED ? number : NULL, NULL);
		_exit(95);
	}
	signal_turn(ends[1]);
	last();
	signal_turn(ends[1]);
	tell_and_wait(other, ends[1]);
	must(close(ends[1]));
	end_child(other);
	must(waitpid(reader, NULL, 0));
}

/* As the program: a child of it uses what it never uses itself, and was told of by no argument. */
static void program_child(void)
{
	struct stat st;
	int fd = 3;

	while (fstat(fd, &st) || !S_ISFIFO(st.st_mode))
		fd++;
	if (!fork_child()) {
		write_all(fd, "x", 1);
		stay();
	}
	stay();
}

/* --- readers ------------------------------------------------------------------------------------- */

/* A child writes to a pipe whose reader is gone, times times; ignoring SIGPIPE or not. */
static void broken(int times, bool ignores, bool is_stdout)
{
	pid_t child, gone;
	int ends[2];

	must(pipe(ends));
	unsigned long inode = fd_inode(ends[0]);
	gone = fork_child();
	if (!gone) {
		must(close(ends[1]));
		await_turn(ends[0]);
		_exit(0);
	}
	must(close(ends[0]));
	signal_turn(ends[1]);
	must(waitpid(gone, NULL, 0));
	child = fork_child();
	if (!child) {
		int fd = is_stdout ? must(dup2(ends[1], 1)) : ends[1];

		signal(SIGPIPE, ignores ? SIG_IGN : SIG_DFL);
		for (int i = 0; i < times; i++)
			if (write(fd, "x", 1) >= 0)
				_exit(94);
		_exit(0);
	}
	must(close(ends[1]));
	must(waitpid(child, NULL, 0));
	tell("{\"done\": true, \"pid\": %d, \"gone\": %d, \"inode\": %lu}", child, gone, inode);
	listen_for_test();
}

/* A shell's loop that reads lines, and a program in it that reads too: from the same input or not. */
static void readers(bool is_shared)
{
	int ends[2], none = must(open("/dev/null", O_RDONLY | O_CLOEXEC));
	pid_t writer, program;

	must(pipe2(ends, O_CLOEXEC));
	writer = fork_child();
	if (!writer) {
		must(close(ends[0]));
		for (;;)
			signal_turn(ends[1]);
	}
	must(close(ends[1]));
	await_turn(ends[0]);
	program = fork_child();
	if (!program) {
		must(dup2(is_shared ? ends[0] : none, 0));
		must(dup2(must(open("/dev/null", O_WRONLY | O_CLOEXEC)), 1));
		execlp("head", "head", "-c", "100", NULL);
		_exit(95);
	}
	must(waitpid(program, NULL, 0));
	last();
	await_turn(ends[0]);
	last();
	tell_and_wait(program, ends[0]);
	end_child(writer);
}

/* A program reads its part of the input, and then another the rest. */
static void readers_in_turn(void)
{
	pid_t writer, program;
	int ends[2];

	must(pipe2(ends, O_CLOEXEC));
	writer = fork_child();
	if (!writer) {
		must(close(ends[0]));
		for (int i = 0; i < 101; i++)
			signal_turn(ends[1]);
		_exit(0);
	}
	must(close(ends[1]));
	await_turn(ends[0]);
	program = fork_child();
	if (!program) {
		must(dup2(ends[0], 0));
		must(dup2(must(open("/dev/null", O_WRONLY | O_CLOEXEC)), 1));
		execlp("head", "head", "-c", "100", NULL);
		_exit(95);
	}
	must(waitpid(program, NULL, 0));
	must(waitpid(writer, NULL, 0));
	last();
	tell_and_wait(program, ends[0]);
}

/* --- O_NONBLOCK ------------------------------------------------------------------------------------ */

/* A child makes the input it shares non-blocking; or a description of its own, opened anew. */
static void nonblock(bool anew)
{
	char path[64];
	int ends[2];
	pid_t child;

	must(pipe(ends));
	child = fork_child();
	if (!child) {
		int fd = ends[0];

		if (anew) {
			snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
			fd = must(open(path, O_RDONLY | O_CLOEXEC));
		}
		must(fcntl(fd, F_SETFL, O_NONBLOCK));
		_exit(0);
	}
	must(waitpid(child, NULL, 0));
	signal_turn(ends[1]);
	await_turn(ends[0]);
	tell_and_wait(child, ends[0]);
}

/* --- limits ---------------------------------------------------------------------------------------- */

static void limit(int open_now)
{
	struct rlimit limit;

	must(getrlimit(RLIMIT_NOFILE, &limit));
	limit.rlim_cur = 64;
	must(setrlimit(RLIMIT_NOFILE, &limit));
	while (must(dup(0)) < open_now)
		;
	tell_and_wait(getpid(), -1);
}

static void in_flight(size_t count)
{
	int fds[64], pair[2];
	char byte;

	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
	for (size_t i = 0; i < count; i++)
		fds[i] = 0;
	must(send_fds(pair[0], fds, count));
	/* Both ends move data, as a protocol's would. */
	must(write(pair[1], "x", 1));
	must(read(pair[0], &byte, 1));
	tell_and_wait(getpid(), pair[1]);
}

/* --- shared memory ----------------------------------------------------------------------------- */

/* Tells the object's id or path, and leaves it behind, or not. */
static void segment(bool removes)
{
	int id = must(shmget(IPC_PRIVATE, 8192, IPC_CREAT | 0600));
	char *at = must(shmat(id, NULL, 0));

	if (removes)
		must(shmctl(id, IPC_RMID, NULL));
	at[0] = 1;
	must(shmdt(at));
	tell("{\"done\": true, \"pid\": %d, \"left\": \"shm:%d\"}", getpid(), id);
	listen_for_test();
}

static void memory_object(bool unlinks)
{
	char name[64];
	int fd;
	char *at;

	snprintf(name, sizeof(name), "/ipctrace-mistakes-%d", getpid());
	fd = must(shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
	must(ftruncate(fd, 8192));
	at = must(mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	at[0] = 1;
	must(close(fd));
	if (unlinks)
		must(shm_unlink(name));
	tell("{\"done\": true, \"pid\": %d, \"left\": \"file:/dev/shm%s\"}", getpid(), name);
	listen_for_test();
}

static void semaphore(bool unlinks)
{
	char name[64];
	sem_t *sem;

	snprintf(name, sizeof(name), "/ipctrace-mistakes-%d", getpid());
	sem = sem_open(name, O_CREAT | O_EXCL, 0600, 1);
	if (sem == SEM_FAILED)
		_exit(93);
	must(sem_wait(sem));
	must(sem_post(sem));
	if (unlinks)
		must(sem_unlink(name));
	tell("{\"done\": true, \"pid\": %d, \"left\": \"file:/dev/shm/sem.%s\"}", getpid(),
	     name + 1);
	listen_for_test();
}

static void nothing(int signal)
{
	(void)signal;
}

/* What two children that write to the same memory have to agree by. */
struct shared {
	unsigned long counter;
	unsigned int never; /* a futex that stays 0 */
	pthread_mutex_t mutex;
	sem_t semaphore;
};

static struct shared *shared_make(const char *how, int fd)
{
	struct shared *at = must(mmap(NULL, sizeof(*at), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
	pthread_mutexattr_t attr;

	if (!strcmp(how, "mutex")) {
		pthread_mutexattr_init(&attr);
		pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
		pthread_mutex_init(&at->mutex, &attr);
	} else if (!strcmp(how, "semaphore")) {
		must(sem_init(&at->semaphore, 1, 1));
	}
	return at;
}

static void agree(const char *how, struct shared *at, int which, int set, int pipe_fd)
{
	struct sembuf up = { .sem_op = 1 };
	char byte = 0;

	if (!strcmp(how, "mutex")) {
		pthread_mutex_lock(&at->mutex);
		pthread_mutex_unlock(&at->mutex);
	} else if (!strcmp(how, "semaphore")) {
		must(sem_wait(&at->semaphore));
		must(sem_post(&at->semaphore));
	} else if (!strcmp(how, "contended") && which) {
		must(syscall(SYS_futex, &at->never, 0 /* FUTEX_WAIT, for all processes */, 0, NULL,
			     NULL, 0));
	} else if (!strcmp(how, "semop")) {
		must(semop(set, &up, 1));
	} else if (!strcmp(how, "pipe")) {
		must(which ? read(pipe_fd, &byte, 1) : write(pipe_fd, &byte, 1));
	}
}

static void share(const char *how, struct shared *at, int which, int set, const int *ends, pid_t other)
{
	struct timespec pause = { .tv_nsec = 1000000 };

	if (strcmp(how, "pipe")) {
		must(close(ends[0]));
		must(close(ends[1]));
	}
	if (!strcmp(how, "reader") && which) {
		must(mprotect(at, sizeof(*at), PROT_READ));
		stay();
	}
	if (!strcmp(how, "flock"))
		must(flock(must(open("/proc/self/exe", O_RDONLY | O_CLOEXEC)), LOCK_SH));
	if (!strcmp(how, "contended"))
		agree(how, at, which, set, ends[!which]);
	if (!strcmp(how, "signal") && which)
		must(kill(other, SIGUSR1));
	/* Slowly: it is to be seen at it, without a processor of its own. */
	for (;;) {
		at->counter++;
		if (strcmp(how, "contended"))
			agree(how, at, which, set, ends[!which]);
		nanosleep(&pause, NULL);
	}
}

/* Two children count in the same memory, and agree by something, or by nothing. */
static void memory(const char *how)
{
	int fd = must(memfd_create("counter", MFD_CLOEXEC)), set = -1, ends[2];
	pid_t children[2] = { -1, -1 };
	struct shared *at;

	must(ftruncate(fd, sizeof(*at)));
	at = shared_make(how, fd);
	if (!strcmp(how, "semop"))
		set = must(semget(IPC_PRIVATE, 1, 0600));
	must(pipe(ends));
	signal(SIGUSR1, nothing);
	for (int i = 0; i < 2; i++) {
		children[i] = fork_child();
		if (!children[i] && !strcmp(how, "parent") && i)
			stay();
		if (!children[i])
			share(how, at, i, set, ends, children[0]);
		if (!strcmp(how, "parent"))
			break;
		if (!strcmp(how, "in-turn")) {
			last();
			end_child(children[i]);
		}
	}
	must(close(ends[0]));
	must(close(ends[1]));
	last();
	tell_done(children[0], fd);
	listen_for_test();
	for (int i = 0; i < 2 && strcmp(how, "in-turn"); i++)
		if (children[i] > 0)
			end_child(children[i]);
	if (set >= 0)
		must(semctl(set, 0, IPC_RMID));
}

/* --- signals and sockets ------------------------------------------------------------------------- */

/* The test sends SIGUSR1, three times, while it is blocked for a moment, for long, or ignored. */
static void signalled(const char *how)
{
	sigset_t set;

	signal(SIGUSR1, !strcmp(how, "ignored") ? SIG_IGN : nothing);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (!strcmp(how, "merged") || !strcmp(how, "blocked"))
		must(sigprocmask(SIG_BLOCK, &set, NULL));
	tell("{\"signal\": true}");
	listen_for_test();
	if (!strcmp(how, "merged"))
		must(sigprocmask(SIG_UNBLOCK, &set, NULL));
	if (!strcmp(how, "blocked"))
		last();
	tell_and_wait(getpid(), -1);
}

/* Connections to ourselves, never accepted, or closed by the other side alone. */
static void connections(int backlog, int count, bool closes)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);
	int listener = must(socket(AF_INET, SOCK_STREAM, 0)), fd;

	must(bind(listener, (struct sockaddr *)&address, size));
	must(listen(listener, backlog));
	must(getsockname(listener, (struct sockaddr *)&address, &size));
	for (int i = 0; i < count; i++) {
		fd = must(socket(AF_INET, SOCK_STREAM, 0));
		must(connect(fd, (struct sockaddr *)&address, size));
		if (!closes)
			continue;
		must(accept(listener, NULL, NULL));
		must(close(fd));
	}
	tell_and_wait(getpid(), -1);
}

static struct sockaddr_in listening_at(int *listener, int backlog)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(address);

	*listener = must(socket(AF_INET, SOCK_STREAM, 0));
	must(bind(*listener, (struct sockaddr *)&address, size));
	must(listen(*listener, backlog));
	must(getsockname(*listener, (struct sockaddr *)&address, &size));
	return address;
}

static int connected_to(const struct sockaddr_in *address, int flags)
{
	int fd = must(socket(AF_INET, SOCK_STREAM | flags, 0));

	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) && errno != EINPROGRESS)
		_exit(92);
	return fd;
}

/* Serves two connections one after the other, and then no more: its queue runs full, and one attempt to
 * connect comes to nothing. At the end it is full still, or not. */
static void backlog_served(bool is_emptied)
{
	struct sockaddr_in address;
	int listener, fds[2];
	char byte;

	address = listening_at(&listener, 1);
	for (int i = 0; i < 2; i++) {
		int client = connected_to(&address, 0), served = must(accept(listener, NULL, NULL));

		must(write(client, "x", 1));
		must(read(served, &byte, 1));
		must(close(client));
		must(close(served));
	}
	for (int i = 0; i < 2; i++)
		fds[i] = connected_to(&address, 0);
	int late = connected_to(&address, SOCK_NONBLOCK);

	for (int i = 0; is_emptied && i < 2; i++)
		must(accept(listener, NULL, NULL));
	tell("{\"done\": true, \"pid\": %d, \"inode\": 0, \"port\": %d}", getpid(),
	     ntohs(address.sin_port));
	listen_for_test();
	must(close(late));
	must(close(fds[0]));
}

struct connection {
	int client, server;
};

static struct connection connection_make(int listener, const struct sockaddr_in *address)
{
	struct connection it = { .client = connected_to(address, 0) };
	char byte;

	it.server = must(accept(listener, NULL, NULL));
	must(write(it.client, "x", 1));
	must(read(it.server, &byte, 1));
	return it;
}

static struct connection pair_make(bool is_used)
{
	struct connection it;
	char byte;
	int ends[2];

	must(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	it.client = ends[0];
	it.server = ends[1];
	if (is_used) {
		must(write(it.client, "x", 1));
		must(read(it.server, &byte, 1));
	}
	return it;
}

/* For longer than an answer takes: connections that the client closed and we did not; that it closed
 * for sending while we answer on and on; that both closed; and one made for one way alone. */
static void half_closed(void)
{
	struct timespec pause = { .tv_nsec = 500000000 };
	struct connection kept, answered, closed, unix_kept, unix_answered, unix_one_way;
	struct sockaddr_in address, peer;
	socklen_t size = sizeof(peer);
	int listener;
	char byte;

	address = listening_at(&listener, 8);
	kept = connection_make(listener, &address);
	answered = connection_make(listener, &address);
	closed = connection_make(listener, &address);
	unix_kept = pair_make(true);
	unix_answered = pair_make(true);
	unix_one_way = pair_make(false);
	must(getpeername(kept.server, (struct sockaddr *)&peer, &size));
	must(close(kept.client));
	must(shutdown(answered.client, SHUT_WR));
	must(close(closed.client));
	must(close(closed.server));
	must(shutdown(unix_kept.client, SHUT_WR));
	must(shutdown(unix_answered.client, SHUT_WR));
	must(shutdown(unix_one_way.client, SHUT_WR));
	/* How long nothing came from the other side is what is tested (HALF_NS in src/check/socket.c). */
	for (int i = 0; i < 24; i++) {
		nanosleep(&pause, NULL);
		must(write(answered.server, "y", 1));
		must(read(answered.client, &byte, 1));
		must(write(unix_answered.server, "y", 1));
		must(read(unix_answered.client, &byte, 1));
	}
	tell("{\"done\": true, \"pid\": %d, \"objects\": "
	     "[\"tcp:127.0.0.1:%d->127.0.0.1:%d\", \"unix:[%lu]\"]}",
	     getpid(), ntohs(address.sin_port), ntohs(peer.sin_port), fd_inode(unix_kept.server));
	listen_for_test();
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	bool good = argc > 2;

	self = "/proc/self/exe";
	if (!strcmp(name, "program"))
		stay();
	if (!strcmp(name, "program-write")) {
		write_all(atoi(strchr(argv[2], '=') + 1), "x", 1);
		stay();
	}
	if (!strcmp(name, "program-child"))
		program_child();
	tell("{\"ready\": true, \"pid\": %d}", getpid());
	listen_for_test();
	if (!strcmp(name, "reader"))
		reader(good);
	else if (!strcmp(name, "parent"))
		parent(good);
	else if (!strcmp(name, "writer"))
		writer(good);
	else if (!strcmp(name, "self-pipe"))
		self_pipe();
	else if (!strcmp(name, "death-watch"))
		death_watch();
	else if (!strcmp(name, "queue"))
		queue();
	else if (!strcmp(name, "master"))
		master();
	else if (!strcmp(name, "leak"))
		leak(good ? LEAK_CLOEXEC : LEAK);
	else if (!strcmp(name, "leak-named"))
		leak(LEAK_NAMED);
	else if (!strcmp(name, "leak-used"))
		leak(LEAK_USED);
	else if (!strcmp(name, "leak-for-a-child"))
		leak(LEAK_FOR_A_CHILD);
	else if (!strcmp(name, "sigpipe"))
		broken(1, false, good);
	else if (!strcmp(name, "epipe"))
		broken(good ? 1 : 5, true, false);
	else if (!strcmp(name, "epipe-stdout"))
		broken(good ? 2 : 10, true, true);
	else if (!strcmp(name, "readers"))
		readers(!good);
	else if (!strcmp(name, "readers-in-turn"))
		readers_in_turn();
	else if (!strcmp(name, "nonblock"))
		nonblock(good);
	else if (!strcmp(name, "signal"))
		signalled(argv[2]);
	else if (!strcmp(name, "backlog"))
		connections(good ? 8 : 2, 3, false);
	else if (!strcmp(name, "close-wait"))
		connections(8, good ? 2 : 10, true);
	else if (!strcmp(name, "limit"))
		limit(good ? 40 : 62);
	else if (!strcmp(name, "in-flight"))
		in_flight(good ? 10 : 50);
	else if (!strcmp(name, "backlog-served"))
		backlog_served(good);
	else if (!strcmp(name, "half-closed"))
		half_closed();
	else if (!strcmp(name, "memory"))
		memory(argv[2]);
	else if (!strcmp(name, "segment"))
		segment(good);
	else if (!strcmp(name, "memory-object"))
		memory_object(good);
	else if (!strcmp(name, "semaphore"))
		semaphore(good);
	else
		return 2;
	return 0;
}
