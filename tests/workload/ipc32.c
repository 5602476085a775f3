// SPDX-License-Identifier: GPL-2.0-only
/*
 * A 32-bit program that makes its calls on System V shared memory through ipc(2), as the C library of
 * such a program does, and some by the numbers of their own that came with 5.1.
 *
 *   → {"ready": true, "pid", "bits": 32}         waits for a line
 *   → {"done": true, "pid", "child", "shmid", "size", "attached": {"pid": [[address, read only]],
 *       "child": …}, "detached", "direct": shmid}
 *   waits for a line: detaches, removes; → {"quiet": true}; waits for a line or end of file, then ends
 */
#include <sys/ipc.h>
#include <sys/shm.h>
#include "workload.h"

#define SIZE 12288

/* include/uapi/linux/ipc.h */
enum { MUX_SHMAT = 21, MUX_SHMDT = 22, MUX_SHMGET = 23, MUX_SHMCTL = 24, MUX_IPC_64 = 0x100 };

#ifdef __i386__
static int mux_get(size_t size)
{
	return (int)syscall(SYS_ipc, MUX_SHMGET, IPC_PRIVATE, size, IPC_CREAT | 0600, 0);
}

static void *mux_attach(int id, int flags)
{
	unsigned long at = 0;

	must(syscall(SYS_ipc, MUX_SHMAT, id, flags, &at, NULL));
	return (void *)at;
}

static int mux_detach(const void *at)
{
	return (int)syscall(SYS_ipc, MUX_SHMDT, 0, 0, 0, at);
}

static int mux_remove(int id)
{
	return (int)syscall(SYS_ipc, MUX_SHMCTL, id, IPC_RMID | MUX_IPC_64, 0, NULL);
}
#else
#define mux_get(size)	     shmget(IPC_PRIVATE, size, IPC_CREAT | 0600)
#define mux_attach(id, flags) shmat(id, NULL, flags)
#define mux_detach(at)	     shmdt(at)
#define mux_remove(id)	     shmctl(id, IPC_RMID, NULL)
#endif

#ifndef SYS_shmget
#define SYS_shmget 395
#define SYS_shmctl 396
#define SYS_shmat  397
#define SYS_shmdt  398
#endif

/* A segment that is made, attached, detached and removed by those numbers. Returns its id. */
static int direct(void)
{
	int id = (int)must(syscall(SYS_shmget, IPC_PRIVATE, 4096, IPC_CREAT | 0600));
	long at = must(syscall(SYS_shmat, id, NULL, 0));

	must(syscall(SYS_shmdt, at));
	must(syscall(SYS_shmctl, id, IPC_RMID, NULL));
	return id;
}

int main(void)
{
	int go[2], done[2];

	tell("{\"ready\": true, \"pid\": %d, \"bits\": %d}", getpid(), (int)sizeof(long) * 8);
	listen_for_test();
	must(pipe(go));
	must(pipe(done));
	int id = must(mux_get(SIZE));
	void *first = mux_attach(id, 0), *second = mux_attach(id, SHM_RDONLY);
	void *third = mux_attach(id, 0);
	pid_t child = fork_child();
	if (child == 0) {
		must(mux_detach(third));
		must(mux_detach(first));
		signal_turn(done[1]);
		stay();
	}
	await_turn(done[0]);
	must(mux_detach(third));
	int other = direct();
	tell("{\"done\": true, \"pid\": %d, \"child\": %d, \"shmid\": %d, \"size\": %d, \"first\": %lu, "
	     "\"second\": %lu, \"detached\": %lu, \"direct\": %d}",
	     getpid(), child, id, SIZE, (unsigned long)first, (unsigned long)second, (unsigned long)third,
	     other);
	listen_for_test();
	must(mux_detach(first));
	must(mux_detach(second));
	must(mux_remove(id));
	tell("{\"quiet\": true}");
	listen_for_test();
	end_child(child);
	return 0;
}
