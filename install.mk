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
POLICIES = $(patsubst systemd/%,%,$(wildcard systemd/*/*.d/*.conf))	# other times to expire
# they name each other, so they keep their places below DOCDIR
DOCUMENTS = $(wildcard README.md CHANGELOG.md HACKING.md LICENSE docs/*.md) $(addprefix sendmail-cf/,README.md relayers.cf sample.mc)

# SOURCE:TARGET of the texts that name folders
TEXTS = \
	lib/relaydb/relaydb.h:$(INCLUDEDIR)/relaydb.h \
	popwatch/popwatch.conf.sample:$(DATADIR)/relayers/popwatch.conf.sample \
	$(foreach file,$(wildcard sendmail-cf/feature/*.m4),$(file):$(CFDIR)/feature/$(notdir $(file))) \
	$(foreach file,$(UNITS),systemd/$(file):$(UNITDIR)/$(file)) \
	systemd/relayers.sysusers:$(SYSUSERSDIR)/relayers.conf \
	systemd/relayers.tmpfiles:$(TMPFILESDIR)/relayers.conf \
	completion/vsmtprelay:$(COMPLETIONDIR)/vsmtprelay \
	completion/popwatch:$(COMPLETIONDIR)/popwatch \
	$(foreach page,$(MANUALS),$(page):$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(notdir $(page))) \
	$(foreach file,$(wildcard cron/*.cron),$(file):$(DOCDIR)/examples/$(notdir $(file))) \
	$(foreach file,$(POLICIES),systemd/$(file):$(DOCDIR)/examples/$(file)) \
	$(foreach file,$(DOCUMENTS),$(file):$(DOCDIR)/$(file))

# SOURCE:TARGET of those that an administrator changes
CONFIGURED = \
	popwatch/popwatch.conf.sample:$(CONFDIR)/popwatch.conf \
	cron/vsmtprelay.cron:$(CRONDIR)/vsmtprelay

PLACED = $(BUILD)/placed
PLACED_FILES = $(sort $(foreach entry,$(TEXTS) $(CONFIGURED),$(PLACED)/$(firstword $(subst :, ,$(entry)))))
PROGRAMS += $(PLACED_FILES)

# MODE:SOURCE:TARGET of every file that is ours alone
INSTALLED = \
	755:$(VSMTPRELAY):$(SBINDIR)/vsmtprelay \
	755:$(POPWATCH):$(SBINDIR)/popwatch \
	755:$(VNEWSPAMMERS):$(SBINDIR)/vnewspammers \
	644:$(PAM_MODULE):$(PAMDIR)/pam_relaydb.so \
	644:$(RELAYDB_SO):$(LIBDIR)/librelaydb.so.1 \
	644:$(RELAYDB_INSTALL):$(LIBDIR)/librelaydb.a \
	644:$(BUILD)/relaydb.pc:$(LIBDIR)/pkgconfig/relaydb.pc \
	$(foreach file,$(sort $(wildcard popwatch/servers.d/*.conf)),644:$(file):$(DATADIR)/relayers/servers.d/$(notdir $(file))) \
	$(foreach entry,$(TEXTS),644:$(PLACED)/$(entry))

OWN_FOLDERS = $(DATADIR)/relayers $(DOCDIR) $(CONFDIR) $(STATEDIR)

# texts name the folders that were chosen (~/etc/relayers.db is none of them), and cron finds the programs
FOLDERS = $(SBINDIR) $(STATEDIR) $(CONFDIR) $(DATADIR)
$(PLACED)/folders: FORCE
	@mkdir -p $(@D)
	@echo '$(FOLDERS)' | cmp -s - $@ || echo '$(FOLDERS)' >$@

$(PLACED_FILES): $(PLACED)/%: % install.mk config.mk $(PLACED)/folders
	@mkdir -p $(@D)
	@sed -e 's,/usr/sbin/\(vsmtprelay\|popwatch\|vnewspammers\),$(SBINDIR)/\1,g' \
		-e '\,^PATH=,{ \,[=:]$(SBINDIR)\(:\|$$\),!s,=,=$(SBINDIR):, }' \
		-e 's,/var/lib/relayers,$(STATEDIR),g' \
		-e 's,\(^\|[^~[:alnum:]]\)/etc/relayers\($$\|[^.[:alnum:]]\),\1$(CONFDIR)\2,g' \
		-e 's,/usr/share/relayers,$(DATADIR)/relayers,g' $< >$@

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

uninstall: $(PLACED_FILES)
	@set -e; for entry in $(INSTALLED); do rm -f "$(DESTDIR)$${entry##*:}"; done
	@rm -f '$(DESTDIR)$(LIBDIR)/librelaydb.so'
	@set -e; for entry in $(CONFIGURED); do \
		to="$(DESTDIR)$${entry#*:}"; \
		if cmp -s "$(PLACED)/$${entry%%:*}" "$$to"; then rm -f "$$to"; \
		elif [ -e "$$to" ]; then echo "left, since it was changed: $$to"; fi; \
	done
	@for folder in $(OWN_FOLDERS); do \
		[ ! -d "$(DESTDIR)$$folder" ] || find "$(DESTDIR)$$folder" -depth -type d -empty -delete; \
	done
	@[ ! -d '$(DESTDIR)$(STATEDIR)' ] || echo 'left, with the database: $(DESTDIR)$(STATEDIR)'
