# vsmtprelay: the administrator's command

VSMTPRELAY_SOURCES = $(addprefix vsmtprelay/, \
	change.c command.c commands.c convert.c daemons.c everyhost.c expiry.c files.c findings.c glance.c \
	host.c human.c load.c main.c mta.c mtaask.c mtahost.c output.c owner.c postconf.c postfix.c print.c \
	program.c settingtext.c setup.c status.c sysinit.c tcpserver.c trace.c watch.c watchask.c \
	why.c)
VSMTPRELAY_OBJECTS = $(VSMTPRELAY_SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/vsmtprelay/blocks.o
VSMTPRELAY_LIBS = $(RELAYDB_LIBS) -linih -lcdb
VSMTPRELAY = $(BUILD)/vsmtprelay/vsmtprelay
PROGRAMS += $(VSMTPRELAY)
LINT_SOURCES += $(VSMTPRELAY_SOURCES)

$(VSMTPRELAY_OBJECTS): FLAGS = -Ilib/common -Ivsmtprelay

# what setup prints is what the documents say
BLOCK_PAGES = docs/postfix.md docs/exim.md docs/INSTALL.md sendmail-cf/README.md
$(BUILD)/vsmtprelay/blocks.c: vsmtprelay/blocks.awk $(BLOCK_PAGES)
	@mkdir -p $(@D)
	@awk -f vsmtprelay/blocks.awk $(BLOCK_PAGES) >$@

$(BUILD)/vsmtprelay/blocks.o: $(BUILD)/vsmtprelay/blocks.c vsmtprelay/blocks.h
	$(call say,CC,$<)$(COMPILE)

$(VSMTPRELAY): $(VSMTPRELAY_OBJECTS) $(COMMON) $(RELAYDB)
	$(LINK) $(VSMTPRELAY_LIBS)
