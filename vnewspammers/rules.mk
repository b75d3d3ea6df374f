# vnewspammers: the map of senders whose mail is refused

VNEWSPAMMERS_SOURCES = vnewspammers/main.c vnewspammers/senders.c
VNEWSPAMMERS_OBJECTS = $(VNEWSPAMMERS_SOURCES:%.c=$(BUILD)/%.o)
VNEWSPAMMERS = $(BUILD)/vnewspammers/vnewspammers
PROGRAMS += $(VNEWSPAMMERS)
LINT_SOURCES += $(VNEWSPAMMERS_SOURCES)

$(VNEWSPAMMERS_OBJECTS): FLAGS = -Ilib/common

$(VNEWSPAMMERS): $(VNEWSPAMMERS_OBJECTS) $(COMMON) $(RELAYDB)
	$(LINK) $(RELAYDB_LIBS)
