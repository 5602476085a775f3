/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes that other programs chose (names, paths, arguments), made safe for the format they are
 * printed in. In every format a byte that is a control character or no UTF-8 shows as \xNN, a
 * character that turns the writing direction or breaks the line as \u{202E}, and a backslash of
 * the name itself as two, so that no name can pass for another.
 */
#ifndef IPCTRACE_ESCAPE_H
#define IPCTRACE_ESCAPE_H

#include <stdint.h>
#include <stdio.h>

enum escape {
	ESCAPE_TERMINAL, /* a line of text */
	ESCAPE_DOT, /* between the quotes of a DOT string */
	ESCAPE_MERMAID, /* between the quotes of a Mermaid label */
	ESCAPE_HTML, /* text or a quoted attribute */
};

/* Bytes that one character may become, NUL not counted. */
#define ESCAPE_ONE_MAX 32

/* The character at `bytes`: its length in bytes, 0 when that is no UTF-8. */
size_t utf8_decode(const char *bytes, size_t len, uint32_t *character);
/* Writes the character; returns how many bytes it took, at most 4. */
size_t escape_utf8_encode(uint32_t character, char *buf);
/* How many characters those bytes are: the columns they take, wide ones not told apart. */
size_t utf8_columns(const char *text, size_t len);

/* Escapes as much as fits whole into buf, always ended with NUL. Returns its length. */
size_t escape_into(char *buf, size_t size, enum escape how, const char *bytes, size_t len);
/* The same, and where not all fits it ends with "…", for which there is room in a buf of 4 bytes and more. */
size_t escape_cut(char *buf, size_t size, enum escape how, const char *bytes, size_t len);
/* Escapes straight to a stream, whose error flag tells of failures. */
void escape_print(FILE *out, enum escape how, const char *bytes, size_t len);

#endif /* IPCTRACE_ESCAPE_H */
