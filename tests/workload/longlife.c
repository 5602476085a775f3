// SPDX-License-Identifier: GPL-2.0-only
/*
 * What long lives bring about: numbers that are used again, lives that end or change in odd ways, and
 * processes that see other roots, pids and clocks than everybody else.
 *
 * usage: longlife CASE [FOLDER]
 *   → {"ready": true, "pid"}     waits for a line
 *   → {"done": true, …}          what it did, by case; stays so until a line or end of file
 */
#include <limits.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <linux/sched.h>
#include "workload.h"

static const char *folder = ".";

static void noted(const char *name, char *path, size_t size)
{
	if (snprintf(path, size, "%s/%s", folder, name) >= (int)size)
		_exit(93);
}

/* Two bytes through the pipes: the child has begun, and may go on. */
static int begun[2], go[2];

static void await_child(void)
{
	await_turn(begun[0]);
}

/* --- a pid that is used again -------------------------------------------------------------------- */

/* A child of that very pid; 0 = any. Its end is told by SIGCHLD. */
static pid_t fork_as(pid_t pid)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	if (pid) {
		args.set_tid = (uintptr_t)&pid;
		args.set_tid_size = 1;
	}
	pid_t child = must(syscall(SYS_clone3, &args, sizeof(args)));
	if (child == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return child;
}

/* Holds a pipe of its own, says so, and ends or stays. */
static void holder(bool stays)
{
	int own[2];

	must(pipe(own));
	signal_turn(begun[1]);
	await_turn(go[0]);
	if (stays)
		stay();
	_exit(0);
}

static pid_t holder_start(pid_t pid, bool stays)
{
	pid = fork_as(pid);
	if (pid == 0)
		holder(stays);
	await_child();
	signal_turn(go[1]);
	return pid;
}

#define LIVES 5

static void reused_pid(void)
{
	pid_t pid = holder_start(0, false);

	for (int life = 1; life < LIVES; life++) {
		must(waitpid(pid, NULL, 0));
		holder_start(pid, life == LIVES - 1);
	}
	tell("{\"done\": true, \"reused\": %d, \"lives\": %d, \"quiet\": [%d, %d]}", pid, LIVES,
	     pid, getpid());
	listen_for_test();
	end_child(pid);
}

/* --- numbers and addresses of objects ------------------------------------------------------------- */

static unsigned long fifo_make(const char *path)
{
	struct stat st;

	must(mkfifo(path, 0600));
	must(stat(path, &st));
	return st.st_ino;
}

/* FIFOs and files one after the other with the same inode number; eventfds with one id; pipes at one
 * address. The last of each stays open. */
static void reused_objects(void)
{
	unsigned long first, second;
	char one[PATH_MAX], other[PATH_MAX];
	int ends[2], fd, event;

	noted("one", one, sizeof(one));
	noted("other", other, sizeof(other));
	first = fifo_make(one);
	fd = must(open(one, O_RDWR));
	must(close(fd));
	must(unlink(one));
	second = fifo_make(other);
	fd = must(open(other, O_RDWR));
	must(unlink(other));
	for (int i = 0; i < 500; i++) {
		must(pipe(ends));
		event = must(eventfd(i, 0));
		if (i == 499)
			break;
		must(close(ends[i % 2]));
		must(close(ends[!(i % 2)]));
		must(close(event));
	}
	tell("{\"done\": true, \"quiet\": [%d], \"fifo\": %d, \"path\": \"%s\", \"first\": %lu, "
	     "\"second\": %lu}",
	     getpid(), fd, other, first, second);
	listen_for_test();
}

/* --- exec by another thread, a leader that ends ---------------------------------------------------- */

static void *exec_thread(void *arg)
{
	int ends[2];

	must(pipe(ends));
	must(pipe2(ends, O_CLOEXEC));
	execl("/proc/self/exe", "longlife", "after-exec", NULL);
	_exit(94);
}

static void *other_thread(void *arg)
{
	int ends[2];

	must(pipe(ends));
	stay();
}

/* It is the same process after that, and nothing of its other threads is left. */
static void thread_exec(void)
{
	pthread_t thread;

	must(pthread_create(&thread, NULL, other_thread, NULL) ? -1 : 0);
	must(pthread_create(&thread, NULL, exec_thread, NULL) ? -1 : 0);
	stay();
}

static void after_exec(void)
{
	tell("{\"done\": true, \"quiet\": [%d]}", getpid());
	listen_for_test();
}

static void *survivor(void *arg)
{
	int ends[2];
	pid_t leader = getpid();
	char path[64], state[256] = "";
	FILE *file;

	must(pipe(ends));
	/* Until the leader is a zombie. */
	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", leader, leader);
	while (!strstr(state, ") Z ")) {
		file = fopen(path, "re");
		if (!file || !fgets(state, sizeof(state), file))
			_exit(90);
		fclose(file);
	}
	must(pipe(ends));
	tell("{\"done\": true, \"tid\": %d, \"quiet\": [%d]}", gettid(), leader);
	listen_for_test();
	must(close(ends[1]));
	_exit(0);
}

static void zombie_leader(void)
{
	pthread_t thread;

	must(pthread_create(&thread, NULL, survivor, NULL) ? -1 : 0);
	pthread_exit(NULL);
}

/* --- stopped ----------------------------------------------------------------------------------------- */

static void stopped(void)
{
	int status, ends[2];
	pid_t pid = fork_child();

	if (pid == 0) {
		must(pipe(ends));
		raise(SIGSTOP);
		must(pipe(ends));
		must(raise(SIGSTOP));
		stay();
	}
	for (int turn = 0; turn < 2; turn++) {
		must(waitpid(pid, &status, WUNTRACED));
		if (!WIFSTOPPED(status))
			_exit(89);
		if (turn == 0)
			must(kill(pid, SIGCONT));
	}
	tell("{\"done\": true, \"quiet\": [%d, %d]}", pid, getpid());
	listen_for_test();
	end_child(pid);
}

/* --- other roots, pids, clocks ------------------------------------------------------------------------ */

static void inner_holder(const char *path)
{
	int fd = path ? must(open(path, O_RDWR)) : -1;

	must(fd);
	signal_turn(begun[1]);
	stay();
}

/* In a root of its own. */
static void other_root(void)
{
	char path[PATH_MAX];
	pid_t pid;

	noted("inner", path, sizeof(path));
	must(mkfifo(path, 0600));
	pid = fork_child();
	if (pid == 0) {
		must(chroot(folder));
		must(chdir("/"));
		inner_holder("/inner");
	}
	await_child();
	tell("{\"done\": true, \"holder\": %d, \"path\": \"%s\", \"quiet\": [%d]}", pid, path,
	     getpid());
	listen_for_test();
	end_child(pid);
	must(unlink(path));
}

/* On a file system that nobody else has mounted. */
static void other_mounts(void)
{
	char path[PATH_MAX];
	pid_t pid = fork_child();

	noted("hidden", path, sizeof(path));
	if (pid == 0) {
		must(unshare(CLONE_NEWNS));
		must(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
		must(mount("none", folder, "tmpfs", 0, NULL));
		must(mkfifo(path, 0600));
		inner_holder(path);
	}
	await_child();
	tell("{\"done\": true, \"holder\": %d, \"path\": \"%s\", \"quiet\": [%d]}", pid, path,
	     getpid());
	listen_for_test();
	end_child(pid);
}

/* The first process of a pid namespace, its child there, and a signal from that by the inner pid. */
static void other_pids(void)
{
	int told[2];
	pid_t pid, inner[2];

	must(pipe(told));
	must(unshare(CLONE_NEWPID));
	pid = must(fork()); /* its parent is 0 for it, so not fork_child() */
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pid_t child = must(fork());

		if (child == 0) {
			must(signal(SIGUSR1, SIG_IGN) == SIG_ERR ? -1 : 0);
			inner[0] = getpid();
			inner[1] = getppid();
			write_all(told[1], inner, sizeof(inner));
			must(kill(inner[1], SIGUSR1));
			signal_turn(begun[1]);
			stay();
		}
		stay();
	}
	read_all(told[0], inner, sizeof(inner));
	await_child();
	tell("{\"done\": true, \"first\": %d, \"first_inner\": %d, \"child_inner\": %d, \"quiet\": [%d, %d]}",
	     pid, inner[1], inner[0], getpid(), pid);
	listen_for_test();
	end_child(pid);
}

/* Where the clocks since boot are a month ahead. */
static void other_clock(void)
{
	static const char offsets[] = "monotonic 2600000 0\nboottime 2600000 0\n";
	int fd;
	pid_t pid;

	must(unshare(CLONE_NEWTIME));
	fd = must(open("/proc/self/timens_offsets", O_WRONLY));
	write_all(fd, offsets, sizeof(offsets) - 1);
	must(close(fd));
	pid = holder_start(0, true);
	tell("{\"done\": true, \"holder\": %d, \"quiet\": [%d]}", pid, getpid());
	listen_for_test();
	end_child(pid);
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "reused-pid", reused_pid },     { "reused-objects", reused_objects },
	{ "thread-exec", thread_exec },   { "zombie-leader", zombie_leader },
	{ "stopped", stopped },           { "other-root", other_root },
	{ "other-mounts", other_mounts }, { "other-pids", other_pids },
	{ "other-clock", other_clock },
};

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "after-exec")) {
		after_exec();
		return 0;
	}
	if (argc > 2)
		folder = argv[2];
	must(pipe(begun));
	must(pipe(go));
	tell("{\"ready\": true, \"pid\": %d}", getpid());
	listen_for_test();
	for (size_t i = 0; argc > 1 && i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(cases[i].name, argv[1]))
			continue;
		cases[i].run();
		return 0;
	}
	return 2;
}
