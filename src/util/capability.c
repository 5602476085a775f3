// SPDX-License-Identifier: GPL-2.0-only
/* Capabilities by the system call itself: three functions are not worth a library. */
#include "util/capability.h"

#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	unsigned int number;
	const char *name;
} names[] = {
	{ CAP_DAC_OVERRIDE, "CAP_DAC_OVERRIDE" },
	{ CAP_DAC_READ_SEARCH, "CAP_DAC_READ_SEARCH" },
	{ CAP_FOWNER, "CAP_FOWNER" },
	{ CAP_SETGID, "CAP_SETGID" },
	{ CAP_SETUID, "CAP_SETUID" },
	{ CAP_SYS_PTRACE, "CAP_SYS_PTRACE" },
	{ CAP_SYS_ADMIN, "CAP_SYS_ADMIN" },
	{ CAP_SYS_NICE, "CAP_SYS_NICE" },
	{ CAP_PERFMON, "CAP_PERFMON" },
	{ CAP_BPF, "CAP_BPF" },
	{ CAP_CHECKPOINT_RESTORE, "CAP_CHECKPOINT_RESTORE" },
};

/* Version 3 has two words a set. */
static int call(long nr, struct __user_cap_data_struct words[2])
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };

	return syscall(nr, &header, words) ? -errno : 0;
}

int capabilities_get(struct capabilities *capabilities)
{
	struct __user_cap_data_struct words[2] = { { 0 } };
	int err = call(SYS_capget, words);

	*capabilities = (struct capabilities){ 0 };
	if (err)
		return err;
	*capabilities = (struct capabilities){
		.effective = words[0].effective | (uint64_t)words[1].effective << 32,
		.permitted = words[0].permitted | (uint64_t)words[1].permitted << 32,
		.inheritable = words[0].inheritable | (uint64_t)words[1].inheritable << 32,
	};
	return 0;
}

static int capabilities_set(const struct capabilities *capabilities)
{
	struct __user_cap_data_struct words[2];

	for (int i = 0; i < 2; i++)
		words[i] = (struct __user_cap_data_struct){
			.effective = (uint32_t)(capabilities->effective >> 32 * i),
			.permitted = (uint32_t)(capabilities->permitted >> 32 * i),
			.inheritable = (uint32_t)(capabilities->inheritable >> 32 * i),
		};
	return call(SYS_capset, words);
}

int capabilities_raise(uint64_t set)
{
	struct capabilities now;
	int err = capabilities_get(&now);

	now.effective = now.permitted & set;
	return err ? err : capabilities_set(&now);
}

int capabilities_keep(uint64_t set)
{
	struct capabilities now;
	int err = capabilities_get(&now);

	if (err)
		return err;
	/* Where there are none (before 4.3) there is nothing to clear. */
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	now.effective = now.permitted &= set;
	now.inheritable = 0;
	return capabilities_set(&now);
}

uint64_t capabilities_ambient(void)
{
	uint64_t set = 0;

	for (unsigned int i = 0; i < 64; i++)
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			set |= CAPABILITY(i);
	return set;
}

const char *capability_names(uint64_t set, char buf[CAPABILITY_NAMES_MAX])
{
	size_t used = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < COUNT(names); i++)
		if (set & CAPABILITY(names[i].number))
			used += (size_t)snprintf(buf + used, CAPABILITY_NAMES_MAX - used, "%s%s",
						 used ? ", " : "", names[i].name);
	return buf;
}

uint64_t capabilities_missing(uint64_t set)
{
	struct capabilities now;

	capabilities_get(&now);
	if (now.effective & CAPABILITY(CAP_SYS_ADMIN))
		set &= ~(CAPABILITY(CAP_BPF) | CAPABILITY(CAP_PERFMON) |
			 CAPABILITY(CAP_CHECKPOINT_RESTORE));
	return set & ~now.effective;
}
