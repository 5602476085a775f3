/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fds report shows: which processes, descriptions and objects, and who holds what.
 * Selected processes show all their descriptors, peers those they share with a selected one.
 */
#ifndef IPCTRACE_FDS_VIEW_H
#define IPCTRACE_FDS_VIEW_H

#include "model/model.h"
#include "util/set.h"

/* One descriptor of one process. */
struct holder {
	uint64_t object, description; /* serials, by which they are sorted and found */
	const struct object *held; /* the object itself: a miss in the caches less than through the slot */
	const struct process *process;
	const struct slot *slot;
	int fd;
};

/* How much of peers: all that they share with the selected, or what tells something (description_tells()). */
enum fds_view_peers { PEERS_WHOLE, PEERS_TELLING };

struct fds_view {
	const struct model *model;
	struct set processes, objects; /* to show; sorted */
	struct set in_flight; /* descriptions to show that lie in sockets' queues; sorted */
	struct set shared_descriptions, shared_objects; /* what makes a holder of them a peer */
	struct holder *holders; /* all there are, by object, description, process and number */
	size_t holders_count;
	enum fds_view_peers peers;
	size_t near; /* where somebody looked last among them */
};

/* 0 or -ENOMEM. */
int fds_view_build(const struct model *model, enum fds_view_peers peers, struct fds_view *view);
void fds_view_free(struct fds_view *view);

/* All descriptions to show, sorted, into *descriptions, which the caller frees in any case. 0 or -ENOMEM. */
int fds_view_descriptions(const struct fds_view *view, struct set *descriptions);
/* True when that process's descriptor is part of the report. */
bool fds_view_has(const struct fds_view *view, const struct process *process,
		  const struct slot *slot);
/* The same of a mapping. */
bool fds_view_has_mapping(const struct fds_view *view, const struct process *process,
			  const struct mapping *mapping);
/* "rw", "r", "w", "-" */
const char *mapping_access_name(const struct mapping *mapping);
/* Holders of an object, or of one description: where they begin, and how many. Fastest where the last one asked for
 * was close. */
const struct holder *fds_view_object(struct fds_view *view, const struct object *object,
				     size_t *count);
const struct holder *fds_view_description(struct fds_view *view,
					  const struct description *description, size_t *count);

/* How many of these, from the first on, hold the same description. */
size_t fds_view_alike(const struct holder *holders, size_t count);
/* Of holders of one description: how many are that process's, and where they begin, or would. */
size_t fds_view_of_process(const struct holder *holders, size_t count, const struct process *process,
			   size_t *begin);

/* The tables of a process: nearly always one. Returns the next after `last` (NULL: the first). */
const struct table *process_table_next(const struct process *process, const struct table *last);
/* That two share it means something: not where it is one of /dev/null or /dev/urandom, which has nothing in it. */
bool description_tells(const struct description *description);
/* The other end of a conversation, as its mechanism tells; NULL = none, or unknown. */
const struct object *object_peer(const struct model *model, const struct object *object);

#endif /* IPCTRACE_FDS_VIEW_H */
