# lib/rules: the rule language of relayguard; linked into it, never installed

RULES_SOURCES = $(addprefix lib/rules/, \
	decide.c domain.c lexer.c line.c mailbox.c match.c memory.c message.c parse.c part.c \
	records.c regex.c warn.c zone.c)
RULES_OBJECTS = $(RULES_SOURCES:%.c=$(BUILD)/%.o)
RULES = $(BUILD)/librules.a
RULES_LIBS = -lpcre2-8
PROGRAMS += $(RULES)
LINT_SOURCES += $(RULES_SOURCES)

$(RULES_OBJECTS): FLAGS = -Ilib/common

$(RULES): $(RULES_OBJECTS)
	$(ARCHIVE)
