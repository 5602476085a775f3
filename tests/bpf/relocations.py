# SPDX-License-Identifier: GPL-2.0-only
"""
CO-RE relocations of an object, and what becomes of them on a kernel with certain types.

libbpf (src/relo_core.c) puts what a relocation asks into its instruction: where a field lies, or whether it is
there. What can't be answered it replaces by an instruction that no verifier lets through: unless it is never
reached, which the verifier sees where a branch depends on a number, such as the answer of bpf_core_field_exists().
So what is looked for here are the same: instructions without an answer, on a way that no number bars.
"""
import struct

import btf

# include/uapi/linux/bpf.h, enum bpf_core_relo_kind
OFFSET, SIZE, EXISTS, SIGNED, LSHIFT, RSHIFT, TYPE_LOCAL, TYPE_TARGET, TYPE_EXISTS, TYPE_SIZE, VALUE_EXISTS, VALUE, \
    TYPE_MATCHES = range(13)
ASKS_WHETHER = {EXISTS, TYPE_EXISTS, VALUE_EXISTS, TYPE_MATCHES}
FOREVER = 1 << 32
MEMORY = (1, 2, 3)      # classes of instructions: BPF_LDX, BPF_ST, BPF_STX
SHT_SYMTAB, SHT_REL, STT_SECTION, STV_DEFAULT, STB_LOCAL = 2, 9, 3, 0, 0


class Unkept(Exception):
    """A type is asked for that was not kept of the kernel."""


class Object:
    """An ELF object for BPF, as bpftool gen object or clang made it."""

    def __init__(self, path):
        self.data = path.read_bytes()
        at, = struct.unpack_from("<Q", self.data, 0x28)
        size, count, names = struct.unpack_from("<3H", self.data, 0x3A)
        rows = [struct.unpack_from("<2I4Q2I2Q", self.data, at + size * i) for i in range(count)]
        table = self._part(rows[names])
        self.names = [self._name(table, row[0]) for row in rows]
        self.sections = [self._part(row) for row in rows]
        self.btf = btf.Btf(self.sections[self.names.index(".BTF")])
        self.functions, self.calls = {}, {}
        self._read_symbols(rows)
        self.relocations = self._read_relocations(self.sections[self.names.index(".BTF.ext")])

    def _part(self, row):
        return self.data[row[4]:row[4] + row[5]] if row[1] != 8 else b""

    @staticmethod
    def _name(table, at):
        return table[at:table.index(b"\0", at)].decode()

    def _read_symbols(self, rows):
        table = next(i for i, row in enumerate(rows) if row[1] == SHT_SYMTAB)
        strings = self.sections[rows[table][6]]
        symbols = [(self._name(strings, name), info, other, section, value, size) for name, info, other, section,
                   value, size in struct.iter_unpack("<IBBHQQ", self.sections[table])]
        for name, info, other, section, value, size in symbols:
            if info & 15 == 2:
                is_global = info >> 4 != STB_LOCAL and other & 3 == STV_DEFAULT
                self.functions[self.names[section], value // 8] = Function(self, name, self.names[section], value // 8,
                                                                           size // 8, is_global)
        for i, row in enumerate(rows):
            if row[1] != SHT_REL or self.names[row[7]].startswith("."):
                if row[1] != SHT_REL or self.names[row[7]] != ".text":
                    continue
            for offset, info in struct.iter_unpack("<2Q", self.sections[i]):
                name, kind, _, section, value, _ = symbols[info >> 32]
                if section < len(self.names) and self.names[section] == ".text" and kind & 15 in (2, STT_SECTION):
                    self.calls[self.names[row[7]], offset // 8] = value // 8

    def _read_relocations(self, data):
        header, = struct.unpack_from("<I", data, 4)
        at, length = struct.unpack_from("<2I", data, 24)
        at += header
        end, found = at + length, {}
        size, = struct.unpack_from("<I", data, at)
        at += 4
        while at < end:
            section, count = struct.unpack_from("<2I", data, at)
            at += 8
            for _ in range(count):
                offset, number, access, kind = struct.unpack_from("<4I", data, at)
                found[self.btf.string(section), offset // 8] = Relocation(self.btf, number, self.btf.string(access), kind)
                at += size
        return found

    def programs(self):
        return [f for f in self.functions.values() if f.section != ".text"]


class Relocation:
    """kind, and of the type that is asked for: names of members and numbers of elements that lead to a field."""

    def __init__(self, types, number, access, kind):
        self.kind = kind
        if kind not in (TYPE_LOCAL, TYPE_TARGET, TYPE_EXISTS, TYPE_SIZE, TYPE_MATCHES, VALUE_EXISTS, VALUE):
            while types.types[number].kind in btf.THROUGH - {btf.TYPEDEF}:
                number = types.types[number].size
        type_ = types.types[number]
        self.root = btf.NAMED.get(type_.kind), btf.essential(type_.name)
        self.path, self.leaf = [], None
        if kind in (VALUE_EXISTS, VALUE):
            self.path = [btf.essential(types.values(number)[int(access)])]
        elif kind <= RSHIFT:
            self._walk(types, number, [int(step) for step in access.split(":")][1:])

    def _walk(self, types, number, steps):
        for step in steps:
            number = types.resolved(number)
            if types.types[number].kind == btf.ARRAY:
                number, _ = types.array(number)
                self.path.append(step)
                continue
            name, number = types.members(number)[step]
            if name:
                self.path.append(name)
        self.leaf = btf.shape(types.text(number))

    def __str__(self):
        return " ".join(filter(None, self.root)) + "".join(
            f"[{step}]" if isinstance(step, int) else f".{step}" for step in self.path)

    def answers(self, kept):
        """Fields or values of the kernel's that it means; None in the place of a type that has no more to it."""
        if self.root not in kept.types:
            raise Unkept(" ".join(map(str, self.root)))
        types = kept.types[self.root]
        if self.kind in (TYPE_EXISTS, TYPE_SIZE, TYPE_TARGET, TYPE_MATCHES):
            return types[:1]
        if self.kind in (VALUE_EXISTS, VALUE):
            return [shape for shape in types if any(btf.essential(name) == self.path[0] for name in shape.members)]
        found = [at for shape in types for at in [_find(kept, shape, self.path)] if at and _fits(self.leaf, at)]
        # Where types of one name differ, which is meant is not known.
        return found if len(found) < 2 else []


def _body(kept, shape):
    if " " not in shape.kind:
        return shape
    types = kept.types.get(tuple(shape.kind.split()))
    if not types:
        raise Unkept(shape.kind)
    return types[0]


def _find(kept, shape, path):
    """What a path leads to; None = it leads nowhere."""
    if not path:
        return shape
    shape = _body(kept, shape)
    if isinstance(path[0], int):
        # An array without a length, at the end of a structure, goes on.
        return _find(kept, shape.of, path[1:]) if shape.kind == "[" and path[0] < (shape.size or FOREVER) else None
    for name, of in shape.members if shape.kind == "{" else ():
        found = _find(kept, of, path[1:] if name == path[0] else path) if name in ("-", path[0]) else None
        if found:
            return found
    return None


def _fits(ours, theirs):
    """bpf_core_fields_are_compat()"""
    groups = ("usb", "e", "f", "*", "[", "{")
    kinds = ["{" if " " in shape.kind else shape.kind for shape in (ours, theirs)]
    if kinds[0] == kinds[1] == "[":
        return _fits(ours.of, theirs.of)
    return any(kinds[0] in group and kinds[1] in group for group in groups)


def _reads_as(ours, theirs):
    """An instruction that reads or writes the field itself is made shorter or longer where it can be
    (bpf_core_calc_relo, fail_memsz_adjust)."""
    return ours.size == theirs.size or {ours.kind, theirs.kind} <= {"u", "*"}


class Function:
    """Instructions first to first + size of a section."""

    def __init__(self, owner, name, section, first, size, is_global):
        self.owner, self.name, self.section, self.first, self.size = owner, name, section, first, size
        self.is_global = is_global

    def code(self):
        section = self.owner.sections[self.owner.names.index(self.section)]
        return [struct.unpack_from("<BBhi", section, 8 * i) for i in range(self.first, self.first + self.size)]

    def called_at(self, index, code):
        """The function that an instruction calls, or hands on; None = none."""
        op, registers, _, value = code[index]
        at = self.section, self.first + index
        if op == 0x18 and registers >> 4 in (0, 4) and at in self.owner.calls:
            return self.owner.functions.get((".text", self.owner.calls[at] + value // 8))
        if op != 0x85 or registers >> 4 != 1:
            return None
        target = self.owner.calls[at] + value + 1 if at in self.owner.calls else self.first + index + value + 1
        return self.owner.functions.get((".text", target))

    def walk(self, kept):
        """(relocations without an answer that are reached, functions called there, all functions called)"""
        return Walk(self, kept).result()


class Walk:
    """Goes where the numbers lead, as far as they are known; two ways that meet know what both know."""

    def __init__(self, function, kept):
        self.function, self.kept, self.code = function, kept, function.code()
        self.known = {0: {}}        # by instruction: {register: number}
        self.work, self.broken, self.calls = [0], [], set()
        while self.work:
            self._step(self.work.pop())

    def result(self):
        every = {self.function.called_at(i, self.code) for i in range(len(self.code))}
        return self.broken, self.calls, every - {None}

    def _go(self, to, known):
        if to not in self.known:
            self.known[to] = known
        else:
            both = {r: n for r, n in self.known[to].items() if known.get(r) == n}
            if len(both) == len(self.known[to]):
                return
            self.known[to] = both
        self.work.append(to)

    def _answer(self, index):
        """What the relocation there puts into the instruction: a number, None = some, False = none at all."""
        relocation = self.function.owner.relocations.get((self.function.section, self.function.first + index))
        if not relocation:
            return None
        if relocation.kind == TYPE_LOCAL:
            return None
        found = relocation.answers(self.kept)
        if relocation.kind in ASKS_WHETHER:
            return int(bool(found))
        if found and (relocation.kind != OFFSET or self.code[index][0] & 7 not in MEMORY or
                      _reads_as(relocation.leaf, found[0])):
            return None
        if relocation not in self.broken:
            self.broken.append(relocation)
        return False

    def _step(self, index):
        op, registers, offset, value = self.code[index]
        known, to, source = dict(self.known[index]), registers & 15, registers >> 4
        relocated = (self.function.section, self.function.first + index) in self.function.owner.relocations
        answer = self._answer(index)
        if answer is False:
            return
        if called := self.function.called_at(index, self.code):
            self.calls.add(called)
        group = op & 7
        if op == 0x18:
            number = answer if relocated else None if source or called else value & 0xFFFFFFFF | (
                self.code[index + 1][3] << 32)
            self._go(index + 2, self._set(known, to, number))
        elif group in (4, 7):
            number = answer if relocated else known.get(source) if op & 8 else value
            self._go(index + 1, self._set(known, to, _compute(op, known.get(to), number)))
        elif group == 1:
            self._go(index + 1, self._set(known, to, None))
        elif group in (5, 6):
            self._jump(index, op, known, known.get(to), known.get(source) if op & 8 else value)
        else:
            self._go(index + 1, known)

    @staticmethod
    def _set(known, register, number):
        known.pop(register, None)
        if number is not None:
            known[register] = number
        return known

    def _jump(self, index, op, known, left, right):
        offset = self.code[index][2]
        if op == 0x95:
            return
        if op == 0x85:
            self._go(index + 1, {r: n for r, n in known.items() if r > 5})
        elif op == 0x05:
            self._go(index + 1 + offset, known)
        else:
            taken = _compare(op, left, right)
            if taken is not False:
                self._go(index + 1 + offset, dict(known))
            if taken is not True:
                self._go(index + 1, known)


def _compute(op, left, right):
    width = 0xFFFFFFFFFFFFFFFF if op & 7 == 7 else 0xFFFFFFFF
    what = op >> 4
    if right is None or (left is None and what != 0xB):
        return None
    table = {0x0: lambda: left + right, 0x1: lambda: left - right, 0x4: lambda: left | right,
             0x5: lambda: left & right, 0x6: lambda: left << (right & 63), 0x7: lambda: (left & width) >> (right & 63),
             0xA: lambda: left ^ right, 0xB: lambda: right}
    return table[what]() & width if what in table else None


def _compare(op, left, right):
    """Whether the jump is taken; None = it depends."""
    if left is None or right is None:
        return None
    width = 0xFFFFFFFFFFFFFFFF if op & 7 == 5 else 0xFFFFFFFF
    left, right = left & width, right & width
    table = {0x1: left == right, 0x2: left > right, 0x3: left >= right, 0x4: bool(left & right), 0x5: left != right,
             0xA: left < right, 0xB: left <= right}
    return table.get(op >> 4)


def broken(program, kept):
    """[(function, relocation)] that keep the kernel from taking the program. A global function is verified by
    itself, whether its call is reached or not; any other where its call is."""
    every, work = set(), [program]
    while work:
        function = work.pop()
        if function not in every:
            every.add(function)
            work += function.walk(kept)[2]
    found, seen = [], set()
    work = [program, *(function for function in every if function.is_global)]
    while work:
        function = work.pop()
        if function in seen:
            continue
        seen.add(function)
        unanswered, calls, _ = function.walk(kept)
        found += [(function.name, relocation) for relocation in unanswered]
        work += calls
    return found
