# librelaydb: static for our own programs, shared and static for others

RELAYDB_SOURCES = $(addprefix lib/relaydb/, \
	address.c batch.c dump.c examine.c face.c handle.c inplace.c io.c known.c location.c \
	lock.c plan.c rows.c stamp.c turn.c) \
	$(addprefix lib/relaydb/hash/, \
	attempt.c bdb.c bucket.c check.c collect.c commit.c force.c hash.c hashpage.c image.c \
	memory.c queue.c queuetext.c redo.c settle.c snapshot.c transform.c) \
	$(addprefix lib/relaydb/lmdb/, lmdb.c lookup.c mdbfile.c mdbmemory.c mdbwrite.c \
	page.c pages.c txn.c) \
	$(addprefix lib/relaydb/sqlite/, sqlite.c tblblob.c tblfile.c tblwrite.c)
RELAYDB_ROOMS = lib/relaydb lib/relaydb/hash lib/relaydb/lmdb \
	lib/relaydb/sqlite
RELAYDB_OBJECTS = $(RELAYDB_SOURCES:%.c=$(BUILD)/%.o)
RELAYDB = $(BUILD)/librelaydb.a
RELAYDB_LIBS = -ldb -llmdb -lsqlite3
LINT_SOURCES += $(RELAYDB_SOURCES)

RELAYDB_SO = $(BUILD)/librelaydb.so.1
PROGRAMS += $(RELAYDB) $(RELAYDB_SO) $(BUILD)/relaydb.pc

# -fPIC, since the PAM module takes the static library in
$(RELAYDB_OBJECTS): FLAGS = $(RELAYDB_ROOMS:%=-I%) -fPIC -fvisibility=hidden

$(RELAYDB): $(RELAYDB_OBJECTS)
	$(ARCHIVE)

# the one that is installed: a single object in which only the public names are left
RELAYDB_INSTALL = $(BUILD)/install/librelaydb.a
PROGRAMS += $(RELAYDB_INSTALL)

$(RELAYDB_INSTALL): $(RELAYDB_OBJECTS)
	@mkdir -p $(@D)
	$(call say,AR,$@)$(LD) -r -o $(@D)/relaydb.o $^ && \
		objcopy --localize-hidden $(@D)/relaydb.o && \
		rm -f $@ && $(AR) rcs $@ $(@D)/relaydb.o

$(RELAYDB_SO): $(RELAYDB_OBJECTS) lib/relaydb/relaydb.map
	$(call say,LINK,$@)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -shared \
		-Wl,-soname,librelaydb.so.1 \
		-Wl,--version-script=lib/relaydb/relaydb.map \
		-Wl,-z,relro,-z,now $(if $(SANITIZE),,-Wl,-z,defs) \
		-o $@ $(RELAYDB_OBJECTS) $(RELAYDB_LIBS)
	@ln -sf librelaydb.so.1 $(BUILD)/librelaydb.so

$(BUILD)/relaydb.pc: lib/relaydb/relaydb.pc.in config.mk $(BUILD)/settings
	@mkdir -p $(@D)
	$(call say,GEN,$@)sed -e 's,@PREFIX@,$(PREFIX),g' \
		-e 's,@LIBDIR@,$(LIBDIR),g' \
		-e 's,@INCLUDEDIR@,$(INCLUDEDIR),g' \
		-e 's,@VERSION@,$(VERSION),g' $< >$@

# the same with a hook that is called at each step of a commit, for tests and
# measurements
STEPPED = $(BUILD)/stepped/librelaydb.a
STEPPED_OBJECTS = $(RELAYDB_SOURCES:%.c=$(BUILD)/stepped/%.o)

$(STEPPED_OBJECTS): FLAGS = $(RELAYDB_ROOMS:%=-I%) -DRELAYDB_TEST_STEPS
$(STEPPED_OBJECTS): $(BUILD)/stepped/%.o: %.c Makefile config.mk $(BUILD)/settings
	@mkdir -p $(@D)
	$(call say,CC,$< (with steps))$(COMPILE)

$(STEPPED): $(STEPPED_OBJECTS)
	$(ARCHIVE)
