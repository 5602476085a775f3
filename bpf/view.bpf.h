/* SPDX-License-Identifier: GPL-2.0-only */
/* Typed, directly loadable views of pointers that are mere numbers to the verifier. */
#ifndef IPCTRACE_VIEW_BPF_H
#define IPCTRACE_VIEW_BPF_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* 6.2 and later; elsewhere the symbol is 0 and the verifier drops the branch that calls it. */
extern void *bpf_rdonly_cast(void *obj, __u32 btf_id) __ksym __weak;

/* Reads ptr->member of a struct type by the cheapest way this kernel has: about 1 ns against 20. */
#define FIELD(type, ptr, member)                                                                   \
	(bpf_rdonly_cast ? ((type *)bpf_rdonly_cast((void *)(ptr),                                 \
						    bpf_core_type_id_kernel(type)))                \
				   ->member                                                        \
			 : BPF_CORE_READ((type *)(ptr), member))

/* What lies at an address that is no member of anything: a pointer, or a number of eight bytes. Looked at as if
 * it were a struct that begins with one. */
#define POINTER_AT(ptr) FIELD(struct list_head, ptr, next)
#define NUMBER_AT(ptr)	((__u64)FIELD(struct timespec64, ptr, tv_sec))

/* Such a member of a type that FIELD() is not to name, since it is none of the kernel's first: see numbered[] in
 * src/source/kernel_types.c. */
#define POINTER_OF(type, ptr, member) POINTER_AT((void *)(ptr) + bpf_core_field_offset(type, member))
#define NUMBER_OF(type, ptr, member)  NUMBER_AT((void *)(ptr) + bpf_core_field_offset(type, member))

#endif /* IPCTRACE_VIEW_BPF_H */
