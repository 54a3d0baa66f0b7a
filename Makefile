# netstep: `make help` says what there is.

CC       = gcc
CFLAGS   = -O2 -g
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion
PREFIX   = /usr/local
DESTDIR  =

STANDARD  = -std=c11 -D_POSIX_C_SOURCE=200809L -I.
SANITIZE  = $(if $(SAN),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
comma     = ,
ALL_FLAGS = $(STANDARD) $(WARNINGS) $(CFLAGS) $(SANITIZE)

# A program is a folder; every .c in it belongs to it, and whatever it needs of common/.
PROGRAMS = tcp_server tcp_client
# The first programs of a lesson: one file each, without common/.
FIRST    =

objects  = $(patsubst %.c,build/%.o,$(wildcard $(1)/*.c))
COMMON   = $(call objects,common)
UNIT     = $(patsubst tests/unit/%.c,build/unit/%,$(wildcard tests/unit/*_test.c))

all: $(PROGRAMS:%=bin/%) $(addprefix bin/,$(notdir $(FIRST)))

.SECONDEXPANSION:
$(PROGRAMS:%=bin/%): bin/%: $$(call objects,$$*) build/common.a
	@mkdir -p bin
	$(CC) $(ALL_FLAGS) $(LDFLAGS) -o $@ $^

$(addprefix bin/,$(notdir $(FIRST))): bin/%: build/lessons/01-sockets/%.o
	@mkdir -p bin
	$(CC) $(ALL_FLAGS) $(LDFLAGS) -o $@ $^

build/common.a: $(COMMON)
	@rm -f $@
	ar rcs $@ $^

build/%.o: %.c build/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_FLAGS) -MMD -MP -c -o $@ $<

# Another compiler or other flags: everything is built anew.
build/flags: FORCE
	@mkdir -p build
	@echo '$(CC) $(ALL_FLAGS) $(LDFLAGS)' | cmp -s - $@ || echo '$(CC) $(ALL_FLAGS) $(LDFLAGS)' > $@
FORCE:

-include $(shell find build -name '*.d' 2>/dev/null)
