// SPDX-License-Identifier: GPL-2.0-only
/* What a kernel lacks for our programs: looked up in its own BTF. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "source/live.h"
#include "util/error.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NAMES_MAX    256

/* In the order in which the kernel got them. Those that only some commands need are the last ones' reason
 * too: no kernel has them without those before. */
static const char *const helpers[] = {
	"bpf_ringbuf_reserve",	    /* 5.8 */
	"bpf_get_current_task_btf", /* 5.11 */
	"bpf_task_pt_regs",	    /* 5.15 */
	"bpf_loop",		    /* 5.17 */
	"bpf_find_vma",		    /* 5.17 */
	"bpf_copy_from_user_task",  /* 5.18 */
};
static const char *const iterators[] = { "task", "task_file", "unix" };

struct names {
	char text[NAMES_MAX];
	size_t len;
};

static void names_add(struct names *names, const char *what, const char *name)
{
	int len = snprintf(names->text + names->len, NAMES_MAX - names->len, "%s%s%s",
			   names->len ? ", " : "", what, name);

	if (len > 0)
		names->len += (size_t)len;
	if (names->len >= NAMES_MAX)
		names->len = NAMES_MAX - 1;
}

/* "bpf_loop" is BPF_FUNC_loop there. */
static bool has_helper(const struct btf *btf, const struct btf_type *ids, const char *name)
{
	for (__u16 i = 0; i < btf_vlen(ids); i++) {
		const char *id = btf__name_by_offset(btf, btf_enum(ids)[i].name_off);

		if (!strncmp(id, "BPF_FUNC_", 9) && !strcmp(id + 9, name + 4))
			return true;
	}
	return false;
}

static bool has_iterator(const struct btf *btf, const char *name)
{
	char function[64];

	snprintf(function, sizeof(function), "bpf_iter_%s", name);
	return btf__find_by_name_kind(btf, function, BTF_KIND_FUNC) > 0;
}

static void find_missing(const struct btf *btf, struct names *missing)
{
	int ids = btf__find_by_name_kind(btf, "bpf_func_id", BTF_KIND_ENUM);

	for (size_t i = 0; ids > 0 && i < COUNT(helpers); i++)
		if (!has_helper(btf, btf__type_by_id(btf, (__u32)ids), helpers[i]))
			names_add(missing, "", helpers[i]);
	for (size_t i = 0; i < COUNT(iterators); i++)
		if (!has_iterator(btf, iterators[i]))
			names_add(missing, "iter/", iterators[i]);
}

/* Says what is missing, if anything is. 0 or -EOPNOTSUPP. */
static int check_missing(const struct utsname *kernel)
{
	struct btf *btf = btf__load_vmlinux_btf();
	struct names missing = { .len = 0 };

	if (btf)
		find_missing(btf, &missing);
	else
		names_add(&missing, "", "BTF (CONFIG_DEBUG_INFO_BTF)");
	btf__free(btf);
	if (!missing.len)
		return 0;
	return err_r(-EOPNOTSUPP, "Linux %s has no %s; Linux 6.1 or later with BTF is needed",
		     kernel->release, missing.text);
}

/* An old verifier warns in the kernel's log of what it can't make sense of (5.10: WARNING at bpf_check), so
 * nothing is loaded there for a try. Newer ones are not asked: that takes milliseconds. */
int live_check_kernel(void)
{
	struct utsname kernel = { 0 };
	int major = 0, minor = 0;

	uname(&kernel);
	if (sscanf(kernel.release, "%d.%d", &major, &minor) != 2 || major > 6 || (major == 6 && minor >= 1))
		return 0;
	return check_missing(&kernel);
}

int live_unsupported(const char *what, int err)
{
	struct utsname kernel = { 0 };

	uname(&kernel);
	if (check_missing(&kernel))
		return -EOPNOTSUPP;
	return err_r(-EOPNOTSUPP, "Linux %s refused %s (%s); Linux 6.1 or later with BTF is needed",
		     kernel.release, what, strerror(-err));
}

int live_load_error(const char *what, int err)
{
	switch (err) {
	case -EPERM: return live_refused(what, err);
	case -EACCES: /* the verifier refuses a program, for want of something it needs */
	case -ESRCH:
	case -EOPNOTSUPP:
	case -EINVAL:
	case -ENOENT: return live_unsupported(what, err);
	}
	return err_r(err, "%s: %s", what, strerror(-err));
}
