divert(-1)
dnl # SPDX-License-Identifier: BSD-2-Clause
dnl #
dnl # spammers.m4 - senders whose mail is refused: by address, by host, by parent domain
dnl #
dnl #	FEATURE(`spammers')dnl
dnl #	FEATURE(`spammers', `hash -o /etc/mail/spammers')dnl
dnl #
dnl # Asks the map, which vnewspammers makes, for the envelope sender at MAIL: user@host, then host, then each domain above
dnl # it.  Any value counts.  Case does not matter: hash maps fold the key, and vnewspammers what it stores.
dnl #
dnl # Owns the map spammers, the rule set Spammers, and rules at the end of two rule sets, which makes it the same where in
dnl # your .mc FEATURE(`delay_checks') stands, and whether:
dnl #   Local_check_mail	the hook of check_mail
dnl #   check_mail		exists besides only with delay_checks, which gives its own rules another name and asks them at RCPT, but
dnl #			not for clients that may relay.  A listed sender is refused to them, too, so ours are asked at MAIL.
dnl # Limits: <> is never refused.  Mail of this host's own programs, which does not come by SMTP, is not asked for.
dnl #
divert(0)
VERSIONID(`spammers 1')
divert(-1)

ifelse(_ARG2_, `', `', `errprint(`*** ERROR: FEATURE(spammers) takes one argument, the map
')m4exit(1)')

LOCAL_CONFIG
# senders whose mail is refused
Kspammers ifelse(defn(`_ARG_'), `', `hash -o MAIL_SETTINGS_DIR`'spammers', `_ARG_')

LOCAL_RULESETS
######################################################################
###  Spammers: is this sender listed?
###
###	Parameters:
###		$1: envelope sender as the client gave it
###	Returns: LISTED or NO
######################################################################
SSpammers
R<>			$@ NO
R$*			$: $>CanonAddr $1
R$* < @ $+ . >		$: $1 < @ $2 >
R$+ < @ $+ >		$: < $(spammers $1@$2 $: ? $) > < $2 >
R< ? > < $+ >		$: < $(spammers $1 $: ? $) > < $1 >
R< ? > < $- . $+ >	< $(spammers $2 $: ? $) > < $2 >
R< ? > $*		$@ NO
R< $* > < $* >		$@ LISTED
R$*			$@ NO				no host: of this one

SLocal_check_mail
R$*			$: $1 $| $>Spammers $1
R$* $| LISTED		$#error $@ 5.7.1 $: "550 Mail from this sender is not accepted"
R$* $| $*		$: $1

Scheck_mail
R$*			$: $1 $| $>Spammers $1
R$* $| LISTED		$#error $@ 5.7.1 $: "550 Mail from this sender is not accepted"
R$* $| $*		$: $1
