divert(-1)
dnl # SPDX-License-Identifier: BSD-2-Clause
dnl #
dnl # relayers.m4 - POP before SMTP: a client whose address stands in the relayers map may relay
dnl #
dnl #	FEATURE(`relayers')dnl
dnl #	FEATURE(`relayers', `hash -o /var/lib/relayers/relayers')dnl
dnl #
dnl # Owns the map "relayers", the rule set RelayersAddress and some rules at the end of Local_Relay_Auth, the hook of
dnl # check_rcpt that grants relaying beside SMTP AUTH.  They answer `$# RELAY' or hand the workspace on as it came: rules of
dnl # your own in Local_Relay_Auth, before these or after them, see what they would see without us.  They never answer NO,
dnl # which would turn off relaying by SMTP AUTH too.
dnl # With FEATURE(`delay_checks') a client that may relay is through with check_mail and check_relay as well, DNS
dnl # blocklists among them: people on the road log in from networks that stand on such lists.
dnl # Limits: a row counts for as long as it is there, so old ones have to be expired (vsmtprelay expire, popwatch).
dnl #
divert(0)
VERSIONID(`relayers 1')
divert(-1)

ifelse(_ARG2_, `', `', `errprint(`*** ERROR: FEATURE(relayers) takes one argument, the map
')m4exit(1)')

LOCAL_CONFIG
# POP before SMTP: client address -> time of the last login
Krelayers ifelse(defn(`_ARG_'), `', `hash -o /var/lib/relayers/relayers', `_ARG_')

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

SLocal_Relay_Auth
R$*			$: $1 $| $>RelayersAddress $&{client_addr}
R$* $| $*		$: $1 $| $(relayers $2 $: ? $)
R$* $| ?		$: $1				not listed: as it came
R$* $| $*		$# RELAY			listed
