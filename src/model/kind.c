// SPDX-License-Identifier: GPL-2.0-only
/* What the kinds of object have in common, as far as the model must know it: one table. */
#include "model/internal.h"

enum kind_trait {
	KIND_IPC = 1 << 0, /* carries data from one process to another */
	KIND_PER_FILE = 1 << 1, /* many share one inode: the file is the object */
};

static const struct {
	const char *name;
	unsigned int traits;
} kinds[] = {
	[FILE_UNKNOWN] = { "unknown", KIND_PER_FILE },
	[FILE_REGULAR] = { "file", 0 },
	[FILE_DIRECTORY] = { "dir", 0 },
	[FILE_CHAR] = { "char", 0 },
	[FILE_BLOCK] = { "block", 0 },
	[FILE_PIPE] = { "pipe", KIND_IPC },
	[FILE_FIFO] = { "fifo", KIND_IPC },
	[FILE_UNIX] = { "unix", KIND_IPC },
	[FILE_TCP] = { "tcp", KIND_IPC },
	[FILE_UDP] = { "udp", KIND_IPC },
	[FILE_SOCKET] = { "socket", KIND_IPC },
	[FILE_EVENTFD] = { "eventfd", KIND_IPC | KIND_PER_FILE },
	[FILE_EPOLL] = { "epoll", KIND_PER_FILE },
	[FILE_SIGNALFD] = { "signalfd", KIND_PER_FILE },
	[FILE_TIMERFD] = { "timerfd", KIND_PER_FILE },
	[FILE_INOTIFY] = { "inotify", KIND_PER_FILE },
	[FILE_PIDFD] = { "pidfd", KIND_PER_FILE },
	[FILE_MEMFD] = { "memfd", KIND_IPC },
	[FILE_MQ] = { "mq", KIND_IPC },
	[FILE_PTY] = { "pty", KIND_IPC },
	[FILE_IO_URING] = { "io_uring", KIND_PER_FILE },
	[FILE_ANON] = { "anon_inode", KIND_PER_FILE },
	[FILE_SYMLINK] = { "symlink", 0 },
	[FILE_SHM] = { "shm", KIND_IPC },
	[FILE_ANON_MEMORY] = { "anon", KIND_IPC },
	[FILE_PROCESS] = { "process", KIND_IPC },
	[FILE_SEM] = { "sem", KIND_IPC },
	[FILE_MSG] = { "msg", KIND_IPC },
};
_Static_assert(sizeof(kinds) / sizeof(kinds[0]) == FILE_KIND_MAX, "every kind has its row");

bool kind_is_ipc(uint32_t kind)
{
	return kind < FILE_KIND_MAX && (kinds[kind].traits & KIND_IPC);
}

bool kind_is_per_file(uint32_t kind)
{
	return kind < FILE_KIND_MAX && (kinds[kind].traits & KIND_PER_FILE);
}

bool kind_has_endpoints(uint32_t kind)
{
	return kind == FILE_UNKNOWN || kind_is_ipc(kind);
}

const char *kind_name(uint32_t kind)
{
	return kinds[kind < FILE_KIND_MAX ? kind : FILE_UNKNOWN].name;
}
