// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes and unlinks FIFOs by paths that are gone from memory when the calls return. Argument: a directory.
 *
 * Lets calls fail, by pointers to nowhere too, and tells {"failed": N}; then, at the test's word, makes and
 * unlinks one PAIRS times, and tells how often each succeeded and how often the page was gone then: {"made": N,
 * "unlinked": N, "gone": N}.
 *
 * A call has read its path and is to be kept from returning: somebody lists its directory, which has it locked
 * meanwhile, into memory that isn't there and comes when we say so (userfaultfd).
 */
#include "workload.h"

#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define PAIRS 75
#define PAGE  4096

/* Short enough for the kernel to read it in one go: never a part of it. */
static const char name[] = "fifo";
static volatile char *page;

/* Where the directory is listed to. */
static void *listing;
static int directory, faults;

static void *page_new(void)
{
	return must(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

/* --- who holds the directory ------------------------------------------------------------------ */

static void hold_prepare(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };

	directory = must(open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	listing = page_new();
	faults = must((int)syscall(SYS_userfaultfd, O_CLOEXEC));
	must(ioctl(faults, UFFDIO_API, &api));
	range.range.start = (uintptr_t)listing;
	range.range.len = PAGE;
	must(ioctl(faults, UFFDIO_REGISTER, &range));
}

static void *list(void *unused)
{
	must(lseek(directory, 0, SEEK_SET));
	must(syscall(SYS_getdents64, directory, listing, PAGE));
	return unused;
}

/* From here to hold_end() nothing can be made or unlinked in the directory. */
static pthread_t hold_begin(void)
{
	struct uffd_msg fault;
	pthread_t holder;

	must(madvise(listing, PAGE, MADV_DONTNEED));
	must(pthread_create(&holder, NULL, list, NULL) ? -1 : 0);
	read_all(faults, &fault, sizeof(fault));
	return holder;
}

static void hold_end(pthread_t holder)
{
	struct uffdio_zeropage come = { .range = { .start = (uintptr_t)listing, .len = PAGE } };

	must(ioctl(faults, UFFDIO_ZEROPAGE, &come));
	must(pthread_join(holder, NULL) ? -1 : 0);
}

/* --- who calls -------------------------------------------------------------------------------- */

struct caller {
	long nr, arg;
	int started[2];		/* its thread id comes through this pipe */
	bool succeeded, gone;
};

static void *call(void *arg)
{
	struct caller *caller = arg;
	pid_t tid = (pid_t)syscall(SYS_gettid);

	write_all(caller->started[1], &tid, sizeof(tid));
	caller->succeeded = !syscall(caller->nr, AT_FDCWD, page, caller->arg, 0);
	caller->gone = !*page;
	return arg;
}

static struct caller call_and_lose_path(long nr, long arg)
{
	struct caller caller = { .nr = nr, .arg = arg };
	pthread_t holder = hold_begin(), thread;
	pid_t tid;

	strcpy((char *)page, name);
	must(pipe(caller.started));
	must(pthread_create(&thread, NULL, call, &caller) ? -1 : 0);
	read_all(caller.started[0], &tid, sizeof(tid));
	await_asleep(tid, nr);
	must(madvise((void *)page, PAGE, MADV_DONTNEED));
	hold_end(holder);
	must(pthread_join(thread, NULL) ? -1 : 0);
	must(close(caller.started[0]));
	must(close(caller.started[1]));
	return caller;
}

/* One that is there and one that isn't, neither of which can be read. */
static int fail(void)
{
	char *nowhere = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int failed = 0;

	for (int i = 0; i < 100; i++) {
		failed += mkfifo(nowhere, 0600) < 0;
		failed += unlink(nowhere) < 0;
		failed += unlink((char *)8) < 0;
		failed += mkfifo("/nowhere/at/all", 0600) < 0;
	}
	return failed;
}

int main(int argc, char **argv)
{
	int made = 0, unlinked = 0, gone = 0;
	struct caller it;

	must(chdir(argc > 1 ? argv[1] : "/tmp"));
	page = page_new();
	hold_prepare();
	tell("{\"ready\": true}");
	listen_for_test();
	must(mkfifo(name, 0600));
	must(unlink(name));
	tell("{\"failed\": %d}", fail());
	listen_for_test();
	for (int i = 0; i < PAIRS; i++) {
		it = call_and_lose_path(SYS_mknodat, S_IFIFO | 0600);
		made += it.succeeded;
		gone += it.gone;
		it = call_and_lose_path(SYS_unlinkat, 0);
		unlinked += it.succeeded;
		gone += it.gone;
	}
	tell("{\"made\": %d, \"unlinked\": %d, \"gone\": %d}", made, unlinked, gone);
	while (listen_for_test())
		;
	return 0;
}
