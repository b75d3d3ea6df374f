# relaymirror: carries entries between the databases of many hosts

RELAYMIRROR_SOURCES = $(addprefix relaymirror/, \
	answer.c connect.c continuity.c control.c engine.c engineurl.c entrylist.c \
	facts.c ledger.c local.c localdb.c main.c mirror.c mirrorconf.c \
	mirrorcounts.c mirrordaemon.c mirrorstate.c mirrortry.c mirrorwarn.c orderdesk.c \
	orders.c publisher.c reader.c remedy.c secretfile.c streamid.c tls.c whole.c)
RELAYMIRROR_OBJECTS = $(patsubst %.c,$(BUILD)/%.o, \
	$(filter-out relaymirror/main.c,$(RELAYMIRROR_SOURCES)))
RELAYMIRROR = $(BUILD)/relaymirror/relaymirror
# TLS where hiredis has it, from 1.0 on; OpenSSL says why it failed
HIREDIS_TLS := $(if $(wildcard /usr/include/hiredis/hiredis_ssl.h),-lhiredis_ssl -lcrypto)
RELAYMIRROR_LIBS = -lhiredis $(HIREDIS_TLS) -linih $(DAEMON_LIBS)
PROGRAMS += $(RELAYMIRROR)
LINT_SOURCES += $(RELAYMIRROR_SOURCES)

$(RELAYMIRROR_OBJECTS) $(BUILD)/relaymirror/main.o: FLAGS = -Ilib/common \
	-Ilib/daemon -Irelaymirror

$(RELAYMIRROR): $(BUILD)/relaymirror/main.o $(RELAYMIRROR_OBJECTS) $(DAEMON) \
	$(COMMON) $(RELAYDB)
	$(LINK) $(RELAYMIRROR_LIBS) $(RELAYDB_LIBS)
