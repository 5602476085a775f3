// SPDX-License-Identifier: GPL-2.0-only
/* Attaches the floor; prints "ready"; stays attached until its standard input ends. */
#include <stdio.h>
#include <unistd.h>
#include "floor.skel.h"

int main(void)
{
	struct floor_bpf *skel = floor_bpf__open_and_load();
	char c;

	if (!skel || floor_bpf__attach(skel)) {
		fprintf(stderr, "floor: can't attach\n");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	while (read(0, &c, 1) > 0)
		;
	floor_bpf__destroy(skel);
	return 0;
}
