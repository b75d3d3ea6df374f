# popwatch: the daemon
#
# Its rooms see each other in one direction, held by the -I of each:
#	lines	what a line means; knows lib/common
#	source	where lines come from; knows lines and lib/daemon
#	record	what becomes of a login; knows lines

ifeq ($(WITH_JOURNAL),1)
POPWATCH_JOURNAL = journal.c
LINT_SOURCES += popwatch/source/journal_none.c
else
POPWATCH_JOURNAL = journal_none.c
LINT_SOURCES += popwatch/source/journal.c
endif

POPWATCH_LINES = $(addprefix popwatch/lines/, \
	beginning.c bound.c catalogue.c definition.c draft.c elements.c envelope.c layout.c nearmiss.c once.c pattern.c pipeline.c \
	proof.c seam.c session.c session_event.c session_key.c stamp.c stamptext.c tag.c \
	truncation.c year.c zone.c)
POPWATCH_SOURCE = $(addprefix popwatch/source/, \
	file.c followed.c inotify.c $(POPWATCH_JOURNAL) linereader.c pipe.c position.c rotation.c \
	socket.c survey.c)
POPWATCH_RECORD = $(addprefix popwatch/record/, \
	gateway.c policy.c recent.c tcpcdb.c writer.c)
POPWATCH_TOP = $(addprefix popwatch/, \
	automatic.c config.c configured.c config_paths.c counters.c daemon.c definitions.c main.c \
	parts.c parts_state.c reload.c selfcheck.c silence.c \
	statefile.c tryout.c)
POPWATCH_SOURCES = $(POPWATCH_TOP) $(POPWATCH_LINES) $(POPWATCH_SOURCE) \
	$(POPWATCH_RECORD)
POPWATCH_ROOMS = popwatch popwatch/lines popwatch/source popwatch/record

POPWATCH_OBJECTS = $(patsubst %.c,$(BUILD)/%.o, \
	$(filter-out popwatch/main.c,$(POPWATCH_SOURCES)))
POPWATCH = $(BUILD)/popwatch/popwatch
POPWATCH_LIBS = -linotifytools -lpcre2-8 -linih -lcdb -lpthread $(DAEMON_LIBS)
ifeq ($(WITH_JOURNAL),1)
POPWATCH_LIBS += -lsystemd
endif
PROGRAMS += $(POPWATCH)
LINT_SOURCES += $(POPWATCH_SOURCES)

$(POPWATCH_LINES:%.c=$(BUILD)/%.o): FLAGS = -Ilib/common -Ipopwatch/lines
$(POPWATCH_SOURCE:%.c=$(BUILD)/%.o): FLAGS = -Ilib/common -Ilib/daemon \
	-Ipopwatch/lines -Ipopwatch/source -DWITH_JOURNAL=$(WITH_JOURNAL)
$(POPWATCH_RECORD:%.c=$(BUILD)/%.o): FLAGS = -Ilib/common -Ipopwatch/lines \
	-Ipopwatch/record
$(POPWATCH_TOP:%.c=$(BUILD)/%.o): FLAGS = -Ilib/common -Ilib/daemon \
	$(POPWATCH_ROOMS:%=-I%) -DWITH_JOURNAL=$(WITH_JOURNAL)

$(POPWATCH): $(BUILD)/popwatch/main.o $(POPWATCH_OBJECTS) $(DAEMON) $(COMMON) $(RELAYDB)
	$(LINK) $(POPWATCH_LIBS) $(RELAYDB_LIBS)
