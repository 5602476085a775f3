// SPDX-License-Identifier: GPL-2.0-only
/*
 * FIFOs under a folder given by the test: made by relative paths and by directory descriptors, opened
 * while the other side isn't there, unlinked while open, and made anew under the same name.
 *
 *   fifo FOLDER
 */
#include "workload.h"

static void report(const char *step, const char *path, int fd, unsigned long inode)
{
	tell("{\"step\": \"%s\", \"pid\": %d, \"path\": \"%s\", \"fd\": %d, \"inode\": %lu}", step,
	     getpid(), path, fd, inode);
}

/* Opens it for reading, which waits, and tells when that was over. */
static pid_t start_reader(const char *path, int told)
{
	pid_t child = fork_child();

	if (child)
		return child;
	int fd = must(open(path, O_RDONLY));
	char c;

	read_all(fd, &c, 1);
	report("fifo.open", path, fd, fd_inode(fd));
	signal_turn(told);
	stay();
}

static int open_told(const char *path, int flags)
{
	int fd = must(open(path, flags));

	report("fifo.open", path, fd, fd_inode(fd));
	return fd;
}

static void make_told(int folder, const char *path)
{
	struct stat st;

	must(mkfifoat(folder, path, 0600));
	must(fstatat(folder, path, &st, 0));
	report("fifo.create", path, -1, st.st_ino);
}

static void unlink_told(int folder, const char *path)
{
	struct stat st;

	must(fstatat(folder, path, &st, 0));
	must(unlinkat(folder, path, 0));
	report("fifo.unlink", path, -1, st.st_ino);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	int told[2];

	must(pipe2(told, O_CLOEXEC));
	must(chdir(argv[1]));
	must(mkdir("in", 0700));
	int folder = must(open("in", O_RDONLY | O_DIRECTORY));

	/* Before anybody looks. */
	must(mkfifo("old", 0600));
	must(mkfifo("early", 0600));
	int old = must(open("old", O_RDWR));
	pid_t early = start_reader("early", told[1]);
	await_asleep(early, SYS_openat);
	tell("{\"ready\": true, \"pid\": %d, \"early\": %d, \"old\": %d}", getpid(), early, old);
	listen_for_test();

	make_told(AT_FDCWD, "./data");
	make_told(folder, "sub");
	pid_t reader = start_reader("data", told[1]);
	await_asleep(reader, SYS_openat);
	int first = open_told("data", O_WRONLY);
	signal_turn(first);
	unlink_told(AT_FDCWD, "data");
	make_told(AT_FDCWD, "data");
	int second = open_told("data", O_RDWR | O_NONBLOCK);
	unlink_told(folder, "sub");
	unlink_told(AT_FDCWD, "old");
	make_told(AT_FDCWD, "late");
	pid_t late = start_reader("late", told[1]);
	await_asleep(late, SYS_openat);
	await_turn(told[0]); /* the reader's line comes before ours */
	tell("{\"done\": true, \"reader\": %d, \"late\": %d, \"first\": %d, \"second\": %d, "
	     "\"gone\": %lu, \"old_inode\": %lu}",
	     reader, late, first, second, fd_inode(first), fd_inode(old));
	listen_for_test();

	end_child(reader);
	end_child(late);
	end_child(early);
	must(unlink("data"));
	must(unlink("early"));
	must(unlink("late"));
	must(rmdir("in"));
	return 0;
}
