/* SPDX-License-Identifier: GPL-2.0-only */
/* What a mapping is, for events and snapshot alike. */
#ifndef IPCTRACE_MAPPING_BPF_H
#define IPCTRACE_MAPPING_BPF_H

#include "file.bpf.h"

/* include/linux/mm.h. VM_SHARED is taken from a mapping whose file is not open for writing;
 * VM_MAYSHARE stays, and is what /proc/PID/maps shows as "s". */
#define VM_READ	    0x01
#define VM_WRITE    0x02
#define VM_MAYWRITE 0x20
#define VM_MAYSHARE 0x80
#define VM_DONTCOPY 0x00020000

static __always_inline bool kind_is_memory(__u32 kind)
{
	return kind == FILE_REGULAR || kind == FILE_MEMFD || kind == FILE_SHM ||
	       kind == FILE_ANON_MEMORY;
}

static __always_inline __u32 mapping_access(unsigned long flags)
{
	return (flags & VM_READ ? MAPPING_READ : 0) | (flags & VM_WRITE ? MAPPING_WRITE : 0) |
	       (flags & VM_MAYWRITE ? MAPPING_MAY_WRITE : 0) |
	       (flags & VM_DONTCOPY ? MAPPING_NOT_FORKED : 0);
}

#endif /* IPCTRACE_MAPPING_BPF_H */
