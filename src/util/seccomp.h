/* SPDX-License-Identifier: GPL-2.0-only */
/* The system calls that are left once everything is attached. */
#ifndef IPCTRACE_SECCOMP_H
#define IPCTRACE_SECCOMP_H

#include <stdbool.h>

/*
 * From now on, for this process and what it starts, only reading: calls that aren't on the list do
 * not exist (ENOSYS), files open to read alone, no memory becomes executable, and bpf(2) reads maps
 * and runs iterators. may_draw: dot(1) can be executed besides, which needs calls of its own.
 * Sets no_new_privs. Returns 0, or -errno where the kernel has no filters or we no list for it.
 */
int seccomp_confine(bool may_draw);

#endif /* IPCTRACE_SECCOMP_H */
