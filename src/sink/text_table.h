/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of text in aligned columns. What goes in has been escaped. */
#ifndef IPCTRACE_TEXT_TABLE_H
#define IPCTRACE_TEXT_TABLE_H

#include <stddef.h>
#include <stdio.h>

#define TEXT_COLUMNS_MAX 8

struct text_table {
	size_t columns;
	char **cells; /* row by row */
	size_t count, room;
	int err;
};

/* Adds the next cell; rows fill from left to right. */
void text_table_add(struct text_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Prints all rows, each behind `indent` blanks, and empties the table. Returns 0 or -errno. */
int text_table_print(struct text_table *table, FILE *out, int indent);

#endif /* IPCTRACE_TEXT_TABLE_H */
