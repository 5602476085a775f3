// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's types, reduced: what is asked for is there, whole, and found by libbpf. */
#include <bpf/btf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "source/kernel_types.h"

/* Numbers in the kernel below. */
enum {
	INT = 1,
	OTHER,
	TO_OTHER,
	INODE,
	FUNCTION,
	TO_FUNCTION,
	INNER,
	INNERS,
	OUTER,
	COLOUR,
	LATER,
	ALIAS,
};

static void field_add(struct btf *btf, const char *name, int type, uint32_t bit)
{
	assert_int_equal(btf__add_field(btf, name, type, bit, 0), 0);
}

static struct btf *kernel_make(void)
{
	struct btf *btf = btf__new_empty();

	assert_non_null(btf);
	assert_int_equal(btf__add_int(btf, "int", 4, BTF_INT_SIGNED), INT);
	assert_int_equal(btf__add_struct(btf, "other", 4), OTHER);
	field_add(btf, "unasked", INT, 0);
	assert_int_equal(btf__add_ptr(btf, OTHER), TO_OTHER);
	assert_int_equal(btf__add_struct(btf, "inode", 4), INODE);
	field_add(btf, "i_ino", INT, 0);
	assert_int_equal(btf__add_func_proto(btf, INT), FUNCTION);
	assert_int_equal(btf__add_ptr(btf, FUNCTION), TO_FUNCTION);
	assert_int_equal(btf__add_struct(btf, "inner", 4), INNER);
	field_add(btf, "x", INT, 0);
	assert_int_equal(btf__add_array(btf, INT, INNER, 2), INNERS);
	assert_int_equal(btf__add_struct(btf, "outer", 32), OUTER);
	field_add(btf, "pointer", TO_OTHER, 0);
	field_add(btf, "call", TO_FUNCTION, 64);
	field_add(btf, "inners", INNERS, 128);
	assert_int_equal(btf__add_enum(btf, "colour", 4), COLOUR);
	assert_int_equal(btf__add_enum_value(btf, "RED", 7), 0);
	assert_int_equal(btf__add_struct(btf, "later", 4), LATER);
	field_add(btf, "unasked_too", INT, 0);
	assert_int_equal(btf__add_typedef(btf, "alias_t", OUTER), ALIAS);
	return btf;
}

/* What a program asks for: by a flavour, a value, an alias, and by number. */
static struct btf *program_make(void)
{
	struct btf *btf = btf__new_empty();

	assert_non_null(btf);
	assert_true(btf__add_struct(btf, "outer___before_5_0", 8) > 0);
	assert_true(btf__add_enum(btf, "colour", 4) > 0);
	assert_true(btf__add_struct(btf, "inode", 8) > 0);
	assert_true(btf__add_struct(btf, "of_no_kernel", 8) > 0);
	return btf;
}

static struct btf *reduce(void)
{
	struct btf *kernel = kernel_make(), *program = program_make(), *reduced;
	const struct btf *const own[] = { program };
	unsigned int size = 0;
	void *data = NULL;

	assert_int_equal(kernel_types_reduce(kernel, own, 1, &data, &size), 0);
	reduced = btf__new(data, size);
	assert_non_null(reduced);
	free(data);
	btf__free(program);
	btf__free(kernel);
	return reduced;
}

static const char *name_of(const struct btf *btf, uint32_t offset)
{
	return btf__name_by_offset(btf, offset);
}

static void test_what_is_asked_for_is_whole(void **state)
{
	struct btf *btf = reduce();
	const struct btf_type *outer, *array, *inner, *value;
	int id = btf__find_by_name_kind(btf, "outer", BTF_KIND_STRUCT);

	assert_true(id > 0);
	outer = btf__type_by_id(btf, (uint32_t)id);
	assert_int_equal(outer->size, 32);
	assert_int_equal(btf_vlen(outer), 3);
	assert_string_equal(name_of(btf, btf_members(outer)[2].name_off), "inners");
	assert_int_equal(btf_member_bit_offset(outer, 2), 128);
	array = btf__type_by_id(btf, btf_members(outer)[2].type);
	assert_true(btf_is_array(array));
	assert_int_equal(btf_array(array)->nelems, 2);
	assert_true(btf_is_int(btf__type_by_id(btf, btf_array(array)->index_type)));
	inner = btf__type_by_id(btf, btf_array(array)->type);
	assert_string_equal(name_of(btf, inner->name_off), "inner");
	assert_true(btf_is_int(btf__type_by_id(btf, btf_members(inner)[0].type)));

	id = btf__find_by_name_kind(btf, "colour", BTF_KIND_ENUM);
	assert_true(id > 0);
	value = btf__type_by_id(btf, (uint32_t)id);
	assert_string_equal(name_of(btf, btf_enum(value)[0].name_off), "RED");
	assert_int_equal(btf_enum(value)[0].val, 7);
	btf__free(btf);
	(void)state;
}

static void test_pointers_lead_nowhere(void **state)
{
	struct btf *btf = reduce();
	const struct btf_type *outer, *pointer;

	outer = btf__type_by_id(btf, (uint32_t)btf__find_by_name_kind(btf, "outer", BTF_KIND_STRUCT));
	for (int i = 0; i < 2; i++) {
		pointer = btf__type_by_id(btf, btf_members(outer)[i].type);
		assert_true(btf_is_ptr(pointer));
		assert_int_equal(pointer->type, 0);
	}
	assert_true(btf__find_by_name(btf, "other") < 0);
	assert_true(btf__find_by_name(btf, "later") < 0);
	assert_true(btf__find_by_name(btf, "alias_t") < 0);
	btf__free(btf);
	(void)state;
}

static void test_numbers_are_kept(void **state)
{
	struct btf *btf = reduce();

	assert_int_equal(btf__find_by_name_kind(btf, "inode", BTF_KIND_STRUCT), INODE);
	assert_int_equal(btf__find_by_name_kind(btf, "int", BTF_KIND_INT), INT);
	btf__free(btf);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_asked_for_is_whole),
		cmocka_unit_test(test_pointers_lead_nowhere),
		cmocka_unit_test(test_numbers_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
