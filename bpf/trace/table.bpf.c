// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads and changes the tables for the reader, at its word (BPF_PROG_RUN). By a system call on the map itself
 * it would keep every perf tracepoint off its processor until that returns (bpf_disable_instrumentation), and
 * whoever preempts it there would lose events.
 */
#include "signal.bpf.h"

extern struct signals_map signals SEC(".maps");

struct bpf_map;

struct ask ask;

#define EMPTY_AT_ONCE 1024
#define ENOENT 2
#define E2BIG 7
#define EINVAL 22

static long empty_step(struct bpf_map *map, const void *key, void *value, __u32 *done)
{
	bpf_map_delete_elem(map, key);
	return ++*done >= EMPTY_AT_ONCE;
}

/* size: of a value, a constant. */
static __always_inline long table_ask(void *map, struct ask_entry *entry, __u32 size, __u64 flags)
{
	void *value;

	if (ask.what == ASK_PUT)
		return bpf_map_update_elem(map, entry->key, entry->value, flags);
	value = bpf_map_lookup_elem(map, entry->key);
	if (!value)
		return -ENOENT;
	__builtin_memcpy(entry->value, value, size);
	return ask.what == ASK_TAKE ? bpf_map_delete_elem(map, entry->key) : 0;
}

static __always_inline long entry_ask(struct ask_entry *entry)
{
	switch (ask.table) {
	case ASK_TRANSFERS: return table_ask(&transfers, entry, sizeof(struct transfer), BPF_ANY);
	case ASK_WATCHED: return table_ask(&watched, entry, sizeof(__u32), BPF_ANY);
	case ASK_DESTINATIONS: return table_ask(&destinations, entry, sizeof(struct sent), BPF_ANY);
	/* One that the kernel's side has noted already, it knows better. */
	case ASK_SPACES: return table_ask(&spaces, entry, sizeof(__u32), BPF_NOEXIST);
	case ASK_SIGNALS: return table_ask(&signals, entry, sizeof(struct signal_kept), BPF_ANY);
	case ASK_FIFO_NAMES: return table_ask(&fifo_names, entry, sizeof(__u32), BPF_ANY);
	case ASK_ASLEEP: return table_ask(&asleep, entry, sizeof(struct asleep), BPF_ANY);
	}
	return -EINVAL;
}

static long ask_step(__u32 i, void *none)
{
	struct ask_entry *entry = &ask.entries[i & (ASK_MAX - 1)];

	/* Before 6.4 (commit d7ba4cc900bf) the upper half of what a table's functions return is undefined. */
	entry->result = (__s32)entry_ask(entry);
	return 0;
}

/* How many were there, up to EMPTY_AT_ONCE. A function for each: one call with several tables is refused by 6.1. */
#define TABLE_EMPTY(table)                                                   \
	static __noinline __u32 table##_empty(void)                          \
	{                                                                    \
		__u32 done = 0;                                              \
                                                                             \
		bpf_for_each_map_elem(&(table), empty_step, &done, 0);       \
		return done;                                                 \
	}

TABLE_EMPTY(transfers)
TABLE_EMPTY(watched)
TABLE_EMPTY(destinations)

static __always_inline __u32 table_empty(void)
{
	switch (ask.table) {
	case ASK_TRANSFERS: return transfers_empty();
	case ASK_WATCHED: return watched_empty();
	case ASK_DESTINATIONS: return destinations_empty();
	}
	return 0;
}

/* size: of the key, a constant. */
static __always_inline bool is_listed(const __u64 *key, __u32 size)
{
	__u64 hash = 0;

	for (__u32 i = 0; i < size / sizeof(*key); i++) {
		hash = (hash ^ key[i]) * 0x9e3779b97f4a7c15ull;
		hash ^= hash >> 32;
	}
	hash >>= 32;
	return hash >= ask.first && hash <= ask.last;
}

/*
 * Reads a table out: an iterator over its entries (iter/bpf_map_elem) would do, but that there are hosts which refuse
 * iterators that may write to what they go through, a 6.18 of a hosted virtual machine among them.
 * Misses nothing while nothing is taken out.
 */
#define TABLE_LIST(table, key_type, value_type)                                                    \
	static long table##_row(struct bpf_map *map, const key_type *key, const value_type *value, \
				__s32 *listed)                                                     \
	{                                                                                          \
		struct ask_row *row;                                                               \
                                                                                                   \
		if (!is_listed((const __u64 *)key, sizeof(*key)))                                  \
			return 0;                                                                  \
		if (*listed >= ASK_ROWS) {                                                         \
			*listed = -E2BIG;                                                          \
			return 1;                                                                  \
		}                                                                                  \
		row = &ask.rows[(*listed)++ & (ASK_ROWS - 1)];                                     \
		*(key_type *)row->key = *key;                                                      \
		*(value_type *)row->value = *value;                                                \
		return 0;                                                                          \
	}                                                                                          \
                                                                                                   \
	static __noinline __s32 table##_list(void)                                                 \
	{                                                                                          \
		__s32 listed = 0;                                                                  \
                                                                                                   \
		bpf_for_each_map_elem(&(table), table##_row, &listed, 0);                          \
		return listed;                                                                     \
	}

TABLE_LIST(transfers, struct transfer_key, struct transfer)
TABLE_LIST(destinations, struct destination_key, struct sent)

static __always_inline __s32 table_list(void)
{
	switch (ask.table) {
	case ASK_TRANSFERS: return transfers_list();
	case ASK_DESTINATIONS: return destinations_list();
	}
	return -EINVAL;
}

SEC("raw_tp")
int ask_answer(void *ctx)
{
	switch (ask.what) {
	case ASK_EMPTY: return table_empty();
	case ASK_LIST: return table_list();
	}
	bpf_loop(ask.count, ask_step, NULL, 0);
	return 0;
}

char _license[] SEC("license") = "GPL";
