# relayguard: the rules as a milter and as a policy service

RELAYGUARD_SOURCES = $(addprefix relayguard/, \
	attempts.c blocklist.c bytes.c conversation.c database.c dns.c dnsanswer.c \
	dnsbl.c entries.c errand.c guardconf.c guardcounts.c guarddaemon.c \
	guardfiles.c guardstate.c guardtry.c inquiry.c main.c milter.c milterout.c miltersession.c \
	pasts.c policyservice.c policysession.c policystream.c relaysession.c reply.c \
	rulefile.c smtpsession.c tarpit.c thread.c throttle.c waiting.c)
RELAYGUARD_OBJECTS = $(patsubst %.c,$(BUILD)/%.o, \
	$(filter-out relayguard/main.c,$(RELAYGUARD_SOURCES)))
RELAYGUARD = $(BUILD)/relayguard/relayguard
RELAYGUARD_LIBS = -lunbound -lresolv -linih -lpthread $(RULES_LIBS) $(DAEMON_LIBS)
PROGRAMS += $(RELAYGUARD)
LINT_SOURCES += $(RELAYGUARD_SOURCES)

$(RELAYGUARD_OBJECTS) $(BUILD)/relayguard/main.o: FLAGS = -Ilib/common \
	-Ilib/daemon -Ilib/rules

$(RELAYGUARD): $(BUILD)/relayguard/main.o $(RELAYGUARD_OBJECTS) $(RULES) \
	$(DAEMON) $(COMMON) $(RELAYDB)
	$(LINK) $(RELAYGUARD_LIBS) $(RELAYDB_LIBS)
