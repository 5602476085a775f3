/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maps and settings that all BPF files of the tracer share, and those of the snapshot. core.bpf.c defines
 * them, or rows.bpf.c; the others see them as extern, and bpftool gen object joins them. Types are named structs,
 * since the linker compares them by name.
 */
#ifndef IPCTRACE_MAPS_BPF_H
#define IPCTRACE_MAPS_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "ipctrace/control.h"
#include "ipctrace/record.h"

struct events_map {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 << 20);
};

/* System call number → the program that looks at its exit; filled by the loader. */
struct dispatch_map {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, CALLS_MAX);
	__type(key, __u32);
	__type(value, __u32);
};

struct transfers_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TRANSFERS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct transfer_key);
	__type(value, struct transfer);
};

/* Process (tgid) → enum mark. Used where not the whole machine is traced. The reader has it mapped: its changes
 * are no system calls, which keep perf hooks off its processor. */
struct marks_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1); /* the loader knows better */
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct mark_page);
};

/* Objects of the selected processes: whoever else holds one is a peer. */
struct watched_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, WATCHED_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct watched_key);
	__type(value, __u32);
};

/* Where each socket has sent datagrams to, and how much; the reader takes out what rests. */
struct destinations_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DESTINATIONS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct destination_key);
	__type(value, struct sent);
};

/* Since when tasks sleep in transfers. An array is looked up in a tenth of the time of task
 * storage, and nothing is allocated under the scheduler's locks. */
struct asleep_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ASLEEP_MAX);
	__type(key, __u32);
	__type(value, struct asleep);
};

/* Hashes of the names of known FIFOs; the oldest give way. */
struct fifo_names_map {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, FIFO_NAMES_MAX);
	__type(key, __u32);
	__type(value, __u32);
};

/* Address spaces (struct mm_struct *) that have, or may have, shared mappings; see mapping.bpf.c.
 * Addresses are used again, so it stays as small as the kernel's own cache of them. */
struct spaces_map {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SPACES_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u32);
};

/* The maps are the tracer's alone: the snapshot has no use for them, and making them takes time. */
#ifdef IPCTRACE_CORE_BPF
#define TRACED
#else
#define TRACED extern
#endif

TRACED struct events_map events SEC(".maps");
TRACED struct dispatch_map dispatch SEC(".maps");
TRACED struct transfers_map transfers SEC(".maps");
TRACED struct marks_map marks SEC(".maps");
TRACED struct watched_map watched SEC(".maps");
TRACED struct destinations_map destinations SEC(".maps");
TRACED struct asleep_map asleep SEC(".maps");
TRACED struct spaces_map spaces SEC(".maps");
TRACED struct fifo_names_map fifo_names SEC(".maps");

#if defined(IPCTRACE_CORE_BPF) || defined(IPCTRACE_ROWS_BPF)
#define SHARED
#else
#define SHARED extern
#endif

SHARED const volatile struct settings settings;
SHARED struct control control;

/* At once: a program is preempted like the task it runs in, and a sum put back late would take losses
 * back that were repaired for already, or never were. */
static __always_inline void count_loss(enum loss which)
{
	__sync_fetch_and_add(&control.losses[which], 1);
}

#endif /* IPCTRACE_MAPS_BPF_H */
