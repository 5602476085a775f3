// SPDX-License-Identifier: GPL-2.0-only
/* What tracing takes, asked before anything is tried, so that each capability is missed by name. */
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "source/live.h"
#include "source/proc.h"
#include "util/capability.h"
#include "util/error.h"

/* Programs on tracepoints and iterators, which read the kernel's memory. */
#define TO_LOAD   (CAPABILITY(CAP_BPF) | CAPABILITY(CAP_PERFMON))
#define TO_BECOME (CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETGID))

/* A kernel's times are not ours in a time namespace whose clocks were moved, and pass for past or yet to
 * come. "monotonic  2600000  0", the same for boottime; no such file before 5.6, nor such namespaces. */
static bool has_own_clock(void)
{
	FILE *offsets = fopen("/proc/self/timens_offsets", "re");
	long long seconds, nanoseconds;
	bool found = false;

	while (offsets && fscanf(offsets, "%*s %lld %lld", &seconds, &nanoseconds) == 2)
		found |= seconds || nanoseconds;
	if (offsets)
		fclose(offsets);
	return found;
}

/*
 * bpf_rdonly_cast() is used where the kernel has it, from 6.2 on. Where it hasn't, libbpf before 1.3 looks for it
 * in modules' types, and fails if it may not.
 */
static bool loading_takes_admin(void)
{
	struct btf *btf;
	bool found;

	if (libbpf_major_version() > 1 || libbpf_minor_version() >= 3)
		return false;
	btf = btf__load_vmlinux_btf();
	found = btf && btf__find_by_name_kind(btf, "bpf_rdonly_cast", BTF_KIND_FUNC) > 0;
	btf__free(btf);
	return !found;
}

int live_check_permission(const struct options *options)
{
	char names[CAPABILITY_NAMES_MAX];
	uint64_t missing = capabilities_missing(TO_LOAD);
	const uint64_t admin = capabilities_missing(CAPABILITY(CAP_SYS_ADMIN));

	if (has_own_clock())
		return err_r(-EINVAL, "in a time namespace with clocks of its own; "
				      "start it outside, by nsenter --time=/proc/1/ns/time");
	if (!pid_namespace_is_first())
		return err_r(-EINVAL, "in a pid namespace of its own, where numbers and /proc are not the kernel's; "
				      "start it outside, or with the host's (docker run --pid=host)");
	if (missing)
		return err_r(-EPERM, "not permitted to load BPF programs; missing: %s (or be root)",
			     capability_names(missing, names));
	if (admin && loading_takes_admin())
		return err_r(-EPERM, "not permitted to load BPF programs; missing: %s, which libbpf %u.%u takes on "
				     "kernels before 6.2 (or be root)",
			     capability_names(admin, names), libbpf_major_version(), libbpf_minor_version());
	if (options->user)
		missing = capabilities_missing(TO_BECOME);
	if (missing)
		return err_r(-EPERM, "not permitted to run PROGRAM as %s; missing: %s",
			     options->user, capability_names(missing, names));
	missing = capabilities_missing(CAPABILITY(CAP_SYS_PTRACE));
	if (missing && !options->quiet)
		say("%s is missing: of other users' processes, paths and arguments stay unknown",
		    capability_names(missing, names));
	return 0;
}

int live_refused(const char *what, int err)
{
	char names[CAPABILITY_NAMES_MAX];
	uint64_t missing = capabilities_missing(CAPABILITY(CAP_SYS_ADMIN));

	if (missing)
		return err_r(err, "%s: not permitted; missing here: %s (or be root)", what,
			     capability_names(missing, names));
	return err_r(err,
		     "%s: not permitted, though no capability is missing: in a user namespace "
		     "they do not count, and lockdown or a container may forbid it",
		     what);
}
