// SPDX-License-Identifier: GPL-2.0-only
/*
 * Escaping, character by character, in two layers: first what no format may carry (control
 * characters, broken UTF-8, direction marks), then what means something in the format at hand.
 */
#include "util/escape.h"

#include <stdbool.h>
#include <string.h>

/* Smallest character that needs that many bytes: anything below is an overlong form. */
static const uint32_t utf8_smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };

static size_t utf8_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	return lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
}

size_t utf8_decode(const char *bytes, size_t len, uint32_t *character)
{
	size_t need, i;
	uint32_t value;

	if (!len)
		return 0;
	need = utf8_length((unsigned char)bytes[0]);
	if (!need || need > len)
		return 0;
	value = need == 1 ? (unsigned char)bytes[0] : (unsigned char)bytes[0] & (0x7fu >> need);
	for (i = 1; i < need; i++) {
		if (((unsigned char)bytes[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | ((unsigned char)bytes[i] & 0x3f);
	}
	if (value < utf8_smallest[need] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*character = value;
	return need;
}

size_t escape_utf8_encode(uint32_t character, char *buf)
{
	if (character < 0x80) {
		buf[0] = (char)character;
		return 1;
	}
	if (character < 0x800) {
		buf[0] = (char)(0xc0 | character >> 6);
		buf[1] = (char)(0x80 | (character & 0x3f));
		return 2;
	}
	if (character < 0x10000) {
		buf[0] = (char)(0xe0 | character >> 12);
		buf[1] = (char)(0x80 | (character >> 6 & 0x3f));
		buf[2] = (char)(0x80 | (character & 0x3f));
		return 3;
	}
	buf[0] = (char)(0xf0 | character >> 18);
	buf[1] = (char)(0x80 | (character >> 12 & 0x3f));
	buf[2] = (char)(0x80 | (character >> 6 & 0x3f));
	buf[3] = (char)(0x80 | (character & 0x3f));
	return 4;
}

#define IN_EACH_BYTE 0x0101010101010101u

/* Bytes that go on with a character have the upper bit, and not the one below. The product's upper byte is the sum
 * of all. */
static size_t count_further(uint64_t eight)
{
	return ((eight >> 7 & ~eight >> 6 & IN_EACH_BYTE) * IN_EACH_BYTE) >> 56;
}

size_t utf8_columns(const char *text, size_t len)
{
	size_t further = 0, at = 0;
	uint64_t eight;

	for (; at + sizeof(eight) <= len; at += sizeof(eight)) {
		memcpy(&eight, text + at, sizeof(eight));
		further += count_further(eight);
	}
	for (; at < len; at++)
		further += ((unsigned char)text[at] & 0xc0) == 0x80;
	return len - further;
}

static bool is_control(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character <= 0x9f);
}

/* Characters that reorder, hide or break what stands around them (Unicode TR 9 and 14). */
static bool is_deceptive(uint32_t character)
{
	return (character >= 0x202a && character <= 0x202e) ||
	       (character >= 0x2066 && character <= 0x2069) || character == 0x200e ||
	       character == 0x200f || character == 0x061c || character == 0x2028 ||
	       character == 0x2029 || character == 0xfeff ||
	       (character >= 0xe0000 && character <= 0xe007f);
}

static const char *dot_special(char c)
{
	switch (c) {
	case '"': return "\\\"";
	case '&': /* graphviz resolves HTML entities in every label */ return "&amp;";
	default: return NULL;
	}
}

static const char *mermaid_special(char c)
{
	switch (c) {
	case '"': return "#quot;";
	case '#': return "#35;";
	case '&': return "#amp;";
	case '<': return "#lt;";
	case '>': return "#gt;";
	case '`': return "#96;";
	case '|': return "#124;";
	case ';': return "#59;";
	default: return NULL;
	}
}

static const char *html_special(char c)
{
	switch (c) {
	case '"': return "&quot;";
	case '\'': return "&#39;";
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	default: return NULL;
	}
}

static const char *format_special(enum escape how, char c)
{
	switch (how) {
	case ESCAPE_DOT: return dot_special(c);
	case ESCAPE_MERMAID: return mermaid_special(c);
	case ESCAPE_HTML: return html_special(c);
	default: return NULL;
	}
}

/* A backslash as it has to stand in that format. */
static const char *backslash(enum escape how)
{
	switch (how) {
	case ESCAPE_DOT: return "\\\\";
	case ESCAPE_MERMAID: /* Mermaid takes "\n" in a label for a line break */ return "#92;";
	default: return "\\";
	}
}

static size_t escape_bytes(enum escape how, const char *bytes, size_t len, char *buf)
{
	size_t used = 0, i;

	for (i = 0; i < len; i++)
		used += (size_t)sprintf(buf + used, "%sx%02x", backslash(how),
					(unsigned char)bytes[i]);
	return used;
}

/* Escapes the first character of bytes into buf; *taken = how many bytes that was. */
static size_t escape_one(enum escape how, const char *bytes, size_t len, char *buf, size_t *taken)
{
	const char *special;
	uint32_t character;

	*taken = utf8_decode(bytes, len, &character);
	if (!*taken) {
		*taken = 1;
		return escape_bytes(how, bytes, 1, buf);
	}
	if (is_control(character))
		return escape_bytes(how, bytes, *taken, buf);
	if (is_deceptive(character))
		return (size_t)sprintf(buf, "%su{%X}", backslash(how), character);
	if (character == '\\')
		return (size_t)sprintf(buf, "%s%s", backslash(how), backslash(how));
	special = *taken == 1 ? format_special(how, *bytes) : NULL;
	if (special)
		return (size_t)sprintf(buf, "%s", special);
	memcpy(buf, bytes, *taken);
	return *taken;
}

/* Printable ASCII that means nothing in any format: nearly all there is, so worth a short cut. */
static bool is_plain(unsigned char c)
{
	switch (c) {
	case '\\':
	case '"':
	case '&':
	case '#':
	case '<':
	case '>':
	case '`':
	case '|':
	case ';':
	case '\'': return false;
	}
	return c >= 0x20 && c < 0x7f;
}

/* *left = bytes for which there was no room. */
static size_t escape_some(char *buf, size_t size, enum escape how, const char *bytes, size_t len, size_t *left)
{
	char one[ESCAPE_ONE_MAX + 1];
	size_t used = 0, taken, got;

	*left = len;
	if (!size)
		return 0;
	for (; len; bytes += taken, len -= taken) {
		if (is_plain((unsigned char)*bytes) && used + 1 < size) {
			buf[used++] = *bytes;
			taken = 1;
			continue;
		}
		got = escape_one(how, bytes, len, one, &taken);
		if (used + got >= size)
			break;
		memcpy(buf + used, one, got);
		used += got;
	}
	buf[used] = '\0';
	*left = len;
	return used;
}

size_t escape_into(char *buf, size_t size, enum escape how, const char *bytes, size_t len)
{
	size_t left;

	return escape_some(buf, size, how, bytes, len, &left);
}

size_t escape_cut(char *buf, size_t size, enum escape how, const char *bytes, size_t len)
{
	static const char cut[] = "…";
	size_t left, used = escape_some(buf, size, how, bytes, len, &left);

	if (!left || size < sizeof(cut))
		return used;
	used = escape_some(buf, size - (sizeof(cut) - 1), how, bytes, len, &left);
	memcpy(buf + used, cut, sizeof(cut));
	return used + sizeof(cut) - 1;
}

void escape_print(FILE *out, enum escape how, const char *bytes, size_t len)
{
	char one[ESCAPE_ONE_MAX + 1];
	size_t taken, got, run;

	for (; len; bytes += taken, len -= taken) {
		for (run = 0; run < len && is_plain((unsigned char)bytes[run]);)
			run++;
		if (run) {
			fwrite(bytes, 1, run, out);
			taken = run;
			continue;
		}
		got = escape_one(how, bytes, len, one, &taken);
		fwrite(one, 1, got, out);
	}
}
