// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes and unlinks FIFOs by paths that are gone from memory when the calls return, now and then: another
 * thread throws the page away all the time. Argument: a directory.
 *
 * Lets calls fail, by pointers to nowhere too, and tells {"failed": N}; then, at the test's word, goes on
 * until the page was found gone behind GONE calls that succeeded, and tells how many did, and of how many: {"made":
 * N, "unlinked": N, "gone": N}.
 */
#include "workload.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define GONE 150
#define PAGE 4096

/* Short enough for the kernel to read it in one go: never a part of it. */
static const char name[] = "fifo";
static volatile char *page;
static atomic_bool over;

static void *throw_away(void *unused)
{
	while (!over)
		must(madvise((void *)page, PAGE, MADV_DONTNEED));
	return unused;
}

/* Where the page goes before the kernel has read the path, that is empty. */
static void make(void)
{
	do
		strcpy((char *)page, name);
	while (mkfifo((char *)page, 0600));
}

static void take_away(void)
{
	do
		strcpy((char *)page, name);
	while (unlink((char *)page));
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
	int pairs = 0, gone = 0;
	pthread_t thread;

	must(chdir(argc > 1 ? argv[1] : "/tmp"));
	page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	tell("{\"ready\": true}");
	listen_for_test();
	make();
	take_away();
	tell("{\"failed\": %d}", fail());
	listen_for_test();
	must(pthread_create(&thread, NULL, throw_away, NULL) ? -1 : 0);
	for (; gone < GONE; pairs++) {
		make();
		gone += !*page;
		take_away();
		gone += !*page;
	}
	over = true;
	pthread_join(thread, NULL);
	tell("{\"made\": %d, \"unlinked\": %d, \"gone\": %d}", pairs, pairs, gone);
	while (listen_for_test())
		;
	return 0;
}
