# install.mk - make install, make uninstall
#
#   make install            below PREFIX, SYSCONFDIR and LOCALSTATEDIR of config.mk, and below DESTDIR if that is given
#   make uninstall          the same files away again, with the same settings
#
# Nothing is written outside of these.  What an administrator has changed stays: popwatch.conf and the cron file are written
# only where there is none, and taken away only while they are as we wrote them.  The user, his folder and the database in it
# belong to the host: docs/INSTALL.md makes them, and uninstall leaves a folder that is not empty.
# No service is started, none is stopped.

DESTDIR =
MULTIARCH := $(shell $(CC) -print-multiarch 2>/dev/null)
# where libpam looks for modules, for PREFIX=/usr; of another PREFIX the module is named with its whole path in /etc/pam.d
PAMDIR = $(PREFIX)/lib$(if $(MULTIARCH),/$(MULTIARCH))/security
CFDIR = $(DATADIR)/sendmail/cf
UNITDIR = $(PREFIX)/lib/systemd/system
SYSUSERSDIR = $(PREFIX)/lib/sysusers.d
TMPFILESDIR = $(PREFIX)/lib/tmpfiles.d
COMPLETIONDIR = $(DATADIR)/bash-completion/completions
DOCDIR = $(DATADIR)/doc/relayers
CONFDIR = $(SYSCONFDIR)/relayers
CRONDIR = $(SYSCONFDIR)/cron.d
STATEDIR = $(LOCALSTATEDIR)/lib/relayers

UNITS = popwatch.service relayers-settle.service vsmtprelay-expire.service vsmtprelay-expire.timer
UNIT_FILES = $(UNITS:%=$(BUILD)/systemd/%)
PROGRAMS += $(UNIT_FILES)
DOCUMENTS = $(wildcard README.md CHANGELOG.md LICENSE docs/*.md)

POLICIES = $(patsubst systemd/%,%,$(wildcard systemd/*/*.d/*.conf))	# other times to expire

# MODE:SOURCE:TARGET of every file that is ours alone
INSTALLED = \
	755:$(VSMTPRELAY):$(SBINDIR)/vsmtprelay \
	755:$(POPWATCH):$(SBINDIR)/popwatch \
	755:$(VNEWSPAMMERS):$(SBINDIR)/vnewspammers \
	644:$(PAM_MODULE):$(PAMDIR)/pam_relaydb.so \
	644:$(RELAYDB_SO):$(LIBDIR)/librelaydb.so.1 \
	644:$(RELAYDB_INSTALL):$(LIBDIR)/librelaydb.a \
	644:$(BUILD)/relaydb.pc:$(LIBDIR)/pkgconfig/relaydb.pc \
	644:lib/relaydb/relaydb.h:$(INCLUDEDIR)/relaydb.h \
	644:popwatch/popwatch.conf.sample:$(DATADIR)/relayers/popwatch.conf.sample \
	$(foreach file,$(sort $(wildcard popwatch/servers.d/*.conf)),644:$(file):$(DATADIR)/relayers/servers.d/$(notdir $(file))) \
	$(foreach file,$(wildcard sendmail-cf/feature/*.m4),644:$(file):$(CFDIR)/feature/$(notdir $(file))) \
	$(foreach file,$(UNITS),644:$(BUILD)/systemd/$(file):$(UNITDIR)/$(file)) \
	644:systemd/relayers.sysusers:$(SYSUSERSDIR)/relayers.conf \
	644:systemd/relayers.tmpfiles:$(TMPFILESDIR)/relayers.conf \
	644:completion/vsmtprelay:$(COMPLETIONDIR)/vsmtprelay \
	644:completion/popwatch:$(COMPLETIONDIR)/popwatch \
	$(foreach page,$(MANUALS),644:$(page):$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(notdir $(page))) \
	$(foreach file,$(wildcard sendmail-cf/*.cf sendmail-cf/*.mc cron/*.cron),644:$(file):$(DOCDIR)/examples/$(notdir $(file))) \
	$(foreach file,$(POLICIES),644:systemd/$(file):$(DOCDIR)/examples/$(file)) \
	$(foreach file,$(DOCUMENTS),644:$(file):$(DOCDIR)/$(notdir $(file)))

# SOURCE:TARGET of those that an administrator changes
CONFIGURED = \
	popwatch/popwatch.conf.sample:$(CONFDIR)/popwatch.conf \
	cron/vsmtprelay.cron:$(CRONDIR)/vsmtprelay

OWN_FOLDERS = $(DATADIR)/relayers $(DOCDIR) $(CONFDIR) $(STATEDIR)

# units and snippets name the folders that were chosen
$(BUILD)/systemd/%: systemd/% config.mk $(BUILD)/settings
	@mkdir -p $(@D)
	sed -e 's,/usr/sbin/,$(SBINDIR)/,g' -e 's,/var/lib/relayers,$(STATEDIR),g' -e 's,/etc/relayers,$(CONFDIR),g' $< >$@

install: all
	@set -e; for entry in $(INSTALLED); do \
		mode=$${entry%%:*} names=$${entry#*:}; \
		install -D -m $$mode "$${names%%:*}" "$(DESTDIR)$${names#*:}"; \
	done
	@ln -sf librelaydb.so.1 '$(DESTDIR)$(LIBDIR)/librelaydb.so'
	@set -e; for entry in $(CONFIGURED); do \
		to="$(DESTDIR)$${entry#*:}"; \
		[ -e "$$to" ] || install -D -m 644 "$${entry%%:*}" "$$to"; \
	done
	@install -d '$(DESTDIR)$(CONFDIR)/servers.d'
	@[ -n '$(DESTDIR)' ] || echo 'Installed. What is left to do: $(DOCDIR)/INSTALL.md'

uninstall:
	@set -e; for entry in $(INSTALLED); do rm -f "$(DESTDIR)$${entry##*:}"; done
	@rm -f '$(DESTDIR)$(LIBDIR)/librelaydb.so'
	@set -e; for entry in $(CONFIGURED); do \
		to="$(DESTDIR)$${entry#*:}"; \
		if cmp -s "$${entry%%:*}" "$$to"; then rm -f "$$to"; \
		elif [ -e "$$to" ]; then echo "left, since it was changed: $$to"; fi; \
	done
	@for folder in $(OWN_FOLDERS); do \
		[ ! -d "$(DESTDIR)$$folder" ] || find "$(DESTDIR)$$folder" -depth -type d -empty -delete; \
	done
	@[ ! -d '$(DESTDIR)$(STATEDIR)' ] || echo 'left, with the database: $(DESTDIR)$(STATEDIR)'
