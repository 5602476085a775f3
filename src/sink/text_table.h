/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of text in aligned columns. What goes in has been escaped. */
#ifndef IPCTRACE_TEXT_TABLE_H
#define IPCTRACE_TEXT_TABLE_H

#include <stddef.h>
#include <stdio.h>

#define TEXT_COLUMNS_MAX 8

struct text_table {
	size_t columns;
	FILE *cells; /* writes to text: each cell with its NUL, row by row; kept from print to print */
	char *text;
	size_t len;
	size_t count;
	int err;
};

/* Adds the next cell; rows fill from left to right. */
void text_table_add(struct text_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Likewise, a cell in parts: what is written to the stream until text_table_end() is one. NULL: no
 * memory, and text_table_print() will say so. */
FILE *text_table_begin(struct text_table *table);
void text_table_end(struct text_table *table);
/* Prints all rows, each behind `indent` blanks, and empties the table. Returns 0 or -errno. */
int text_table_print(struct text_table *table, FILE *out, int indent);
void text_table_free(struct text_table *table);

#endif /* IPCTRACE_TEXT_TABLE_H */
