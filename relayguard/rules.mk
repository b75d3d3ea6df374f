# relayguard: the rules as a milter and as a policy service

RELAYGUARD_SOURCES = $(addprefix relayguard/, \
	attempts.c blocklist.c bytes.c dns.c dnsanswer.c milter.c \
	milterout.c policyservice.c reply.c smtpsession.c tarpit.c throttle.c)
RELAYGUARD_OBJECTS = $(patsubst %.c,$(BUILD)/%.o, \
	$(filter-out relayguard/main.c,$(RELAYGUARD_SOURCES)))
RELAYGUARD_LIBS = -lunbound -lresolv $(RULES_LIBS) $(DAEMON_LIBS)
LINT_SOURCES += $(RELAYGUARD_SOURCES)

$(RELAYGUARD_OBJECTS): FLAGS = -Ilib/common -Ilib/daemon -Ilib/rules
