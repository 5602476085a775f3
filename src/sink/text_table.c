// SPDX-License-Identifier: GPL-2.0-only
/* Aligned columns. */
#include "sink/text_table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>

#include "sink/stream.h"
#include "util/escape.h"

/* A longer cell pushes the rest of its row aside instead of the whole column. */
#define WIDTH_MAX 48

FILE *text_table_begin(struct text_table *table)
{
	if (!table->cells) {
		table->cells = open_memstream(&table->text, &table->len);
		if (table->cells)
			__fsetlocking(table->cells, FSETLOCKING_BYCALLER);
		else
			table->err = -ENOMEM;
	}
	return table->cells;
}

void text_table_end(struct text_table *table)
{
	if (!table->cells)
		return;
	putc_unlocked('\0', table->cells);
	table->count++;
}

void text_table_add(struct text_table *table, const char *format, ...)
{
	FILE *cell = text_table_begin(table);
	va_list args;

	if (!cell)
		return;
	va_start(args, format);
	vfprintf(cell, format, args);
	va_end(args);
	text_table_end(table);
}

static const char *next_cell(const char *cell)
{
	return cell + strlen(cell) + 1;
}

static void measure(const struct text_table *table, size_t widths[TEXT_COLUMNS_MAX])
{
	const char *cell = table->text;
	size_t i, width;

	for (i = 0; i < table->count; i++, cell = next_cell(cell)) {
		width = utf8_columns(cell);
		if (width > widths[i % table->columns])
			widths[i % table->columns] = width < WIDTH_MAX ? width : WIDTH_MAX;
	}
}

static void print_blanks(FILE *out, size_t count)
{
	while (count--)
		putc_unlocked(' ', out);
}

/* Prints `count` cells from there on. Returns the one behind them. Blanks after the last words of a row
 * would only get in the way, so they wait for more words. */
static const char *print_row(FILE *out, const char *cell, size_t count, int indent,
			     const size_t widths[TEXT_COLUMNS_MAX])
{
	size_t blanks = (size_t)indent, i, used;

	for (i = 0; i < count; i++, cell = next_cell(cell)) {
		used = utf8_columns(cell);
		if (used) {
			print_blanks(out, blanks);
			blanks = 0;
			fputs_unlocked(cell, out);
		}
		blanks += used < widths[i] ? widths[i] + 2 - used : 2;
	}
	putc_unlocked('\n', out);
	return cell;
}

static int table_status(struct text_table *table)
{
	if (!table->err && table->cells && (fflush(table->cells) || ferror(table->cells)))
		table->err = -ENOMEM;
	return table->err;
}

int text_table_print(struct text_table *table, FILE *out, int indent)
{
	size_t widths[TEXT_COLUMNS_MAX] = { 0 }, i, left;
	int err = table_status(table);
	const char *cell = table->text;

	if (!err)
		measure(table, widths);
	for (i = 0; i < table->count && !err; i += table->columns) {
		left = table->count - i;
		cell = print_row(out, cell, left < table->columns ? left : table->columns, indent,
				 widths);
	}
	table->count = 0;
	if (table->cells)
		rewind(table->cells);
	return err ? err : stream_status(out);
}

void text_table_free(struct text_table *table)
{
	if (table->cells)
		fclose(table->cells);
	free(table->text);
	*table = (struct text_table){ .columns = table->columns };
}
