# lib/common: what the programs share; linked into each of them, never installed

COMMON_SOURCES = $(sort $(wildcard lib/common/*.c))
COMMON_OBJECTS = $(COMMON_SOURCES:%.c=$(BUILD)/%.o)
COMMON = $(BUILD)/libcommon.a
LINT_SOURCES += $(COMMON_SOURCES)

$(COMMON): $(COMMON_OBJECTS)
	rm -f $@
	$(AR) rcs $@ $^
