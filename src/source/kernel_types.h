/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's types, no more of them than programs ask for. For each type that a program names, libbpf goes
 * through all that the kernel has, a hundred thousand and more: that was most of our start.
 */
#ifndef IPCTRACE_KERNEL_TYPES_H
#define IPCTRACE_KERNEL_TYPES_H

#include <stddef.h>

struct btf;

struct kernel_types {
	int fd;			/* -1 = none */
	char path[32];		/* for bpf_object_open_opts.btf_custom_path */
};

/* 0 or -errno. */
int kernel_types_open(struct kernel_types *types);
void kernel_types_close(struct kernel_types *types);

/*
 * Fills the file with the kernel's types that have the names of the objects' own types, own[0..count), and what
 * those consist of; what pointers lead to is left out. To be called before the objects are loaded. 0 or -errno.
 */
int kernel_types_write(const struct kernel_types *types, const struct btf *const *own, size_t count);

/* The same from `kernel`, into memory that the caller frees. */
int kernel_types_reduce(const struct btf *kernel, const struct btf *const *own, size_t count, void **data,
			unsigned int *size);

#endif /* IPCTRACE_KERNEL_TYPES_H */
