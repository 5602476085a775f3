// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links for descriptors handed over: "passing" goes over the sender's socket; "taking"
 * (pidfd_getfd) has no object between, so it stands on what was taken. Bytes are none of theirs.
 */
#include "model/link.h"

/* As it is known by now, or as it was when it went. */
static const struct object *object_now(const struct model *model, const struct handed *handed)
{
	const struct object *object = model_object(model, &handed->object.key);

	return object && object->serial == handed->object.serial ? object : &handed->object;
}

static int add_detail(struct graph_link *link, const struct model *model,
		      const struct handed *handed)
{
	struct graph_detail *detail = graph_link_add_detail(link);

	if (!detail)
		return -ENOMEM;
	detail_object(detail, "object", object_now(model, handed));
	detail_count(detail, "from_fd",
		     (struct count){ (uint64_t)handed->from_fd, handed->from_fd >= 0 });
	detail_count(detail, "fd", (struct count){ (uint64_t)handed->fd, true });
	detail_count(detail, "in_flight_ns", handed->in_flight);
	return 0;
}

/* The oldest first. */
static int add_details(struct graph_link *link, const struct model *model,
		       const struct handover *handover)
{
	const struct handed *handed;
	int err = 0;

	DL_FOREACH(handover->handed, handed)
		if (!err)
			err = add_detail(link, model, handed);
	return err;
}

static int add_link(struct graph *graph, const struct model *model,
		    const struct handover *handover, struct object *object)
{
	const struct handover_key *key = &handover->key;
	struct graph_link *link = graph_add_link(graph, key->from, key->to, object);

	if (!link)
		return -ENOMEM;
	link->kind = key->taken ? "taking" : "passing";
	link->messages = (struct count){ handover->count, true };
	link->observed = true;
	link->direct = true;
	link->closed = key->from->exited || key->to->exited;
	return add_details(link, model, handover);
}

static bool is_wanted(const struct model *model, const struct handover_key *key, bool closed)
{
	if (!closed && (key->from->exited || key->to->exited))
		return false;
	return process_is_selected(model, key->from) || process_is_selected(model, key->to);
}

int handover_links(struct graph *graph, const struct model *model, bool closed)
{
	struct handover *handover;
	struct object *object;
	int err = 0;

	for (handover = model->handovers; handover && !err; handover = handover->hh.next) {
		object = model_object(model, &handover->key.object);
		if (!object || !is_wanted(model, &handover->key, closed))
			continue;
		err = add_link(graph, model, handover, object);
		if (!err)
			err = graph_add_process(graph, handover->key.from);
		if (!err)
			err = graph_add_process(graph, handover->key.to);
	}
	return err;
}
