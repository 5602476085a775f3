// SPDX-License-Identifier: GPL-2.0-only
/* What fuzzing once found, again: each input of tests/fuzz/found goes the way of the fuzzer. */
#include "../fuzz/fuzz_records.c"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FOUND "tests/fuzz/found"

/* A recording has its records one after another, aligned. */
static void run(const char *name)
{
	static unsigned char bytes[1 << 16] __attribute__((aligned(8)));
	char path[512];
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), FOUND "/%s", name);
	file = fopen(path, "r");
	assert_non_null(file);
	size = fread(bytes, 1, sizeof(bytes), file);
	assert_true(size && feof(file));
	fclose(file);
	LLVMFuzzerTestOneInput(bytes, size);
}

static void all_found(void **state)
{
	DIR *folder = opendir(FOUND);
	struct dirent *entry;
	int count = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.') {
			run(entry->d_name);
			count++;
		}
	closedir(folder);
	assert_true(count > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(all_found) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
