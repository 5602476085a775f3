// SPDX-License-Identifier: GPL-2.0-only
#include "util/stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int stdio_reserve(void)
{
	int fd;

	/* The lowest free number is given first, so all up to fd are open when it was given. */
	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}
