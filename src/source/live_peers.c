// SPDX-License-Identifier: GPL-2.0-only
/*
 * Peers that come to light while we trace. The kernel's side marks whoever gets hold of what is watched; who
 * else shares something with a selected process only a look at all tables tells.
 */
#include <sys/syscall.h>

#include "source/live.h"
#include "tracer.skel.h"

#define LOOK_GAP_NS 200000000ull
#define LOOKS_MAX   2

/*
 * Reads all tables, and marks whom they show to share something. Who was not marked while they were read
 * may have changed its own since, and told nobody: then they are read again.
 */
int live_peers_look(struct live *live)
{
	const uint64_t begun = now_ns();
	int looks, err = live_drain_whole(live);
	uint64_t took;

	live->looked_ns = now_ns();
	if (!live->is_behind)
		live_select_sweep(live);
	live->strangers_dropped = false;
	live->find_peers = false;
	live->marked_late = true;
	for (looks = 0; looks < LOOKS_MAX && live->marked_late && !err; looks++) {
		err = live_snapshot_deliver(live);
		if (err)
			return err;
		live_select_settle(live);
		err = live_select_apply(live);
	}
	if (err)
		return err;
	live->find_peers |= live->marked_late;
	/* In a storm a look takes long, and there is always somebody to look for: half of the time. */
	took = now_ns() - begun;
	live->next_find_ns = now_ns() + (took > LOOK_GAP_NS ? took : LOOK_GAP_NS);
	return 0;
}

/* What a selected process maps, others may have mapped long before: nobody looked at them then. But anonymous memory
 * goes from one to another by fork alone, and what is not known yet was just made. */
void live_peers_note(struct live *live, const struct record_mapping *record)
{
	const struct object_key key = {.ino = record->facts.ino, .dev = record->facts.dev,
				       .kind = record->facts.kind};
	const struct process *process;
	const struct object *object;

	if (!live->selective || !record->facts.kind || record->facts.kind == FILE_ANON_MEMORY || live->find_peers)
		return;
	process = model_process(live->model, record->head.pid, record->head.start);
	object = model_object(live->model, &key);
	live->find_peers = process && process->selected && !(object && object->maps);
}

void live_peers_note_handed(struct live *live, const struct record_slot *record)
{
	const struct object_key key = {
		.ino = kind_is_per_file(record->facts.kind) ? record->facts.file : record->facts.ino,
		.dev = record->facts.dev,
		.kind = record->facts.kind,
	};
	const struct process *process;
	const struct object *object;

	if (!live->selective || live->find_peers || !kind_is_ipc(record->facts.kind) ||
	    (record->nr != SYS_recvmsg && record->nr != SYS_recvmmsg && record->nr != SYS_pidfd_getfd))
		return;
	process = model_process(live->model, record->head.pid, record->head.start);
	object = model_object(live->model, &key);
	live->find_peers = process && process->selected &&
			   !(object && object_is_near_selected(object, live->model));
}

int live_peers_find(struct live *live)
{
	struct control *control = (struct control *)&live->tracer->bss->control;

	if (!live->selective || now_ns() < live->next_find_ns)
		return 0;
	if (control->peers_at_work || live_select_is_full(live))
		live->find_peers = true;
	if (!live->find_peers)
		return 0;
	control->peers_at_work = 0;
	return live_peers_look(live);
}
