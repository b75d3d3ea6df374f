# relaymirror: carries entries between the databases of many hosts

RELAYMIRROR_SOURCES = $(addprefix relaymirror/, \
	continuity.c ledger.c local.c mirror.c orders.c streamid.c)
RELAYMIRROR_OBJECTS = $(patsubst %.c,$(BUILD)/%.o, \
	$(filter-out relaymirror/main.c,$(RELAYMIRROR_SOURCES)))
LINT_SOURCES += $(RELAYMIRROR_SOURCES)

$(RELAYMIRROR_OBJECTS): FLAGS = -Ilib/common -Ilib/daemon -Irelaymirror
