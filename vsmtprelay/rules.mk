# vsmtprelay: the administrator's command

VSMTPRELAY_SOURCES = vsmtprelay/main.c vsmtprelay/commands.c vsmtprelay/convert.c \
	vsmtprelay/host.c vsmtprelay/load.c vsmtprelay/mta.c vsmtprelay/mtahost.c \
	vsmtprelay/output.c vsmtprelay/owner.c vsmtprelay/postconf.c \
	vsmtprelay/postfix.c vsmtprelay/program.c
VSMTPRELAY_OBJECTS = $(VSMTPRELAY_SOURCES:%.c=$(BUILD)/%.o)
VSMTPRELAY = $(BUILD)/vsmtprelay/vsmtprelay
PROGRAMS += $(VSMTPRELAY)
LINT_SOURCES += $(VSMTPRELAY_SOURCES)

$(VSMTPRELAY_OBJECTS): FLAGS = -Ilib/common

$(VSMTPRELAY): $(VSMTPRELAY_OBJECTS) $(COMMON) $(RELAYDB)
	$(LINK) $(RELAYDB_LIBS)
