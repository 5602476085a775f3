# SPDX-License-Identifier: GPL-2.0-only
# Everything that is built lies under $(BUILD). `make help` lists the targets.

BUILD	:= build
PREFIX	?= /usr/local
DESTDIR	?=
CLANG	?= clang
CLANG_FORMAT ?= clang-format
CLANG_TIDY ?= clang-tidy
CPPCHECK ?= cppcheck
LLVM_STRIP ?= llvm-strip
# Debian keeps bpftool where only root's PATH looks.
BPFTOOL	?= $(or $(shell command -v bpftool 2>/dev/null),/usr/sbin/bpftool)

# Both names follow libbpf's __TARGET_ARCH_*; a cross build sets ARCH and CC.
MACHINE	:= $(shell uname -m)
ARCH	?= $(patsubst aarch64,arm64,$(patsubst x86_64,x86,$(MACHINE)))
ELSEWHERE = $(filter-out $(ARCH),x86 arm64)

ifeq ($(V),1)
Q :=
say := @:
else
Q := @
say := @printf '  %-8s %s\n'
endif

# --- flags -------------------------------------------------------------------------------------

OPT	 ?= -O2 -g
WARNINGS := -Wall -Wextra -Wno-unused-parameter -Wmissing-prototypes -Wstrict-prototypes \
	    -Wpointer-arith -Wwrite-strings -Wvla -Wundef
# Where a compiler or a library of a later system warns of something new, WERROR= lets it pass.
WERROR	 ?= -Werror
BASE_CPPFLAGS := -D_GNU_SOURCE -Iinclude -Isrc -I$(BUILD)/skel
BASE_CFLAGS   := -std=gnu11 -fno-strict-aliasing $(WARNINGS) $(WERROR)
SAN_FLAGS     := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
DEPFLAGS       = -MMD -MP -MF $(@:.o=.d)

LIBS := -pthread -lbpf -lelf -lz -ljansson
ifeq ($(STATIC),1)
# From libelf 0.189 on the static library needs zstd.
LIBS := -static -pthread -lbpf -lelf -lz $(if $(wildcard /usr/lib/*/libzstd.a /usr/lib/libzstd.a),-lzstd) -ljansson
endif

BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -D__TARGET_ARCH_$(ARCH) -std=gnu11 -Wall $(WERROR) \
	      -Wno-missing-declarations -Ivmlinux/$(ARCH) -Ivmlinux -Iinclude -Ibpf $(LIBBPF_CFLAGS)

# --- sources -----------------------------------------------------------------------------------

# bpf/trace/ makes the tracer, bpf/snapshot/ the snapshot; what lies beside them goes into both.
BPF_COMMON   := $(wildcard bpf/*.bpf.c)
BPF_TRACE    := $(sort $(BPF_COMMON) $(wildcard bpf/trace/*.bpf.c))
BPF_SNAPSHOT := $(sort $(BPF_COMMON) $(wildcard bpf/snapshot/*.bpf.c))
BPF_GROUPS   := tracer snapshot
SKELETONS    := $(BPF_GROUPS:%=$(BUILD)/skel/%.skel.h)
bpf_objects   = $(patsubst bpf/%.bpf.c,$(BUILD)/bpf/%.bpf.o,$(1))

SOURCES	      := $(sort $(shell find src -name '*.c'))
MODEL_SOURCES := $(filter src/model/%,$(SOURCES))
# What loads BPF programs, or needs libbpf otherwise; unit tests link without it.
LIVE_SOURCES  := $(filter src/source/live% src/source/kernel_types.c,$(SOURCES))
UNIT_SOURCES  := $(filter-out src/main.c $(LIVE_SOURCES),$(SOURCES))

objects	      = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(1))
san_objects   = $(patsubst src/%.c,$(BUILD)/san/%.o,$(1))

UNIT_TESTS    := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(wildcard tests/unit/test_*.c))
UNIT_HELPERS  := $(patsubst tests/unit/%.c,$(BUILD)/san/tests/unit/%.o,\
		 $(filter-out $(wildcard tests/unit/test_*.c),$(wildcard tests/unit/*.c)))
WORKLOADS     := $(patsubst tests/workload/%.c,$(BUILD)/tests/workload/%,\
		 $(filter-out tests/workload/%32.c,$(wildcard tests/workload/*.c)))
WORKLOADS_32  := $(patsubst tests/workload/%.c,$(BUILD)/tests/workload/%,$(wildcard tests/workload/*32.c))
BENCH_PROGRAMS := $(patsubst tests/bench/%.c,$(BUILD)/tests/bench/%,\
		  $(filter-out %.bpf.c,$(wildcard tests/bench/*.c)))

PROGRAM	 := $(BUILD)/ipctrace
LIBMODEL := $(BUILD)/libmodel.a

# --- targets -----------------------------------------------------------------------------------

.PHONY: all tests programs-elsewhere demo test test-san check lint vmtest fuzz bench busy-why fmt install uninstall deb dist clean help FORCE
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

all: $(PROGRAM) $(BUILD)/model-alone

tests: all $(UNIT_TESTS) $(WORKLOADS) $(WORKLOADS_32) programs-elsewhere

# The programs of the other architecture, for tests that hold them against its kernels.
programs-elsewhere:
	$(Q)$(MAKE) --no-print-directory BUILD=$(BUILD)/$(ELSEWHERE) ARCH=$(ELSEWHERE) \
		$(BPF_GROUPS:%=$(BUILD)/$(ELSEWHERE)/bpf-%.o)

# The demo and the tests first see to what the build itself needs, so the build is a make of its own.
demo:
	$(Q)scripts/install-deps --build --demo
	$(Q)$(MAKE) --no-print-directory all
	$(Q)scripts/demo

test:
	$(Q)scripts/install-deps --build --test
	$(Q)$(MAKE) --no-print-directory tests
	$(Q)scripts/test

# The live tests by a binary with address and undefined-behaviour sanitizers.
test-san:
	$(Q)scripts/install-deps --build --test
	$(Q)$(MAKE) --no-print-directory tests $(BUILD)/ipctrace-san
	$(Q)IPCTRACE=$(abspath $(BUILD)/ipctrace-san) SANITIZED=1 ASAN_OPTIONS=exitcode=99 \
		UBSAN_OPTIONS=print_stacktrace=1 scripts/test live

check: tests
	$(Q)scripts/test unit bpf replay

vmtest:
	$(Q)scripts/install-deps --build --vm
	$(Q)scripts/vmtest $(KERNELS)

# FUZZ: further arguments of libFuzzer, such as -runs=10000000 -jobs=2.
fuzz:
	$(Q)scripts/install-deps --build --test --fuzz
	$(Q)$(MAKE) --no-print-directory all $(WORKLOADS) $(BUILD)/fuzz/fuzz_records
	$(Q)scripts/fuzz $(FUZZ)

bench: all $(BENCH_PROGRAMS)
	$(Q)tests/bench/bench.py $(if $(BENCH),--sections $(BENCH)) $(if $(PAIRS),--pairs $(PAIRS))

# why beside busy PostgreSQL, nginx and make: no deadlock may be seen. RUNS=1000
busy-why: all
	$(Q)tests/live/busy.py $(if $(RUNS),--runs $(RUNS))

# clang-tidy and cppcheck over the user side.
lint: $(SKELETONS)
	$(Q)CLANG_TIDY='$(CLANG_TIDY)' CPPCHECK='$(CPPCHECK)' BUILD='$(BUILD)' scripts/lint

fmt:
	$(Q)CLANG_FORMAT='$(CLANG_FORMAT)' scripts/fmt

install: $(PROGRAM)
	$(say) INSTALL $(DESTDIR)$(PREFIX)/bin/ipctrace
	$(Q)install -D -m 755 $(PROGRAM) $(DESTDIR)$(PREFIX)/bin/ipctrace
	$(Q)if [ -e docs/ipctrace.1 ]; then \
		install -D -m 644 docs/ipctrace.1 $(DESTDIR)$(PREFIX)/share/man/man1/ipctrace.1; fi
	$(Q)install -D -m 644 scripts/completion.bash \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/ipctrace

uninstall:
	$(Q)rm -f $(DESTDIR)$(PREFIX)/bin/ipctrace $(DESTDIR)$(PREFIX)/share/man/man1/ipctrace.1 \
		$(DESTDIR)$(PREFIX)/share/bash-completion/completions/ipctrace

deb:
	$(Q)scripts/install-deps --build --deb
	$(Q)$(MAKE) --no-print-directory all
	$(Q)scripts/deb

VERSION = $(shell sed -n 's/^.define IPCTRACE_VERSION "\(.*\)"$$/\1/p' src/command/command.h)
dist:
	@mkdir -p $(BUILD)
	$(say) DIST $(BUILD)/ipctrace-$(VERSION).tar.gz
	$(Q)git archive --format=tar.gz --prefix=ipctrace-$(VERSION)/ -o $(BUILD)/ipctrace-$(VERSION).tar.gz HEAD

clean:
	$(Q)rm -rf $(BUILD)

help:
	@echo 'make             build $(PROGRAM)'
	@echo 'make demo        install what is missing (root), build, trace a companion workload'
	@echo 'make test        install what is missing (root), build, run every test (root)'
	@echo 'make test-san    the live tests with sanitizers (root)'
	@echo 'make check       the tests that need no root'
	@echo 'make busy-why   look for false deadlocks beside busy servers (root); RUNS=N'
	@echo 'make vmtest      the live tests on other kernels, emulated (root); KERNELS="[--core] NAME …"'
	@echo 'make fuzz        fuzz the decoder and all behind it (clang); FUZZ="-runs=N …"'
	@echo 'make bench       slow-down and snapshot figures (root); BENCH=SECTION,… PAIRS=N'
	@echo 'make lint        clang-tidy and cppcheck (scripts/install-deps --lint)'
	@echo 'make fmt         format the sources'
	@echo 'make install     into DESTDIR/PREFIX (default /usr/local); make uninstall'
	@echo 'make deb         a Debian package in $(BUILD)/ (root installs what is missing)'
	@echo 'make dist        a source archive in $(BUILD)/'
	@echo 'make clean       remove $(BUILD)/'
	@echo 'Variables: V=1 STATIC=1 SAN=1 CC CLANG BPFTOOL LLVM_STRIP CLANG_FORMAT CFLAGS LDFLAGS WERROR='

# --- flags that changed ------------------------------------------------------------------------

# A file that holds the flags and changes when they do: what depends on it is rebuilt then.
define remember
$(BUILD)/flags/$(1): FORCE
	@mkdir -p $$(@D)
	@printf '%s\n' '$$(subst ','\'',$(2))' | cmp -s - $$@ || \
		printf '%s\n' '$$(subst ','\'',$(2))' > $$@
endef
C_FLAGS_NOW := $(CC) $(OPT) $(BASE_CPPFLAGS) $(CPPFLAGS) $(BASE_CFLAGS) $(CFLAGS)
$(eval $(call remember,c,$(C_FLAGS_NOW)))
$(eval $(call remember,bpf,$(CLANG) $(BPF_CFLAGS)))
$(eval $(call remember,link,$(CC) SAN=$(SAN) $(LDFLAGS) $(LIBS)))
# A source that was removed must leave the archive and the skeleton too.
$(eval $(call remember,sources,$(SOURCES)))
$(eval $(call remember,tracer,$(BPF_TRACE)))
$(eval $(call remember,snapshot,$(BPF_SNAPSHOT)))

# --- BPF ---------------------------------------------------------------------------------------

$(BUILD)/bpf/%.bpf.o: bpf/%.bpf.c $(BUILD)/flags/bpf
	$(say) BPF $<
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) $(DEPFLAGS) -c $< -o $@
	$(Q)$(LLVM_STRIP) -g $@

$(BUILD)/bpf-tracer.o: $(call bpf_objects,$(BPF_TRACE)) $(BUILD)/flags/tracer
$(BUILD)/bpf-snapshot.o: $(call bpf_objects,$(BPF_SNAPSHOT)) $(BUILD)/flags/snapshot
$(BPF_GROUPS:%=$(BUILD)/bpf-%.o):
	$(say) BPFLINK $@
	$(Q)$(BPFTOOL) gen object $@ $(filter %.bpf.o,$^)

$(BUILD)/skel/%.skel.h: $(BUILD)/bpf-%.o
	$(say) SKEL $@
	@mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@.tmp
	$(Q)mv $@.tmp $@

# --- C -----------------------------------------------------------------------------------------

COMPILE = $(CC) $(OPT) $(BASE_CPPFLAGS) $(CPPFLAGS) $(BASE_CFLAGS) $(CFLAGS) $(DEPFLAGS)

$(BUILD)/obj/%.o: src/%.c $(BUILD)/flags/c
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -c $< -o $@

$(BUILD)/san/%.o: src/%.c $(BUILD)/flags/c
	$(say) 'CC san' $<
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(SAN_FLAGS) -c $< -o $@

$(BUILD)/san/tests/%.o: tests/%.c $(BUILD)/flags/c
	$(say) 'CC san' $<
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(SAN_FLAGS) -Itests/unit -c $< -o $@

# Skeletons are made before what includes them is first compiled; .d files know the rest.
$(call objects,$(LIVE_SOURCES)) $(call san_objects,$(LIVE_SOURCES)): | $(SKELETONS)

$(LIBMODEL): $(call objects,$(MODEL_SOURCES)) $(BUILD)/flags/sources
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $(filter %.o,$^)

# The model must link with nothing but the C library: whoever breaks that finds out here.
$(BUILD)/model-alone: $(LIBMODEL)
	$(say) LINK $@
	$(Q)echo 'int main(void) { return 0; }' | $(CC) $(LDFLAGS) -x c - -x none \
		-Wl,--whole-archive $(LIBMODEL) -Wl,--no-whole-archive -o $@

ifeq ($(SAN),1)
PROGRAM_OBJECTS := $(call san_objects,$(SOURCES))
PROGRAM_FLAGS	:= $(SAN_FLAGS)
else
PROGRAM_OBJECTS := $(call objects,$(filter-out $(MODEL_SOURCES),$(SOURCES))) $(LIBMODEL)
endif
$(PROGRAM): $(PROGRAM_OBJECTS) $(BUILD)/flags/link
	$(say) LINK $@
	$(Q)$(CC) $(OPT) $(PROGRAM_FLAGS) $(CFLAGS) $(LDFLAGS) $(filter %.o %.a,$^) $(LIBS) -o $@

# With the sanitizers, beside the other: of the objects that unit tests are made of.
$(BUILD)/ipctrace-san: $(call san_objects,$(SOURCES)) $(BUILD)/flags/link
	$(say) LINK $@
	$(Q)$(CC) $(OPT) $(SAN_FLAGS) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) $(LIBS) -o $@

# --- tests -------------------------------------------------------------------------------------

# An archive, so that a test pulls in what it uses and nothing that would need the live source.
$(BUILD)/libunit.a: $(call san_objects,$(UNIT_SOURCES)) $(BUILD)/flags/sources
	$(say) AR $@
	$(Q)rm -f $@
	$(Q)$(AR) rcs $@ $(filter %.o,$^)

$(BUILD)/tests/unit/%: $(BUILD)/san/tests/unit/%.o $(UNIT_HELPERS) $(BUILD)/libunit.a $(BUILD)/flags/link
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(SAN_FLAGS) $(CFLAGS) $(LDFLAGS) $(filter %.o,$^) $(BUILD)/libunit.a \
		-lcmocka $(UNIT_LIBS) -lelf -lz -ljansson -o $@
# The one that tests what needs libbpf.
$(BUILD)/tests/unit/test_kernel_types: $(BUILD)/san/source/kernel_types.o
$(BUILD)/tests/unit/test_kernel_types: UNIT_LIBS := -lbpf
.SECONDARY: $(UNIT_TESTS:$(BUILD)/tests/unit/%=$(BUILD)/san/tests/unit/%.o)

# --- fuzzing -----------------------------------------------------------------------------------

FUZZ_FLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer

$(BUILD)/fuzz/%.o: src/%.c $(BUILD)/flags/c
	$(say) 'CC fuzz' $<
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(OPT) $(BASE_CPPFLAGS) $(CPPFLAGS) -std=gnu11 -fno-strict-aliasing $(FUZZ_FLAGS) \
		-fsanitize=fuzzer-no-link $(DEPFLAGS) -c $< -o $@

FUZZ_OBJECTS := $(patsubst src/%.c,$(BUILD)/fuzz/%.o,$(filter-out src/command/%,$(UNIT_SOURCES)))
$(BUILD)/fuzz/fuzz_records: tests/fuzz/fuzz_records.c $(FUZZ_OBJECTS) $(BUILD)/flags/sources
	$(say) LINK $@
	$(Q)$(CLANG) $(OPT) $(BASE_CPPFLAGS) -std=gnu11 $(FUZZ_FLAGS) -fsanitize=fuzzer $< $(FUZZ_OBJECTS) \
		-ljansson -lelf -lz -o $@

WORKLOAD_CFLAGS := -O1 -g -std=gnu11 -Wall -Wextra -Wno-unused-parameter $(WERROR) -D_GNU_SOURCE

$(BUILD)/tests/workload/%: tests/workload/%.c $(BUILD)/flags/c
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(WORKLOAD_CFLAGS) -MMD -MP -MF $@.d $(LDFLAGS) $< -lpthread -o $@

# Where the compiler can't build 32-bit programs an empty file stands for one: its test is skipped.
$(WORKLOADS_32): $(BUILD)/tests/workload/%: tests/workload/%.c $(BUILD)/flags/c
	$(say) 'CC 32' $<
	@mkdir -p $(@D)
	$(Q)if echo 'int main(void) { return 0; }' | \
		$(CC) -m32 -static -x c - -o $@.probe >/dev/null 2>&1; then \
		$(CC) -m32 -static $(WORKLOAD_CFLAGS) -MMD -MP -MF $@.d $< -o $@; \
	else rm -f $@ && : > $@; fi; rm -f $@.probe

$(BUILD)/tests/bench/%: tests/bench/%.c $(BUILD)/flags/c
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(WORKLOAD_CFLAGS) -O2 -MMD -MP -MF $@.d $(LDFLAGS) $< -lpthread -o $@

# The floor: an empty program on the hook that ipctrace uses, to measure what that alone costs.
$(BUILD)/tests/bench/floor.bpf.o: tests/bench/floor.bpf.c $(BUILD)/flags/bpf
	$(say) BPF $<
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) $(DEPFLAGS) -c $< -o $@
	$(Q)$(LLVM_STRIP) -g $@

$(BUILD)/tests/bench/floor.skel.h: $(BUILD)/tests/bench/floor.bpf.o
	$(Q)$(BPFTOOL) gen skeleton $< name floor_bpf > $@.tmp
	$(Q)mv $@.tmp $@

$(BUILD)/tests/bench/floor: tests/bench/floor.c $(BUILD)/tests/bench/floor.skel.h $(BUILD)/flags/c
	$(say) CC $<
	$(Q)$(CC) $(WORKLOAD_CFLAGS) -I$(BUILD)/tests/bench -MMD -MP -MF $@.d $(LDFLAGS) $< -lbpf -lelf -lz -o $@

# The same programs as ipctrace's, so it is one pass of theirs that is measured.
BAREPASS_OBJECTS := $(call objects,src/source/calls.c src/source/wait_calls.c)
$(BUILD)/tests/bench/barepass: tests/bench/barepass.c $(BUILD)/skel/snapshot.skel.h $(BAREPASS_OBJECTS)
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(WORKLOAD_CFLAGS) -O2 -Iinclude -Isrc -I$(BUILD)/skel -MMD -MP -MF $@.d $(LDFLAGS) $< \
		$(BAREPASS_OBJECTS) -lbpf -lelf -lz -o $@

# Below vm/ lie the files of other machines.
-include $(shell find $(BUILD) -path $(BUILD)/vm -prune -o -type f -name '*.d' -print 2>/dev/null)
