// SPDX-License-Identifier: GPL-2.0-only
/*
 * The descriptor storm: processes and threads that make, copy, pass, take and destroy descriptors,
 * all on the same numbers, as fast as they can; then all is quiet and stays.
 *
 * usage: storm [-s SEED] [-n ITERATIONS per thread] [-t THREADS per process] [-p PROCESSES]
 *   → {"ready": true, "pid"}                     waits for a line
 *   → {"quiet": [PID…], "operations": N}         nothing changes any more
 *   waits for a line or end of file, then ends
 */
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include "workload.h"

#define FIRST       16 /* numbers from here to LIMIT are everybody's; those below are the storm's own */
#define LIMIT       400
#define WORKERS_MAX 8
#define THREADS_MAX 16

static int iterations = 2000, threads = 4, workers = 3;
static uint64_t seed = 1;
static int post[2]; /* datagrams with descriptors go round here */
static int turns[2]; /* workers say "done" */
static bool has_int80;

/* Known to all before anything starts (pidfd_getfd wants the others), and told at the end. */
static struct {
	pid_t workers[WORKERS_MAX];
	pid_t sharers[WORKERS_MAX];
} * shared;

struct dice {
	uint64_t state;
};

static uint32_t roll(struct dice *dice, uint32_t below)
{
	dice->state ^= dice->state << 13;
	dice->state ^= dice->state >> 7;
	dice->state ^= dice->state << 17;
	return (dice->state >> 32) % below;
}

static int any_fd(struct dice *dice)
{
	return FIRST + roll(dice, LIMIT - FIRST);
}

/* Descriptors below FIRST are never anybody's prey: what landed there is moved up. */
static void lift(int fd)
{
	if (fd >= 0 && fd < FIRST) {
		fcntl(fd, F_DUPFD, FIRST);
		close(fd);
	}
}

static long int80(long nr, long a, long b, long c)
{
	long result = -ENOSYS;
#ifdef __x86_64__
	asm volatile("int $0x80"
		     : "=a"(result)
		     : "a"(nr), "b"(a), "c"(b), "d"(c)
		     : "memory", "r8", "r9", "r10", "r11");
#endif
	return result;
}

static void op_open(struct dice *dice)
{
	lift(open(roll(dice, 2) ? "/dev/null" : "/proc/self/status",
		  O_RDONLY | (roll(dice, 2) ? O_CLOEXEC : 0)));
}

static void op_close(struct dice *dice)
{
	close(any_fd(dice));
}

static void op_dup(struct dice *dice)
{
	lift(dup(any_fd(dice)));
}

static void op_dup2(struct dice *dice)
{
	dup2(any_fd(dice), any_fd(dice));
}

static void op_dup3(struct dice *dice)
{
	dup3(any_fd(dice), any_fd(dice), roll(dice, 2) ? O_CLOEXEC : 0);
}

static void op_dupfd(struct dice *dice)
{
	fcntl(any_fd(dice), roll(dice, 2) ? F_DUPFD : F_DUPFD_CLOEXEC, any_fd(dice));
}

static void op_pipe(struct dice *dice)
{
	int ends[2];

	if (pipe2(ends, O_NONBLOCK | (roll(dice, 2) ? O_CLOEXEC : 0)) == 0) {
		if (write(ends[1], "storm", 5) == 5 && roll(dice, 2))
			if (read(ends[0], &(char[8]){ 0 }, 3) < 0)
				errno = 0;
		lift(ends[0]);
		lift(ends[1]);
	}
}

static void op_pair(struct dice *dice)
{
	int pair[2];

	if (socketpair(AF_UNIX, (roll(dice, 2) ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK, 0,
		       pair) == 0) {
		lift(pair[0]);
		lift(pair[1]);
	}
}

static void op_anon(struct dice *dice)
{
	switch (roll(dice, 3)) {
	case 0: lift(eventfd(0, EFD_NONBLOCK)); break;
	case 1: lift(memfd_create("storm", MFD_CLOEXEC)); break;
	case 2: lift(epoll_create1(0)); break;
	}
}

/* Moves what is moved without any risk of sleeping: all here is non-blocking or a device. */
static void op_use(struct dice *dice)
{
	char data[16] = "";
	int fd = any_fd(dice);

	if ((roll(dice, 2) ? write(fd, data, 5) : read(fd, data, sizeof(data))) < 0)
		errno = 0;
}

static void op_flags(struct dice *dice)
{
	switch (roll(dice, 3)) {
	case 0: fcntl(any_fd(dice), F_SETFD, roll(dice, 2)); break;
	case 1: ioctl(any_fd(dice), FIOCLEX); break;
	case 2: ioctl(any_fd(dice), FIONCLEX); break;
	}
}

static void op_send(struct dice *dice)
{
	int fds[8], count = 1 + roll(dice, 8);
	char data = 'f', control[CMSG_SPACE(sizeof(fds))] __attribute__((aligned(8))) = "";
	struct iovec iov = { .iov_base = &data, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = CMSG_SPACE(sizeof(int) * count) };

	for (int i = 0; i < count; i++)
		fds[i] = any_fd(dice);
	/* One bad descriptor fails the whole message: send what is probably open. */
	for (int i = 0; i < count; i++)
		if (fcntl(fds[i], F_GETFD) < 0)
			fds[i] = i ? fds[i - 1] : FIRST - 1;
	struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(head), fds, sizeof(int) * count);
	sendmsg(post[roll(dice, 2)], &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Takes several messages at once, sometimes with too little room for their descriptors. */
static void op_receive(struct dice *dice)
{
	enum { MESSAGES = 4 };
	char data[MESSAGES],
		control[MESSAGES][CMSG_SPACE(sizeof(int) * 8)] __attribute__((aligned(8)));
	struct mmsghdr msgs[MESSAGES];
	struct iovec iov[MESSAGES];
	int fds[8 * MESSAGES];

	memset(msgs, 0, sizeof(msgs));
	for (int i = 0; i < MESSAGES; i++) {
		iov[i] = (struct iovec){ .iov_base = &data[i], .iov_len = 1 };
		msgs[i].msg_hdr = (struct msghdr){ .msg_iov = &iov[i],
						   .msg_iovlen = 1,
						   .msg_control = control[i],
						   .msg_controllen = CMSG_SPACE(
							   sizeof(int) * (1 + roll(dice, 8))) };
	}
	int flags = MSG_DONTWAIT | (roll(dice, 2) ? MSG_CMSG_CLOEXEC : 0) |
		    (roll(dice, 4) ? 0 : MSG_PEEK);
	int count = roll(dice, 2) ? recvmmsg(post[roll(dice, 2)], msgs, MESSAGES, flags, NULL) :
				    recvmsg(post[roll(dice, 2)], &msgs[0].msg_hdr, flags) >= 0;
	for (int i = 0; i < count; i++) {
		size_t got = take_fds(&msgs[i].msg_hdr, fds, 8);
		for (size_t j = 0; j < got; j++)
			lift(fds[j]);
	}
}

static void op_close_range(struct dice *dice)
{
	unsigned int first = any_fd(dice);

	sys_close_range(first, first + roll(dice, 12), roll(dice, 3) ? 0 : CLOSE_RANGE_CLOEXEC);
}

static void op_take(struct dice *dice)
{
	int pidfd = sys_pidfd_open(shared->workers[roll(dice, workers)]);

	if (pidfd >= 0) {
		lift(sys_pidfd_getfd(pidfd, any_fd(dice)));
		close(pidfd);
	}
}

static void op_int80(struct dice *dice)
{
	if (!has_int80)
		return;
	switch (roll(dice, 3)) {
	case 0: int80(63, any_fd(dice), any_fd(dice), 0); break; /* dup2 */
	case 1: int80(6, any_fd(dice), 0, 0); break; /* close */
	case 2: int80(55, any_fd(dice), F_DUPFD, any_fd(dice)); break; /* fcntl */
	}
}

static void burst(struct dice *dice);

static void op_fork(struct dice *dice)
{
	/* Only what needs no lock happens in the child: another thread may have held one. */
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		burst(dice);
		if (roll(dice, 2))
			_exit(0);
		execl("/bin/true", "true", NULL);
		_exit(94);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void op_vfork(struct dice *dice)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execl("/bin/true", "true", NULL);
		_exit(94);
	}
	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static int sharer(void *arg)
{
	struct dice *dice = arg;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	burst(dice);
	switch (roll(dice, 4)) {
	case 0: unshare(CLONE_FILES); break;
	case 1: sys_close_range(any_fd(dice), ~0u, CLOSE_RANGE_UNSHARE); break;
	case 2:
		/* exec parts from the shared table too. */
		execl("/bin/true", "true", NULL);
		break;
	}
	burst(dice);
	_exit(0);
}

/* A process that shares the table of descriptors but not the memory. */
static void op_share(struct dice *dice)
{
	char stack[16 << 10] __attribute__((aligned(16)));
	pid_t pid = clone(sharer, stack + sizeof(stack), CLONE_FILES | SIGCHLD, dice);

	if (pid > 0)
		waitpid(pid, NULL, 0);
}

static void *loner(void *arg)
{
	struct dice *dice = arg;

	if (roll(dice, 2))
		unshare(CLONE_FILES);
	else
		sys_close_range(any_fd(dice), LIMIT, CLOSE_RANGE_UNSHARE);
	burst(dice);
	return NULL;
}

/* A thread with a table of its own. */
static void op_loner(struct dice *dice)
{
	pthread_t thread;
	struct dice own = { dice->state | 1 };

	if (pthread_create(&thread, NULL, loner, &own) == 0)
		pthread_join(thread, NULL);
}

static const struct {
	void (*run)(struct dice *);
	unsigned int weight;
} light[] = {
	{ op_open, 12 }, { op_close, 10 }, { op_dup, 10 }, { op_dup2, 16 }, { op_dup3, 8 },
	{ op_dupfd, 12 }, { op_pipe, 8 }, { op_pair, 6 }, { op_anon, 6 }, { op_use, 8 },
	{ op_flags, 6 }, { op_send, 10 }, { op_receive, 10 }, { op_close_range, 6 }, { op_take, 4 },
	{ op_int80, 6 },
}, heavy[] = {
	{ op_fork, 4 }, { op_vfork, 2 }, { op_share, 4 }, { op_loner, 3 },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void light_op(struct dice *dice)
{
	unsigned int total = 0, at = 0;

	for (size_t i = 0; i < COUNT(light); i++)
		total += light[i].weight;
	unsigned int pick = roll(dice, total);
	while (pick >= light[at].weight)
		pick -= light[at++].weight;
	light[at].run(dice);
}

static void heavy_op(struct dice *dice)
{
	unsigned int total = 0, at = 0;

	for (size_t i = 0; i < COUNT(heavy); i++)
		total += heavy[i].weight;
	unsigned int pick = roll(dice, total);
	while (pick >= heavy[at].weight)
		pick -= heavy[at++].weight;
	heavy[at].run(dice);
}

static void burst(struct dice *dice)
{
	for (int i = 0; i < 10; i++)
		light_op(dice);
}

static void *thread_main(void *arg)
{
	struct dice *dice = arg;

	for (int i = 0; i < iterations; i++)
		if (roll(dice, 100))
			light_op(dice);
		else
			heavy_op(dice);
	return NULL;
}

static int sharing_stayer(void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal_turn(turns[1]);
	stay();
}

static void *staying_thread(void *arg)
{
	stay();
}

/* One process of the storm: runs its threads, then stays, with threads and a sharer beside it. */
static void worker(int index)
{
	struct dice dice[THREADS_MAX];
	pthread_t ids[THREADS_MAX], still;

	for (int i = 0; i < threads; i++) {
		dice[i].state =
			(seed * 1000003 + index * 1009 + i * 13 + 7) * 0x9e3779b97f4a7c15ull | 1;
		if (pthread_create(&ids[i], NULL, thread_main, &dice[i]))
			_exit(92);
	}
	for (int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	pthread_create(&still, NULL, staying_thread, NULL);
	shared->sharers[index] = clone_with_table(sharing_stayer, NULL);
	signal_turn(turns[1]);
	stay();
}

static bool can_int80(void)
{
#ifdef __x86_64__
	pid_t pid = must(fork());

	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		prctl(PR_SET_DUMPABLE, 0);
		_exit(int80(20, 0, 0, 0) == getpid() ? 0 : 1); /* getpid */
	}
	int status;
	must(waitpid(pid, &status, 0));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
#else
	return false;
#endif
}

int main(int argc, char **argv)
{
	struct rlimit limit = { .rlim_cur = LIMIT + 60, .rlim_max = LIMIT + 60 };
	int option;

	while ((option = getopt(argc, argv, "s:n:t:p:")) != -1)
		switch (option) {
		case 's': seed = strtoull(optarg, NULL, 0); break;
		case 'n': iterations = atoi(optarg); break;
		case 't': threads = atoi(optarg); break;
		case 'p': workers = atoi(optarg); break;
		default: return 2;
		}
	if (threads < 1 || threads > THREADS_MAX || workers < 1 || workers > WORKERS_MAX)
		return 2;
	tell("{\"ready\": true, \"pid\": %d}", getpid());
	listen_for_test();

	signal(SIGPIPE, SIG_IGN);
	has_int80 = can_int80();
	must(setrlimit(RLIMIT_NOFILE, &limit));
	must(socketpair(AF_UNIX, SOCK_DGRAM, 0, post));
	must(pipe(turns));
	/* Every number below FIRST is taken, so that no new descriptor lands among our own. */
	while (must(open("/dev/null", O_RDONLY)) < FIRST - 1)
		;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (shared == MAP_FAILED)
		return 95;
	int start[2];
	must(pipe(start));
	for (int i = 0; i < workers; i++) {
		pid_t pid = fork_child();
		if (pid == 0) {
			char c;

			must(close(start[1]));
			if (read(start[0], &c, 1) != 0)
				_exit(95);
			must(close(start[0]));
			worker(i);
		}
		shared->workers[i] = pid;
	}
	must(close(start[0]));
	must(close(start[1]));

	char list[1024];
	int at = snprintf(list, sizeof(list), "%d", getpid());
	for (int i = 0; i < 2 * workers; i++)
		await_turn(turns[0]);
	for (int i = 0; i < workers; i++)
		at += snprintf(list + at, sizeof(list) - at, ", %d, %d", shared->workers[i],
			       shared->sharers[i]);
	tell("{\"quiet\": [%s], \"operations\": %d}", list, workers * threads * iterations);
	listen_for_test();
	for (int i = 0; i < workers; i++)
		end_child(shared->workers[i]);
	return 0;
}
