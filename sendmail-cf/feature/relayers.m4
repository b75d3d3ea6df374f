divert(-1)
dnl # SPDX-License-Identifier: BSD-2-Clause
dnl #
dnl # relayers.m4 - POP before SMTP: a client whose address is in the relayers map may relay
dnl #
dnl #	FEATURE(`relayers')dnl
dnl #	FEATURE(`relayers', `hash -o @STATEDIR@/relayers')dnl
dnl #	FEATURE(`relayers', `hash -o @STATEDIR@/relayers', `60m')dnl
dnl #
dnl # The first argument is the map, the second the window: for how long after its last login a client may relay, a number
dnl # of seconds or one with a unit s, m, h or d.  Without a window every address in the map may relay.
dnl #
dnl # Owns the maps relayers, relayers_word and relayers_clock, the macro RelayersWindow, the rule sets Relayers*, and rules
dnl # at the end of two hooks of check_rcpt:
dnl #   Local_Relay_Auth	grants relaying, beside SMTP AUTH.  It answers `$# RELAY' or leaves the workspace as it came; never
dnl #			NO, which would turn off relaying by SMTP AUTH.
dnl #   Local_check_rcpt	refuses recipients whose local part would send the mail on from here.
dnl # Rules of your own in these hooks, before ours or after them, see what they would see without us.
dnl # With FEATURE(`delay_checks') a client that may relay is through with check_mail and check_relay as well, DNS
dnl # blocklists among them: people on the road log in from networks that are on such lists.
dnl #
dnl # Limits: with a window /bin/date is run for every recipient of a client that has a row with a time.  The macro {time} is
dnl # of no use: it does not advance during a session, is empty from the second transaction on, and arith takes empty for 0.
dnl # relayers.cf has the same rules for a sendmail.cf that is not made by m4; a test compares them.
dnl #
divert(0)
VERSIONID(`relayers 2')
divert(-1)

dnl # the window in seconds: a number that does not begin with 0, and perhaps a unit; empty if there is none, 0 if it is wrong
define(`_RELAYERS_UNIT_', `translit(_ARG2_, `0123456789')')
define(`_RELAYERS_NUMBER_', `translit(_ARG2_, `smhd')')
define(`_RELAYERS_FACTOR_', `ifelse(_RELAYERS_UNIT_, `', 1, _RELAYERS_UNIT_, `s', 1, _RELAYERS_UNIT_, `m', 60,
	_RELAYERS_UNIT_, `h', 3600, _RELAYERS_UNIT_, `d', 86400, 0)')
define(`_RELAYERS_SECONDS_', `ifelse(_ARG2_, `', `',
	_RELAYERS_FACTOR_, 0, 0,
	_RELAYERS_NUMBER_`'_RELAYERS_UNIT_, _ARG2_, `ifelse(len(_RELAYERS_NUMBER_), 0, 0, substr(_RELAYERS_NUMBER_, 0, 1), 0, 0,
		eval(len(_RELAYERS_NUMBER_) < 6), 1, `eval(_RELAYERS_NUMBER_ * _RELAYERS_FACTOR_)', 0)',
	0)')
ifelse(_RELAYERS_SECONDS_, 0, `errprint(`*** ERROR: FEATURE(relayers): expected a window such as 60m, 1h or 3600, got "'_ARG2_`"
')m4exit(1)')
ifelse(_ARG3_, `', `', `errprint(`*** ERROR: FEATURE(relayers) takes two arguments, the map and the window
')m4exit(1)')

LOCAL_CONFIG
# POP before SMTP: client address -> time of the last login
Krelayers ifelse(defn(`_ARG_'), `', `hash -o @STATEDIR@/relayers', `_ARG_')
# says WORD of what is no time: another character than a digit, or too many digits
Krelayers_word regex -aWORD [^0-9]|.{13}
Krelayers_clock program /bin/date
# how many seconds a login counts; empty: as long as it is in the map
D{RelayersWindow}_RELAYERS_SECONDS_

LOCAL_RULESETS
######################################################################
###  RelayersAddress: the client address as the relayers map has it
###
###	Parameters:
###		$1: ${client_addr}: 192.0.2.1, IPv6:2001:db8:0:0:0:0:0:1,
###		    or IPv6:2001:db8::1 with UseCompressedIPv6Addresses
###	Returns: 192.0.2.1, 2001:db8::1 (RFC 5952)
######################################################################
SRelayersAddress
dnl IPv4 that came to a socket of IPv6
RIPv6 : $* ffff : $-.$-.$-.$-	$@ $2.$3.$4.$5
RIPv6 : $* :: $*	$@ $1 :: $2			compressed already
RIPv6 : $*		$: < : $1 : >
dnl the longest run of zero groups, and of the longest ones the first: $* takes as little as it can
R< $* : 0 : 0 : 0 : 0 : 0 : 0 : 0 : 0 : $* >	$: $1 $| $2
R< $* : 0 : 0 : 0 : 0 : 0 : 0 : 0 : $* >	$: $1 $| $2
R< $* : 0 : 0 : 0 : 0 : 0 : 0 : $* >	$: $1 $| $2
R< $* : 0 : 0 : 0 : 0 : 0 : $* >	$: $1 $| $2
R< $* : 0 : 0 : 0 : 0 : $* >	$: $1 $| $2
R< $* : 0 : 0 : 0 : $* >	$: $1 $| $2
R< $* : 0 : 0 : $* >	$: $1 $| $2
R< : $* : >		$@ $1				no run of two or more
dnl now $| stands for the run, and a colon is left at each end that the run does not reach
R: $* $| $*		$: $1 $| $2
R$* $| $* :		$: $1 $| $2
R$* $| $*		$@ $1 :: $2

######################################################################
###  RelayersClient: may this client relay because of its login?
###
###	Parameters: none; ${client_addr} is asked for
###	Returns: RELAY or NO
######################################################################
SRelayersClient
R$*			$: $>RelayersAddress $&{client_addr}
R$*			$: < $(relayers $1 $: $) > < ${RelayersWindow} >
R< > < $* >		$@ NO				not listed, or no value
R< $+ > < >		$@ RELAY			listed is enough
R< $+ > < $+ >		$: < $1 > $(relayers_word $1 $: TIME $)
R< $+ > WORD		$@ RELAY			OK and the like do not age
R< $+ > $*		$: < $1 > < $(relayers_clock +%s $: ? $) >
R< $+ > < $+ >		$: < $1 > < $2 > $(relayers_word $2 $: TIME $)
R< $+ > < $+ > TIME	$: $1 $| $(arith - $@ $2 $@ ${RelayersWindow} $)
R$+ $| $+		$: $(arith l $@ $2 $@ $1 $)	now - window < login
RTRUE			$@ RELAY
R$*			$@ NO				too old, or no clock

######################################################################
###  RelayersRoute: would this recipient be routed through this host?
###
###	Parameters:
###		$1: recipient as the client gave it
###	Returns: ROUTE or NO
######################################################################
SRelayersRoute
R$*			$: $1 $| $>CanonAddr $1
R$* $| $* < @ $=w . >	$@ NO				ends here
R$* $| $* < @ $=w >	$@ NO
R$* $| $* < @ $+ >	$: $1				goes elsewhere,
R$* $| $*		$@ NO
R< $* >			$: $1
R@ $* : $*		$@ ROUTE			by @here:user@there
R$* @ $*		$: ? $>canonify $1 @ $2
R? $* < @ $=w . >	$@ ROUTE			though it says @here
R? $*			$@ NO
R$*			$@ ROUTE			by there!user, user%there

SLocal_check_rcpt
R$*			$: $1 $| $>RelayersRoute $1
R$* $| ROUTE		$#error $@ 5.7.1 $: "550 Not routed through this host, give the address at its own host"
R$* $| $*		$: $1

SLocal_Relay_Auth
R$*			$: $1 $| $>RelayersClient
R$* $| RELAY		$# RELAY
R$* $| $*		$: $1
