# lib/common: what the programs share; linked into each of them, never installed

COMMON_SOURCES = $(addprefix lib/common/, \
	atomicfile.c cli.c conf.c duration.c ignore.c ipnet.c json.c list.c log.c path.c \
	settings.c tcprule.c tcprules.c)
COMMON_OBJECTS = $(COMMON_SOURCES:%.c=$(BUILD)/%.o)
COMMON = $(BUILD)/libcommon.a
LINT_SOURCES += $(COMMON_SOURCES)

$(COMMON): $(COMMON_OBJECTS)
	$(ARCHIVE)
