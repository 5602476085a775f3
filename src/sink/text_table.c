// SPDX-License-Identifier: GPL-2.0-only
/* Aligned columns. */
#include "sink/text_table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "sink/stream.h"
#include "util/escape.h"

/* A longer cell pushes the rest of its row aside instead of the whole column. */
#define WIDTH_MAX 48

static int make_room(struct text_table *table)
{
	size_t room = table->room ? table->room * 2 : 64;
	char **cells;

	if (table->count < table->room)
		return 0;
	cells = reallocarray(table->cells, room, sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	table->cells = cells;
	table->room = room;
	return 0;
}

void text_table_add(struct text_table *table, const char *format, ...)
{
	va_list args;
	int len;

	if (!table->err)
		table->err = make_room(table);
	if (table->err)
		return;
	va_start(args, format);
	len = vasprintf(&table->cells[table->count], format, args);
	va_end(args);
	if (len < 0)
		table->err = -ENOMEM;
	else
		table->count++;
}

static void measure(const struct text_table *table, size_t widths[TEXT_COLUMNS_MAX])
{
	size_t i, width;

	for (i = 0; i < table->count; i++) {
		width = utf8_columns(table->cells[i]);
		if (width > widths[i % table->columns])
			widths[i % table->columns] = width < WIDTH_MAX ? width : WIDTH_MAX;
	}
}

/* Blanks after the last words of a row would only get in the way. */
static size_t row_end(const struct text_table *table, size_t begin)
{
	size_t end = begin + table->columns;

	if (end > table->count)
		end = table->count;
	while (end > begin && !*table->cells[end - 1])
		end--;
	return end;
}

static void print_row(const struct text_table *table, FILE *out, size_t begin, int indent,
		      const size_t widths[TEXT_COLUMNS_MAX])
{
	size_t end = row_end(table, begin), i, used, width;

	fprintf(out, "%*s", indent, "");
	for (i = begin; i < end; i++) {
		used = utf8_columns(table->cells[i]);
		width = i + 1 < end ? widths[i - begin] + 2 : 0;
		fprintf(out, "%s%*s", table->cells[i], (int)(used + 2 <= width ? width - used : 0),
			"");
		if (width && used + 2 > width)
			fputs("  ", out);
	}
	fputc('\n', out);
}

int text_table_print(struct text_table *table, FILE *out, int indent)
{
	size_t widths[TEXT_COLUMNS_MAX] = { 0 }, i;
	int err = table->err;

	measure(table, widths);
	for (i = 0; i < table->count && !err; i += table->columns)
		print_row(table, out, i, indent, widths);
	for (i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	*table = (struct text_table){ .columns = table->columns };
	return err ? err : stream_status(out);
}
