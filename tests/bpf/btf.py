# SPDX-License-Identifier: GPL-2.0-only
"""
Types as BTF has them (Documentation/bpf/btf.rst), of an object or of a kernel, and in a text that can be kept.

In the text each line is a type: the kernels that have it so, its kind, its name, and what it is, or "-" where they do
not have it. A number is its size in bytes behind u, s, b, f or e (unsigned, signed, true or false, floating,
enumerated), * a pointer, [N]T an array, {…} what has members, an anonymous one being named "-", ? anything else. A structure that has a name
stands by it. Where members lie is left out: only whether they are found is asked, and few lines differ then.
"""
import re
import struct

INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT = range(1, 12)
FLOAT, TYPE_TAG, ENUM64 = 16, 18, 19
NAMED = {STRUCT: "struct", UNION: "union", ENUM: "enum", ENUM64: "enum", TYPEDEF: "typedef"}
THROUGH = {TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG}

# What follows a type: bytes, or bytes for each of its members.
_TAIL = {INT: (4, 0), ARRAY: (12, 0), STRUCT: (0, 12), UNION: (0, 12), ENUM: (0, 8), 13: (0, 8), 14: (4, 0), 15: (0, 12),
         17: (4, 0), ENUM64: (0, 12)}


class Type:
    """size: of a number or structure; of what refers to a type, the number of that."""

    def __init__(self, name, kind, size, body):
        self.name, self.kind, self.size, self.body = name, kind, size, body


class Btf:
    """All types of a .BTF section, by number; 0 is void."""

    def __init__(self, data):
        magic, _, _, header = struct.unpack_from("<HBBI", data)
        assert magic == 0xEB9F, "this is no BTF"
        at, length, strings, _ = struct.unpack_from("<4I", data, 8)
        self.strings = data[header + strings:]
        self.types = [Type("void", 0, 0, b"")]
        at += header
        end = at + length
        while at < end:
            name, info, size = struct.unpack_from("<3I", data, at)
            kind, count = info >> 24 & 31, info & 0xFFFF
            fixed, each = _TAIL.get(kind, (0, 0))
            body = data[at + 12:at + 12 + fixed + each * count]
            self.types.append(Type(self.string(name), kind, size, body))
            at += 12 + len(body)

    def string(self, offset):
        return self.strings[offset:self.strings.index(b"\0", offset)].decode()

    def resolved(self, number):
        """Behind typedefs and qualifiers."""
        while self.types[number].kind in THROUGH:
            number = self.types[number].size
        return number

    def members(self, number):
        """[(name, number of its type)]"""
        return [(self.string(name), of) for name, of, _ in struct.iter_unpack("<3I", self.types[number].body)]

    def values(self, number):
        """Names of an enumeration's values."""
        form = "<3I" if self.types[number].kind == ENUM64 else "<2I"
        return [self.string(row[0]) for row in struct.iter_unpack(form, self.types[number].body)]

    def array(self, number):
        """(number of the element's type, length)"""
        element, _, length = struct.unpack("<3I", self.types[number].body)
        return element, length

    def text(self, number, top=False):
        """What it is, as the kept text says it."""
        number = self.resolved(number)
        type_ = self.types[number]
        if type_.kind == INT:
            return f"{'usub'[min(type_.body[3], 3)]}{type_.size}"
        if type_.kind == FLOAT:
            return f"f{type_.size}"
        if type_.kind == PTR:
            return "*"
        if type_.kind in (ENUM, ENUM64):
            return f"e{type_.size}" + (f"({','.join(self.values(number))})" if top else "")
        if type_.kind == ARRAY:
            element, length = self.array(number)
            return f"[{length}]{self.text(element)}"
        if type_.kind in (STRUCT, UNION):
            if type_.name and not top:
                return f"{NAMED[type_.kind]} {type_.name}"
            return "{" + ";".join(f"{name or '-'} {self.text(of)}" for name, of in self.members(number)) + "}"
        return "?"


def essential(name):
    """"type___flavour" means type: as libbpf has it (src/relo_core.c, bpf_core_essential_name_len)."""
    found = list(re.finditer(r"(?<=[^_])___(?=[^_])", name))
    return name[:found[-1].start()] if found else name


class Kept:
    """A kernel's types as they were kept: {(kind, name): [what it is, …]}, none for what it does not have."""

    def __init__(self, text, kernel):
        self.types = {}
        for kernels, kind, name, what in kept_lines(text):
            if kernel in kernels.split(","):
                types = self.types.setdefault((kind, name), [])
                if what != "-":
                    types.append(shape(what))


def kept_lines(text):
    """[kernels, kind, name, what it is] of each type; what begins with # says where they are from."""
    return [line.split(" ", 3) for line in text.splitlines() if not line.startswith("#")]


def shape(text):
    """What Btf.text() says."""
    return _read(_Text(text))


class _Text:
    def __init__(self, text):
        self.text, self.at = text, 0

    def take(self, pattern):
        found = re.compile(pattern).match(self.text, self.at)
        if found:
            self.at = found.end()
        return found


class Shape:
    """kind: one of u s b f e * ? [ { or "struct NAME"; size: in bytes, or of elements; of: what an array consists of;
    members: [(name, shape)], or the names of an enumeration's values."""

    def __init__(self, kind, size=0, of=None, members=()):
        self.kind, self.size, self.of, self.members = kind, size, of, members


def _read(text):
    if found := text.take(r"([usbfe])(\d+)(?:\(([^)]*)\))?"):
        return Shape(found[1], int(found[2]), members=found[3].split(",") if found[3] else ())
    if found := text.take(r"[*?]"):
        return Shape(found[0], 8)
    if found := text.take(r"\[(\d+)\]"):
        return Shape("[", int(found[1]), _read(text))
    if found := text.take(r"(struct|union) \w+"):
        return Shape(found[0])
    assert text.take(r"\{"), text.text[text.at:]
    members = []
    while found := text.take(r";?([\w-]+) "):
        members.append((found[1], _read(text)))
    assert text.take(r"\}"), text.text[text.at:]
    return Shape("{", members=members)
