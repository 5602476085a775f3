/* SPDX-License-Identifier: GPL-2.0-only */
/* Amounts as people read them: "1.2 MiB", "3.4 s". Each returns buf. */
#ifndef IPCTRACE_UNITS_H
#define IPCTRACE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#define UNITS_MAX 24 /* room for any of them */

char *units_bytes(uint64_t bytes, char buf[UNITS_MAX]);
char *units_duration(uint64_t ns, char buf[UNITS_MAX]);

#endif /* IPCTRACE_UNITS_H */
