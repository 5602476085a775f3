// SPDX-License-Identifier: GPL-2.0-only
/* Aligned columns. */
#include "sink/text_table.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sink/stream.h"
#include "util/array.h"
#include "util/escape.h"
#include "util/units.h"

/* A longer cell pushes the rest of its row aside instead of the whole column. */
#define WIDTH_MAX 48
#define ROOM_MIN  4096

struct text_cell {
	uint32_t len;		/* bytes */
	uint32_t width;		/* columns */
};

/* Where `size` bytes more may go; NULL = no memory. */
static char *text_room(struct text_table *table, size_t size)
{
	size_t room = table->room ? table->room : ROOM_MIN;
	char *text;

	if (table->room - table->len >= size && table->text)
		return table->text + table->len;
	while (room - table->len < size)
		room *= 2;
	text = realloc(table->text, room);
	if (!text) {
		table->err = -ENOMEM;
		return NULL;
	}
	table->text = text;
	table->room = room;
	return text + table->len;
}

static void put_bytes(struct text_table *table, const char *bytes, size_t len)
{
	char *to = text_room(table, len);

	if (!to)
		return;
	memcpy(to, bytes, len);
	table->len += len;
}

void text_table_put(struct text_table *table, const char *text)
{
	put_bytes(table, text, strlen(text));
}

void text_table_put_number(struct text_table *table, uint64_t number)
{
	char digits[NUMBER_MAX];
	size_t len = number_put(digits, number);

	put_bytes(table, digits, len);
}

void text_table_end(struct text_table *table)
{
	struct text_cell *cell = array_add(&table->cells, &table->count, sizeof(*cell));

	if (!cell) {
		table->err = -ENOMEM;
		return;
	}
	cell->len = (uint32_t)(table->len - table->begun);
	cell->width = (uint32_t)utf8_columns(table->text + table->begun, cell->len);
	table->begun = table->len;
}

void text_table_add(struct text_table *table, const char *format, ...)
{
	va_list args, again;
	char *to;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	to = len < 0 ? NULL : text_room(table, (size_t)len + 1);
	if (to) {
		vsnprintf(to, (size_t)len + 1, format, again);
		table->len += (size_t)len;
	}
	va_end(again);
	va_end(args);
	text_table_end(table);
}

static void measure(const struct text_table *table, size_t widths[TEXT_COLUMNS_MAX])
{
	size_t i, width;

	for (i = 0; i < table->count; i++) {
		width = table->cells[i].width;
		if (width > widths[i % table->columns])
			widths[i % table->columns] = width < WIDTH_MAX ? width : WIDTH_MAX;
	}
}

static void print_blanks(FILE *out, size_t count)
{
	while (count--)
		putc_unlocked(' ', out);
}

/* Prints `count` cells whose text is there. Returns what is behind them. Blanks after the last words of a row
 * would only get in the way, so they wait for more words. */
static const char *print_row(FILE *out, const struct text_cell *cells, const char *text, size_t count,
			     int indent, const size_t widths[TEXT_COLUMNS_MAX])
{
	size_t blanks = (size_t)indent, i, used;

	for (i = 0; i < count; text += cells[i].len, i++) {
		used = cells[i].width;
		if (used) {
			print_blanks(out, blanks);
			blanks = 0;
			fwrite_unlocked(text, 1, cells[i].len, out);
		}
		blanks += used < widths[i] ? widths[i] + 2 - used : 2;
	}
	putc_unlocked('\n', out);
	return text;
}

int text_table_print(struct text_table *table, FILE *out, int indent)
{
	size_t widths[TEXT_COLUMNS_MAX] = { 0 }, i, left;
	const char *text = table->text;
	int err = table->err;

	if (!err)
		measure(table, widths);
	for (i = 0; i < table->count && !err; i += table->columns) {
		left = table->count - i;
		text = print_row(out, table->cells + i, text, left < table->columns ? left : table->columns,
				 indent, widths);
	}
	table->count = table->len = table->begun = 0;
	return err ? err : stream_status(out);
}

void text_table_free(struct text_table *table)
{
	free(table->cells);
	free(table->text);
	*table = (struct text_table){ .columns = table->columns };
}
