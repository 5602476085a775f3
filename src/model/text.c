// SPDX-License-Identifier: GPL-2.0-only
/* Texts of processes (program, arguments, cgroup): one copy of each, for thousands have the same. */
#include "model/internal.h"

struct text {
	unsigned int users;
	size_t len;
	UT_hash_handle hh; /* model->texts */
	char bytes[];
};

static struct text *text_of(char *bytes)
{
	return (struct text *)(void *)(bytes - offsetof(struct text, bytes));
}

/* What it takes; a byte more is a NUL. */
static size_t room_of(const struct text *text)
{
	return sizeof(*text) + text->len + 1;
}

/* Of any length, which those of keys are not. */
static unsigned int hash_of(const char *bytes, size_t len)
{
	uint64_t hash = len, word;

	for (; len >= sizeof(word); len -= sizeof(word), bytes += sizeof(word)) {
		memcpy(&word, bytes, sizeof(word));
		hash = hash_word(hash, word);
	}
	word = 0;
	memcpy(&word, bytes, len);
	return (unsigned int)hash_word(hash, word);
}

static struct text *text_new(struct model *model, const char *bytes, size_t len, unsigned int hash)
{
	struct text *text = calloc(1, sizeof(*text) + len + 1);

	if (!text)
		return NULL;
	text->len = len;
	memcpy(text->bytes, bytes, len);
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, model->texts, text->bytes, len, hash, text);
	if (!text->hh.tbl) {
		free(text);
		return NULL;
	}
	model->texts_size += room_of(text);
	return text;
}

int text_share(struct model *model, char **at, const char *bytes, size_t len)
{
	const unsigned int hash = hash_of(bytes, len);
	struct text *text;

	HASH_FIND_BYHASHVALUE(hh, model->texts, bytes, len, hash, text);
	if (!text)
		text = text_new(model, bytes, len, hash);
	if (!text)
		return -ENOMEM;
	text->users++;
	text_leave(model, *at);
	*at = text->bytes;
	return 0;
}

char *text_again(char *bytes)
{
	if (bytes)
		text_of(bytes)->users++;
	return bytes;
}

void text_leave(struct model *model, char *bytes)
{
	struct text *text = bytes ? text_of(bytes) : NULL;

	if (!text || --text->users)
		return;
	HASH_DEL(model->texts, text);
	model->texts_size -= room_of(text);
	free(text);
}

void texts_free(struct model *model)
{
	struct text *text = model->texts, *next;

	HASH_CLEAR(hh, model->texts);
	for (; text; text = next) {
		next = text->hh.next;
		free(text);
	}
}
