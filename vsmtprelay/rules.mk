# vsmtprelay: the administrator's command

VSMTPRELAY_SOURCES = $(addprefix vsmtprelay/, \
	change.c commands.c convert.c expiry.c files.c host.c human.c load.c main.c \
	mta.c mtahost.c output.c owner.c postconf.c postfix.c print.c program.c trace.c)
VSMTPRELAY_OBJECTS = $(VSMTPRELAY_SOURCES:%.c=$(BUILD)/%.o)
VSMTPRELAY = $(BUILD)/vsmtprelay/vsmtprelay
PROGRAMS += $(VSMTPRELAY)
LINT_SOURCES += $(VSMTPRELAY_SOURCES)

$(VSMTPRELAY_OBJECTS): FLAGS = -Ilib/common

$(VSMTPRELAY): $(VSMTPRELAY_OBJECTS) $(COMMON) $(RELAYDB)
	$(LINK) $(RELAYDB_LIBS)
