# addresses.pl LOG: how many addresses have logged in to Dovecot, by one pattern
#
# What a script of an administrator does that follows a log: no proof that the
# server wrote what it reads, no time, no session, no database.
use strict;
use warnings;

my %seen;
while (<>) {
	$seen{$1} = 1
	    if /^\w{3} [ \d]\d [\d:]{8} \S+ dovecot: (?:imap|pop3)-login: Login: user=<[^>]*>, .*?\brip=([0-9a-fA-F.:]+),/;
}
print scalar(keys %seen), "\n";
