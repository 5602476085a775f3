/* SPDX-License-Identifier: GPL-2.0-only */
/* Capabilities of this process, as sets of bits; bit N is CAP_* number N of linux/capability.h. */
#ifndef IPCTRACE_CAPABILITY_H
#define IPCTRACE_CAPABILITY_H

#include <linux/capability.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAPABILITY(n)        (1ull << (n))
#define CAPABILITY_NAMES_MAX 512

#ifndef CAP_CHECKPOINT_RESTORE
#define CAP_CHECKPOINT_RESTORE 40
#endif

struct capabilities {
	uint64_t effective; /* those that count now */
	uint64_t permitted; /* those that can be made effective */
	uint64_t inheritable;
};

/* 0 or -errno; then nothing is had. */
int capabilities_get(struct capabilities *capabilities);
/* Makes effective what is permitted of the set. 0 or -errno. */
int capabilities_raise(uint64_t set);
/* Gives up all others for good, those for programs to come (inheritable, ambient) too. 0 or -errno. */
int capabilities_keep(uint64_t set);
/* Those that the caller has by himself, and not by attributes of our file. */
uint64_t capabilities_ambient(void);

/* "CAP_BPF, CAP_PERFMON" into buf; returns buf. */
const char *capability_names(uint64_t set, char buf[CAPABILITY_NAMES_MAX]);
/* Of the set, those that are not effective; CAP_SYS_ADMIN stands in for CAP_BPF, CAP_PERFMON and
 * CAP_CHECKPOINT_RESTORE, as in the kernel (include/linux/capability.h). */
uint64_t capabilities_missing(uint64_t set);

#endif /* IPCTRACE_CAPABILITY_H */
