// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shared memory of every sort between a parent and its child, then a storm of changes over threads.
 * Tells what /proc/PID/maps can't: which object each mapping is meant to be.
 */
#include "workload.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096
#define STORM_THREADS 4
#define STORM_STEPS   2000

static int file_fd = -1;

static void *shared(int fd, size_t size, int prot)
{
	void *at = mmap(NULL, size, prot, MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

	return must(at);
}

static unsigned int next_random(unsigned int *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 16;
}

struct storm {
	unsigned int seed;
	char *window;
};
static pthread_barrier_t all_there;

/* Everything that can happen to a shared mapping, at random, each thread within its own window and
 * now and then within its neighbour's. */
static void *storm_thread(void *arg)
{
	struct storm *storm = arg;
	unsigned int state = storm->seed;
	char *window = storm->window;

	/* Stacks must not come to lie in holes that the others tear. */
	pthread_barrier_wait(&all_there);
	for (int i = 0; i < STORM_STEPS; i++) {
		char *at = window + next_random(&state) % 16 * PAGE;
		size_t size = (1 + next_random(&state) % 8) * PAGE;
		off_t offset = next_random(&state) % 8 * PAGE;

		switch (next_random(&state) % 7) {
		case 0: munmap(at, size); break;
		case 1: mprotect(at, size, PROT_READ); break;
		case 2: mprotect(at, size, PROT_READ | PROT_WRITE); break;
		case 3: mmap(at, size, PROT_READ, MAP_SHARED | MAP_FIXED, file_fd, offset); break;
		case 4:
			mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file_fd,
			     offset);
			break;
		case 5: mmap(at, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0); break;
		case 6:
			if (mremap(at, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
				   window + 24 * PAGE) == MAP_FAILED)
				shared(-1, PAGE, PROT_READ);
			break;
		}
	}
	return NULL;
}

static void storm(unsigned int seed, int threads)
{
	struct storm storms[STORM_THREADS];
	pthread_t ids[STORM_THREADS];

	pthread_barrier_init(&all_there, NULL, (unsigned int)threads + 1);
	for (int i = 0; i < threads; i++) {
		storms[i].seed = seed * 100 + (unsigned int)i;
		storms[i].window = shared(-1, 32 * PAGE, PROT_READ | PROT_WRITE);
		pthread_create(&ids[i], NULL, storm_thread, &storms[i]);
	}
	pthread_barrier_wait(&all_there);
	for (int i = 0; i < 20; i++) {
		pid_t pid = fork();

		if (!pid) {
			shared(-1, PAGE, PROT_READ | PROT_WRITE);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	for (int i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
}

int main(int argc, char **argv)
{
	int memfd = memfd_create("workload", 0), to_child[2], to_parent[2];
	char path[] = "/dev/shm/ipctrace-workload-XXXXXX", byte;
	void *anon, *memory, *file, *segment;
	int fd = mkstemp(path), id;
	pid_t child;

	must(ftruncate(must(fd), 16 * PAGE));
	must(ftruncate(must(memfd), 4 * PAGE));
	file_fd = fd;
	tell("{\"ready\": %d}", getpid());
	listen_for_test();
	must(pipe(to_child));
	must(pipe(to_parent));
	anon = shared(-1, 4 * PAGE, PROT_READ | PROT_WRITE);
	memory = shared(memfd, 4 * PAGE, PROT_READ | PROT_WRITE);
	file = shared(fd, 8 * PAGE, PROT_READ | PROT_WRITE);
	id = must(shmget(IPC_PRIVATE, 2 * PAGE, IPC_CREAT | 0600));
	segment = must(shmat(id, NULL, 0));
	child = fork_child();
	if (!child) {
		close(to_child[1]);
		/* Reads the segment alone; the middle of the file is gone; no descriptor is left. */
		shmdt(segment);
		shmat(id, NULL, SHM_RDONLY);
		munmap((char *)file + 2 * PAGE, PAGE);
		mprotect(memory, 4 * PAGE, PROT_READ);
		close(memfd);
		close(fd);
		tell("{\"child\": %d}", getpid());
		signal_turn(to_parent[1]);
		_exit((int)read(to_child[0], &byte, 1));
	}
	await_turn(to_parent[0]);
	close(to_child[0]);
	close(memfd);
	must(mremap(anon, 4 * PAGE, 2 * PAGE, 0));
	must(shmctl(id, IPC_RMID, NULL));
	tell("{\"pid\": %d, \"shmid\": %d, \"path\": \"%s\"}", getpid(), id, path);
	listen_for_test();
	storm(argc > 1 ? (unsigned int)atoi(argv[1]) : 1, STORM_THREADS);
	tell("{\"quiet\": %d}", getpid());
	listen_for_test();
	close(to_child[1]);
	waitpid(child, NULL, 0);
	unlink(path);
	return 0;
}
