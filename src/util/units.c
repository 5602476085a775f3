// SPDX-License-Identifier: GPL-2.0-only
/* Numbers, and amounts as people read them. */
#include "util/units.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* 999 B, 1.0 KiB, 12.3 MiB, 456 GiB */
char *units_bytes(uint64_t bytes, char buf[UNITS_MAX])
{
	static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = (double)bytes;
	size_t unit = 0;

	/* 1023.95 would print as 1024.0: the next unit, then. */
	while (value >= (unit ? 1023.95 : 1024) && unit + 1 < COUNT(names)) {
		value /= 1024;
		unit++;
	}
	if (!unit)
		snprintf(buf, UNITS_MAX, "%u B", (unsigned int)bytes);
	else
		snprintf(buf, UNITS_MAX, value < 99.95 ? "%.1f %s" : "%.0f %s", value, names[unit]);
	return buf;
}

/* 87 ns, 1.5 µs, 12.3 ms, 3.4 s, 2 min 5 s, 3 h 12 min */
char *units_duration(uint64_t ns, char buf[UNITS_MAX])
{
	uint64_t seconds = ns / 1000000000;

	if (ns < 1000)
		snprintf(buf, UNITS_MAX, "%u ns", (unsigned int)ns);
	else if (ns < 1000000)
		snprintf(buf, UNITS_MAX, "%.1f µs", (double)ns / 1e3);
	else if (ns < 1000000000)
		snprintf(buf, UNITS_MAX, "%.1f ms", (double)ns / 1e6);
	else if (seconds < 60)
		snprintf(buf, UNITS_MAX, "%.1f s", (double)ns / 1e9);
	else if (seconds < 3600)
		snprintf(buf, UNITS_MAX, "%u min %u s", (unsigned int)(seconds / 60),
			 (unsigned int)(seconds % 60));
	else
		snprintf(buf, UNITS_MAX, "%llu h %u min", (unsigned long long)(seconds / 3600),
			 (unsigned int)(seconds / 60 % 60));
	return buf;
}

size_t number_put(char buf[NUMBER_MAX], uint64_t number)
{
	char digits[NUMBER_MAX], *at = digits + sizeof(digits) - 1;
	size_t len;

	*at = '\0';
	do {
		*--at = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	len = (size_t)(digits + sizeof(digits) - 1 - at);
	memcpy(buf, at, len + 1);
	return len;
}
