# netstep: `make help` says what there is.

CC       = gcc
CFLAGS   = -O2 -g
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion
PREFIX   = /usr/local
DESTDIR  =
# SAN=1: with AddressSanitizer and UndefinedBehaviorSanitizer; SAN=thread: with ThreadSanitizer.
SAN      =
# make check BIN=DIR grades the programs in DIR; LESSON=N by one lesson only; OUT=DIR writes the results there; JOBS=N
# lessons at once; SEED=ID a student's variant of the exercises.
BIN      =
LESSON   =
OUT      =
JOBS     =
SEED     =
# make predict JSON=FILE: the answers go there as well.
JSON     =
quoted_seed = '$(subst ','\'',$(value SEED))'

comma     = ,
SANITIZERS = $(if $(filter thread,$(SAN)),thread,address$(comma)undefined)
SANITIZE  = $(if $(SAN),-fsanitize=$(SANITIZERS) -fno-sanitize-recover=all -fno-omit-frame-pointer)
ALL_FLAGS = -std=c11 -D_POSIX_C_SOURCE=200809L -pthread -I. $(WARNINGS) $(CFLAGS) $(SANITIZE)

# A program is a folder; every .c in it belongs to it, and whatever it needs of common/.
PROGRAMS = tcp_server tcp_client udp_echo file_send file_recv tcpstate wire tcp_pool ws_chat
# The first programs of a lesson: one file each, without common/.
FIRST    = $(basename $(wildcard lessons/*/*.c))

objects  = $(patsubst %.c,build/%.o,$(wildcard $(1)/*.c))
UNIT     = $(patsubst %.c,build/%,$(wildcard tests/unit/*_test.c))
# What the tests start programs with and end them.
TOOLS    = $(patsubst %.c,build/%,$(wildcard tests/tools/*.c))
BENCH    = $(patsubst %.c,build/%,$(wildcard bench/*.c))
PAGES    = $(wildcard $(PROGRAMS:%=%/*.1))

# One short line a file; V=1 shows the commands as they are.
V       =
QUIET   = $(if $(V),,@)
say     = $(if $(V),,@printf '%-5s%s\n' '$(1)' '$@')

all: $(PROGRAMS:%=bin/%) $(addprefix bin/,$(notdir $(FIRST))) $(TOOLS)

.SECONDEXPANSION:
$(PROGRAMS:%=bin/%): bin/%: $$(call objects,$$*) build/common.a
	@mkdir -p bin
	$(call say,LINK)
	$(QUIET)$(CC) $(ALL_FLAGS) $(LDFLAGS) -o $@ $^

$(addprefix bin/,$(notdir $(FIRST))): bin/%: $$(foreach first,$(FIRST),$$(if $$(filter $$*,$$(notdir $$(first))),build/$$(first).o))
	@mkdir -p bin
	$(call say,LINK)
	$(QUIET)$(CC) $(ALL_FLAGS) $(LDFLAGS) -o $@ $^

# The page that ws_chat serves is a part of it: its bytes become an array.
bin/ws_chat: build/ws_chat/page_html.o
build/ws_chat/page_html.c: ws_chat/page.html
	@mkdir -p $(@D)
	$(QUIET){ echo '#include "ws_chat/page.h"'; echo 'const unsigned char page_html[] = {'; \
	    od -An -v -tx1 $< | sed 's/[0-9a-f][0-9a-f]/0x&,/g'; echo '};'; \
	    echo 'const size_t page_html_size = sizeof page_html;'; } >$@
build/ws_chat/page_html.o: build/ws_chat/page_html.c build/flags
	$(call say,CC)
	$(QUIET)$(CC) $(ALL_FLAGS) -MMD -MP -c -o $@ $<

build/common.a: $(call objects,common)
	@rm -f $@
	$(call say,AR)
	$(QUIET)ar rcs $@ $^

# A unit test may use the parts of tcpstate, wire and ws_chat, though not their main: what it needs of them is linked.
PARTS    = $(filter-out build/tcpstate/tcpstate.o,$(call objects,tcpstate)) \
           $(filter-out build/wire/wire.o,$(call objects,wire)) \
           $(filter-out build/ws_chat/ws_chat.o,$(call objects,ws_chat))
build/parts.a: $(PARTS)
	@rm -f $@
	$(call say,AR)
	$(QUIET)ar rcs $@ $^

$(UNIT) $(BENCH): %: %.o build/parts.a build/common.a
	$(call say,LINK)
	$(QUIET)$(CC) $(ALL_FLAGS) $(LDFLAGS) -o $@ $^

# What programs are started through has no sanitizer in it.
PLAIN    = $(filter-out %/has_row,$(TOOLS))
$(PLAIN) $(PLAIN:%=%.o): private SANITIZE =
$(PLAIN): %: %.o
	$(call say,LINK)
	$(QUIET)$(CC) $(ALL_FLAGS) $(LDFLAGS) -o $@ $^
build/tests/tools/has_row: %: %.o build/common.a
	$(call say,LINK)
	$(QUIET)$(CC) $(ALL_FLAGS) $(LDFLAGS) -o $@ $^

build/%.o: %.c build/flags
	@mkdir -p $(@D)
	$(call say,CC)
	$(QUIET)$(CC) $(ALL_FLAGS) -MMD -MP -c -o $@ $<

# Another compiler or other flags: everything is built anew.
build/flags: FORCE
	@mkdir -p build
	@echo '$(CC) $(ALL_FLAGS) $(LDFLAGS)' | cmp -s - $@ || echo '$(CC) $(ALL_FLAGS) $(LDFLAGS)' > $@
FORCE:

.SECONDARY: # objects stay

-include $(shell find build -name '*.d' 2>/dev/null)

## what is there to be made
help:
	@echo 'make            build the programs into bin/'
	@echo 'make demo       a connection, packet by packet, between two real kernels (under 30 s)'
	@echo 'make check      test this repository (about two minutes)'
	@echo 'make exercise LESSON=N [SEED=ID]'
	@echo '                begin the exercise of lesson N in work/NN; make hint LESSON=N helps on'
	@echo 'make predict LESSON=N [JSON=FILE]'
	@echo '                the questions of lesson N, each settled by a run'
	@echo 'make lab        a faulty program: find the fault; make lab-answer tells it'
	@echo 'make check BIN=DIR [LESSON=N] [OUT=DIR] [JOBS=N] [SEED=ID]'
	@echo '                grade the programs in DIR, by all lessons or by lesson N; results for machines in OUT'
	@echo 'make class OUT=DIR'
	@echo '                a report over many results, DIR/*/results.json'
	@echo 'make gradescope the zip that Gradescope wants'
	@echo 'make check-long everything that takes its time: TIME_WAIT to its end, repeats under load, valgrind, fuzzers'
	@echo 'make bench      our programs beside netstat, ss and the bare system calls'
	@echo 'make figures    the figures of the lessons anew, from the scenarios of wire'
	@echo 'make lint       formatters and static checkers, as far as they are installed'
	@echo 'make install    into $(DESTDIR)$(PREFIX) (PREFIX=..., DESTDIR=...); make uninstall takes it out again'
	@echo 'make clean      remove bin/ and build/'
	@echo
	@echo 'CC=clang: another compiler.  SAN=1, SAN=thread: with sanitizers.  V=1: the commands in full.'

check: all $(if $(BIN),,$(UNIT))
ifeq ($(BIN),)
	@NETSTEP_SAN='$(SAN)' tests/run
else
	@tests/grade $(if $(LESSON),--lesson '$(LESSON)') $(if $(OUT),--out '$(OUT)') $(if $(JOBS),--jobs '$(JOBS)') \
	    $(if $(SEED),--seed $(quoted_seed)) -- '$(BIN)'
endif

check-long: all $(UNIT)
	@NETSTEP_LONG=1 tests/run

exercise:
	@tests/exercise '$(LESSON)' $(if $(SEED),$(quoted_seed))

hint:
	@tests/hint '$(LESSON)'

predict: all
	@tests/predict $(if $(JSON),--json '$(JSON)') '$(LESSON)'

lab: all
	@tests/lab $(if $(SEED),$(quoted_seed))

lab-answer:
	@tests/lab answer

class:
	@tests/class '$(OUT)'

gradescope:
	@tests/gradescope/make-zip $(if $(LESSON),--lesson '$(LESSON)') $(if $(SEED),--seed $(quoted_seed))

# Where no hosts can be made, the tour shows the states without the packets.
demo: all
	@if why=$$(bin/wire -q --free -c true 2>&1); then bin/wire --play=0.9 wire/demo.wire; \
	else printf '%s\n\n' "$$why" && bin/tcpstate tour; fi

# The lessons' figures: each is drawn from the scenario of its name, wire/scenarios/NAME.wire.
figures: all
	@for figure in lessons/*/figures/*.svg; do \
	    bin/wire -q --svg "$$figure" "wire/scenarios/$$(basename "$$figure" .svg).wire" >/dev/null || exit; done

bench: all $(BENCH)
	@bench/run

lint:
	@tests/lint

install: all
	mkdir -p '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/man/man1'
	install -m 755 $(PROGRAMS:%=bin/%) '$(DESTDIR)$(PREFIX)/bin'
	install -m 644 $(PAGES) '$(DESTDIR)$(PREFIX)/share/man/man1'

uninstall:
	rm -f $(patsubst %,'$(DESTDIR)$(PREFIX)/bin/%',$(PROGRAMS))
	rm -f $(patsubst %,'$(DESTDIR)$(PREFIX)/share/man/man1/%',$(notdir $(PAGES)))

clean:
	rm -rf bin build

.PHONY: all help check check-long exercise hint predict lab lab-answer class gradescope demo figures bench lint install uninstall clean FORCE
.DELETE_ON_ERROR:
