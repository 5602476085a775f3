// SPDX-License-Identifier: GPL-2.0-only
/*
 * What could keep the writers of shared memory out of each other's way, for check: looked for twice a
 * second, since a futex that nobody waits for makes no call. Where several processes can write, we look
 * whether a thread of theirs waits on a futex in that memory, for a lock, a semaphore or a queue;
 * whether they have locked a file, or used a System V semaphore or queue last; and whether a lock of the
 * C library's lies near the beginning of the memory. Of what is read there nothing is kept.
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "source/live.h"

#define OBJECTS_MAX 64
#define USERS_MAX   4096
#define INSIDE_MAX  65536 /* bytes from the beginning of the memory */

/* The caller's union for semctl(2). */
union semaphore_argument {
	int value;
	struct semid_ds *set;
	struct seminfo *info;
};

/* Who was found to use something that keeps others out. */
struct users {
	struct {
		uint32_t pid;
		uint32_t how;		/* enum sync_seen */
	} all[USERS_MAX];
	size_t count;
	uint32_t unknown;		/* of these it could not be read who uses them: anybody may */
};

/* --- who uses what ------------------------------------------------------------------------------- */

static void user_add(struct users *users, uint32_t pid, uint32_t how)
{
	if (pid && users->count < USERS_MAX) {
		users->all[users->count].pid = pid;
		users->all[users->count++].how = how;
	}
}

/* "1: POSIX  ADVISORY  WRITE 812 08:01:123 0 EOF"; "1: -> …" waits. */
static void locks_read(struct users *users)
{
	FILE *locks = fopen("/proc/locks", "re");
	char line[256], kind[16];
	unsigned int pid;
	const char *at;

	if (!locks)
		users->unknown |= SYNC_LOCK;
	while (locks && fgets(line, sizeof(line), locks)) {
		at = strstr(line, "-> ");
		at = at ? at + 3 : strchr(line, ' ');
		if (at && sscanf(at, " %15s %*s %*s %u", kind, &pid) == 2 && strcmp(kind, "LEASE"))
			user_add(users, pid, SYNC_LOCK);
	}
	if (locks)
		fclose(locks);
}

static void set_read(struct users *users, int index)
{
	struct semid_ds set = {0};
	int id = semctl(index, 0, SEM_STAT_ANY, (union semaphore_argument){.set = &set}), pid;

	for (unsigned long i = 0; id >= 0 && i < set.sem_nsems; i++) {
		pid = semctl(id, (int)i, GETPID);
		if (pid < 0)
			users->unknown |= SYNC_SEMAPHORE;
		else
			user_add(users, (uint32_t)pid, SYNC_SEMAPHORE);
	}
}

static void semaphores_read(struct users *users)
{
	struct seminfo info;
	int last = semctl(0, 0, SEM_INFO, (union semaphore_argument){.info = &info});

	if (last < 0)
		users->unknown |= SYNC_SEMAPHORE;
	for (int i = 0; i <= last; i++)
		set_read(users, i);
}

static void queues_read(struct users *users)
{
	struct msginfo info;
	struct msqid_ds queue;
	int last = msgctl(0, MSG_INFO, (struct msqid_ds *)(void *)&info);

	if (last < 0)
		users->unknown |= SYNC_QUEUE;
	for (int i = 0; i <= last; i++) {
		if (msgctl(i, MSG_STAT_ANY, &queue) < 0)
			continue;
		user_add(users, (uint32_t)queue.msg_lspid, SYNC_QUEUE);
		user_add(users, (uint32_t)queue.msg_lrpid, SYNC_QUEUE);
	}
}

static uint32_t users_how(const struct users *users, uint32_t pid)
{
	uint32_t how = users->unknown;

	for (size_t i = 0; i < users->count; i++)
		how |= users->all[i].pid == pid ? users->all[i].how : 0;
	return how;
}

/* --- who waits for what -------------------------------------------------------------------------- */

static bool maps_at(const struct process *process, const struct object *object, uint64_t address)
{
	const struct mapping *mapping;

	if (!process->space)
		return false;
	MAPPINGS_FOREACH(&process->space->mappings, mapping)
		if (mapping->object == object && address >= mapping->start && address < mapping->end)
			return true;
	return false;
}

static uint32_t call_how(const struct process *process, const struct object *object, long nr,
			 uint64_t first, uint64_t second)
{
	switch (nr) {
	case SYS_futex:
		return !(second & FUTEX_PRIVATE_FLAG) && maps_at(process, object, first) ?
			       SYNC_FUTEX : 0;
	case SYS_semop:
	case SYS_semtimedop: return SYNC_SEMAPHORE;
	case SYS_msgsnd:
	case SYS_msgrcv: return SYNC_QUEUE;
	case SYS_flock: return SYNC_LOCK;
	case SYS_fcntl: return second == F_SETLKW || second == F_OFD_SETLKW ? SYNC_LOCK : 0;
	}
	return 0;
}

static uint32_t thread_how(const struct process *process, const struct object *object, const char *tid)
{
	unsigned long long first, second;
	char path[320], line[256];
	FILE *file;
	long nr;
	int got;

	snprintf(path, sizeof(path), "/proc/%u/task/%s/syscall", process->key.pid, tid);
	file = fopen(path, "re");
	/* It may wait for anything. */
	if (!file)
		return errno == EACCES || errno == EPERM ? SYNC_FUTEX : 0;
	got = fgets(line, sizeof(line), file) && isdigit((unsigned char)line[0]) ?
		      sscanf(line, "%ld %llx %llx", &nr, &first, &second) : 0;
	fclose(file);
	return got == 3 ? call_how(process, object, nr, first, second) : 0;
}

static uint32_t threads_how(const struct process *process, const struct object *object)
{
	struct dirent *entry;
	uint32_t how = 0;
	char path[64];
	DIR *tasks;

	snprintf(path, sizeof(path), "/proc/%u/task", process->key.pid);
	tasks = opendir(path);
	while (tasks && !how && (entry = readdir(tasks)))
		if (isdigit((unsigned char)entry->d_name[0]))
			how = thread_how(process, object, entry->d_name);
	if (tasks)
		closedir(tasks);
	return how;
}

/* --- what lies in it ------------------------------------------------------------------------------- */

/*
 * glibc marks what processes may share by 128: as the kind of a mutex, with its type, robustness and
 * protocol in the bits below 64, zeros behind it (sysdeps/nptl/bits/struct_mutex.h); in a semaphore and a
 * barrier as a word of its own (sysdeps/nptl/internaltypes.h).
 */
static bool is_mark(const uint32_t *word)
{
	return (word[0] & ~0x3fu) == 128 && !word[1];
}

/* Not a place where one could lie: what cannot be read may hold one. */
#define UNREADABLE 1

/* Its place, as an offset + 1; 0 = none. A counter may look like one too, but not for long. */
static uint32_t mark_find(const uint32_t *words, size_t count)
{
	for (size_t i = 2; i + 1 < count; i++)
		if (is_mark(&words[i]))
			return (uint32_t)(i * sizeof(*words)) + 1;
	return 0;
}

static const struct mapping *readable_part(const struct process *process, const struct object *object)
{
	const struct mapping *mapping;

	if (!process->space)
		return NULL;
	MAPPINGS_FOREACH(&process->space->mappings, mapping)
		if (mapping->object == object && !mapping->offset && (mapping->access & MAPPING_READ))
			return mapping;
	return NULL;
}

static uint32_t inside_find(const struct process *process, const struct object *object)
{
	const struct mapping *mapping = readable_part(process, object);
	uint32_t *words = mapping ? malloc(INSIDE_MAX) : NULL, at = 0;
	struct iovec here, there;
	ssize_t n;

	if (!words)
		return 0;
	there.iov_base = (void *)(uintptr_t)mapping->start;
	there.iov_len = mapping->end - mapping->start;
	if (there.iov_len > INSIDE_MAX)
		there.iov_len = INSIDE_MAX;
	here = (struct iovec){.iov_base = words, .iov_len = there.iov_len};
	n = process_vm_readv((pid_t)process->key.pid, &here, 1, &there, 1, 0);
	if (n < 0)
		at = UNREADABLE;
	else if (n > 0)
		at = mark_find(words, (size_t)n / sizeof(*words));
	free(words);
	return at;
}

/* --- looking --------------------------------------------------------------------------------------- */

static bool is_semaphore(const struct object *object)
{
	return object->key.kind == FILE_REGULAR && !strncmp(object->facts.name, "sem.", 4);
}

static bool has_writers(const struct object *object)
{
	const struct endpoint *endpoint;
	unsigned int writers = 0;

	if (object->maps < 2 || object->sync_seen || is_semaphore(object))
		return false;
	DL_FOREACH2(object->endpoints, endpoint, object_next)
		writers += endpoint->write_maps && !endpoint->key.process->exited;
	return writers > 1;
}

static void object_look(const struct object *object, const struct users *users,
			struct record_sync *record)
{
	const struct endpoint *endpoint;

	DL_FOREACH2(object->endpoints, endpoint, object_next) {
		const struct process *process = endpoint->key.process;

		if (!endpoint->maps || process->exited)
			continue;
		record->seen |= users_how(users, process->key.pid);
		if (!record->seen)
			record->seen = threads_how(process, object);
		if (!record->inside)
			record->inside = inside_find(process, object);
	}
}

static bool has_new_writer(const struct object *object)
{
	const struct endpoint *endpoint;

	DL_FOREACH2(object->endpoints, endpoint, object_next)
		if (endpoint->write_maps && endpoint->sync_writes < SYNC_LOOKS)
			return true;
	return false;
}

static int look_deliver(struct live *live, const struct object *object, const struct users *users)
{
	struct record_sync record = {
		.head = {.type = RECORD_SYNC, .size = sizeof(record), .ts = now_ns()},
		.ino = object->key.ino,
		.dev = object->key.dev,
		.kind = object->key.kind,
	};

	object_look(object, users, &record);
	/* It would say nothing new. */
	if (!record.seen && record.inside == object->sync_inside &&
	    object->sync_looks >= SYNC_LOOKS && !has_new_writer(object))
		return 0;
	return live_deliver(live, &record.head);
}

static int objects_look(struct live *live, const struct object **objects, size_t count)
{
	struct users *users = calloc(1, sizeof(*users));
	int err = 0;

	if (!users)
		return -ENOMEM;
	locks_read(users);
	semaphores_read(users);
	queues_read(users);
	for (size_t i = 0; i < count && !err; i++)
		err = look_deliver(live, objects[i], users);
	free(users);
	return err;
}

int live_sync(struct live *live)
{
	const struct object *objects[OBJECTS_MAX], *object;
	size_t count = 0;

	if (live->options->command != COMMAND_CHECK && live->options->command != COMMAND_RECORD)
		return 0;
	for (object = live->model->objects; object && count < OBJECTS_MAX; object = object->hh.next)
		if (has_writers(object))
			objects[count++] = object;
	return count ? objects_look(live, objects, count) : 0;
}
