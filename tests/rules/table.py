#!/usr/bin/env python3
"""table.py PROGRAM DIRECTORY [SEED]: 100 rules by 100 envelopes, judged twice

Writes rules, a world and envelopes into DIRECTORY, lets PROGRAM (prog_verdicts)
judge them, judges them itself, and reports each difference. The matcher below
knows the language from relayguard-rules(5) alone and shares nothing with
lib/rules: it works on what the rules were made from, in three-valued logic with
None for "cannot tell".
"""
import ipaddress
import random
import re
import subprocess
import sys

RULES = ENVELOPES = 100

POP = {'192.0.2.7': True, '2001:db8::7': True, '192.0.2.8': None}
LISTS = {
    'bl.test': {'192.0.2.66': '127.0.0.2', '192.0.2.67': '127.0.0.9', '192.0.2.7': '127.0.0.2',
                '192.0.2.8': '127.0.0.2', '2001:db8::66': '127.0.0.4', '198.51.100.66': '127.0.0.2'},
    'second.test': {'192.0.2.1': '127.0.0.3'},
    'down.test': None,
}
DNS = {     # name: (addresses, mail exchangers, name servers); None: fails
    'x.broken.test': None,
    'example.com': (['192.0.2.80'], ['mx.example.com'], ['ns.hoster.test']),
    'mx.example.com': (['198.51.100.1', '2001:db8:1::1'], [], []),
    'ns.hoster.test': (['198.51.100.66'], [], []),
    'example.net': ([], ['mx.example.com', 'mx2.example.net'], []),
    'mx2.example.net': (['192.0.2.66'], [], []),
    'only.test': (['192.0.2.1'], [], []),
    'broken.test': None,
    'nomail.test': ([], ['.'], []),
    'half.test': ([], ['gone.test', 'broken.test'], []),
}
CLIENTS = ['192.0.2.1', '192.0.2.7', '192.0.2.8', '192.0.2.66', '192.0.2.67', '198.51.100.9', '127.0.0.1',
           '2001:db8::7', '2001:db8::66', '2001:db8:ffff::1', '::1', None]
NAMES = ['mx.example.com', 'host.example.net', 'evilexample.com', 'Dial-1.POOL.test', 'www.only.test',
         'x.broken.test', '10.1.2.3']
STATES = ['none', 'confirmed', 'forged', 'unknown']
USERS = [None, None, 'alice', 'Bob@example.com']
ADDRESSES = ['', 'postmaster', 'alice@example.com', 'bob@EXAMPLE.com', 'a@sub.example.com', 'a@evilexample.com',
             'x@y@example.net', 'x%y@example.com', 'x!y@example.net', 'a@broken.test', 'a@nx.test',
             'a@only.test', 'a@nomail.test', 'a@[192.0.2.1]', 'a@half.test', 'ALICE@example.net', 'bad@@', 'a b@no name']


# ---- three values ----

def no(value):
    return None if value is None else not value


def any_of(values):
    values = list(values)
    return True if True in values else None if None in values else False


def all_of(values):
    return no(any_of(no(value) for value in values))


# ---- the world ----

def records(name, kind):
    """Names or addresses; None if the DNS fails."""
    if name.lower() not in DNS:
        return []
    entry = DNS[name.lower()]
    return None if entry is None else entry[kind]


def listed(zone, address, answers):
    if LISTS[zone] is None:
        return None
    answer = LISTS[zone].get(address)
    return answer is not None and (not answers or answer in answers)


def is_name(domain):
    domain = domain[:-1] if domain.endswith('.') else domain
    return 0 < len(domain) <= 253 and all(re.fullmatch('[A-Za-z0-9_-]{1,63}', label) for label in domain.split('.'))


# ---- patterns: (kind, ...), what they are written as, and what they mean ----

def wildcard(pattern, text):
    return re.fullmatch('.*'.join(re.escape(part) for part in pattern.split('*')), text, re.I | re.S) is not None


def text_match(pattern, text):
    if pattern[0] == 'regex':
        return re.search(pattern[1], text, re.I | re.S) is not None
    return pattern[0] == 'ALL' or wildcard(pattern[1], text)


def exempt(e):
    return any_of([e['local'], e['user'] is not None, POP.get(e['address'], False)])


def servers(pattern, domain):
    if pattern[0] == 'ALL':
        return True
    if domain.startswith('['):
        return False
    if not is_name(domain):
        return pattern[0] == 'UNKNOWN'
    if pattern[0] in ('KNOWN', 'UNKNOWN'):
        found = any_of(None if r is None else len(r) > 0 for r in
                       (records(domain, kind) for kind in range(3 if '.' in domain else 2)))
        return found if pattern[0] == 'KNOWN' else no(found)
    while '.' in domain:
        hosts = [records(domain, 1), records(domain, 2)]
        if hosts != [[], []]:
            return any_of([None for h in hosts if h is None] +
                          [server(pattern, host) for h in hosts for host in h or []])
        domain = domain.split('.', 1)[1]
    return False


def server(pattern, host):
    if not is_name(host):
        return False
    answers = []
    if pattern[0] in ('wildcard', 'regex'):
        answers.append(text_match(pattern, host))
        if answers[0] or pattern[0] == 'wildcard' and re.search('[^0-9a-f:.*]', pattern[1], re.I):
            return answers[0]
    found = records(host, 0)
    if found is None:
        return None
    for address in found:
        if pattern[0] == 'net':
            answers.append(ipaddress.ip_address(address) in ipaddress.ip_network(pattern[1]))
        elif pattern[0] == 'zone':
            answers.append(listed(pattern[1], address, pattern[2]))
        else:
            answers.append(text_match(pattern, address))
    return any_of(answers)


def client(pattern, e):
    kind = pattern[0]
    if kind == 'ALL':
        return True
    if kind in ('KNOWN', 'UNKNOWN', 'FORGED'):
        if e['state'] == 'unknown':
            return None
        known = e['state'] == 'confirmed' and e['visible'] != ''
        return {'KNOWN': known, 'UNKNOWN': not known, 'FORGED': e['state'] == 'forged'}[kind]
    if kind == 'POP':
        return POP.get(e['address'], False)
    if kind == 'AUTH':
        return e['user'] is not None
    if kind == 'LOCAL':
        return e['local']
    if kind == 'net':
        return e['address'] is not None and ipaddress.ip_address(e['address']) in ipaddress.ip_network(pattern[1])
    if kind == 'zone':
        return e['address'] is not None and all_of([listed(pattern[1], e['address'], pattern[2]), no(exempt(e))])
    if kind == 'NS':
        if e['state'] == 'unknown':
            return None
        if e['visible'] == '':
            return False
        answer = servers(pattern[1], e['visible'])
        return all_of([answer, no(exempt(e))]) if pattern[1][0] == 'zone' else answer
    if kind == 'parts':
        user = pattern[1][0] == 'ALL' or e['user'] is not None and (
            pattern[1][0] == 'KNOWN' or text_match(pattern[1], e['user']))
        return all_of([user, client(pattern[2], e)])
    texts = [text_match(pattern, e['address'])] if e['address'] else []
    if e['state'] == 'unknown':
        texts.append(None)
    elif e['visible']:
        texts.append(text_match(pattern, e['visible']))
    return any_of(texts)


def mailbox(pattern, address, e):
    left, at, domain = address.rpartition('@')
    if pattern[0] == 'NS':
        return at != '' and servers(pattern[1], domain)
    if pattern[0] != 'parts':
        return text_match(pattern, address)
    if at == '':
        return False
    if pattern[1][0] == 'USER':
        user = (e['user'] or '').lower()
        good = user != '' and (address if '@' in user else left).lower() == user
    else:
        good = text_match(pattern[1], left)
    right = pattern[2]
    return all_of([good, servers(right[1], domain) if right[0] == 'NS' else text_match(right, domain)])


def list_match(parts, one):
    answer = any_of(one(pattern) for pattern in parts[0])
    return answer if len(parts) == 1 else all_of([answer, no(list_match(parts[1:], one))])


def rule_match(rule, e):
    return all_of([list_match(rule['lists'][0], lambda p: client(p, e)),
                   list_match(rule['lists'][1], lambda p: mailbox(p, e['sender'], e)),
                   list_match(rule['lists'][2], lambda p: mailbox(p, e['recipient'], e))])


def decide(rules, e):
    """(action, number, class of the reply), with default = allow and on-dns-failure = pass."""
    doubt = False
    for number, rule in enumerate(rules, 1):
        answer = rule_match(rule, e)
        if answer and rule['action'] != 'debug':
            if rule['code'] != '5' or not doubt:
                return rule['action'], number, rule['code']
            return 'noto', number, '4'
        if answer is None and rule['action'] != 'debug' and rule['code'] != '5':
            doubt = True
    return 'allow', 0, ''


# ---- making and writing ----

def make_text(r, texts):
    return ('regex', r.choice(['^a', 'example', 'x.*y', r'\.test$', '^$', '^192', '[0-9]+'])) \
        if r.random() < 0.3 else ('wildcard', r.choice(texts))


def make_net(r):
    return 'net', r.choice(['192.0.2.0/24', '192.0.2.1', '198.51.100.0/24', '2001:db8::/64', '2001:db8::/32', '::/0',
                            '0.0.0.0/0', '192.0.2.66/31', '10.0.0.0/8'])


def make_zone(r):
    answers = r.choice([[], [], ['127.0.0.2'], ['127.0.0.4', '127.0.0.9']])
    return 'zone', r.choice(list(LISTS)), answers


HOSTS = ['*', '192.0.*', '*.example.com', '*example.com', 'mx*', '*pool*', 'host.example.net', '*.1']


def make_server(r):
    return r.choice([lambda: (r.choice(['ALL', 'KNOWN', 'UNKNOWN', 'UNKNOWN']),), lambda: make_net(r),
                     lambda: make_zone(r), lambda: make_text(r, ['*.hoster.test', 'mx*', '198.51.*', '*', 'nobody'])])()


def make_host(r):
    return r.choice([lambda: (r.choice(['ALL', 'KNOWN', 'UNKNOWN', 'FORGED', 'POP', 'AUTH', 'LOCAL']),),
                     lambda: make_net(r), lambda: make_zone(r), lambda: make_text(r, HOSTS),
                     lambda: ('NS', make_server(r))])()


def make_client(r):
    if r.random() < 0.1:
        return 'parts', r.choice([('ALL',), ('KNOWN',), ('wildcard', 'al*')]), make_host(r)
    return make_host(r)


def make_mailbox(r):
    if r.random() < 0.35:
        return r.choice([lambda: ('ALL',), lambda: ('NS', make_server(r)),
                         lambda: make_text(r, ['*', 'post*', '*example.com', '*.test'])])()
    left = r.choice([lambda: ('ALL',), lambda: ('USER',), lambda: make_text(r, ['*', 'a*', 'alice', '*@*', '*%*', '*!*'])])()
    right = r.choice([lambda: ('ALL',), lambda: ('NS', make_server(r)),
                      lambda: make_text(r, ['*', 'example.com', '*.example.com', '*example.*', '[192.0.2.1]'])])()
    return 'parts', left, right


def make_list(r, make):
    parts = [[make(r) for _ in range(r.randint(1, 3))]]
    while r.random() < 0.25:
        parts.append([make(r) for _ in range(r.randint(1, 2))])
    return parts


def write(p):
    return {'net': lambda: '[%s]' % p[1] if ':' in p[1] else p[1],
            'regex': lambda: '/%s/' % p[1], 'wildcard': lambda: p[1],
            'zone': lambda: 'RBL.' + p[1] + ('=' + ','.join(p[2]) if p[2] else ''),
            'NS': lambda: 'NS=' + write(p[1]),
            'parts': lambda: write(p[1]) + '@' + write(p[2])}.get(p[0], lambda: p[0])()


def write_list(r, parts):
    sep = r.choice([' ', ', ', '\t', ' \\\n\t '])
    return r.choice([' EXCEPT ', ' except ']).join(sep.join(map(write, part)) for part in parts)


def make_rule(r):
    action, message, code = r.choice([('allow', '', ''), ('noto', '', '5'), ('noto', '450 later: x', '4'),
                                      ('deny', '550 5.7.1 no', '5'), ('debug', '', ''), ('tag', 'odd', '')])
    return {'action': action, 'code': code, 'message': message,
            'lists': [make_list(r, make_client), make_list(r, make_mailbox), make_list(r, make_mailbox)]}


def make_envelope(r):
    address, name, state = r.choice(CLIENTS), r.choice(NAMES), r.choice(STATES)
    visible = name if state == 'confirmed' and not re.fullmatch('[0-9.]+', name) else ''
    told = state
    if state == 'forged' and address and not re.fullmatch('[0-9.]+', name):
        found = records(name, 0)
        if found is None or address in found:   # a mail server that could not look it up says forged as well
            state = 'unknown'
    return {'address': address, 'name': name, 'told': told, 'state': state, 'visible': visible, 'user': r.choice(USERS),
            'local': address is None or ipaddress.ip_address(address).is_loopback,
            'sender': r.choice(ADDRESSES), 'recipient': r.choice(ADDRESSES)}


def write_world(path):
    with open(path, 'w') as out:
        for address, answer in POP.items():
            print('pop', address, 'fail' if answer is None else 'yes', file=out)
        for zone, entries in LISTS.items():
            if entries is None:
                print('fail', zone, file=out)
            for address, answer in (entries or {}).items():
                print('listed', zone, address, answer, file=out)
        for name, entry in DNS.items():
            if entry is None:
                print('fail', name, file=out)
            for kind, values in zip(('a', 'mx', 'ns'), entry or ()):
                for value in values:
                    print(kind, name, value, file=out)


def main(program, directory, seed):
    r = random.Random(seed)
    rules = [make_rule(r) for _ in range(RULES)]
    envelopes = [make_envelope(r) for _ in range(ENVELOPES)]
    with open(directory + '/rules', 'w') as out:
        for rule in rules:
            print(':'.join([rule['action']] + [write_list(r, parts) for parts in rule['lists']] +
                           ([rule['message']] if rule['message'] else [])), file=out)
    write_world(directory + '/world')
    lines = ['|'.join([e['address'] or '-', e['name'], e['told'], e['user'] or '-', e['sender'], e['recipient']])
             for e in envelopes]
    answer = subprocess.run([program, directory + '/rules', directory + '/world'], input='\n'.join(lines) + '\n',
                            stdout=subprocess.PIPE, stderr=open(directory + '/warnings', 'w'), text=True, check=True)
    different, seen = 0, {True: 0, False: 0, None: 0}
    for e, line, told in zip(envelopes, lines, answer.stdout.splitlines(), strict=True):
        verdicts, action, number, reply = (told + ' ').split(' ', 3)
        for rule, letter in zip(rules, verdicts, strict=True):
            mine = rule_match(rule, e)
            seen[mine] += 1
            if letter != {True: 'y', False: 'n', None: 'u'}[mine]:
                different += 1
                print(line, letter, mine, rule)
        mine = decide(rules, e)
        if mine != (action, int(number), reply[:1] if action in ('noto', 'deny') else ''):
            different += 1
            print(line, told, mine)
    print('seed %s: %d rules by %d envelopes, %d yes, %d no, %d cannot tell, %d different' %
          (seed, RULES, ENVELOPES, seen[True], seen[False], seen[None], different))
    return 0 if different == 0 and min(seen.values()) > 100 else 1


sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else '1'))
