// SPDX-License-Identifier: GPL-2.0-only
/* What control groups allow, read from files as the kernel lays them out, under a folder of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/memory.h"

static char root[] = "/tmp/ipctrace-memory-XXXXXX";

static void file(const char *path, const char *text)
{
	char full[256];
	FILE *out;

	snprintf(full, sizeof(full), "%s%s", root, path);
	for (char *at = full + strlen(root) + 1; (at = strchr(at, '/')); *at++ = '/') {
		*at = 0;
		mkdir(full, 0700);
	}
	out = fopen(full, "w");
	assert_non_null(out);
	assert_true(fputs(text, out) >= 0);
	assert_int_equal(fclose(out), 0);
}

static int setup(void **state)
{
	memcpy(root + sizeof(root) - 7, "XXXXXX", 6);
	return mkdtemp(root) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	return remove(path);
}

static int teardown(void **state)
{
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static uint64_t machine(void)
{
	return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void without_groups_it_is_the_machines(void **state)
{
	assert_int_equal(memory_allowed(root), machine());
	file("/proc/self/cgroup", "0::/\n");
	assert_int_equal(memory_allowed(root), machine());
}

static void the_groups_own_limit(void **state)
{
	file("/proc/self/cgroup", "0::/system.slice/x.service\n");
	file("/sys/fs/cgroup/system.slice/x.service/memory.max", "1048576\n");
	file("/sys/fs/cgroup/system.slice/memory.max", "max\n");
	assert_int_equal(memory_allowed(root), 1048576);
}

/* As in a container, whose own group is the root of what it sees. */
static void a_limit_above(void **state)
{
	file("/proc/self/cgroup", "0::/a/b\n");
	file("/sys/fs/cgroup/a/b/memory.max", "4194304\n");
	file("/sys/fs/cgroup/a/memory.max", "2097152\n");
	assert_int_equal(memory_allowed(root), 2097152);
	file("/sys/fs/cgroup/memory.max", "1048576\n");
	assert_int_equal(memory_allowed(root), 1048576);
	file("/proc/self/cgroup", "0::/\n");
	assert_int_equal(memory_allowed(root), 1048576);
}

static void no_limit_is_none(void **state)
{
	file("/proc/self/cgroup", "0::/a\n");
	file("/sys/fs/cgroup/a/memory.max", "max\n");
	assert_int_equal(memory_allowed(root), machine());
}

static void of_version_1(void **state)
{
	file("/proc/self/cgroup", "9:name=systemd:/x\n5:memory:/x:y/z\n1:cpu:/\n0::/\n");
	file("/sys/fs/cgroup/memory/x:y/z/memory.limit_in_bytes", "9223372036854771712\n");
	assert_int_equal(memory_allowed(root), machine());
	file("/sys/fs/cgroup/memory/x:y/memory.limit_in_bytes", "3145728\n");
	assert_int_equal(memory_allowed(root), 3145728);
}

static void what_is_no_such_file_is_no_limit(void **state)
{
	file("/proc/self/cgroup", "\n:\n0\n0:\n0::\n0:memory\nx:memory:nowhere\n");
	assert_int_equal(memory_allowed(root), machine());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(without_groups_it_is_the_machines), TEST(the_groups_own_limit), TEST(a_limit_above),
		TEST(no_limit_is_none), TEST(of_version_1), TEST(what_is_no_such_file_is_no_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
