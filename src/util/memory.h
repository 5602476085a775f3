/* SPDX-License-Identifier: GPL-2.0-only */
/* How much memory there is for us. */
#ifndef IPCTRACE_MEMORY_H
#define IPCTRACE_MEMORY_H

#include <stdint.h>

/* Bytes: of the machine, or what our control group or one above it allows, whichever is less; UINT64_MAX = unknown.
 * root: what /proc and /sys are looked for under; "" but in a test. */
uint64_t memory_allowed(const char *root);

#endif /* IPCTRACE_MEMORY_H */
