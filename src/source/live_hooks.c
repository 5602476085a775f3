// SPDX-License-Identifier: GPL-2.0-only
/* Loads and attaches the tracer, and picks the exit hook that loses nothing on this kernel. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "mechanism/mechanism.h"
#include "source/calls.h"
#include "source/live.h"
#include "tracer.skel.h"
#include "util/error.h"

#define SELFTEST_CALLS 64
#define WAKE_BYTES     (512u << 10)

/* 7.0 and later: the recursion guard makes tp_btf lose events under preemption; the perf type
 * loses none (man page, LIMITS). */
static bool kernel_wants_perf_hook(void)
{
	struct utsname name;

	return !uname(&name) && atoi(name.release) >= 7;
}

/* What may come in an interrupt is tp_btf always: a perf tracepoint's program is not run amid another one. */
static bool is_perf(const struct live *live, const char *hook)
{
	return live->perf_hook && strcmp(hook, "signal_generate") && strcmp(hook, "tcp_state");
}

struct bpf_program *live_program(const struct live *live, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(live->tracer->obj, name);

	if (program && bpf_program__fd(program) < 0)
		program = bpf_object__find_program_by_name(live->beside, name);
	return program && bpf_program__fd(program) >= 0 ? program : NULL;
}

static void hook_name(const struct live *live, const char *hook, char *name, size_t size)
{
	snprintf(name, size, "%s_%s", hook, is_perf(live, hook) ? "perf" : "btf");
}

static struct bpf_program *hook_program(const struct live *live, const char *hook)
{
	char name[64];

	hook_name(live, hook, name, sizeof(name));
	return live_program(live, name);
}

static bool is_enabled(const struct options *options, const char *mechanism)
{
	for (size_t i = 0; mechanisms[i]; i++) {
		if (!strcmp(mechanisms[i]->name, mechanism))
			return options->mechanisms >> i & 1;
	}
	return false;
}

/* Programs of these names are loaded for one mechanism alone. */
static const struct {
	const char *prefix, *mechanism;
} gated[] = {
	{"signal_", "signal"},
	{"tcp_", "tcp"},
	{"fifo_", "fifo"},
	{"mq_", "mq"},
};

/* The hooks of signals besides calls. */
static const struct {
	const char *name, *event;
} signal_hooks[] = {
	{"signal_exit", "sched/sched_process_exit"}, /* before that of process_exit, which ends what it tells of */
	{"signal_generate", "signal/signal_generate"},
	{"signal_deliver", "signal/signal_deliver"},
};
#define SIGNAL_HOOKS (sizeof(signal_hooks) / sizeof(signal_hooks[0]))

static bool is_program_wanted(const struct live *live, const char *name)
{
	for (size_t i = 0; i < sizeof(gated) / sizeof(gated[0]); i++) {
		if (!strncmp(name, gated[i].prefix, strlen(gated[i].prefix)))
			return is_enabled(live->options, gated[i].mechanism);
	}
	return true;
}

/* No hooks of calls, hence of one kind. */
static const char *const always[] = { "note_tasks", "fell_asleep", "ask_answer" };

static bool is_always_wanted(const char *name)
{
	for (size_t i = 0; i < sizeof(always) / sizeof(always[0]); i++) {
		if (!strcmp(always[i], name))
			return true;
	}
	return false;
}

/* Exits of calls that only those look at who want mappings. */
static bool is_of_spaces(const char *hook)
{
	for (size_t i = 0; i < call_rows_count; i++) {
		const char *program = call_program(call_rows[i].action);

		if (call_rows[i].maps && program && !strcmp(program, hook))
			return true;
	}
	return false;
}

/* Every program of the chosen kind of hook, "name_perf" or "name_btf", and none of the other kind. */
static bool is_chosen(const struct live *live, const char *name)
{
	const char *end = strrchr(name, '_');
	char hook[64];

	if (is_always_wanted(name))
		return true;
	if (!strcmp(name, "signal_note_pending"))
		return is_program_wanted(live, name);
	if (!end || (strcmp(end, "_perf") && strcmp(end, "_btf")))
		return false;
	snprintf(hook, sizeof(hook), "%.*s", (int)(end - name), name);
	return is_perf(live, hook) == !strcmp(end, "_perf") && is_program_wanted(live, hook) &&
	       (!is_of_spaces(hook) || live_wants_spaces(live));
}

/* These take the verifier, with the snapshot's, as long as the rest does. */
static bool is_beside(const char *name)
{
	static const char *const beside[] = {"signal", "fifo_", "mq_", "mapping_"};

	for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
		if (!strncmp(name, beside[i], strlen(beside[i])))
			return true;
	}
	return false;
}

static void choose_programs(const struct live *live, struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		const char *name = bpf_program__name(program);

		bpf_program__set_autoload(program, is_beside(name) == (object == live->beside) &&
							   is_chosen(live, name));
	}
}

/* Early enough that what comes while the reader gets going still fits, late enough to be rare. */
static uint64_t wake_bytes(const struct options *options)
{
	return options->ring_bytes / 8 < WAKE_BYTES ? options->ring_bytes / 8 : WAKE_BYTES;
}

/* Only processes and descriptors asked for: data is none of our business. */
static bool counts_transfers(const struct options *options)
{
	for (size_t i = 0; mechanisms[i]; i++) {
		if ((options->mechanisms >> i & 1) && mechanisms[i]->moves_data)
			return true;
	}
	return false;
}

static int objects_open(struct live *live, const char *types)
{
	/* As the skeleton has it: the name is in those of maps, by which they are found. */
	DECLARE_LIBBPF_OPTS(bpf_object_open_opts, opts, .object_name = "tracer_bpf", .btf_custom_path = types);
	size_t size;
	const void *elf = tracer_bpf__elf_bytes(&size);

	live->tracer = tracer_bpf__open_opts(&opts);
	live->beside = live->tracer ? bpf_object__open_mem(elf, size, &opts) : NULL;
	if (!live->beside)
		return live_load_error("opening the tracer", -errno);
	choose_programs(live, live->tracer->obj);
	choose_programs(live, live->beside);
	return 0;
}

int live_hooks_open(struct live *live, const char *types)
{
	struct settings *settings;
	int err = objects_open(live, types);

	if (err)
		return err;
	settings = (struct settings *)&live->tracer->rodata->settings;
	settings->own_tgid = getpid();
	settings->own_mnt_ns = mount_namespace(getpid());
	settings->mappings = live_wants_spaces(live);
	settings->paths = live->options->verbose > 0;
	settings->page_shift = __builtin_ctzl(sysconf(_SC_PAGESIZE));
	calls_fill_settings(settings);
	bpf_map__set_max_entries(live->tracer->maps.events, live->options->ring_bytes);
	live->tracer->bss->control.wake_bytes = wake_bytes(live->options);
	live->tracer->bss->control.count_transfers = counts_transfers(live->options);
	live->tracer->bss->control.follow_signals = is_enabled(live->options, "signal");
	err = live_marks_size(live);
	return err ? live_load_error("opening the tracer", err) : 0;
}

static int dispatch_set(struct live *live, int nr, const char *name)
{
	struct bpf_program *program = hook_program(live, name);
	int fd = program ? bpf_program__fd(program) : -ENOENT;

	if (fd < 0)
		return fd;
	return bpf_map_update_elem(bpf_map__fd(live->tracer->maps.dispatch), &nr, &fd, BPF_ANY);
}

static int dispatch_fill(struct live *live)
{
	int err = 0;

	for (size_t i = 0; i < call_rows_count && !err; i++) {
		const char *program = call_program(call_rows[i].action);

		if (program && is_program_wanted(live, program) &&
		    (!call_rows[i].maps || live_wants_spaces(live)))
			err = dispatch_set(live, call_rows[i].nr, program);
	}
	if (!err && live->tracer->bss->control.follow_signals)
		err = dispatch_set(live, CALL_SIGNALFD_READ, "signal_read_exit");
	return err;
}

static int keep_link(struct live *live, struct bpf_link *link, const char *what)
{
	if (!link)
		return live_load_error(what, -errno);
	live->links[live->links_count++] = link;
	return 0;
}

/* tracefs may be mounted nowhere: a mount of our own then, seen by nobody else, which takes
 * CAP_SYS_ADMIN. */
static int tracefs_file(const char *path)
{
	char mounted[96];
	int fs, dir, fd;

	snprintf(mounted, sizeof(mounted), "/sys/kernel/tracing/%s", path);
	fd = open(mounted, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	fs = (int)syscall(SYS_fsopen, "tracefs", 1 /* FSOPEN_CLOEXEC */);
	if (fs < 0)
		return -errno;
	if (syscall(SYS_fsconfig, fs, 6 /* FSCONFIG_CMD_CREATE */, NULL, NULL, 0)) {
		close(fs);
		return -errno;
	}
	dir = (int)syscall(SYS_fsmount, fs, 1 /* FSMOUNT_CLOEXEC */, 0);
	close(fs);
	if (dir < 0)
		return -errno;
	fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	close(dir);
	return fd < 0 ? -errno : fd;
}

/* event: "raw_syscalls/sys_exit" */
static struct bpf_link *attach_perf(struct bpf_program *program, const char *event_name)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr)};
	char path[64], id[24] = "";
	struct bpf_link *link;
	int fd, event;

	snprintf(path, sizeof(path), "events/%s/id", event_name);
	fd = tracefs_file(path);
	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	if (read(fd, id, sizeof(id) - 1) <= 0)
		id[0] = 0;
	close(fd);
	attr.config = strtoull(id, NULL, 10);
	event = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (event < 0)
		return NULL;
	link = bpf_program__attach_perf_event(program, event);
	if (!link)
		close(event);
	return link;
}

/* name: of the program, without the suffix of its type; event: of the tracepoint. */
static int attach_hook(struct live *live, const char *name, const char *event)
{
	struct bpf_program *program = hook_program(live, name);
	struct bpf_link *link = is_perf(live, name) ? attach_perf(program, event) :
						      bpf_program__attach(program);
	char what[64];

	snprintf(what, sizeof(what), "attaching to %s", event);
	return keep_link(live, link, what);
}

/* Proves that the hook sees each exit: a call of our own, counted in the kernel. */
static int selftest(struct live *live)
{
	struct control *control = (struct control *)&live->tracer->bss->control;
	int err = dispatch_set(live, SYS_getppid, "selftest_exit");

	if (err)
		return err;
	control->test_tid = gettid();
	for (int i = 0; i < SELFTEST_CALLS; i++)
		syscall(SYS_getppid);
	control->test_tid = 0;
	bpf_map_delete_elem(bpf_map__fd(live->tracer->maps.dispatch), &(int){SYS_getppid});
	return control->test_calls == SELFTEST_CALLS ? 0 : -EIO;
}

static int marks_map(struct live *live)
{
	int err = live_marks_map(live);

	return err ? live_load_error("mapping the marks", err) : 0;
}

static int try_hook(struct live *live, bool perf)
{
	int err;

	live->perf_hook = perf;
	err = live_load(live, true);
	if (!err)
		err = marks_map(live);
	/* First: a change of a map keeps the hook from seeing what else goes on on its processor (7.2). */
	if (!err)
		err = dispatch_fill(live);
	if (!err)
		err = attach_hook(live, "root", "raw_syscalls/sys_exit");
	if (!err)
		err = selftest(live);
	if (err)
		live_hooks_close(live);
	return err;
}

static int attach_signals(struct live *live)
{
	int err = 0;

	for (size_t i = 0; i < SIGNAL_HOOKS && !err; i++)
		err = attach_hook(live, signal_hooks[i].name, signal_hooks[i].event);
	return err;
}

static int attach_life(struct live *live)
{
	struct tracer_bpf *t = live->tracer;
	int err = 0;

	if (t->bss->control.follow_signals)
		err = attach_signals(live);
	if (!err)
		err = attach_hook(live, "newtask", "task/task_newtask");
	if (!err)
		err = attach_hook(live, "process_exec", "sched/sched_process_exec");
	if (!err)
		err = attach_hook(live, "process_exit", "sched/sched_process_exit");
	if (!err && is_enabled(live->options, "tcp"))
		err = attach_hook(live, "tcp_state", "sock/inet_sock_set_state");
	if (!err && t->bss->control.count_transfers)
		err = keep_link(live, bpf_program__attach(live_program(live, "fell_asleep")),
				"attaching sched_switch");
	return err;
}

/* Runs an iterator that writes nothing. */
static int run_iterator(struct bpf_program *program)
{
	struct bpf_link *link = bpf_program__attach_iter(program, NULL);
	int fd, err = 0;
	char none;

	if (!link)
		return live_load_error("attaching an iterator", -errno);
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0 || read(fd, &none, 1) < 0)
		err = live_load_error("running an iterator", -errno);
	if (fd >= 0)
		close(fd);
	bpf_link__destroy(link);
	return err;
}

static uint64_t misses_of(const struct live *live, const struct bpf_object *object)
{
	struct bpf_program *program;
	uint64_t sum = 0;

	bpf_object__for_each_program(program, object) {
		struct bpf_prog_info info = {};
		__u32 len = sizeof(info);
		int fd = bpf_program__fd(program);

		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &len))
			continue;
		sum += info.recursion_misses;
		if (info.recursion_misses && live->options->verbose > 1)
			say("recursion guard: %s skipped %llu times", bpf_program__name(program),
			    (unsigned long long)info.recursion_misses);
	}
	return sum;
}

static uint64_t recursion_misses(const struct live *live)
{
	return misses_of(live, live->tracer->obj) + misses_of(live, live->beside);
}

int live_hooks_attach(struct live *live)
{
	enum hooks forced = live->options->hooks;
	bool perf = forced ? forced == HOOKS_PERF : kernel_wants_perf_hook();
	int err = try_hook(live, perf);

	if (!forced && (err == -EIO || (err && perf)))
		err = try_hook(live, !perf);
	if (err == -EIO)
		return err_r(-EOPNOTSUPP, "no hook on the exit of system calls sees every call "
					  "on this kernel");
	if (!err && live->options->verbose)
		say("hooks: %s", live->perf_hook ? "perf tracepoints" : "tp_btf");
	if (!err)
		err = attach_life(live);
	/* What was skipped up to now has left its traces in the tables, which are read after this. */
	if (!err)
		live->skipped_before = recursion_misses(live);
	if (!err && live->tracer->bss->control.count_transfers)
		err = run_iterator(live_program(live, "note_tasks"));
	if (!err && live->tracer->bss->control.follow_signals)
		err = run_iterator(live_program(live, "signal_note_pending"));
	return err;
}

void live_hooks_close(struct live *live)
{
	while (live->links_count)
		bpf_link__destroy(live->links[--live->links_count]);
	live_marks_close(live);
	bpf_object__close(live->beside);
	tracer_bpf__destroy(live->tracer);
	live->beside = NULL;
	live->tracer = NULL;
}

void live_hooks_losses(struct live *live, uint64_t *loss)
{
	volatile const __u64 *losses = live->tracer->bss->control.losses;
	uint64_t now = now_ns();

	for (int which = 0; which < LOSS_MAX; which++)
		loss[which] = losses[which];
	if (now >= live->next_recursion_ns) {
		live->skipped = recursion_misses(live) - live->skipped_before;
		live->next_recursion_ns = now + 1000000000ULL;
	}
	loss[LOSS_RECURSION] = live->skipped;
	loss[LOSS_MAP_FULL] += live->marks_short;
}
