// SPDX-License-Identifier: GPL-2.0-only
/* Escaping: what hostile names become in each format. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "util/escape.h"
#include "util/units.h"

static void expect(enum escape how, const char *bytes, const char *expected)
{
	char buf[512], *streamed = NULL;
	size_t len;
	FILE *out = open_memstream(&streamed, &len);

	assert_int_equal(escape_into(buf, sizeof(buf), how, bytes, strlen(bytes)),
			 strlen(expected));
	assert_string_equal(buf, expected);
	escape_print(out, how, bytes, strlen(bytes));
	fclose(out);
	assert_string_equal(streamed, expected);
	free(streamed);
}

static void test_plain_text_stays(void **state)
{
	expect(ESCAPE_TERMINAL, "dup2 4 → 0", "dup2 4 → 0");
	expect(ESCAPE_TERMINAL, "/tmp/\"a\" & <b>", "/tmp/\"a\" & <b>");
	expect(ESCAPE_DOT, "größe €", "größe €");
	expect(ESCAPE_HTML, "𝄞", "𝄞");
}

static void test_controls_show_as_bytes(void **state)
{
	expect(ESCAPE_TERMINAL, "a\033[2Jb", "a\\x1b[2Jb");
	expect(ESCAPE_TERMINAL, "a\nb\tc\r", "a\\x0ab\\x09c\\x0d");
	expect(ESCAPE_TERMINAL, "\x7f", "\\x7f");
	expect(ESCAPE_TERMINAL,
	       "\xc2\x9b"
	       "31m",
	       "\\xc2\\x9b31m"); /* C1: CSI */
	expect(ESCAPE_DOT, "a\nb", "a\\\\x0ab");
	expect(ESCAPE_MERMAID, "a\nb", "a#92;x0ab");
	expect(ESCAPE_HTML, "a\nb", "a\\x0ab");
}

static void test_broken_utf8_shows_as_bytes(void **state)
{
	expect(ESCAPE_TERMINAL, "\xff", "\\xff");
	expect(ESCAPE_TERMINAL, "\xc3", "\\xc3"); /* cut short */
	expect(ESCAPE_TERMINAL, "\xc0\x80", "\\xc0\\x80"); /* overlong NUL */
	expect(ESCAPE_TERMINAL, "\xe0\x80\xaf", "\\xe0\\x80\\xaf"); /* overlong '/' */
	expect(ESCAPE_TERMINAL, "\xed\xa0\x80", "\\xed\\xa0\\x80"); /* surrogate */
	expect(ESCAPE_TERMINAL, "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* beyond Unicode */
	expect(ESCAPE_TERMINAL, "\xe2\x86x", "\\xe2\\x86x");
}

static void test_direction_marks_show(void **state)
{
	expect(ESCAPE_TERMINAL, "a\u202eb", "a\\u{202E}b");
	expect(ESCAPE_TERMINAL, "\u2066\u2069\u200e\u200f\u061c",
	       "\\u{2066}\\u{2069}\\u{200E}\\u{200F}\\u{61C}");
	expect(ESCAPE_TERMINAL, "\u2028", "\\u{2028}");
	expect(ESCAPE_DOT, "\u202e", "\\\\u{202E}");
	expect(ESCAPE_HTML, "\u202e", "\\u{202E}");
}

static void test_backslash_is_doubled(void **state)
{
	expect(ESCAPE_TERMINAL, "\\x1b", "\\\\x1b");
	expect(ESCAPE_DOT, "\\N\\", "\\\\\\\\N\\\\\\\\");
	expect(ESCAPE_MERMAID, "\\n", "#92;#92;n");
}

static void test_format_characters(void **state)
{
	expect(ESCAPE_DOT, "\"];x[label=\"&lt;", "\\\"];x[label=\\\"&amp;lt;");
	expect(ESCAPE_MERMAID, "\"]; <b>#`|", "#quot;]#59; #lt;b#gt;#35;#96;#124;");
	expect(ESCAPE_HTML, "<script>'\"&", "&lt;script&gt;&#39;&quot;&amp;");
}

static void test_cut_is_between_characters(void **state)
{
	char buf[8];

	assert_int_equal(escape_into(buf, sizeof(buf), ESCAPE_TERMINAL, "abcdef\033", 7), 6);
	assert_string_equal(buf, "abcdef");
	assert_int_equal(escape_into(buf, 4, ESCAPE_TERMINAL, "ab€", 5), 2);
	assert_string_equal(buf, "ab");
	assert_int_equal(escape_into(buf, 1, ESCAPE_TERMINAL, "ab", 2), 0);
	assert_string_equal(buf, "");
	assert_int_equal(escape_into(buf, 0, ESCAPE_TERMINAL, "ab", 2), 0);
}

static void test_cut_is_told(void **state)
{
	char buf[8];

	assert_int_equal(escape_cut(buf, sizeof(buf), ESCAPE_TERMINAL, "abcdefg", 7), 7);
	assert_string_equal(buf, "abcdefg");
	assert_int_equal(escape_cut(buf, sizeof(buf), ESCAPE_TERMINAL, "abcdefgh", 8), 7);
	assert_string_equal(buf, "abcd…");
	assert_int_equal(escape_cut(buf, sizeof(buf), ESCAPE_TERMINAL, "abc€fgh", 9), 6);
	assert_string_equal(buf, "abc…");
	assert_int_equal(escape_cut(buf, 4, ESCAPE_TERMINAL, "abcd", 4), 3);
	assert_string_equal(buf, "…");
	assert_int_equal(escape_cut(buf, 3, ESCAPE_TERMINAL, "abcd", 4), 2);
	assert_string_equal(buf, "ab");
	assert_int_equal(escape_cut(buf, 0, ESCAPE_TERMINAL, "ab", 2), 0);
}

/* Whatever goes in, what comes out is printable, and valid UTF-8. */
static void test_every_pair_of_bytes_is_tamed(void **state)
{
	char in[2], out[2 * ESCAPE_ONE_MAX + 1];
	uint32_t character;
	size_t taken, at, len;
	int how, i;

	for (how = ESCAPE_TERMINAL; how <= ESCAPE_HTML; how++)
		for (i = 0; i < 65536; i++) {
			in[0] = (char)(i >> 8);
			in[1] = (char)i;
			len = escape_into(out, sizeof(out), (enum escape)how, in, 2);
			for (at = 0; at < len; at += taken) {
				taken = utf8_decode(out + at, len - at, &character);
				assert_true(taken && character >= 0x20 && character != 0x7f &&
					    !(character >= 0x80 && character < 0xa0));
			}
		}
}

static void test_columns(void **state)
{
	static const char text[] = "a→€ in a longer text, ünd äöß";
	size_t columns = 0;

	assert_int_equal(utf8_columns("", 0), 0);
	assert_int_equal(utf8_columns("a→€", strlen("a→€")), 3);
	for (size_t len = 1; len < sizeof(text); len++) {
		columns += ((unsigned char)text[len - 1] & 0xc0) != 0x80;
		assert_int_equal(utf8_columns(text, len), columns);
	}
}

static void test_units(void **state)
{
	char buf[UNITS_MAX];

	assert_string_equal(units_bytes(0, buf), "0 B");
	assert_string_equal(units_bytes(1023, buf), "1023 B");
	assert_string_equal(units_bytes(1024, buf), "1.0 KiB");
	assert_string_equal(units_bytes(1258291, buf), "1.2 MiB");
	assert_string_equal(units_bytes(1048575, buf), "1.0 MiB");
	assert_string_equal(units_bytes(UINT64_MAX, buf), "16.0 EiB");
	assert_string_equal(units_duration(87, buf), "87 ns");
	assert_string_equal(units_duration(1500, buf), "1.5 µs");
	assert_string_equal(units_duration(12300000, buf), "12.3 ms");
	assert_string_equal(units_duration(3400000000, buf), "3.4 s");
	assert_string_equal(units_duration(125000000000, buf), "2 min 5 s");
	assert_string_equal(units_duration(UINT64_MAX, buf), "5124095 h 34 min");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_text_stays),
		cmocka_unit_test(test_controls_show_as_bytes),
		cmocka_unit_test(test_broken_utf8_shows_as_bytes),
		cmocka_unit_test(test_direction_marks_show),
		cmocka_unit_test(test_backslash_is_doubled),
		cmocka_unit_test(test_format_characters),
		cmocka_unit_test(test_cut_is_between_characters),
		cmocka_unit_test(test_cut_is_told),
		cmocka_unit_test(test_every_pair_of_bytes_is_tamed),
		cmocka_unit_test(test_columns),
		cmocka_unit_test(test_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
