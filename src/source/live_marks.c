// SPDX-License-Identifier: GPL-2.0-only
/*
 * Marks: whom the kernel's side traces, by process number. They lie in memory that both sides have mapped, so a
 * change is a store and no system call: those on maps keep every perf tracepoint off their processor until they
 * return, and whoever preempts the reader in one loses events (from 7.0 on, where those are the hooks).
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "source/live.h"
#include "tracer.skel.h"

#define PIDS_MAX      (4u << 20)	/* include/linux/threads.h: PID_MAX_LIMIT */
#define PID_NS_INITIAL 0xeffffffcu	/* include/linux/proc_ns.h: PROC_PID_INIT_INO */

/* Elsewhere than in the first pid namespace the file may tell that one's own limit (6.14). */
static uint32_t pids_max(void)
{
	struct stat ns;
	FILE *file;
	unsigned int max = 0;

	if (stat("/proc/self/ns/pid", &ns) || ns.st_ino != PID_NS_INITIAL)
		return PIDS_MAX;
	file = fopen("/proc/sys/kernel/pid_max", "re");
	if (!file)
		return PIDS_MAX;
	if (fscanf(file, "%u", &max) != 1 || !max || max > PIDS_MAX)
		max = PIDS_MAX;
	fclose(file);
	return max;
}

static size_t marks_bytes(const struct live *live)
{
	return live->marks_count * sizeof(*live->marks);
}

int live_marks_size(struct live *live)
{
	if (!live->selective)
		return 0;
	live->marks_count = (pids_max() + MARK_PAGE - 1) / MARK_PAGE;
	return bpf_map__set_max_entries(live->tracer->maps.marks, live->marks_count);
}

int live_marks_map(struct live *live)
{
	void *marks;

	if (!live->selective)
		return 0;
	marks = mmap(NULL, marks_bytes(live), PROT_READ | PROT_WRITE, MAP_SHARED,
		     bpf_map__fd(live->tracer->maps.marks), 0);
	if (marks == MAP_FAILED)
		return -errno;
	live->marks = marks;
	return 0;
}

void live_marks_close(struct live *live)
{
	if (live->marks)
		munmap(live->marks, marks_bytes(live));
	live->marks = NULL;
}

/* NULL = above what there was when tracing began. */
static uint8_t *mark_of(const struct live *live, uint32_t pid)
{
	return pid / MARK_PAGE < live->marks_count ? &live->marks[pid / MARK_PAGE].of[pid % MARK_PAGE] : NULL;
}

bool live_mark_is_free(const struct live *live, uint32_t pid)
{
	const uint8_t *place = mark_of(live, pid);

	return !place || !__atomic_load_n(place, __ATOMIC_RELAXED);
}

bool live_mark_is_none(const struct live *live, uint32_t pid)
{
	return mark_of(live, pid) && live_mark_is_free(live, pid);
}

bool live_mark_add(struct live *live, uint32_t pid, uint32_t mark)
{
	uint8_t *place = mark_of(live, pid), none = 0;

	live->marks_short |= !place;
	return place && __atomic_compare_exchange_n(place, &none, (uint8_t)mark, false, __ATOMIC_SEQ_CST,
						    __ATOMIC_RELAXED);
}

/* The number may be another's by now, whom the kernel's side has marked: that mark stays. */
void live_mark_drop(struct live *live, uint32_t pid, uint32_t of)
{
	uint8_t *place = mark_of(live, pid), mark = place ? __atomic_load_n(place, __ATOMIC_RELAXED) : 0;

	if (mark & of)
		__atomic_compare_exchange_n(place, &mark, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

void live_marks_drop(struct live *live, uint32_t of)
{
	static const struct mark_page none;

	for (uint32_t page = 0; page < live->marks_count; page++) {
		/* Most numbers are nobody's. */
		if (!memcmp(&live->marks[page], &none, sizeof(none)))
			continue;
		for (uint32_t i = 0; i < MARK_PAGE; i++)
			live_mark_drop(live, page * MARK_PAGE + i, of);
	}
}
