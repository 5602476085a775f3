// SPDX-License-Identifier: GPL-2.0-only
/*
 * What can become of a signal, each done to a child of its own whose pid is told.
 *
 *   → {"ready": true, "pid"}             waits for a line
 *   → {"done": true, "pid", "cases": [{"case", "sender", "target", "signal", "sent", "delivered",
 *       "ignored", "merged", "pending", "overflow", "taken", "discarded", "outcome"}]}
 *   waits for a line or end of file, then ends. sender 0 is the kernel; outcome is that of the last.
 */
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <time.h>
#include "workload.h"

#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

static char cases[16384];
static volatile sig_atomic_t got;

static void handler(int signal)
{
	got++;
}

struct fate {
	int sent, delivered, ignored, merged, pending, overflow, taken, discarded;
};

static void note(const char *name, pid_t sender, pid_t target, const char *signal, struct fate f,
		 const char *outcome)
{
	size_t used = strlen(cases);

	snprintf(
		cases + used, sizeof(cases) - used,
		"%s{\"case\": \"%s\", \"sender\": %d, \"target\": %d, \"signal\": \"%s\", \"sent\": %d, "
		"\"delivered\": %d, \"ignored\": %d, \"merged\": %d, \"pending\": %d, \"overflow\": %d, "
		"\"taken\": %d, \"discarded\": %d, \"outcome\": \"%s\"}",
		used ? ", " : "", name, sender, target, signal, f.sent, f.delivered, f.ignored,
		f.merged, f.pending, f.overflow, f.taken, f.discarded, outcome);
}

/* A child that has done `prepare` and waits for a byte; then does `then` and says so; then stays. */
struct child {
	pid_t pid;
	int go, done;
};

static struct child child_start(void (*prepare)(void), void (*then)(void))
{
	int go[2], done[2];
	struct child it;

	must(pipe(go));
	must(pipe(done));
	it.pid = fork_child();
	if (it.pid == 0) {
		must(close(go[1]));
		must(close(done[0]));
		if (prepare)
			prepare();
		signal_turn(done[1]);
		await_turn(go[0]);
		if (then)
			then();
		signal_turn(done[1]);
		stay();
	}
	must(close(go[0]));
	must(close(done[1]));
	it.go = go[1];
	it.done = done[0];
	await_turn(it.done);
	return it;
}

static void child_end(struct child it)
{
	signal_turn(it.go);
	await_turn(it.done);
	must(close(it.go));
	must(close(it.done));
}

static void block(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	must(sigprocmask(SIG_BLOCK, &set, NULL));
}

static void unblock_all(void)
{
	sigset_t set;

	sigemptyset(&set);
	must(sigprocmask(SIG_SETMASK, &set, NULL));
}

static void on(int signal, void (*action)(int))
{
	/* read() in await_turn() goes on after a handler. */
	struct sigaction it = { .sa_handler = action, .sa_flags = SA_RESTART };

	must(sigaction(signal, &it, NULL));
}

static void handle_usr1(void)
{
	on(SIGUSR1, handler);
}
static void ignore_usr1(void)
{
	on(SIGUSR1, SIG_IGN);
}
static void block_usr1(void)
{
	on(SIGUSR1, handler);
	block(SIGUSR1);
}
static void block_usr2(void)
{
	block(SIGUSR2);
}
static void ignore_usr2(void)
{
	on(SIGUSR2, SIG_IGN);
}
static void block_rt(void)
{
	on(SIGRTMIN + 1, handler);
	block(SIGRTMIN + 1);
}

static void block_rt_few(void)
{
	struct rlimit limit = { 3, 3 };

	block_rt();
	must(setrlimit(RLIMIT_SIGPENDING, &limit));
	/* The limit is the user's: nobody else has this uid. */
	must(setresuid(54321, 54321, 54321));
}

static void take_usr1(void)
{
	siginfo_t info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	if (must(sigwaitinfo(&set, &info)) != SIGUSR1)
		_exit(96);
}

static void read_usr1(void)
{
	struct signalfd_siginfo info;
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	fd = must(signalfd(-1, &set, SFD_CLOEXEC));
	if (must(read(fd, &info, sizeof(info))) != sizeof(info))
		_exit(97);
	must(close(fd));
}

static void break_pipe(void)
{
	int ends[2];

	on(SIGPIPE, handler);
	must(pipe(ends));
	must(close(ends[0]));
	if (write(ends[1], "x", 1) != -1 || errno != EPIPE)
		_exit(98);
	must(close(ends[1]));
}

/* A timer's signal comes at its own time: blocked, whether or not we sleep by then. */
static void await_pending(int signal)
{
	struct pollfd ready = { .events = POLLIN };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	ready.fd = must(signalfd(-1, &set, SFD_CLOEXEC));
	must(poll(&ready, 1, -1));
	must(close(ready.fd));
}

static void await_got(void)
{
	sigset_t none;

	sigemptyset(&none);
	while (!got)
		sigsuspend(&none);
}

static void be_alarmed(void)
{
	struct itimerval soon = { .it_value.tv_usec = 1000 };

	on(SIGALRM, handler);
	block(SIGALRM);
	must(setitimer(ITIMER_REAL, &soon, NULL));
	await_pending(SIGALRM);
	await_got();
}

static void be_timed(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
	struct itimerspec soon = { .it_value.tv_nsec = 1000000 };
	timer_t timer;

	on(SIGUSR2, handler);
	block(SIGUSR2);
	must(timer_create(CLOCK_MONOTONIC, &event, &timer));
	must(timer_settime(timer, 0, &soon, NULL));
	await_pending(SIGUSR2);
	await_got();
	must(timer_delete(timer));
}

/* The signals were sent while the child waited for its turn. */
static pid_t plain(const char *name, void (*prepare)(void), void (*then)(void), const char *signal,
		   int number, int times, struct fate fate, const char *outcome)
{
	struct child it = child_start(prepare, then);

	for (int i = 0; i < times; i++)
		must(kill(it.pid, number));
	child_end(it);
	note(name, getpid(), it.pid, signal, fate, outcome);
	return it.pid;
}

static void deaths(void)
{
	static const struct {
		const char *name, *signal, *outcome;
		int number;
	} all[] = {
		{ "death", "SIGTERM", "terminated", SIGTERM },
		{ "kill", "SIGKILL", "terminated", SIGKILL },
		{ "core", "SIGQUIT", "terminated, core", SIGQUIT },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct child it = child_start(NULL, NULL);

		must(kill(it.pid, all[i].number));
		must(waitpid(it.pid, NULL, 0));
		must(close(it.go));
		must(close(it.done));
		note(all[i].name, getpid(), it.pid, all[i].signal,
		     (struct fate){ .sent = 1, .delivered = 1 }, all[i].outcome);
	}
}

static void crash(void)
{
	pid_t pid = fork_child();

	if (pid == 0) {
		volatile int *nowhere =
			mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		*nowhere = 1;
		_exit(0);
	}
	must(waitpid(pid, NULL, 0));
	note("fault", 0, pid, "SIGSEGV", (struct fate){ .sent = 1, .delivered = 1 },
	     "terminated, core");
}

static pid_t stop_and_go(void)
{
	struct child it = child_start(NULL, NULL);
	int status;

	must(kill(it.pid, SIGSTOP));
	must(waitpid(it.pid, &status, WUNTRACED));
	must(kill(it.pid, SIGCONT));
	must(waitpid(it.pid, &status, WCONTINUED));
	child_end(it);
	note("stop", getpid(), it.pid, "SIGSTOP", (struct fate){ .sent = 1, .delivered = 1 },
	     "stopped");
	note("continue", getpid(), it.pid, "SIGCONT", (struct fate){ .sent = 1, .delivered = 1 },
	     "continued");
	return it.pid;
}

static pid_t overflow(void)
{
	struct child it = child_start(block_rt_few, NULL);
	union sigval value = { .sival_int = 7 };
	int sent = 0, refused = 0;

	for (int i = 0; i < 5; i++)
		if (sigqueue(it.pid, SIGRTMIN + 1, value))
			refused++;
		else
			sent++;
	child_end(it);
	note("overflow", getpid(), it.pid, "SIGRTMIN+1",
	     (struct fate){ .sent = 5, .pending = sent, .overflow = refused }, "queue overflow");
	return it.pid;
}

static pid_t by_pidfd(void)
{
	struct child it = child_start(handle_usr1, NULL);
	int fd = must(sys_pidfd_open(it.pid));

	must(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, NULL, 0));
	must(close(fd));
	child_end(it);
	note("pidfd", getpid(), it.pid, "SIGUSR1", (struct fate){ .sent = 1, .delivered = 1 },
	     "handler");
	return it.pid;
}

static void to_group(pid_t *pids)
{
	struct child one = child_start(handle_usr1, NULL), two;

	must(setpgid(one.pid, one.pid));
	two = child_start(handle_usr1, NULL);
	must(setpgid(two.pid, one.pid));
	must(kill(-one.pid, SIGUSR1));
	child_end(one);
	child_end(two);
	note("group", getpid(), one.pid, "SIGUSR1", (struct fate){ .sent = 1, .delivered = 1 },
	     "handler");
	note("group", getpid(), two.pid, "SIGUSR1", (struct fate){ .sent = 1, .delivered = 1 },
	     "handler");
	pids[0] = one.pid;
	pids[1] = two.pid;
}

static pid_t by_thread(void)
{
	struct child it = child_start(handle_usr1, NULL);

	must(syscall(SYS_tgkill, it.pid, it.pid, SIGUSR1));
	child_end(it);
	note("thread", getpid(), it.pid, "SIGUSR1", (struct fate){ .sent = 1, .delivered = 1 },
	     "handler");
	return it.pid;
}

static pid_t by_kernel(const char *name, void (*what)(void), const char *signal)
{
	struct child it = child_start(NULL, what);

	child_end(it);
	note(name, 0, it.pid, signal, (struct fate){ .sent = 1, .delivered = 1 }, "handler");
	return it.pid;
}

static void refused(void)
{
	pid_t gone = fork_child();

	if (gone == 0)
		_exit(0);
	must(waitpid(gone, NULL, 0));
	if (kill(gone, SIGUSR1) != -1 || errno != ESRCH)
		exit(99);
	tell("{\"refused\": %d}", gone);
}

int main(void)
{
	pid_t pids[32];
	size_t n = 0;
	struct rlimit none = { 0, 0 };

	must(setrlimit(RLIMIT_CORE, &none));
	tell("{\"ready\": true, \"pid\": %d}", getpid());
	listen_for_test();
	pids[n++] = plain("handler", handle_usr1, NULL, "SIGUSR1", SIGUSR1, 1,
			  (struct fate){ .sent = 1, .delivered = 1 }, "handler");
	pids[n++] = plain("ignored", ignore_usr1, NULL, "SIGUSR1", SIGUSR1, 2,
			  (struct fate){ .sent = 2, .ignored = 2 }, "ignored");
	pids[n++] = plain("default", NULL, NULL, "SIGWINCH", SIGWINCH, 1,
			  (struct fate){ .sent = 1, .ignored = 1 }, "does nothing by default");
	pids[n++] = plain("merged", block_usr1, NULL, "SIGUSR1", SIGUSR1, 4,
			  (struct fate){ .sent = 4, .merged = 3, .pending = 1 },
			  "merged into a pending one");
	pids[n++] = plain("unblocked", block_usr1, unblock_all, "SIGUSR1", SIGUSR1, 1,
			  (struct fate){ .sent = 1, .delivered = 1 }, "handler");
	pids[n++] = plain("discarded", block_usr2, ignore_usr2, "SIGUSR2", SIGUSR2, 1,
			  (struct fate){ .sent = 1, .discarded = 1 }, "discarded");
	pids[n++] = plain("queued", block_rt, unblock_all, "SIGRTMIN+1", SIGRTMIN + 1, 5,
			  (struct fate){ .sent = 5, .delivered = 5 }, "handler");
	pids[n++] = plain("taken", block_usr1, take_usr1, "SIGUSR1", SIGUSR1, 1,
			  (struct fate){ .sent = 1, .delivered = 1, .taken = 1 },
			  "taken by sigwait");
	pids[n++] = plain("signalfd", block_usr1, read_usr1, "SIGUSR1", SIGUSR1, 1,
			  (struct fate){ .sent = 1, .delivered = 1, .taken = 1 },
			  "taken by signalfd");
	pids[n++] = overflow();
	pids[n++] = by_pidfd();
	pids[n++] = by_thread();
	pids[n++] = by_kernel("pipe", break_pipe, "SIGPIPE");
	pids[n++] = by_kernel("alarm", be_alarmed, "SIGALRM");
	pids[n++] = by_kernel("timer", be_timed, "SIGUSR2");
	to_group(pids + n);
	n += 2;
	pids[n++] = stop_and_go();
	deaths();
	crash();
	refused();
	tell("{\"done\": true, \"pid\": %d, \"cases\": [%s]}", getpid(), cases);
	listen_for_test();
	for (size_t i = 0; i < n; i++)
		end_child(pids[i]);
	return 0;
}
