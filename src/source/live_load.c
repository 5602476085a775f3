// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads the programs. The verifier takes most of our start, so two threads have it look at programs side by side:
 * this one at the first part of the tracer's, the other one at the snapshot's and at the second part.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "source/kernel_types.h"
#include "source/live.h"
#include "snapshot.skel.h"
#include "tracer.skel.h"

/* Bytes. The largest threshold that the C library takes (mallopt(3)), and its default. */
#define LARGEST	(32 << 20)
#define LARGE	(128 << 10)
#define AHEAD	(8 << 20)

struct loading {
	struct live *live;
	bool snapshot;		/* it is not loaded yet */
	int snapshot_err, beside_err;
};

/* A signal is for the thread that waits for events. */
int live_thread_start(pthread_t *thread, void *(*run)(void *ctx), void *ctx)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	mallopt(M_ARENA_MAX, 1); /* a heap that one thread had is the next one's */
	err = pthread_create(thread, NULL, run, ctx);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -err;
}

/* libbpf fills and freezes only those that it made itself. 0 or -errno. */
static int map_fill(const struct bpf_map *map, int fd)
{
	size_t size;
	const void *value = bpf_map__is_internal(map) ? bpf_map__initial_value((struct bpf_map *)map, &size) : NULL;

	if (!value)
		return 0;
	if (bpf_map_update_elem(fd, &(int){0}, value, BPF_ANY))
		return -errno;
	return bpf_map__map_flags(map) & BPF_F_RDONLY_PROG && bpf_map_freeze(fd) ? -errno : 0;
}

/* Returns its descriptor, or -errno. */
static int map_make(const struct bpf_map *map)
{
	DECLARE_LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = bpf_map__map_flags(map));
	int fd = bpf_map_create(bpf_map__type(map), bpf_map__name(map), bpf_map__key_size(map),
				bpf_map__value_size(map), bpf_map__max_entries(map), &opts);
	int err = fd < 0 ? -errno : map_fill(map, fd);

	if (!err)
		return fd;
	if (fd >= 0)
		close(fd);
	return err;
}

/* Both parts of the tracer are to have the same ones, whichever is loaded first. 0 or -errno. */
static int maps_make(struct live *live)
{
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, live->tracer->obj) {
		int fd = err ? err : map_make(map);

		err = fd < 0 ? fd : bpf_map__reuse_fd(map, fd);
		if (!err)
			err = bpf_map__reuse_fd(bpf_object__find_map_by_name(live->beside, bpf_map__name(map)), fd);
		if (fd >= 0)
			close(fd); /* both have a copy */
	}
	return err;
}

static int snapshot_load(struct live *live)
{
	int ends[2], err;

	if (live->wants_waits)
		live_pipe_times_begin(ends);
	err = snapshot_bpf__load(live->snapshot);
	if (live->wants_waits)
		live->pipe_times = live_pipe_times_end(ends);
	return err;
}

static void *load_beside(void *ctx)
{
	struct loading *loading = ctx;
	struct live *live = loading->live;

	if (loading->snapshot)
		loading->snapshot_err = snapshot_load(live);
	if (live->beside)
		loading->beside_err = bpf_object__load(live->beside);
	return NULL;
}

/* 0 or -errno of the tracer; that of the snapshot is in `loading`. */
static int load_tracer(struct loading *loading)
{
	struct live *live = loading->live;
	int err = maps_make(live);
	pthread_t thread;
	bool runs;

	if (err)
		return err;
	runs = !live_thread_start(&thread, load_beside, loading);
	/* Where there are too many processes to start one more thread, we are needed: one after the other, then. */
	if (!runs)
		load_beside(loading);
	err = tracer_bpf__load(live->tracer);
	if (runs)
		pthread_join(thread, NULL);
	return err ? err : loading->beside_err;
}

static int types_write(const struct live *live, const struct kernel_types *types)
{
	const struct btf *own[2];
	size_t count = 0;

	own[count++] = bpf_object__btf(live->snapshot->obj);
	if (live->tracer)
		own[count++] = bpf_object__btf(live->tracer->obj);
	return kernel_types_write(types, own, count);
}

/*
 * One heap: what loading frees is used again by the model. The kernel's types are read some times over, into the
 * same memory then.
 */
static void memory_keep(void)
{
	mallopt(M_MMAP_THRESHOLD, LARGEST);
	mallopt(M_TRIM_THRESHOLD, INT_MAX);
	mallopt(M_TOP_PAD, AHEAD);
}

/* What is large is given back once it is free, from now on: the model's tables double as they grow. */
static void memory_give_back(void)
{
	mallopt(M_MMAP_THRESHOLD, LARGE);
	mallopt(M_TRIM_THRESHOLD, LARGE);
	mallopt(M_TOP_PAD, LARGE);
	malloc_trim(0);
}

/* All are open. */
static int load(struct loading *loading, const struct kernel_types *types)
{
	struct live *live = loading->live;
	int err = types_write(live, types);

	if (err)
		return live_load_error("keeping the kernel's types", err);
	if (live->tracer)
		err = load_tracer(loading);
	else
		load_beside(loading);
	if (err)
		return live_load_error("loading the tracer", err);
	err = loading->snapshot_err;
	return err ? live_load_error("loading the snapshot programs", err) : 0;
}

int live_load(struct live *live, bool trace)
{
	struct loading loading = { .live = live, .snapshot = !live->snapshot };
	struct kernel_types types;
	int err = kernel_types_open(&types);

	if (err)
		return live_load_error("keeping the kernel's types", err);
	memory_keep();
	if (loading.snapshot)
		err = live_snapshot_open(live, types.path);
	if (!err && trace)
		err = live_hooks_open(live, types.path);
	if (!err)
		err = load(&loading, &types);
	kernel_types_close(&types);
	memory_give_back();
	if (err && trace)
		live_hooks_close(live);
	if (err && loading.snapshot)
		live_snapshot_close(live);
	return err;
}
