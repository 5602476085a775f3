// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names that are up to something: control characters, quotes, broken UTF-8, turned writing direction,
 * great length; as names of programs, arguments, files, FIFOs, sockets and memory.
 *
 * usage: hostile FOLDER
 *   → {"ready": true, "pid"}              waits for a line
 *   → {"done": true, "children": [PID…], "names": N, "path": length of the longest}    all is open, and stays
 *   waits for a line or end of file, then removes what it made, and ends
 */
#include "workload.h"

#include <sys/mman.h>
#include <stddef.h>
#include <sys/un.h>

static const char *const names[] = {
	"\x1b[31mred\x1b]0;title\x07", /* colours, the window's title */
	"quote\"back\\slash'`$(x)<&>|{}[]#;--", /* of shells and of every format */
	"</text><script>alert(1)</script>", /* of SVG and HTML, but for the slash */
	"\"];evil->graph[x=\"", /* of DOT */
	"%s%n%p%%", /* of printf */
	"\xff\xfe\xc3\x28\xe2\x82 \xf0\x9f", /* no UTF-8 */
	"\xe2\x80\xaegpj.exe\xe2\x81\xa6", /* U+202E, U+2066: direction */
	"\xc2\x9b"
	"31m\xc2\x85", /* C1 control characters in UTF-8 */
	"line\none\rtwo\ttabs\x7f\x08", /* lines of their own */
	"\xe2\x80\xa8"
	"para\xe2\x80\xa9", /* U+2028, U+2029: lines, in JavaScript too */
	"-----BEGIN", /* an option */
	"..long.................................................................................",
};

#define NAMES (sizeof(names) / sizeof(names[0]))
#define DEEP  14 /* folders of 250 bytes: the path is nearly PATH_MAX long */

struct made {
	int fifo, bound, abstract, memory, file, pipe[2];
	pid_t child;
} made[NAMES];

/* Names of files have no slash. */
static const char *leaf(size_t i, const char *prefix, char buf[200])
{
	snprintf(buf, 200, "%s%s", prefix, names[i]);
	for (char *at = buf; *at; at++)
		if (*at == '/')
			*at = '_';
	return buf;
}

static int bind_unix(const char *name, size_t len, bool is_abstract)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = must(socket(AF_UNIX, SOCK_STREAM, 0));

	memcpy(address.sun_path + is_abstract, name, len);
	must(bind(fd, (struct sockaddr *)&address,
		  offsetof(struct sockaddr_un, sun_path) + is_abstract + len + !is_abstract));
	must(listen(fd, 3));
	return fd;
}

/* A program with that name and those arguments, which waits in a read for ever. */
static pid_t start_child(size_t i)
{
	static char longest[4097];
	pid_t pid = fork_child();

	if (pid)
		return pid;
	memset(longest, 'L', sizeof(longest) - 1);
	memcpy(longest, names[i], strlen(names[i]));
	must(dup2(made[i].pipe[0], 0));
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execl("/proc/self/exe", names[i], "--child", names[i], "two words", "", longest, NULL);
	_exit(95);
}

static void make(size_t i)
{
	char buf[200];

	must(mkfifo(leaf(i, "fifo", buf), 0600));
	made[i].fifo = must(open(buf, O_RDWR | O_CLOEXEC));
	made[i].file = must(open(leaf(i, "file", buf), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
	must(ftruncate(made[i].file, 4096));
	if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, made[i].file, 0) == MAP_FAILED)
		_exit(96);
	leaf(i, "sock", buf);
	made[i].bound = bind_unix(buf, strlen(buf), false);
	/* Abstract names are bytes: NUL and all. */
	made[i].abstract = bind_unix("a\0b", 3, true);
	close(made[i].abstract);
	made[i].abstract = bind_unix(buf, strlen(buf), true);
	made[i].memory = must(memfd_create(names[i], MFD_CLOEXEC));
	must(pipe2(made[i].pipe, O_CLOEXEC));
	made[i].child = start_child(i);
	must(write(made[i].fifo, "x", 1));
}

static size_t dive(const char *folder, int *deepest)
{
	char name[251];
	size_t len = strlen(folder);

	memset(name, 'd', 250);
	name[250] = 0;
	memcpy(name, "\x1b[1m\xff", 5);
	for (int i = 0; i < DEEP; i++, len += 251) {
		must(mkdir(name, 0700));
		must(chdir(name));
	}
	must(mkfifo("deep", 0600));
	*deepest = must(open("deep", O_RDWR | O_CLOEXEC));
	return len + 5;
}

static void climb(int top)
{
	char name[251];

	memset(name, 'd', 250);
	name[250] = 0;
	memcpy(name, "\x1b[1m\xff", 5);
	must(unlink("deep"));
	for (int i = 0; i < DEEP; i++) {
		must(chdir(".."));
		must(rmdir(name));
	}
	must(fchdir(top));
}

static void unmake(size_t i)
{
	char buf[200];

	end_child(made[i].child);
	must(unlink(leaf(i, "fifo", buf)));
	must(unlink(leaf(i, "file", buf)));
	must(unlink(leaf(i, "sock", buf)));
}

int main(int argc, char **argv)
{
	char children[NAMES * 12] = "", c;
	int top, deepest;
	size_t len, used = 0;

	if (argc > 2 && !strcmp(argv[1], "--child")) {
		prctl(PR_SET_NAME, argv[2]);
		return read(0, &c, 1) < 0;
	}
	must(chdir(argv[1]));
	top = must(open(".", O_PATH | O_DIRECTORY | O_CLOEXEC));
	prctl(PR_SET_NAME, names[0]);
	tell("{\"ready\": true, \"pid\": %d}", getpid());
	listen_for_test();
	for (size_t i = 0; i < NAMES; i++) {
		make(i);
		used += sprintf(children + used, "%s%d", i ? ", " : "", made[i].child);
	}
	len = dive(argv[1], &deepest);
	tell("{\"done\": true, \"children\": [%s], \"names\": %zu, \"path\": %zu}", children, NAMES,
	     len);
	listen_for_test();
	climb(top);
	for (size_t i = 0; i < NAMES; i++)
		unmake(i);
	return 0;
}
