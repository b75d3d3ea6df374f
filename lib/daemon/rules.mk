# lib/daemon: what long-lived programs share; linked into them, never installed

DAEMON_SOURCES = $(addprefix lib/daemon/, \
	arguments.c endpoint.c listener.c loop.c metrics.c notify.c peer.c sandbox.c service.c \
	syscalls.c user.c)
DAEMON_OBJECTS = $(DAEMON_SOURCES:%.c=$(BUILD)/%.o)
DAEMON = $(BUILD)/libdaemon.a
DAEMON_LIBS = -levent_core -lseccomp
LINT_SOURCES += $(DAEMON_SOURCES)

$(DAEMON_OBJECTS): FLAGS = -Ilib/common

$(DAEMON): $(DAEMON_OBJECTS)
	$(ARCHIVE)
