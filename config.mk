# config.mk - what is built, with what, and where it goes; every line can be given on make's command line

VERSION = 0.2.0

PREFIX = /usr
SBINDIR = $(PREFIX)/sbin
LIBDIR = $(PREFIX)/lib
INCLUDEDIR = $(PREFIX)/include
DATADIR = $(PREFIX)/share
MANDIR = $(DATADIR)/man
SYSCONFDIR = /etc
LOCALSTATEDIR = /var

CC = gcc
CFLAGS = -O2 -g
# WERROR= builds with a compiler that warns of more than ours
WERROR = -Werror
WARN = -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla $(WERROR)
HARDEN = -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
HARDEN_LD = -pie -Wl,-z,relro,-z,now

# make SANITIZE=1: everything, tests too, with AddressSanitizer and UndefinedBehaviorSanitizer, in a build directory of its own
SANITIZE =
ifneq ($(SANITIZE),)
BUILD = build/sanitize
CFLAGS = -O1 -g -fno-omit-frame-pointer
HARDEN = -fsanitize=address,undefined -fno-sanitize-recover=all -fPIE
HARDEN_LD = -pie -fsanitize=address,undefined
else
BUILD = build
endif

# the journal as a source needs libsystemd
WITH_JOURNAL = 1
