/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of text in aligned columns. What goes in has been escaped. */
#ifndef IPCTRACE_TEXT_TABLE_H
#define IPCTRACE_TEXT_TABLE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEXT_COLUMNS_MAX 8

struct text_cell;

struct text_table {
	size_t columns;
	char *text;	/* of all cells, one behind the other; kept from print to print */
	size_t len, room;
	size_t begun;	/* where the cell at hand begins */
	struct text_cell *cells;
	size_t count;
	int err;
};

/* Adds the next cell; rows fill from left to right. */
void text_table_add(struct text_table *table, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Likewise, a cell in parts: what is put until text_table_end() is one. Without memory text_table_print() will
 * say so. */
void text_table_put(struct text_table *table, const char *text);
void text_table_put_number(struct text_table *table, uint64_t number);
void text_table_end(struct text_table *table);
/* Prints all rows, each behind `indent` blanks, and empties the table. Returns 0 or -errno. */
int text_table_print(struct text_table *table, FILE *out, int indent);
void text_table_free(struct text_table *table);

#endif /* IPCTRACE_TEXT_TABLE_H */
