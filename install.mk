# install.mk - make install, make uninstall
#
#   make install            below PREFIX, SYSCONFDIR and LOCALSTATEDIR of
#                           config.mk, and below DESTDIR if that is given
#   make uninstall          removes the same files, with the same settings
#
# Nothing is written outside of these.  What an administrator has changed stays:
# popwatch.conf, relayguard.conf, rules and the cron file are written only where there is none, and
# removed only while they are as we wrote them.  The user, the state directory and
# the database in it belong to the host: docs/INSTALL.md makes them, and uninstall
# leaves a directory that is not empty.  No service is started or stopped:
# uninstall refuses while one is enabled, and says how to disable it.

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
GUARDDIR = $(LOCALSTATEDIR)/lib/relayguard
F2BDIR = $(SYSCONFDIR)/fail2ban/filter.d

UNITS = popwatch.service relaymirror.service relayers-settle.service relayguard.service relayguard.socket relayguard-postfix.socket \
	vsmtprelay-expire.service vsmtprelay-expire.timer
POLICIES = $(patsubst systemd/%,%,$(wildcard systemd/*/*.d/*.conf))	# other times to expire
# they name each other, so they keep their places below DOCDIR
DOCUMENTS = $(wildcard README.md CHANGELOG.md HACKING.md LICENSE docs/*.md) $(addprefix sendmail-cf/,README.md relayers.cf sample.mc)

# SOURCE:TARGET of what programs read and what names directories, as @NAME@
PLACEABLE = \
	relayguard/relayguard.conf.sample:$(DATADIR)/relayers/relayguard.conf.sample \
	popwatch/popwatch.conf.sample:$(DATADIR)/relayers/popwatch.conf.sample \
	relaymirror/relaymirror.conf.sample:$(DATADIR)/relayers/relaymirror.conf.sample \
	sendmail-cf/feature/relayers.m4:$(CFDIR)/feature/relayers.m4 \
	$(foreach file,$(UNITS),systemd/$(file):$(UNITDIR)/$(file)) \
	systemd/relayers.sysusers:$(SYSUSERSDIR)/relayers.conf \
	systemd/relayers.tmpfiles:$(TMPFILESDIR)/relayers.conf \
	systemd/relayguard.sysusers:$(SYSUSERSDIR)/relayguard.conf \
	systemd/relayguard.tmpfiles:$(TMPFILESDIR)/relayguard.conf \
	completion/popwatch:$(COMPLETIONDIR)/popwatch \
	$(foreach file,$(wildcard cron/*.cron),$(file):$(DOCDIR)/examples/$(notdir $(file))) \
	$(foreach file,$(POLICIES),systemd/$(file):$(DOCDIR)/examples/$(file))

# SOURCE:TARGET of the rest; prose names the default directories
PLAIN = \
	lib/relaydb/relaydb.h:$(INCLUDEDIR)/relaydb.h \
	sendmail-cf/feature/spammers.m4:$(CFDIR)/feature/spammers.m4 \
	completion/relayguard:$(COMPLETIONDIR)/relayguard \
	completion/relaymirror:$(COMPLETIONDIR)/relaymirror \
	completion/vsmtprelay:$(COMPLETIONDIR)/vsmtprelay \
	relayguard/fail2ban.conf:$(F2BDIR)/relayguard.conf \
	relayguard/rules.sample:$(DOCDIR)/examples/rules.sample \
	$(foreach file,$(wildcard monitoring/*),$(file):$(DOCDIR)/examples/$(file)) \
	$(foreach file,$(sort $(wildcard popwatch/servers.d/*.conf)),$(file):$(DATADIR)/relayers/servers.d/$(notdir $(file))) \
	$(foreach page,$(MANUALS),$(page):$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(notdir $(page))) \
	$(foreach file,$(DOCUMENTS),$(file):$(DOCDIR)/$(file))

# SOURCE:TARGET of those that an administrator changes
CONFIGURED = \
	popwatch/popwatch.conf.sample:$(CONFDIR)/popwatch.conf \
	relayguard/relayguard.conf.sample:$(CONFDIR)/relayguard.conf \
	relayguard/rules.empty:$(CONFDIR)/rules \
	cron/vsmtprelay.cron:$(CRONDIR)/vsmtprelay

PLACED = $(BUILD)/placed
PLACED_FILES = $(sort $(foreach entry,$(PLACEABLE) $(CONFIGURED),$(PLACED)/$(firstword $(subst :, ,$(entry)))))
PROGRAMS += $(PLACED_FILES)

# MODE:SOURCE:TARGET of every file that is ours alone
INSTALLED = \
	755:$(VSMTPRELAY):$(SBINDIR)/vsmtprelay \
	755:$(POPWATCH):$(SBINDIR)/popwatch \
	755:$(RELAYGUARD):$(SBINDIR)/relayguard \
	755:$(RELAYMIRROR):$(SBINDIR)/relaymirror \
	755:$(VNEWSPAMMERS):$(SBINDIR)/vnewspammers \
	644:$(PAM_MODULE):$(PAMDIR)/pam_relaydb.so \
	644:$(RELAYDB_SO):$(LIBDIR)/librelaydb.so.1 \
	644:$(RELAYDB_INSTALL):$(LIBDIR)/librelaydb.a \
	644:$(BUILD)/relaydb.pc:$(LIBDIR)/pkgconfig/relaydb.pc \
	$(foreach entry,$(PLACEABLE),644:$(PLACED)/$(entry)) \
	$(foreach entry,$(PLAIN),644:$(entry))

OWN_DIRECTORIES = $(DATADIR)/relayers $(DOCDIR) $(CONFDIR) $(STATEDIR)

# rewritten, so that the texts are, when another directory is given than the last
# time
DIRECTORIES = $(SBINDIR) $(STATEDIR) $(GUARDDIR) $(CONFDIR) $(DATADIR)
$(PLACED)/directories: FORCE
	@mkdir -p $(@D)
	@echo '$(DIRECTORIES)' | cmp -s - $@ || echo '$(DIRECTORIES)' >$@

$(PLACED_FILES): $(PLACED)/%: % install.mk config.mk $(PLACED)/directories
	@mkdir -p $(@D)
	@sed -e 's,@SBINDIR@,$(SBINDIR),g' -e 's,@STATEDIR@,$(STATEDIR),g' \
		-e 's,@GUARDDIR@,$(GUARDDIR),g' \
		-e 's,@CONFDIR@,$(CONFDIR),g' -e 's,@DATADIR@,$(DATADIR)/relayers,g' $< >$@

install: all
	@set -e; for entry in $(INSTALLED); do \
		mode=$${entry%%:*} names=$${entry#*:}; \
		install -D -m $$mode "$${names%%:*}" "$(DESTDIR)$${names#*:}"; \
	done
	@ln -sf librelaydb.so.1 '$(DESTDIR)$(LIBDIR)/librelaydb.so'
	@set -e; for entry in $(CONFIGURED); do \
		to="$(DESTDIR)$${entry#*:}"; \
		[ -e "$$to" ] || install -D -m 644 "$(PLACED)/$${entry%%:*}" "$$to"; \
	done
	@install -d '$(DESTDIR)$(CONFDIR)/servers.d'
	@[ -n '$(DESTDIR)' ] || echo 'Installed. What is left to do: $(DOCDIR)/docs/INSTALL.md'

# links to units that are gone, and a daemon whose program is, help nobody
ENABLED = $(wildcard $(UNITS:%=$(DESTDIR)/etc/systemd/system/*.wants/%))

uninstall: $(PLACED_FILES)
	@[ -z '$(ENABLED)' ] || { \
		echo 'uninstall: first run: systemctl disable --now $(sort $(notdir $(ENABLED)))' >&2; \
		exit 1; \
	}
	@set -e; for entry in $(INSTALLED); do rm -f "$(DESTDIR)$${entry##*:}"; done
	@rm -f '$(DESTDIR)$(LIBDIR)/librelaydb.so'
	@set -e; for entry in $(CONFIGURED); do \
		to="$(DESTDIR)$${entry#*:}"; \
		if cmp -s "$(PLACED)/$${entry%%:*}" "$$to"; then rm -f "$$to"; \
		elif [ -e "$$to" ]; then echo "kept, since it was changed: $$to"; fi; \
	done
	@for directory in $(OWN_DIRECTORIES); do \
		[ ! -d "$(DESTDIR)$$directory" ] || \
			find "$(DESTDIR)$$directory" -depth -type d -empty -delete; \
	done
	@[ ! -d '$(DESTDIR)$(STATEDIR)' ] || echo 'kept, with the database: $(DESTDIR)$(STATEDIR)'
	@[ -n '$(DESTDIR)' ] || ! getent passwd relayers >/dev/null || \
		echo 'kept: user relayers; to remove it: userdel relayers'
	@[ -n '$(DESTDIR)' ] || ! getent passwd relayguard >/dev/null || \
		echo 'kept: user relayguard; to remove it: userdel relayguard'
