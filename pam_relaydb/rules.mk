# pam_relaydb.so: librelaydb is linked statically, so that nothing of ours
# except the module comes into a login process.  Berkeley DB stays shared:
# Debian's libdb.a is not position independent (and libpam-modules depends on
# libdb5.3 already).

PAM_SOURCES = pam_relaydb/login.c pam_relaydb/options.c pam_relaydb/pam_relaydb.c
PAM_OBJECTS = $(PAM_SOURCES:%.c=$(BUILD)/%.lo) $(BUILD)/lib/common/ipnet.lo
PAM_MODULE = $(BUILD)/pam_relaydb/pam_relaydb.so
PROGRAMS += $(PAM_MODULE)
LINT_SOURCES += $(PAM_SOURCES)

comma = ,

$(PAM_OBJECTS): FLAGS = -Ilib/common

$(PAM_MODULE): $(PAM_OBJECTS) $(RELAYDB) pam_relaydb/pam_relaydb.map
	$(call say,LINK,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -shared \
		$(if $(SANITIZE),,-Wl$(comma)-z$(comma)defs) -Wl,-z,relro,-z,now \
		-Wl,--version-script=pam_relaydb/pam_relaydb.map \
		-Wl,--exclude-libs,ALL \
		-o $@ $(PAM_OBJECTS) $(RELAYDB) $(RELAYDB_LIBS) -lpam
