// SPDX-License-Identifier: GPL-2.0-only
/* Has a program read and change the kernel's tables: see bpf/trace/table.bpf.c. */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "source/live.h"
#include "tracer.skel.h"

static const struct {
	uint8_t key, value;
} sizes[ASK_TABLES] = {
	[ASK_TRANSFERS] = { sizeof(struct transfer_key), sizeof(struct transfer) },
	[ASK_WATCHED] = { sizeof(struct watched_key), sizeof(uint32_t) },
	[ASK_DESTINATIONS] = { sizeof(struct destination_key), sizeof(struct sent) },
	[ASK_SPACES] = { sizeof(uint64_t), sizeof(uint32_t) },
	[ASK_SIGNALS] = { sizeof(struct signal_key), sizeof(struct signal_kept) },
	[ASK_FIFO_NAMES] = { sizeof(uint32_t), sizeof(uint32_t) },
	[ASK_ASLEEP] = { sizeof(uint32_t), sizeof(struct asleep) },
};

static struct ask *ask_of(struct live *live)
{
	return (struct ask *)&live->tracer->bss->ask;
}

/* What the program returns, or -errno. */
static int run(struct live *live)
{
	DECLARE_LIBBPF_OPTS(bpf_test_run_opts, opts);
	int err = bpf_prog_test_run_opts(bpf_program__fd(live_program(live, "ask_answer")), &opts);

	return err ? err : (int)opts.retval;
}

static void entry_fill(struct ask_entry *entry, enum ask_table table, const void *key)
{
	memcpy(entry->key, key, sizes[table].key);
	entry->result = -EINVAL;
}

static int ask_one(struct live *live, enum ask_what what, enum ask_table table, const void *key, void *value)
{
	struct ask *ask = ask_of(live);
	struct ask_entry *entry = &ask->entries[0];
	int err = live_put_all(live);

	if (err)
		return err;
	ask->what = what;
	ask->table = table;
	ask->count = 1;
	entry_fill(entry, table, key);
	err = run(live);
	ask->count = 0;
	if (err)
		return err;
	if (value)
		memcpy(value, entry->value, sizes[table].value);
	return entry->result;
}

int live_read(struct live *live, enum ask_table table, const void *key, void *value)
{
	return ask_one(live, ASK_READ, table, key, value);
}

int live_take(struct live *live, enum ask_table table, const void *key, void *value)
{
	return ask_one(live, ASK_TAKE, table, key, value);
}

int live_put(struct live *live, enum ask_table table, const void *key, const void *value)
{
	struct ask *ask = ask_of(live);
	struct ask_entry *entry;
	int err;

	if (ask->count == ASK_MAX || (ask->count && ask->table != table)) {
		err = live_put_all(live);
		if (err)
			return err;
	}
	ask->what = ASK_PUT;
	ask->table = table;
	entry = &ask->entries[ask->count++];
	entry_fill(entry, table, key);
	memcpy(entry->value, value, sizes[table].value);
	return 0;
}

int live_put_all(struct live *live)
{
	struct ask *ask = ask_of(live);
	uint32_t count = ask->count;
	int err = count ? run(live) : 0;

	ask->count = 0;
	for (uint32_t i = 0; i < count && !err; i++) {
		if (ask->entries[i].result != -EEXIST)
			err = ask->entries[i].result;
	}
	return err;
}

/* Those whose keys' hashes are there: 0, -E2BIG = more than there is room for, or another -errno. */
static int list_some(struct live *live, enum ask_table table, uint32_t first, uint32_t last,
		     row_fn to, void *ctx)
{
	struct ask *ask = ask_of(live);
	int count, err = live_put_all(live);

	if (err)
		return err;
	ask->what = ASK_LIST;
	ask->table = table;
	ask->first = first;
	ask->last = last;
	count = run(live);
	for (int i = 0; i < count && !err; i++)
		err = to(ctx, ask->rows[i].key, ask->rows[i].value);
	return count < 0 ? count : err;
}

int live_list(struct live *live, enum ask_table table, row_fn to, int (*between)(void *ctx),
	      void *ctx)
{
	const uint64_t end = 1ull << 32; /* of the hashes */
	uint64_t first = 0, span = end;
	int err = 0;

	while (first < end && !err) {
		err = list_some(live, table, (uint32_t)first, (uint32_t)(first + span - 1), to,
				ctx);
		if (err == -E2BIG && span > 1) {
			span /= 2;
			err = 0;
			continue;
		}
		first += span;
		if (!err && first < end && between)
			err = between(ctx);
	}
	return err;
}

int live_empty(struct live *live, enum ask_table table, uint32_t max)
{
	struct ask *ask = ask_of(live);
	int done, err = live_put_all(live);
	int64_t left = max;

	if (err)
		return err;
	ask->what = ASK_EMPTY;
	ask->table = table;
	do {
		done = run(live);
		left -= done;
	} while (done > 0 && left > 0);
	return done < 0 ? done : 0;
}
