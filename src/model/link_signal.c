// SPDX-License-Identifier: GPL-2.0-only
/* Links by signals: from the sender, or the kernel, to the process that was meant; one a pair. */
#include "model/link.h"

/* By who they are, which the key does not tell of a sender whose start is not known. */
static int tally_order(const void *a, const void *b)
{
	const struct signal_tally *one = *(const struct signal_tally *const *)a;
	const struct signal_tally *other = *(const struct signal_tally *const *)b;
	struct signal_key keys[2] = { one->key, other->key };

	if (one->sender)
		keys[0].sender_start = one->sender->key.start_ns;
	if (other->sender)
		keys[1].sender_start = other->sender->key.start_ns;
	return memcmp(&keys[0], &keys[1], sizeof(keys[0]));
}

/* At an instant only what is pending is there. */
static bool is_shown(const struct model *model, const struct signal_tally *tally, bool past)
{
	if (!past && !signal_pending(&tally->counts))
		return false;
	return tally->counts.sent && (process_is_selected(model, tally->target) ||
				      (tally->sender && process_is_selected(model, tally->sender)));
}

/* Those to show, by pair and signal: the key begins with who. NULL = no memory. */
static struct signal_tally **tallies_sorted(const struct model *model, bool past, size_t *count)
{
	struct signal_tally **all = calloc(HASH_COUNT(model->signals) + 1, sizeof(*all)), *tally;

	*count = 0;
	for (tally = model->signals; all && tally; tally = tally->hh.next)
		if (is_shown(model, tally, past))
			all[(*count)++] = tally;
	if (all && *count > 1)
		qsort(all, *count, sizeof(*all), tally_order);
	return all;
}

static bool is_same_pair(const struct signal_tally *a, const struct signal_tally *b)
{
	return a->target == b->target && a->sender == b->sender;
}

static void counts_add(struct signal_counts *sum, const struct signal_counts *more)
{
	sum->sent += more->sent;
	sum->delivered += more->delivered;
	sum->ignored += more->ignored;
	sum->merged += more->merged;
	sum->overflow += more->overflow;
	sum->discarded += more->discarded;
	sum->unseen += more->unseen;
	sum->taken += more->taken;
	sum->delay_ns += more->delay_ns;
	if (more->delay_max_ns > sum->delay_max_ns)
		sum->delay_max_ns = more->delay_max_ns;
}

static struct count known(uint64_t value)
{
	return (struct count){ .value = value, .known = true };
}

/* {"signal", "sent", "delivered", "ignored", "merged", "pending", "cause", …} */
static int detail_add(struct graph_link *link, const struct signal_counts *sum, uint32_t signal,
		      uint32_t cause)
{
	struct graph_detail *detail = graph_link_add_detail(link);

	if (!detail)
		return -ENOMEM;
	detail_text(detail, "signal", signal_name(signal));
	detail_count(detail, "sent", known(sum->sent));
	detail_count(detail, "delivered", known(sum->delivered));
	detail_count(detail, "ignored", known(sum->ignored));
	detail_count(detail, "merged", known(sum->merged));
	detail_count(detail, "pending", known(signal_pending(sum)));
	detail_text(detail, "cause", signal_cause_name(cause));
	detail_count(detail, "taken", known(sum->taken));
	detail_count(detail, "overflow", known(sum->overflow));
	detail_count(detail, "discarded", known(sum->discarded));
	detail_count(detail, "unseen", known(sum->unseen));
	detail_count(detail, "delay_max_ns", (struct count){ sum->delay_max_ns, sum->delivered });
	return 0;
}

/* One of the signal, of whatever causes: that of the most is told. Returns how many rows it took. */
static size_t signal_add(struct graph_link *link, struct signal_tally **rows, size_t count,
			 int *err)
{
	struct signal_counts sum = { 0 };
	const struct signal_tally *most = rows[0];
	size_t i;

	for (i = 0; i < count && is_same_pair(rows[0], rows[i]) &&
		    rows[i]->key.signal == rows[0]->key.signal;
	     i++) {
		counts_add(&sum, &rows[i]->counts);
		if (rows[i]->counts.sent > most->counts.sent)
			most = rows[i];
	}
	link->messages.value += sum.sent;
	link->observed |= sum.delivered + sum.ignored + sum.merged > 0;
	*err = detail_add(link, &sum, rows[0]->key.signal, most->key.cause);
	return i;
}

/* Adds the link of the first pair; returns how many rows it took. */
static size_t pair_add(struct graph *graph, const struct model *model, struct signal_tally **rows,
		       size_t count, int *err)
{
	struct process *from = rows[0]->sender, *to = rows[0]->target;
	const struct object_key key = { .kind = FILE_PROCESS, .ino = to->key.pid };
	struct graph_link *link =
		graph_add_link(graph, from, to, model_object(model, &key));
	size_t i = 0;

	*err = link ? graph_add_process(graph, to) : -ENOMEM;
	if (!*err && from)
		*err = graph_add_process(graph, from);
	if (*err)
		return count;
	link->kind = "signal";
	link->direct = true;
	link->closed = to->exited || (from && from->exited);
	link->bytes.known = link->messages.known = true;
	while (i < count && is_same_pair(rows[0], rows[i]) && !*err)
		i += signal_add(link, rows + i, count - i, err);
	return i;
}

int signal_links(struct graph *graph, const struct model *model, bool past)
{
	size_t count, i = 0;
	struct signal_tally **rows = tallies_sorted(model, past, &count);
	int err = rows ? 0 : -ENOMEM;

	while (i < count && !err)
		i += pair_add(graph, model, rows + i, count - i, &err);
	free(rows);
	return err;
}
