// SPDX-License-Identifier: GPL-2.0-only
/* The mechanisms "mq", "eventfd" and "pty": what else carries data behind a descriptor. What happens
 * to their descriptors is worded as everybody's is. */
#include "mechanism/wording.h"

#include <string.h>

#define EFD_SEMAPHORE_FLAG 1u /* include/uapi/linux/eventfd.h */

static size_t facts_copy(const struct fact *all, size_t count, struct fact *facts, size_t max)
{
	if (count > max)
		count = max;
	memcpy(facts, all, count * sizeof(*facts));
	return count;
}

static size_t mq_facts(const struct model *model, const struct object *object, struct fact *facts,
		       size_t max)
{
	const struct file_facts *sample = &object->facts;
	const struct fact all[] = {
		{ .key = "queued", .type = FACT_UINT, .number = sample->mq.messages },
		{ .key = "capacity", .type = FACT_UINT, .number = sample->mq.max },
		{ .key = "message_size", .type = FACT_UINT, .number = sample->mq.size },
	};

	return facts_copy(all, sizeof(all) / sizeof(all[0]), facts, max);
}

static size_t eventfd_facts(const struct model *model, const struct object *object,
			    struct fact *facts, size_t max)
{
	const struct file_facts *sample = &object->facts;
	const struct fact all[] = {
		{ .key = "count", .type = FACT_UINT, .number = sample->eventfd.count },
		{ .key = "semaphore",
		  .type = FACT_BOOL,
		  .truth = sample->eventfd.flags & EFD_SEMAPHORE_FLAG },
	};

	return facts_copy(all, sizeof(all) / sizeof(all[0]), facts, max);
}

const struct mechanism mq_mechanism = {
	.name = "mq",
	.help = "POSIX message queues",
	.kinds = 1ull << FILE_MQ,
	.is_default = true,
	.moves_data = true,
	.event = descriptor_event,
	.facts = mq_facts,
};

const struct mechanism eventfd_mechanism = {
	.name = "eventfd",
	.help = "eventfds",
	.kinds = 1ull << FILE_EVENTFD,
	.is_default = true,
	.moves_data = true,
	.event = descriptor_event,
	.facts = eventfd_facts,
};

const struct mechanism pty_mechanism = {
	.name = "pty",
	.help = "pseudo-terminals",
	.kinds = 1ull << FILE_PTY,
	.is_default = true,
	.moves_data = true,
	.event = descriptor_event,
};
