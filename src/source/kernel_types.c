// SPDX-License-Identifier: GPL-2.0-only
#include "source/kernel_types.h"

#include <bpf/btf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <uthash.h>

/*
 * Programs hand numbers of these types to the kernel (FIELD() in bpf/view.bpf.h), so up to the last of them
 * types keep their numbers. They are among the kernel's first ones, since nearly all of its sources use them.
 */
static const char *const numbered[] = {
	"fdtable", "file", "files_struct", "inode", "list_head", "net",
	"pipe_buffer", "pipe_inode_info", "sock", "socket", "super_block", "task_struct",
	"timespec64",
};
#define NUMBERED (sizeof(numbered) / sizeof(numbered[0]))

struct wanted {
	const char *name;
	UT_hash_handle hh;
};

/* Grows; after a failure nothing more is put into it. */
struct buffer {
	char *data;
	__u32 len, room;
	int err;
};

struct reduction {
	const struct btf *kernel;
	__u32 count;		/* of the kernel's types, with the first, which is void */
	__u32 kept;		/* types up to this one keep their numbers */
	struct wanted *wanted;
	__u32 *ids;		/* by the kernel's: 0 = left out, or the one here */
	struct buffer types, strings;
};

/* --- which ones ------------------------------------------------------------------------------------- */

/* "type___flavour" means type: as libbpf has it (src/relo_core.c, bpf_core_essential_name_len). */
static size_t essential_length(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = len; i-- > 5;) {
		const char *at = name + i - 4;

		if (at[0] != '_' && at[1] == '_' && at[2] == '_' && at[3] == '_' && at[4] != '_')
			return (size_t)(at + 1 - name);
	}
	return len;
}

/* Those by which fields and values are looked up. */
static bool is_looked_up(const struct btf_type *type)
{
	switch (btf_kind(type)) {
	case BTF_KIND_INT:
	case BTF_KIND_FLOAT:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64: return type->name_off;
	}
	return false;
}

static struct wanted *wanted_find(const struct reduction *reduction, const char *name, size_t len)
{
	struct wanted *found;

	HASH_FIND(hh, reduction->wanted, name, len, found);
	return found;
}

static int wanted_add(struct reduction *reduction, const char *name)
{
	size_t len = essential_length(name);
	struct wanted *wanted;

	if (wanted_find(reduction, name, len))
		return 0;
	wanted = calloc(1, sizeof(*wanted));
	if (!wanted)
		return -ENOMEM;
	wanted->name = name;
	HASH_ADD_KEYPTR(hh, reduction->wanted, wanted->name, len, wanted);
	if (wanted->hh.tbl)
		return 0;
	free(wanted);
	return -ENOMEM;
}

static int wanted_fill(struct reduction *reduction, const struct btf *own)
{
	int err = 0;

	for (__u32 id = 1; id < btf__type_cnt(own) && !err; id++) {
		const struct btf_type *type = btf__type_by_id(own, id);

		if (is_looked_up(type))
			err = wanted_add(reduction, btf__name_by_offset(own, type->name_off));
	}
	return err;
}

/* With what it consists of. A function is only ever pointed to. */
static void take(struct reduction *reduction, __u32 id)
{
	const struct btf_type *type = btf__type_by_id(reduction->kernel, id);

	if (!id || reduction->ids[id] || btf_is_func_proto(type))
		return;
	reduction->ids[id] = id;
	switch (btf_kind(type)) {
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG: take(reduction, type->type); break;
	case BTF_KIND_ARRAY:
		take(reduction, btf_array(type)->type);
		take(reduction, btf_array(type)->index_type);
		break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		for (__u16 i = 0; i < btf_vlen(type); i++)
			take(reduction, btf_members(type)[i].type);
		break;
	}
}

static void take_wanted(struct reduction *reduction)
{
	for (__u32 id = 1; id < reduction->count; id++) {
		const struct btf_type *type = btf__type_by_id(reduction->kernel, id);
		const char *name;

		if (!is_looked_up(type))
			continue;
		name = btf__name_by_offset(reduction->kernel, type->name_off);
		if (wanted_find(reduction, name, essential_length(name)))
			take(reduction, id);
	}
}

static void number(struct reduction *reduction)
{
	__u32 next;

	for (size_t i = 0; i < NUMBERED; i++) {
		int id = btf__find_by_name_kind(reduction->kernel, numbered[i], BTF_KIND_STRUCT);

		if (id > 0 && (__u32)id > reduction->kept)
			reduction->kept = (__u32)id;
	}
	next = reduction->kept + 1;
	for (__u32 id = next; id < reduction->count; id++)
		if (reduction->ids[id])
			reduction->ids[id] = next++;
}

/* --- writing them down ------------------------------------------------------------------------------ */

static void put(struct buffer *buffer, const void *data, size_t size)
{
	if (!buffer->err && buffer->len + size > buffer->room) {
		size_t room = (buffer->len + size) * 2;
		char *grown = realloc(buffer->data, room);

		buffer->err = grown ? 0 : -ENOMEM;
		if (grown) {
			buffer->data = grown;
			buffer->room = (__u32)room;
		}
	}
	if (buffer->err)
		return;
	memcpy(buffer->data + buffer->len, data, size);
	buffer->len += (__u32)size;
}

/* Returns where it lies. */
static __u32 put_name(struct reduction *reduction, __u32 offset)
{
	const char *name = offset ? btf__name_by_offset(reduction->kernel, offset) : "";
	__u32 at = reduction->strings.len;

	if (!*name)
		return 0;
	put(&reduction->strings, name, strlen(name) + 1);
	return at;
}

static void put_members(struct reduction *reduction, const struct btf_type *type)
{
	for (__u16 i = 0; i < btf_vlen(type); i++) {
		struct btf_member member = btf_members(type)[i];

		member.name_off = put_name(reduction, member.name_off);
		member.type = reduction->ids[member.type];
		put(&reduction->types, &member, sizeof(member));
	}
}

/* Both kinds of values begin with a name. */
static void put_values(struct reduction *reduction, const struct btf_type *type)
{
	for (__u16 i = 0; i < btf_vlen(type); i++) {
		if (btf_is_enum(type)) {
			struct btf_enum value = btf_enum(type)[i];

			value.name_off = put_name(reduction, value.name_off);
			put(&reduction->types, &value, sizeof(value));
		} else {
			struct btf_enum64 value = btf_enum64(type)[i];

			value.name_off = put_name(reduction, value.name_off);
			put(&reduction->types, &value, sizeof(value));
		}
	}
}

static void put_array(struct reduction *reduction, const struct btf_type *type)
{
	struct btf_array array = *btf_array(type);

	array.type = reduction->ids[array.type];
	array.index_type = reduction->ids[array.index_type];
	put(&reduction->types, &array, sizeof(array));
}

static void put_type(struct reduction *reduction, const struct btf_type *type)
{
	struct btf_type copy = *type;

	copy.name_off = put_name(reduction, type->name_off);
	switch (btf_kind(type)) {
	case BTF_KIND_PTR: copy.type = 0; break;
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG: copy.type = reduction->ids[type->type]; break;
	}
	put(&reduction->types, &copy, sizeof(copy));
	switch (btf_kind(type)) {
	case BTF_KIND_INT: put(&reduction->types, type + 1, sizeof(__u32)); break;
	case BTF_KIND_ARRAY: put_array(reduction, type); break;
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION: put_members(reduction, type); break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64: put_values(reduction, type); break;
	}
}

static void put_types(struct reduction *reduction)
{
	/* In the place of one that is left out. */
	const struct btf_type none = { .info = BTF_KIND_PTR << 24 };

	put(&reduction->strings, "", 1);
	for (__u32 id = 1; id < reduction->count; id++) {
		if (reduction->ids[id])
			put_type(reduction, btf__type_by_id(reduction->kernel, id));
		else if (id <= reduction->kept)
			put(&reduction->types, &none, sizeof(none));
	}
}

/* Header, types, strings. */
static int reduction_join(struct reduction *reduction, void **data, unsigned int *size)
{
	const struct btf_header header = { .magic = BTF_MAGIC,
					   .version = BTF_VERSION,
					   .hdr_len = sizeof(header),
					   .type_len = reduction->types.len,
					   .str_off = reduction->types.len,
					   .str_len = reduction->strings.len };
	struct buffer all = { .err = reduction->types.err ? reduction->types.err : reduction->strings.err };

	put(&all, &header, sizeof(header));
	put(&all, reduction->types.data, reduction->types.len);
	put(&all, reduction->strings.data, reduction->strings.len);
	if (all.err) {
		free(all.data);
		return all.err;
	}
	*data = all.data;
	*size = all.len;
	return 0;
}

static void reduction_close(struct reduction *reduction)
{
	struct wanted *wanted, *next;

	HASH_ITER(hh, reduction->wanted, wanted, next)
	{
		HASH_DEL(reduction->wanted, wanted);
		free(wanted);
	}
	free(reduction->ids);
	free(reduction->types.data);
	free(reduction->strings.data);
}

int kernel_types_reduce(const struct btf *kernel, const struct btf *const *own, size_t count, void **data,
			unsigned int *size)
{
	struct reduction reduction = { .kernel = kernel, .count = btf__type_cnt(kernel) };
	int err;

	reduction.ids = calloc(reduction.count, sizeof(*reduction.ids));
	err = reduction.ids ? 0 : -ENOMEM;
	for (size_t i = 0; i < count && !err; i++)
		err = wanted_fill(&reduction, own[i]);
	if (!err) {
		take_wanted(&reduction);
		number(&reduction);
		put_types(&reduction);
		err = reduction_join(&reduction, data, size);
	}
	reduction_close(&reduction);
	return err;
}

/* --- the file --------------------------------------------------------------------------------------- */

int kernel_types_open(struct kernel_types *types)
{
	types->fd = memfd_create("ipctrace-types", MFD_CLOEXEC);
	if (types->fd < 0)
		return -errno;
	snprintf(types->path, sizeof(types->path), "/proc/self/fd/%d", types->fd);
	return 0;
}

void kernel_types_close(struct kernel_types *types)
{
	if (types->fd >= 0)
		close(types->fd);
	types->fd = -1;
}

static int write_all(int fd, const char *data, size_t size)
{
	ssize_t n;

	for (; size; data += n, size -= (size_t)n) {
		n = write(fd, data, size);
		if (n < 0)
			return -errno;
	}
	return 0;
}

int kernel_types_write(const struct kernel_types *types, const struct btf *const *own, size_t count)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	unsigned int size = 0;
	void *data = NULL;
	int err;

	if (!kernel)
		return -errno;
	err = kernel_types_reduce(kernel, own, count, &data, &size);
	if (!err)
		err = write_all(types->fd, data, size);
	free(data);
	btf__free(kernel);
	return err;
}
