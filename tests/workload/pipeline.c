// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pipeline as a shell makes it: N children, N-1 pipes, each child holding only its own ends as
 * descriptors 0 and 1, each stage passing on half of what it reads.
 *
 * usage: pipeline [STAGES [BYTES]]
 *   → {"ready": true, "parent": PID}            waits for a line, then builds
 *   → {"stages": [PID…], "links": [{"from", "to", "inode", "bytes", "ops"}…]}  data moved, all at rest
 *   waits for a line or end of file, then ends
 */
#include "workload.h"

#define STAGES_MAX 64
#define BLOCK      1024

static void stage(int index, int stages, size_t blocks, int done)
{
	char block[BLOCK];

	memset(block, 'a' + index % 26, sizeof(block));
	for (size_t i = 0; i < blocks >> (index ? index - 1 : 0); i++) {
		if (index > 0)
			read_all(0, block, BLOCK);
		/* The first writes everything, each one after it half of what it read. */
		if (index < stages - 1 && (index == 0 || i % 2 == 0))
			write_all(1, block, BLOCK);
	}
	signal_turn(done);
	stay();
}

int main(int argc, char **argv)
{
	int stages = argc > 1 ? atoi(argv[1]) : 4;
	size_t blocks = (argc > 2 ? strtoul(argv[2], NULL, 0) : 256 * BLOCK) / BLOCK;
	unsigned long inodes[STAGES_MAX];
	pid_t pids[STAGES_MAX];
	int done[2], input = -1;
	char links[8192], list[1024];
	int at = 0, list_at = 0;

	if (stages < 2 || stages > STAGES_MAX || blocks >> (stages - 2) << (stages - 2) != blocks) {
		fprintf(stderr, "pipeline: bytes must be a multiple of %d << (stages - 2)\n",
			BLOCK);
		return 2;
	}
	tell("{\"ready\": true, \"parent\": %d}", getpid());
	listen_for_test();

	must(pipe2(done, O_CLOEXEC));
	for (int i = 0; i < stages; i++) {
		int ends[2] = { -1, -1 };

		if (i < stages - 1) {
			must(pipe(ends));
			inodes[i] = fd_inode(ends[0]);
		}
		pids[i] = fork_child();
		if (pids[i] == 0) {
			/* The done pipe's write end is all that it keeps besides its own two. */
			if (input >= 0) {
				must(dup2(input, 0));
				must(close(input));
			} else {
				must(close(0));
			}
			if (ends[1] >= 0) {
				must(dup2(ends[1], 1));
				must(close(ends[1]));
				must(close(ends[0]));
			} else {
				must(close(1));
			}
			must(close(done[0]));
			stage(i, stages, blocks, done[1]);
		}
		if (input >= 0)
			must(close(input));
		if (ends[1] >= 0)
			must(close(ends[1]));
		input = ends[0];
	}
	for (int i = 0; i < stages; i++)
		await_turn(done[0]);

	for (int i = 0; i < stages; i++) {
		list_at += snprintf(list + list_at, sizeof(list) - list_at, "%s%d", i ? ", " : "",
				    pids[i]);
		if (i == stages - 1)
			break;
		at += snprintf(
			links + at, sizeof(links) - at,
			"%s{\"from\": %d, \"to\": %d, \"inode\": %lu, \"bytes\": %zu, \"ops\": %zu}",
			i ? ", " : "", pids[i], pids[i + 1], inodes[i], (blocks >> i) * BLOCK,
			blocks >> i);
	}
	tell("{\"parent\": %d, \"stages\": [%s], \"links\": [%s]}", getpid(), list, links);
	listen_for_test();
	for (int i = 0; i < stages; i++)
		end_child(pids[i]);
	return 0;
}
