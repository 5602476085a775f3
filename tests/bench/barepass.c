// SPDX-License-Identifier: GPL-2.0-only
/*
 * The least that any answer to "what does each task wait for" can cost: loads the iterator over tasks
 * alone, reads its rows once, and looks at none. Prints their bytes and the ns of the pass itself.
 */
#include <bpf/bpf.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "ipctrace/control.h"
#include "ipctrace/record.h"
#include "snapshot.skel.h"
#include "source/calls.h"

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static struct snapshot_bpf *load(void)
{
	struct snapshot_bpf *skel = snapshot_bpf__open();
	struct bpf_program *program;
	struct settings *settings;

	if (!skel)
		return NULL;
	settings = (struct settings *)&skel->rodata->settings;
	settings->own_tgid = getpid();
	settings->page_shift = __builtin_ctzl(sysconf(_SC_PAGESIZE));
	calls_fill_settings(settings);
	wait_calls_fill_settings(settings);
	bpf_object__for_each_program(program, skel->obj)
		bpf_program__set_autoload(program, program == skel->progs.rows_wait);
	return snapshot_bpf__load(skel) ? NULL : skel;
}

int main(void)
{
	static char buf[1 << 18];
	struct snapshot_bpf *skel = load();
	struct bpf_link *link = skel ? bpf_program__attach_iter(skel->progs.rows_wait, NULL) : NULL;
	int fd = link ? bpf_iter_create(bpf_link__fd(link)) : -1;
	long long bytes = 0, begin = now_ns();
	ssize_t n;

	if (fd < 0) {
		fprintf(stderr, "barepass: can't load the iterator\n");
		return 1;
	}
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		bytes += n;
	printf("%lld %lld\n", bytes, now_ns() - begin);
	close(fd);
	bpf_link__destroy(link);
	snapshot_bpf__destroy(skel);
	return n < 0;
}
