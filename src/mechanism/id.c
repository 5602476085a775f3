// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ids of the contract: how the kernel, or a person, names a thing. They are not escaped here.
 * Kernel addresses never show: an object that is nothing but an address goes by its serial number.
 */
#include "mechanism/mechanism.h"

#include <stdio.h>
#include <string.h>

#include "util/units.h"

#define MINOR_BITS 20
#define MINOR_MASK ((1u << MINOR_BITS) - 1)
/* Documentation/admin-guide/devices.txt: slaves of Unix98 pseudo-terminals */
#define PTY_SLAVE_MAJOR     136
#define PTY_SLAVE_MAJOR_MAX 143

const char *object_kind_name(const struct object *object)
{
	return kind_name(object->key.kind);
}

/* snprintf() tells what would have been; an id is as long as what is there. */
static size_t length(int would, size_t size)
{
	if (would < 0 || !size)
		return 0;
	return (size_t)would < size ? (size_t)would : size - 1;
}

/* pipe:[88231] */
static size_t id_by_number(const struct object *object, uint64_t number, char *buf, size_t size)
{
	const char *kind = object_kind_name(object);
	size_t len = strlen(kind);

	if (size < len + NUMBER_MAX + 4)
		return length(snprintf(buf, size, "?"), size);
	memcpy(buf, kind, len);
	memcpy(buf + len, ":[", 2);
	len += 2;
	len += number_put(buf + len, number);
	memcpy(buf + len, "]", 2);
	return len + 1;
}

/* fifo:/tmp/f */
static size_t id_by_name(const struct object *object, const char *name, char *buf, size_t size)
{
	return length(snprintf(buf, size, "%s:%s", object_kind_name(object), name), size);
}

/*
 * fifo:/tmp/f (deleted) [4711]: what is there under that path now is another one. Where the inode is
 * not known, or another FIFO has it by now, the serial number tells it apart: "(deleted) #88",
 * "(deleted) [4711] #88".
 */
static size_t id_of_unlinked(const struct object *object, char *buf, size_t size)
{
	bool is_known = !fifo_is_stand_in(object);
	char inode[32] = "", serial[32] = "";

	if (is_known)
		snprintf(inode, sizeof(inode), " [%llu]", (unsigned long long)object->facts.ino);
	if (!is_known || object_is_retired(object))
		snprintf(serial, sizeof(serial), " #%llu", (unsigned long long)object->serial);
	return length(snprintf(buf, size, "%s:%s (deleted)%s%s", object_kind_name(object),
			       object->name ? object->name : "?", inode, serial),
		      size);
}

/* eventfd:[5] (closed) [88]: the kernel gives its number to the next one. */
static size_t id_of_closed(const struct object *object, char *buf, size_t size)
{
	return length(snprintf(buf, size, "%s:[%u] (closed) [%llu]", object_kind_name(object),
			       (uint32_t)object->facts.eventfd.id,
			       (unsigned long long)object->serial),
		      size);
}

/* file:[8:1:4711] */
static size_t id_by_inode(const struct object *object, char *buf, size_t size)
{
	return length(snprintf(buf, size, "%s:[%u:%u:%llu]", object_kind_name(object),
			       object->key.dev >> MINOR_BITS, object->key.dev & MINOR_MASK,
			       (unsigned long long)object->key.ino),
		      size);
}

/* pty:/dev/pts/3, also where nobody told the path: the number is the device's own. */
static size_t id_of_pty(const struct object *object, char *buf, size_t size)
{
	uint32_t major = object->facts.rdev >> MINOR_BITS;

	if (major < PTY_SLAVE_MAJOR || major > PTY_SLAVE_MAJOR_MAX)
		return id_by_number(object, object->key.ino, buf, size);
	return length(snprintf(buf, size, "pty:/dev/pts/%u",
			       (major - PTY_SLAVE_MAJOR) * 256 + (object->facts.rdev & MINOR_MASK)),
		      size);
}

/* tcp:127.0.0.1:40000->127.0.0.1:80, tcp:127.0.0.1:80 for a listener; where others have, or had, the
 * same addresses, the inode stands behind. Without an address of its own: tcp:[88231]. */
static size_t id_of_inet(const struct object *object, char *buf, size_t size)
{
	const struct socket *socket = object->socket;
	char local[SOCKET_ADDRESS_MAX], remote[SOCKET_ADDRESS_MAX] = "", suffix[32] = "";

	if (!socket || !socket->facts.local_port)
		return id_by_number(object, object->key.ino, buf, size);
	socket_local_name(object, local);
	if (socket->facts.remote_port)
		socket_remote_name(object, remote);
	if (socket->is_ambiguous)
		snprintf(suffix, sizeof(suffix), "#%llu", (unsigned long long)object->key.ino);
	return length(snprintf(buf, size, "%s:%s%s%s%s", object_kind_name(object), local,
			       *remote ? "->" : "", remote, suffix),
		      size);
}

/* unix:[88231]@net:[4026532008]: outside the host's own network namespace */
static size_t id_of_socket(const struct object *object, char *buf, size_t size)
{
	size_t len = object->key.kind == FILE_UNIX ?
			     id_by_number(object, object->key.ino, buf, size) :
			     id_of_inet(object, buf, size);

	if (!object->socket || !object->socket->foreign_netns)
		return len;
	return len + length(snprintf(buf + len, size - len, "@net:[%u]",
				     object->socket->foreign_netns),
			    size - len);
}

#define HOST_IPC_NS 0xefffffffu /* include/linux/proc_ns.h: PROC_IPC_INIT_INO */

/* shm:5, shm:5@ipc:[4026532300] */
static size_t id_of_segment(const struct object *object, char *buf, size_t size)
{
	unsigned long long id = object->key.ino;

	if (object->key.dev == HOST_IPC_NS)
		return length(snprintf(buf, size, "shm:%llu", id), size);
	return length(snprintf(buf, size, "shm:%llu@ipc:[%u]", id, object->key.dev), size);
}

size_t object_id(const struct object *object, char *buf, size_t size)
{
	switch (object->key.kind) {
	case FILE_REGULAR:
	case FILE_DIRECTORY:
	case FILE_CHAR:
	case FILE_BLOCK:
	case FILE_SYMLINK:
		if (object->name)
			return id_by_name(object, object->name, buf, size);
		return id_by_inode(object, buf, size);
	case FILE_FIFO:
		if (object_is_unlinked(object))
			return id_of_unlinked(object, buf, size);
		if (object->name)
			return id_by_name(object, object->name, buf, size);
		return id_by_number(object, object->key.ino, buf, size);
	case FILE_PTY:
		if (object->name)
			return id_by_name(object, object->name, buf, size);
		return id_of_pty(object, buf, size);
	case FILE_MQ:
		/* The dentry's name has no slash, the queue's has. */
		return length(snprintf(buf, size, "mq:/%.*s", RECORD_NAME_LEN, object->facts.name),
			      size);
	case FILE_PROCESS:
		return length(snprintf(buf, size, "process:%llu",
				       (unsigned long long)object->key.ino),
			      size);
	case FILE_UNIX:
	case FILE_TCP:
	case FILE_UDP: return id_of_socket(object, buf, size);
	case FILE_SHM: return id_of_segment(object, buf, size);
	case FILE_EVENTFD:
		if (object->gone)
			return id_of_closed(object, buf, size);
		return id_by_number(object, (uint32_t)object->facts.eventfd.id, buf, size);
	}
	if (kind_is_per_file(object->key.kind))
		return id_by_number(object, object->serial, buf, size);
	return id_by_number(object, object->key.ino, buf, size);
}

size_t process_id(const struct process *process, char *buf, size_t size)
{
	/* It is gone, and its pid is all that is known. */
	if (!process->key.start_ns)
		return length(snprintf(buf, size, "%u@?", process->key.pid), size);
	return length(snprintf(buf, size, "%u@%llu", process->key.pid,
			       (unsigned long long)process->key.start_ns),
		      size);
}

const char *description_end(const struct description *description)
{
	static const char *const ends[] = { NULL, "read end", "write end", "both ends" };
	uint32_t kind = description->object->key.kind;

	if (kind != FILE_PIPE && kind != FILE_FIFO)
		return NULL;
	return ends[description->fmode & 3];
}
