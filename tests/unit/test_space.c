// SPDX-License-Identifier: GPL-2.0-only
/* Address spaces: what is mapped where, counted right whatever is cut, joined, forked or read anew; and the
 * links through what several have mapped. */
#include "records.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "model/graph.h"

#define T     0x1000
#define SPACE 0x5000 /* + pid */
#define MEMFD 77
#define PAGE  0x1000ull
#define RO    (MAPPING_READ | MAPPING_MAY_WRITE)
#define RW    (MAPPING_READ | MAPPING_WRITE | MAPPING_MAY_WRITE)

static struct record head_of(struct script *s, uint16_t type, size_t size, uint32_t pid)
{
	return (struct record){ .type = type, .flags = s->flags, .size = (uint32_t)size, .ts = s->ts++,
				.pid = pid, .tid = pid, .start = pid ? start_of(s, pid) : 0 };
}

static struct record_mapping mapping_of(struct script *s, uint32_t pid, uint64_t first, uint64_t pages,
					uint64_t offset, uint32_t access)
{
	return (struct record_mapping){
		.head = head_of(s, RECORD_MAPPING, sizeof(struct record_mapping), pid),
		.space = SPACE + pid, .start = first * PAGE, .end = (first + pages) * PAGE,
		.offset = offset * PAGE, .access = access, .nr = s->flags & RECORD_ROW ? -1 : SYS_mmap,
		.facts = { .kind = FILE_MEMFD, .ino = MEMFD, .dev = 5 },
	};
}

/* Pages [first, first + pages) of its space are the memfd's from page `offset` on. */
static void maps(struct script *s, uint32_t pid, uint64_t first, uint64_t pages, uint64_t offset,
		 uint32_t access)
{
	struct record_mapping record = mapping_of(s, pid, first, pages, offset, access);

	apply(s, &record);
}

static void calls(struct script *s, uint32_t pid, uint64_t first, uint64_t pages, int nr, uint32_t access)
{
	struct record_mapping record = {
		.head = head_of(s, RECORD_MAPPING, sizeof(record), pid),
		.space = SPACE + pid, .gone_start = first * PAGE, .gone_end = (first + pages) * PAGE,
		.access = access, .nr = nr,
	};

	apply(s, &record);
}

static void unmaps(struct script *s, uint32_t pid, uint64_t first, uint64_t pages)
{
	calls(s, pid, first, pages, SYS_munmap, 0);
}

static void space_record(struct script *s, uint16_t type, uint32_t pid, uint64_t space, uint64_t from,
			 uint32_t maker)
{
	struct record_space record = {
		.head = head_of(s, type, sizeof(record), pid),
		.space = space, .made_from = from, .maker_pid = maker,
		.maker_start = maker ? start_of(s, maker) : 0,
	};

	apply(s, &record);
}

static void start(struct script *s)
{
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T + 1, 1);
	snapshot_done(s);
	selected(s, 0, true);
	by(s, 10);
}

/* "2+3@0w": page 2, three of them, from page 0 of the object, to be written; a blank between. */
static void assert_maps(const struct script *s, uint32_t pid, const char *want)
{
	const struct space *space = process_at(s, pid)->space;
	const struct mapping *mapping;
	char have[512] = "";
	size_t len = 0;

	if (space)
		MAPPINGS_FOREACH(&space->mappings, mapping)
			len += (size_t)snprintf(have + len, sizeof(have) - len, "%s%llu+%llu@%llu%s", len ? " " : "",
						(unsigned long long)(mapping->start / PAGE),
						(unsigned long long)((mapping->end - mapping->start) / PAGE),
						(unsigned long long)(mapping->offset / PAGE),
						mapping->access & MAPPING_WRITE ? "w" : "");
	assert_string_equal(have, want);
}

static const struct object *memfd(const struct script *s)
{
	const struct object_key key = { .ino = MEMFD, .dev = 5, .kind = FILE_MEMFD };

	return model_object(s->model, &key);
}

static void assert_counts(const struct script *s, uint32_t pid, unsigned int all, unsigned int writable)
{
	const struct endpoint *endpoint = model_endpoint(s->model, process_at(s, pid), memfd(s));

	assert_int_equal(endpoint ? endpoint->maps : 0, all);
	assert_int_equal(endpoint ? endpoint->write_maps : 0, writable);
}

static void neighbours_that_go_on_are_one(void **state)
{
	struct script *s = *state;

	start(s);
	maps(s, 10, 2, 3, 0, RW);
	maps(s, 10, 8, 1, 6, RW);
	assert_maps(s, 10, "2+3@0w 8+1@6w");
	maps(s, 10, 5, 3, 3, RW); /* fills the gap, of the object too */
	assert_maps(s, 10, "2+7@0w");
	assert_counts(s, 10, 1, 1);
	maps(s, 10, 9, 1, 7, RO); /* may not be written: another */
	maps(s, 10, 1, 1, 5, RW); /* another part of it */
	assert_maps(s, 10, "1+1@5w 2+7@0w 9+1@7");
	assert_counts(s, 10, 3, 2);
	assert_int_equal(memfd(s)->maps, 3);
}

static void what_is_unmapped_may_be_a_part(void **state)
{
	struct script *s = *state;

	start(s);
	maps(s, 10, 2, 6, 0, RW);
	unmaps(s, 10, 4, 2);
	assert_maps(s, 10, "2+2@0w 6+2@4w");
	assert_counts(s, 10, 2, 2);
	assert_int_equal(s->change.unmapped.start, 2 * PAGE);
	unmaps(s, 10, 0, 3);
	assert_maps(s, 10, "3+1@1w 6+2@4w");
	unmaps(s, 10, 7, 99);
	assert_maps(s, 10, "3+1@1w 6+1@4w");
	unmaps(s, 10, 20, 1); /* nothing lies there */
	assert_null(s->change.old_object);
	unmaps(s, 10, 3, 4);
	assert_maps(s, 10, "");
	assert_counts(s, 10, 0, 0);
	assert_true(model_endpoint(s->model, process_at(s, 10), memfd(s))->ever_map_write);
}

static void what_is_mapped_over_is_gone(void **state)
{
	struct script *s = *state;

	start(s);
	maps(s, 10, 2, 6, 0, RW);
	maps(s, 10, 4, 2, 9, RO);
	assert_maps(s, 10, "2+2@0w 4+2@9 6+2@4w");
	assert_counts(s, 10, 3, 2);
	maps(s, 10, 2, 6, 0, RW);
	assert_maps(s, 10, "2+6@0w");
	assert_counts(s, 10, 1, 1);
}

static void protection_splits_and_joins(void **state)
{
	struct script *s = *state;

	start(s);
	maps(s, 10, 2, 6, 0, RW);
	calls(s, 10, 4, 2, SYS_mprotect, MAPPING_READ);
	assert_maps(s, 10, "2+2@0w 4+2@2 6+2@4w");
	assert_ptr_equal(s->change.object, memfd(s));
	assert_int_equal(s->change.protected.start, 4 * PAGE);
	assert_int_equal(s->change.protected.end, 6 * PAGE);
	calls(s, 10, 4, 2, SYS_mprotect, MAPPING_READ); /* as it is */
	assert_null(s->change.object);
	assert_counts(s, 10, 3, 2);
	calls(s, 10, 3, 0, SYS_mprotect, MAPPING_READ); /* no length */
	assert_maps(s, 10, "2+2@0w 4+2@2 6+2@4w");
	calls(s, 10, 0, 99, SYS_mprotect, MAPPING_READ);
	assert_maps(s, 10, "2+6@0");
	assert_counts(s, 10, 1, 0);
	calls(s, 10, 0, 99, SYS_mprotect, MAPPING_READ | MAPPING_WRITE);
	assert_maps(s, 10, "2+6@0w");
	assert_true(memfd(s)->map_writer);
}

static void a_child_inherits_all_but_what_it_shall_not(void **state)
{
	struct script *s = *state;

	start(s);
	maps(s, 10, 2, 2, 0, RW);
	maps(s, 10, 8, 1, 5, RW | MAPPING_NOT_FORKED);
	forked(s, 30, T + 9);
	space_record(s, RECORD_SPACE, 30, SPACE + 30, SPACE + 10, 10);
	assert_maps(s, 30, "2+2@0w");
	assert_counts(s, 30, 1, 1);
	assert_int_equal(memfd(s)->maps, 3);
	unmaps(s, 30, 2, 1); /* its own from now on */
	assert_maps(s, 30, "3+1@1w");
	assert_maps(s, 10, "2+2@0w 8+1@5w");
	by(s, 30);
	exited(s, 0, true);
	assert_int_equal(memfd(s)->maps, 2);
	assert_counts(s, 30, 0, 0);
}

/* vfork: one space, until the child has its own. */
static void a_space_of_two_is_counted_for_both(void **state)
{
	struct script *s = *state;

	start(s);
	maps(s, 10, 2, 2, 0, RW);
	forked(s, 30, T + 9);
	space_record(s, RECORD_SPACE, 30, SPACE + 10, SPACE + 10, 10);
	assert_ptr_equal(process_at(s, 30)->space, process_at(s, 10)->space);
	assert_counts(s, 30, 1, 1);
	assert_int_equal(memfd(s)->maps, 1);
	by(s, 30);
	space_record(s, RECORD_SPACE, 30, SPACE + 30, 0, 0); /* exec: empty */
	assert_maps(s, 30, "");
	assert_counts(s, 30, 0, 0);
	assert_maps(s, 10, "2+2@0w");
}

/* Exec lets go of the old space before it tells: its address is another's by then, by fork or by exec. */
static void a_space_that_begins_has_nothing_of_whose_address_it_has(void **state)
{
	struct script *s = *state;

	start(s);
	maps(s, 10, 2, 2, 0, RW);
	space_record(s, RECORD_SPACE, 20, SPACE + 10, 0, 0);
	assert_maps(s, 20, "");
	assert_maps(s, 10, "");
	assert_counts(s, 20, 0, 0);
	assert_counts(s, 10, 0, 0);
	assert_false(model_endpoint(s->model, process_at(s, 20), memfd(s)));
	assert_int_equal(s->model->doubts, 0);
}

/* What was known of that address was read after the record was made, of another. */
static void a_reading_tells_nothing_of_whom_it_did_not_look_at(void **state)
{
	struct script *s = *state;
	struct record_space begins;
	struct record_mapping record;

	start(s);
	maps(s, 10, 2, 2, 0, RW);
	begins = (struct record_space){
		.head = head_of(s, RECORD_SPACE, sizeof(begins), 20), .space = SPACE + 10,
	};
	record = mapping_of(s, 20, 8, 1, 0, RW);
	record.space = SPACE + 10;
	s->flags = RECORD_ROW;
	space_record(s, RECORD_SPACE_BEGIN, 0, SPACE + 10, 0, 0);
	s->flags = 0;
	apply(s, &begins);
	apply(s, &record);
	s->flags = RECORD_ROW;
	space_record(s, RECORD_SPACE_END, 0, SPACE + 10, 0, 0);
	s->flags = 0;
	assert_maps(s, 20, "8+1@0w");
	assert_maps(s, 10, "");
}

/* But who shared it with one who was looked at was looked at as well, even if the fork is told of later. */
static void a_reading_tells_of_who_shared_it(void **state)
{
	struct script *s = *state;
	struct record_space begins;
	struct record_mapping record;

	start(s);
	maps(s, 10, 2, 2, 0, RW);
	forked(s, 30, T + 9);
	begins = (struct record_space){
		.head = head_of(s, RECORD_SPACE, sizeof(begins), 30), .space = SPACE + 10, .made_from = SPACE + 10,
		.maker_pid = 10, .maker_start = start_of(s, 10),
	};
	record = mapping_of(s, 30, 8, 1, 0, RW);
	record.space = SPACE + 10;
	s->flags = RECORD_ROW;
	space_record(s, RECORD_SPACE_BEGIN, 0, SPACE + 10, 0, 0);
	maps(s, 10, 2, 2, 0, RW); /* by now it is gone again */
	s->flags = 0;
	apply(s, &begins);
	apply(s, &record);
	s->flags = RECORD_ROW;
	space_record(s, RECORD_SPACE_END, 0, SPACE + 10, 0, 0);
	s->flags = 0;
	assert_maps(s, 10, "2+2@0w");
	assert_maps(s, 30, "2+2@0w");
}

/* A look at all tables shows what came of a call before that is told. */
static void what_a_look_found_gone_is_told(void **state)
{
	struct script *s = *state;
	struct record_mapping gone = { 0 };
	struct record_space begins;

	start(s);
	maps(s, 10, 2, 4, 0, RW);
	snapshot_start(s);
	gone = (struct record_mapping){
		.head = { .type = RECORD_MAPPING, .size = sizeof(gone), .ts = s->ts++, .pid = 10, .tid = 10,
			  .start = start_of(s, 10) },
		.space = SPACE + 10, .gone_start = 3 * PAGE, .gone_end = 4 * PAGE, .nr = SYS_munmap,
	};
	begins = (struct record_space){
		.head = { .type = RECORD_SPACE, .size = sizeof(begins), .ts = s->ts++, .pid = 30, .tid = 30,
			  .start = start_of(s, 30) },
		.space = SPACE + 30, .made_from = SPACE + 10, .maker_pid = 10, .maker_start = start_of(s, 10),
	};
	task_row(s, 10, 10, T, 1);
	task_row(s, 20, 20, T + 1, 1);
	task_row(s, 30, 30, T + 9, 10);
	maps(s, 10, 2, 1, 0, RW);
	maps(s, 10, 4, 2, 2, RW);
	maps(s, 30, 4, 2, 2, RW);
	snapshot_done(s);
	apply(s, &gone);
	assert_ptr_equal(s->change.unmapped.object, memfd(s));
	apply(s, &begins);
	/* The child began with what its maker has, and has let go of the first page. */
	gone.head.ts = s->ts++;
	gone.head.pid = gone.head.tid = 30;
	gone.head.start = start_of(s, 30);
	gone.space = SPACE + 30;
	gone.gone_start = 2 * PAGE;
	gone.gone_end = 3 * PAGE;
	apply(s, &gone);
	assert_ptr_equal(s->change.unmapped.object, memfd(s));
	assert_maps(s, 10, "2+1@0w 4+2@2w");
	assert_maps(s, 30, "4+2@2w");
}

/* Nobody told that they share it, as where the maker was a stranger: it is read anew, to be sure. */
static void a_space_that_one_comes_to_unannounced_is_in_doubt(void **state)
{
	struct script *s = *state;
	struct record_mapping record;

	start(s);
	maps(s, 10, 2, 2, 0, RW);
	assert_int_equal(s->model->doubts, 0);
	record = mapping_of(s, 20, 8, 1, 0, RW);
	record.space = SPACE + 10;
	apply(s, &record);
	assert_int_equal(s->model->doubts, 1);
	s->flags = RECORD_ROW;
	space_record(s, RECORD_SPACE_BEGIN, 0, SPACE + 10, 0, 0);
	record = mapping_of(s, 20, 8, 1, 0, RW);
	record.space = SPACE + 10;
	apply(s, &record);
	space_record(s, RECORD_SPACE_END, 0, SPACE + 10, 0, 0);
	s->flags = 0;
	assert_int_equal(s->model->doubts, 0);
	assert_maps(s, 20, "8+1@0w");
	assert_maps(s, 10, "");
}

static void reading_anew_replaces(void **state)
{
	struct script *s = *state;
	struct record_mapping old;

	start(s);
	maps(s, 10, 2, 2, 0, RW);
	old = mapping_of(s, 10, 30, 1, 0, RW); /* on its way, and told of late */
	s->flags = RECORD_ROW;
	space_record(s, RECORD_SPACE_BEGIN, 0, SPACE + 10, 0, 0);
	maps(s, 10, 3, 1, 1, RO);
	maps(s, 10, 3, 1, 1, RO); /* another thread's view of the same */
	assert_maps(s, 10, "2+2@0w");
	space_record(s, RECORD_SPACE_END, 0, SPACE + 10, 0, 0);
	s->flags = 0;
	assert_maps(s, 10, "3+1@1");
	assert_counts(s, 10, 1, 0);
	old.head.flags = 0;
	apply(s, &old);
	assert_ptr_equal(s->change.object, memfd(s)); /* it happened */
	assert_maps(s, 10, "3+1@1");
	assert_counts(s, 10, 1, 0);
}

/* The reader comes to it when the kernel's tree has been read; what was known says what went. */
/* Of a process by another's space, as if it were that one's. */
static void maps_in(struct script *s, uint32_t pid, uint64_t space, uint64_t ino, uint64_t first)
{
	struct record_mapping record = mapping_of(s, pid, first, 1, 0, RW);

	record.space = space;
	record.facts.ino = ino;
	apply(s, &record);
}

static const struct endpoint *endpoint_on(const struct script *s, uint32_t pid, uint64_t ino)
{
	const struct object_key key = { .ino = ino, .dev = 5, .kind = FILE_MEMFD };
	const struct object *object = model_object(s->model, &key);

	return object ? model_endpoint(s->model, process_at(s, pid), object) : NULL;
}

/* Whoever had it has ended, unseen or just now; or both have it. */
static void a_space_of_the_dead_is_anothers(void **state)
{
	struct script *s = *state;

	start(s);
	maps_in(s, 10, SPACE + 10, MEMFD, 2);
	maps_in(s, 20, SPACE + 20, MEMFD + 1, 4);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 30, 30, T + 2, 1);
	maps_in(s, 10, SPACE + 10, MEMFD, 2);
	maps_in(s, 30, SPACE + 20, MEMFD + 2, 6);
	maps_in(s, 30, SPACE + 20, MEMFD + 2, 8);
	snapshot_done(s);
	assert_maps(s, 30, "6+1@0w 8+1@0w");
	assert_null(endpoint_on(s, 20, MEMFD + 2));
	assert_null(endpoint_on(s, 30, MEMFD + 1));
	assert_non_null(endpoint_on(s, 30, MEMFD + 2));
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	task_row(s, 15, 15, T + 3, 1);
	task_row(s, 30, 30, T + 2, 1);
	maps_in(s, 10, SPACE + 10, MEMFD, 2);
	maps_in(s, 15, SPACE + 20, MEMFD + 2, 6);
	maps_in(s, 30, SPACE + 20, MEMFD + 2, 6);
	snapshot_done(s);
	assert_maps(s, 15, "6+1@0w");
	assert_maps(s, 30, "6+1@0w");
	assert_ptr_equal(process_at(s, 15)->space, process_at(s, 30)->space);
}

static void what_was_done_before_a_reading_is_told(void **state)
{
	struct script *s = *state;
	struct record_mapping gone, made;

	start(s);
	maps(s, 10, 2, 2, 0, RW);
	gone = mapping_of(s, 10, 0, 0, 0, 0);
	gone.gone_start = 2 * PAGE;
	gone.gone_end = 4 * PAGE;
	gone.nr = SYS_munmap;
	gone.facts.kind = 0;
	made = mapping_of(s, 10, 9, 1, 5, RW); /* and taken away since, of which is no record yet */
	s->flags = RECORD_ROW;
	space_record(s, RECORD_SPACE_BEGIN, 0, SPACE + 10, 0, 0);
	maps(s, 10, 20, 1, 1, RO);
	s->flags = 0;
	apply(s, &gone);
	assert_ptr_equal(s->change.old_object, memfd(s));
	assert_int_equal(s->change.unmapped.start, 2 * PAGE);
	apply(s, &made);
	assert_ptr_equal(s->change.object, memfd(s));
	s->flags = RECORD_ROW;
	space_record(s, RECORD_SPACE_END, 0, SPACE + 10, 0, 0);
	s->flags = 0;
	assert_maps(s, 10, "20+1@1");
	assert_counts(s, 10, 1, 0);
	assert_int_equal(memfd(s)->maps, 1);
}

static void read_anew(struct script *s, uint64_t first, uint64_t pages, uint64_t offset, uint32_t access)
{
	s->flags = RECORD_ROW;
	space_record(s, RECORD_SPACE_BEGIN, 0, SPACE + 10, 0, 0);
	if (pages)
		maps(s, 10, first, pages, offset, access);
	space_record(s, RECORD_SPACE_END, 0, SPACE + 10, 0, 0);
	s->flags = 0;
}

/* What that call of process 10 is told to have taken away: first page and number of them; 0 = nothing. */
static void assert_unmaps(struct script *s, uint64_t first, uint64_t pages, uint64_t told, uint64_t told_pages)
{
	unmaps(s, 10, first, pages);
	assert_ptr_equal(s->change.old_object, told_pages ? memfd(s) : NULL);
	assert_int_equal(s->change.unmapped.start, told * PAGE);
	assert_int_equal(s->change.unmapped.end, (told + told_pages) * PAGE);
}

/* The call had done it when its space was read, and came to its end, which tells of it, after. */
static void what_a_reading_found_gone_is_told_when_its_call_ends(void **state)
{
	struct script *s = *state;

	start(s);
	maps(s, 10, 2, 8, 0, RW);
	read_anew(s, 2, 1, 0, RW);
	assert_maps(s, 10, "2+1@0w");
	assert_unmaps(s, 5, 1, 5, 1);
	assert_unmaps(s, 5, 1, 0, 0);
	assert_unmaps(s, 0, 5, 2, 1); /* what is there comes first */
	assert_unmaps(s, 3, 2, 0, 0);
	assert_unmaps(s, 6, 9, 6, 4);
	assert_maps(s, 10, "");
	assert_counts(s, 10, 0, 0);
	assert_int_equal(memfd(s)->maps, 0);
}

static void what_a_reading_found_otherwise_is_told_too(void **state)
{
	struct script *s = *state;

	start(s);
	maps(s, 10, 2, 4, 0, RW);
	read_anew(s, 2, 2, 0, RO);
	calls(s, 10, 2, 4, SYS_mprotect, MAPPING_READ);
	assert_ptr_equal(s->change.object, memfd(s));
	assert_int_equal(s->change.protected.start, 2 * PAGE);
	calls(s, 10, 2, 4, SYS_mprotect, MAPPING_READ);
	assert_null(s->change.object);
	assert_unmaps(s, 4, 2, 4, 2); /* the other half was protected, and unmapped then */
	assert_unmaps(s, 2, 2, 2, 2);
	/* Something else lies there now. */
	maps(s, 10, 2, 2, 0, RW);
	read_anew(s, 2, 2, 7, RW);
	maps(s, 10, 2, 2, 7, RW);
	assert_unmaps(s, 2, 2, 2, 2);
	assert_unmaps(s, 2, 2, 0, 0);
}

static void what_was_being_written_amid_a_reading_is_told(void **state)
{
	struct script *s = *state;
	struct record_mapping gone;

	start(s);
	maps(s, 10, 2, 2, 0, RW);
	gone = mapping_of(s, 10, 0, 0, 0, 0);
	gone.gone_start = 3 * PAGE;
	gone.gone_end = 9 * PAGE;
	gone.nr = SYS_munmap;
	gone.facts.kind = 0;
	read_anew(s, 2, 1, 0, RW);
	apply(s, &gone);
	assert_ptr_equal(s->change.old_object, memfd(s));
	assert_int_equal(s->change.unmapped.start, 3 * PAGE);
	assert_int_equal(s->change.unmapped.end, 4 * PAGE);
	assert_maps(s, 10, "2+1@0w");
	/* The rest of what went was lost, and the tables were read anew for it. */
	read_anew(s, 0, 0, 0, 0);
	snapshot_start(s);
	task_row(s, 10, 10, T, 1);
	snapshot_done(s);
	assert_unmaps(s, 2, 1, 0, 0);
}

/* The rows may show it already, or not yet. */
static void what_is_done_amid_a_reading_is_told_and_stays(void **state)
{
	struct script *s = *state;

	for (uint64_t shown = 0; shown < 2; shown++) {
		uint32_t child = 30 + (uint32_t)shown;

		start(s);
		maps(s, 10, 2, 2, 0, RW);
		s->flags = RECORD_ROW;
		space_record(s, RECORD_SPACE_BEGIN, 0, SPACE + 10, 0, 0);
		maps(s, 10, 2 + shown, 2 - shown, shown, RW);
		s->flags = 0;
		unmaps(s, 10, 2, 1);
		assert_ptr_equal(s->change.old_object, memfd(s));
		calls(s, 10, 3, 1, SYS_mprotect, MAPPING_READ);
		assert_ptr_equal(s->change.object, memfd(s));
		maps(s, 10, 9, 1, 5, RW);
		by(s, 10);
		forked(s, child, T + 9 + shown);
		space_record(s, RECORD_SPACE, child, SPACE + child, SPACE + 10, 10);
		s->flags = RECORD_ROW;
		space_record(s, RECORD_SPACE_END, 0, SPACE + 10, 0, 0);
		s->flags = 0;
		assert_maps(s, 10, "3+1@1 9+1@5w");
		assert_counts(s, 10, 2, 1);
		assert_maps(s, child, "3+1@1 9+1@5w");
		assert_int_equal(memfd(s)->maps, 4);
		by(s, child);
		exited(s, 0, true);
		by(s, 10);
		unmaps(s, 10, 0, 99);
	}
}

static void a_segment_goes_as_a_whole(void **state)
{
	struct script *s = *state;
	struct record_mapping record;

	start(s);
	for (uint64_t i = 0; i < 2; i++) {
		record = mapping_of(s, 10, 2 + 3 * i, 1 + i, 3 * i, RW); /* a hole between the two */
		record.facts = (struct file_facts){ .kind = FILE_SHM, .ino = 4, .dev = 6 };
		apply(s, &record);
	}
	maps(s, 10, 40, 1, 38, RW); /* lies as the segment would, and is none */
	assert_maps(s, 10, "2+1@0w 5+2@3w 40+1@38w");
	record = (struct record_mapping){ .head = head_of(s, RECORD_MAPPING, sizeof(record), 10),
					  .space = SPACE + 10, .gone_start = 2 * PAGE,
					  .gone_end = UINT64_MAX, .nr = SYS_shmdt };
	apply(s, &record);
	assert_maps(s, 10, "40+1@38w");
	assert_int_equal(s->change.unmapped.start, 2 * PAGE);
}

static void doubt_is_counted(void **state)
{
	struct script *s = *state;
	struct record_mapping record;

	start(s);
	record = mapping_of(s, 10, 2, 1, 0, RW);
	record.doubt = 1;
	apply(s, &record);
	apply(s, &record);
	assert_int_equal(s->model->doubts, 1);
	space_record(s, RECORD_SPACE_BEGIN, 0, SPACE + 10, 0, 0);
	space_record(s, RECORD_SPACE_END, 0, SPACE + 10, 0, 0);
	assert_int_equal(s->model->doubts, 0);
	space_record(s, RECORD_SPACE_BEGIN, 0, SPACE + 10, 0, 0);
	record.head.ts = s->ts++; /* newer than the rows may be */
	apply(s, &record);
	space_record(s, RECORD_SPACE_END, 0, SPACE + 10, 0, 0);
	assert_int_equal(s->model->doubts, 1);
}

/* As many as a process may have by default, in no order: each page by itself, and no two go on alike. */
static void many_keep_their_order(void **state)
{
	enum { MANY = 4096, STEP = 1021 };
	struct script *s = *state;
	const struct mapping *mapping;
	const struct mappings *all;
	uint64_t last = 0;

	start(s);
	for (uint64_t i = 0, page = 0; i < MANY; i++, page = (page + STEP) % MANY)
		maps(s, 10, 1 + page, 1, 2 * page, RW);
	all = &process_at(s, 10)->space->mappings;
	assert_int_equal(all->count, MANY);
	MAPPINGS_FOREACH(all, mapping)
	{
		assert_int_equal(mapping->start, last ? last : PAGE);
		last = mapping->end;
	}
	assert_counts(s, 10, MANY, MANY);
	calls(s, 10, 1000, 2000, SYS_mprotect, MAPPING_READ);
	assert_counts(s, 10, MANY, MANY - 2000);
	unmaps(s, 10, 3, MANY - 4);
	assert_maps(s, 10, "1+1@0w 2+1@2w 4095+1@8188w 4096+1@8190w");
	assert_counts(s, 10, 4, 4);
}

/* --- links ------------------------------------------------------------------------------------ */

/* "10>20:2" from, to and pages in common, a blank between; "!" = closed. */
static void assert_links(const struct script *s, bool closed, const char *want)
{
	char have[256] = "";
	struct graph graph;
	size_t len = 0;

	assert_int_equal(graph_build(s->model, closed, &graph), 0);
	for (size_t i = 0; i < graph.links_count; i++) {
		const struct graph_link *link = &graph.links[i];

		assert_string_equal(link->kind, "memfd");
		assert_false(link->observed);
		assert_false(link->bytes.known);
		assert_int_equal(link->common.known, !link->closed);
		len += (size_t)snprintf(have + len, sizeof(have) - len, "%s%u>%u:%llu%s", len ? " " : "",
					link->from->key.pid, link->to->key.pid,
					(unsigned long long)(link->common.value / PAGE), link->closed ? "!" : "");
	}
	assert_string_equal(have, want);
	graph_free(&graph);
}

static void who_may_write_can_send(void **state)
{
	struct script *s = *state;

	start(s);
	maps(s, 10, 2, 4, 0, RW);
	assert_links(s, false, "");
	maps(s, 20, 50, 2, 1, RO);
	assert_links(s, false, "10>20:2");
	calls(s, 20, 50, 2, SYS_mprotect, MAPPING_READ | MAPPING_WRITE);
	assert_links(s, false, "10>20:2 20>10:2");
	calls(s, 10, 2, 4, SYS_mprotect, MAPPING_READ);
	calls(s, 20, 50, 2, SYS_mprotect, MAPPING_READ);
	assert_links(s, false, "");
}

static void other_parts_are_no_link(void **state)
{
	struct script *s = *state;

	start(s);
	maps(s, 10, 2, 4, 0, RW);
	maps(s, 20, 50, 2, 4, RW);
	assert_links(s, false, "");
	maps(s, 20, 60, 4, 2, RW); /* two pages of it the other has too */
	assert_links(s, false, "10>20:2 20>10:2");
	assert_true(space_common(process_at(s, 20), process_at(s, 10), memfd(s)) == 2 * PAGE);
}

/* From a fork to an exec: what the child did not map itself was never its business. */
static void what_a_fork_brought_and_an_exec_took_is_no_link(void **state)
{
	struct script *s = *state;

	start(s);
	maps(s, 10, 2, 4, 0, RW);
	forked(s, 30, T + 9);
	space_record(s, RECORD_SPACE, 30, SPACE + 30, SPACE + 10, 10);
	by(s, 30);
	executed(s, T + 9, 30, "/bin/true", "true", 5);
	assert_links(s, true, "");
	by(s, 10);
	forked(s, 40, T + 8);
	space_record(s, RECORD_SPACE, 40, SPACE + 40, SPACE + 10, 10);
	maps(s, 40, 20, 1, 0, RW);
	by(s, 40);
	executed(s, T + 8, 40, "/bin/true", "true", 5);
	assert_links(s, true, "10>40:0! 40>10:0!");
}

static void what_was_unmapped_is_told_of_a_window(void **state)
{
	struct script *s = *state;

	start(s);
	maps(s, 10, 2, 2, 0, RW);
	maps(s, 20, 50, 2, 0, RO);
	unmaps(s, 10, 2, 2);
	assert_links(s, false, "");
	assert_links(s, true, "10>20:0!");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_setup, script_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_space_of_the_dead_is_anothers),
		TEST(neighbours_that_go_on_are_one),
		TEST(what_is_unmapped_may_be_a_part),
		TEST(what_is_mapped_over_is_gone),
		TEST(protection_splits_and_joins),
		TEST(a_child_inherits_all_but_what_it_shall_not),
		TEST(a_space_of_two_is_counted_for_both),
		TEST(a_space_that_begins_has_nothing_of_whose_address_it_has),
		TEST(a_reading_tells_nothing_of_whom_it_did_not_look_at),
		TEST(a_reading_tells_of_who_shared_it),
		TEST(what_a_look_found_gone_is_told),
		TEST(a_space_that_one_comes_to_unannounced_is_in_doubt),
		TEST(reading_anew_replaces),
		TEST(what_was_done_before_a_reading_is_told),
		TEST(what_is_done_amid_a_reading_is_told_and_stays),
		TEST(what_a_reading_found_gone_is_told_when_its_call_ends),
		TEST(what_a_reading_found_otherwise_is_told_too),
		TEST(what_was_being_written_amid_a_reading_is_told),
		TEST(a_segment_goes_as_a_whole),
		TEST(doubt_is_counted),
		TEST(many_keep_their_order),
		TEST(who_may_write_can_send),
		TEST(other_parts_are_no_link),
		TEST(what_was_unmapped_is_told_of_a_window),
		TEST(what_a_fork_brought_and_an_exec_took_is_no_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
