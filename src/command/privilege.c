// SPDX-License-Identifier: GPL-2.0-only
/* Which capabilities each phase needs. How they are given up is in util/. */
#include "command/privilege.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "util/capability.h"
#include "util/error.h"
#include "util/seccomp.h"

/*
 * /proc of other users' processes (fd, exe, mem, syscall): ptrace_may_access(), kernel/ptrace.c.
 * /proc/PID/map_files: proc_map_files_get_link(), fs/proc/base.c, since 5.9.
 * Paths below directories of other users, as FIFOs have them.
 * Iterators and maps need none: their descriptors are the permission (kernel/bpf/syscall.c, since
 * c8644cd0efe7 in 5.19 also where unprivileged BPF is disabled).
 */
#define TO_READ                                                            \
	(CAPABILITY(CAP_SYS_PTRACE) | CAPABILITY(CAP_CHECKPOINT_RESTORE) | \
	 CAPABILITY(CAP_DAC_READ_SEARCH))

/* Renaming a file in a directory of somebody else, as root may: sudo ipctrace -o ~/file. */
#define TO_RENAME (CAPABILITY(CAP_DAC_OVERRIDE) | CAPABILITY(CAP_FOWNER))

/* Those that are the caller's own: all of root's, and else what the file did not bring. */
static uint64_t callers_own(void)
{
	return getuid() ? capabilities_ambient() : ~0ull;
}

int privilege_begin(void)
{
	/* Whose rights would a file be written with then? */
	if (getuid() != geteuid() || getgid() != getegid())
		return err_r(EXIT_PERMISSION,
			     "not made to run set-user-ID or set-group-ID; give it "
			     "file capabilities instead (see the man page)");
	if (getuid() && capabilities_raise(callers_own()))
		return err_r(EXIT_OTHER, "capabilities: %s", strerror(errno));
	return 0;
}

void privilege_raise(void)
{
	capabilities_raise(~0ull);
}

static uint64_t to_write(const struct options *options)
{
	bool is_streamed = options->command == COMMAND_TRACE || options->command == COMMAND_REPLAY;
	bool is_renamed = options->dot || (options->output && !is_streamed);

	return is_renamed ? TO_RENAME & callers_own() : 0;
}

static void keep(uint64_t set)
{
	int err = capabilities_keep(set);

	if (err)
		say("capabilities stay as they are: %s", strerror(-err));
}

static bool may_draw(const struct options *options)
{
	return options->format == FORMAT_SVG || options->format == FORMAT_HTML;
}

void privilege_confine(const struct options *options)
{
	char names[CAPABILITY_NAMES_MAX];
	struct capabilities now;
	int err;

	keep((options->input ? 0 : TO_READ) | to_write(options));
	err = options->seccomp ? seccomp_confine(may_draw(options)) :
				 -prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (err && options->verbose)
		say("no filter of system calls: %s", strerror(-err));
	if (options->verbose > 1 && !capabilities_get(&now))
		say("capabilities left: %s",
		    now.permitted ? capability_names(now.permitted, names) : "none");
}

void privilege_end(const struct options *options)
{
	keep(to_write(options));
}
