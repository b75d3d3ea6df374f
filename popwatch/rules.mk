# popwatch: the daemon

POPWATCH_SOURCES = $(addprefix popwatch/, \
	catalogue.c check.c config.c daemon.c doubt.c gateway.c header.c main.c \
	pattern.c \
	parts.c pipeline.c policy.c reload.c session.c source_file.c \
	source_journal.c source_pipe.c source_socket.c state.c stats.c \
	tryout.c watch.c writer.c)
POPWATCH_OBJECTS = $(patsubst %.c,$(BUILD)/%.o, \
	$(filter-out popwatch/main.c,$(POPWATCH_SOURCES)))
POPWATCH = $(BUILD)/popwatch/popwatch
POPWATCH_LIBS = -linotifytools -lpcre2-8 -linih -lpthread $(DAEMON_LIBS)
ifeq ($(WITH_JOURNAL),1)
POPWATCH_LIBS += -lsystemd
endif
PROGRAMS += $(POPWATCH)
LINT_SOURCES += $(POPWATCH_SOURCES)

$(POPWATCH_OBJECTS) $(BUILD)/popwatch/main.o: FLAGS = -Ilib/common -Ilib/daemon -DWITH_JOURNAL=$(WITH_JOURNAL)

$(POPWATCH): $(BUILD)/popwatch/main.o $(POPWATCH_OBJECTS) $(DAEMON) $(COMMON) $(RELAYDB)
	$(LINK) $(POPWATCH_LIBS) $(RELAYDB_LIBS)
