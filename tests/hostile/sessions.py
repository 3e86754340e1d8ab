#!/usr/bin/env python3
"""A session built to misbehave: against the kernel, kagamid, kagami-auth and a desktop. Each attack is refused and logged,
and a true session beside it goes on undisturbed."""
import os
import random
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.environ.get('top_srcdir', '.'), 'tests', 'hostile'))
from hostile import (Bystander, Hostile, SANITIZED, Session, alive, attach_body, bind, done, message, note, ok, seed,  # noqa: E402
                     skip, spnego_init, ntlm_negotiate, tables, view_open, wait_until)

SYSTEM_CALL = r'session\[\d+\] from {}: killed by signal 31'
TOO_LONG = '{} .*wrong size|a message .*out of all limits'      # a size that no message of the channel has
HANDSHAKE, OPEN = 2, 4          # phases of the session's channel


# ---- the kernel ----

KILLED = '''openat2 truncate chdir mount socket socket_unix socketpair connect bind listen sendto sendmsg_fd recvmsg_other reuseaddr
    ptrace ptrace_seize kill kill_parent kill_all tgkill sigqueue pidfd_open vm_read prlimit_other setpriority
    execve execveat clone clone3 unshare mmap_exec mprotect_exec mmap_shared memfd userfaultfd io_uring bpf keyctl
    setuid setresuid setgroups setrlimit prlimit dumpable deathsig ioctl_tty setown dup_control'''.split()
KILLED_X86 = 'open unlink fork i386 x32'.split()
DENIED = 'openat openat_write newfstatat proc_mem proc_maps proc_environ proc_parent'.split()
RING_KILLED = 'ring_pwrite ring_map ring_protect ring_shrink ring_grow ring_punch ring_seals'.split()
NARROW_KILLED = 'nodelay reuseaddr socket execve mmap_exec kill'.split()


def try_killed(h, name, target, prepare=lambda s: True, way=''):
    with Session(h) as s:
        ready = prepare(s)
        answer = s.ask(f'call {name} {target}')
        good = ready and answer == '' and s.logs(SYSTEM_CALL.format(re.escape(s.address)))
        if not ok(good, f'{way}the call "{name}" kills the session, and that is logged'):
            note(f'prepared: {ready}, answer: {answer}')
            note(s.log())


def try_kernel(h, bystander):
    if SANITIZED:
        skip('system calls of a session: a build with a sanitizer has no filter')
        return
    calls = KILLED + (KILLED_X86 if os.uname().machine == 'x86_64' else [])
    for name in calls:
        try_killed(h, name, bystander.pid)
    with Session(h) as s:
        for name in DENIED:
            answer = s.ask(f'call {name} {bystander.pid}')
            ok(answer == f'call {name} EACCES', f'the call "{name}" is denied') or note(answer)
    for name in RING_KILLED:
        try_killed(h, name, bystander.pid, lambda s: s.whole_way('mallory'), 'on the ring ')
    with Session(h) as s:
        ready = s.whole_way('mallory')
        answer = s.ask('call ring_write 0')
        ok(ready and answer == 'call ring_write EPERM', 'the ring cannot be written') or note(answer)
        s.ask('narrow')
        denied = [s.ask(f'call {name} {bystander.pid}') for name in DENIED]
        ok(all(a.endswith(' EACCES') for a in denied), 'what was denied still is under the second filter') or note(denied)
    for name in NARROW_KILLED:
        try_killed(h, name, bystander.pid, lambda s: s.ask('narrow') == 'narrow 0', 'under the second filter ')


# ---- kagamid ----

def try_violation(h, what, packet, pattern, prepare=lambda s: True, fds=0, channel='session', count=1, dead=True):
    """One line of the log names what was wrong, and the session is gone."""
    with Session(h) as s:
        ready = prepare(s)
        mark = h.mark()
        s.send('control', packet, count, fds)
        gone = s.is_dead()
        lines = h.logs(rf'^.*sent .* on the {channel} channel: .*$', mark)
        good = ready and gone and len(lines or []) == 1 and re.search(pattern, lines[0])
        if not ok(good, f'a session that sends {what} is ended, with one line that says why'):
            note(f'prepared: {ready}, gone: {gone}, lines: {lines}')
            note(s.log())


def broken_sizes(row):
    """Sizes of a body that are wrong, each once."""
    return sorted({size for size in (0, row.least - 1, row.most + 1, row.most + 1000) if size >= 0 and
                   not row.least <= size <= row.most})


def log_on(s):
    s.log_in('mallory')
    return s.logon()


def try_control_table(h):
    rows = [row for row in tables() if row.set == 'session']
    known = {row.id for row in rows}
    for row in rows:
        body = bytes(row.least)
        if row.side == 'A':
            try_violation(h, f'{row.name}, which is kagamid\'s,', message(row.id, body), f'{row.name} .*wrong direction')
            continue
        if not row.phases & HANDSHAKE:
            try_violation(h, f'{row.name} before its log-in', message(row.id, body), f'{row.name} .*not now')
        if not row.phases & OPEN:
            try_violation(h, f'{row.name} after its log-in', message(row.id, body), f'{row.name} .*not now', log_on)
        prepare = (lambda s: True) if row.phases & HANDSHAKE else log_on
        if not row.phases & (HANDSHAKE | OPEN):
            continue
        for size in broken_sizes(row):
            try_violation(h, f'{row.name} of {size} bytes', message(row.id, bytes(size)), TOO_LONG.format(row.name), prepare)
    for number in (0, 11, 63, 64, 127, 128, 255, 256, 32768, 65535):
        if number not in known:
            try_violation(h, f'message {number}', message(number), 'not in the table')
    try_violation(h, 'a head with a value where zero has to be', struct.pack('<HH', 6, 1), 'not in the table')
    for size in (1, 3):
        try_violation(h, f'{size} bytes', bytes(size), 'size is out of all limits')
    try_violation(h, '60,000 bytes', message(4, bytes(60000)), 'size is out of all limits')
    try_violation(h, '10,000 messages at once', message(200), 'not in the table', count=10000)


def sign_body(data, padding=6, digest=b'SHA2-256'):
    return struct.pack('<I16s', padding, digest) + data


def handshake(size=32):
    return b' ' * 64 + b'TLS 1.3, server CertificateVerify\0' + random.randbytes(size)


def try_signing(h):
    refused = 'sent KG_SESSION_SIGN on the session channel'
    for what, body in (
            ('an e-mail', b'I owe you a million.'), ('nothing', b''), ('a client\'s handshake',
             handshake().replace(b'server', b'client')), ('a handshake that is cut', handshake(31)),
            ('a handshake with more behind it', handshake(100)), ('zeros', bytes(512)),
            ('a certificate', b'\x30\x82\x01\x00' + bytes(200))):
        try_violation(h, f'{what} to be signed', message(4, sign_body(body)), refused)
    for what, body in (('MD5', sign_body(handshake(), 6, b'MD5')), ('no digest', sign_body(handshake(), 6, b'')),
                       ('a name without an end', sign_body(handshake(), 6, b'A' * 16)),
                       ('no padding', sign_body(handshake(), 3)), ('padding 99', sign_body(handshake(), 99))):
        try_violation(h, f'a handshake to be signed with {what}', message(4, body), refused)

    def sign_once(s):
        s.send('control', message(4, sign_body(handshake())))
        answer = s.receive('control')
        return answer is not None and answer[:2] == b'\5\0' and answer[4:8] == b'\1\0\0\0' and len(answer) == 8 + 256
    try_violation(h, 'a second handshake to be signed', message(4, sign_body(handshake())), refused, sign_once)


def try_log_on(h):
    with Session(h) as s:
        welcome = s.logon()
        ok(not welcome and s.logs('LOGON without a proof'), 'a session without a proof is not welcome, and that is logged') \
            or note(s.log())
    for what, body in (('for another server', lambda s: bind(s.exported, bytes(len(h.key())))),
                       ('with another key', lambda s: bind(bytes(16), h.key())),
                       ('and sealed nothing', lambda s: bytes(36)),
                       ('and cut off what was sealed', lambda s: bind(s.exported, h.key())[:-1])):
        with Session(h) as s:
            s.log_in('mallory')
            ok(not s.logon(body(s)) and s.logs(f'login failed: user "mallory" from {s.address}'),
               f'a log-in that was made {what} is not welcome, and that is logged') or note(s.log())
    try_violation(h, 'LOGON with a nonce that is half there', message(6, struct.pack('<I', 2) + bytes(32)), 'KG_SESSION_LOGON')

    def once(s):
        s.logon()
        return s.said.startswith('received 07')
    try_violation(h, 'LOGON again', message(6, bytes(36)), 'KG_SESSION_LOGON', once)
    try_violation(h, 'LOGON 10,000 times', message(6, bytes(36)), 'KG_SESSION_LOGON', count=10000)
    with Session(h) as s:
        ready = log_on(s)
        s.send('control', message(8, attach_body()), 50)
        ok(ready and s.is_dead() and s.logs('ATTACH (twice|too often)'), 'a session that sends ATTACH 50 times is ended') \
            or note(s.log())
    with Session(h) as s:
        ready = log_on(s) and all(s.attach() for _ in range(4))
        mark = h.mark()
        s.send('control', message(8, attach_body()))
        ok(ready and s.is_dead() and h.logs('ATTACH too often', mark), 'a session that takes view after view is ended') \
            or note(s.log())


# ---- kagami-auth ----

def try_auth_table(h):
    rows = [row for row in tables() if row.set == 'login']
    packets = [(f'{row.name} of {size} bytes', message(row.id, bytes(size)), TOO_LONG.format(row.name))
               for row in rows if row.side == 'A' and row.phases & 1 for size in broken_sizes(row)]
    packets += [(f'{row.name}, auth\'s own,', message(row.id, bytes(row.least)), f'{row.name} .*(wrong direction|not now)')
                for row in rows if row.side == 'B']
    packets += [('PASSWORD where NLA is wanted', message(row.id, bytes(row.least)), f'{row.name} .*not now')
                for row in rows if row.phases == 2 and row.side == 'A']
    packets += [(f'message {n}', message(n), 'not in the table') for n in (0, 8, 64, 255, 65535)]
    packets += [('2 bytes', b'\1\0', 'out of all limits'), ('60,000 bytes', message(1, bytes(60000)), 'out of all limits')]
    for what, packet, pattern in packets:
        with Session(h) as s:
            s.send('login', packet)
            good = s.logs(rf'^.*auth\[\d+\]: .*sent (?:.*{pattern})')
            ended = s.drain('login')
            welcome = s.logon()
            ok(good and ended is not None and not welcome, f'{what} to kagami-auth ends the attempt, and is logged') \
                or note((good, ended, welcome, s.log()))


def try_questions(h):
    """Questions at the wrong time, and parts that are not there."""
    head = lambda argument, first, tail: struct.pack('<II', argument, first) + tail     # noqa: E731
    for what, packet in (('SIZES before any token', message(2, head(0, 0, b''))),
                         ('DECRYPT before any token', message(4, head(0, 16, bytes(64)))),
                         ('ENCRYPT before any token', message(3, head(0, 64, bytes(64))))):
        with Session(h) as s:
            s.send('login', packet)
            answer = s.receive('login')
            status = struct.unpack('<I', answer[4:8])[0] if answer and len(answer) == 12 else 0
            ok(status >= 0x80000000 and not s.logon(), f'{what} gets an error and nothing else') or note((answer, s.log()))
    for what, packet in (('a token longer than its message', message(1, head(0, 4000, b'x'))),
                         ('a signature longer than its message', message(4, head(0, 0xffffffff, b'x')))):
        with Session(h) as s:
            s.send('login', packet)
            ok(s.drain('login') == [] and s.logs(r'auth\[\d+\]: .*the log-in attempt ends') and not s.logon(),
               f'{what} ends the attempt, and is logged') or note(s.log())
    for what, packet in (('DECRYPT in the middle of the log-in', message(4, head(0, 16, bytes(64)))),
                         ('ENCRYPT in the middle of the log-in', message(3, head(0, 64, bytes(64))))):
        with Session(h) as s:
            s.accept(spnego_init(ntlm_negotiate()))
            s.send('login', packet)
            answer = s.receive('login')
            refused = answer is not None and len(answer) == 12 and answer[7] >= 0x80
            ok((refused or s.logs(r'auth\[\d+\] .*killed by signal')) and not s.logon(),
               f'{what} gets an error, or ends the attempt with a line in the log') or note((answer, s.log()))
    with Session(h) as s:       # an auth that answers into a channel that nobody reads
        s.send('login', message(2, head(0, 0, b'')), 40000)
        ok(s.logs(r'auth\[\d+\]: .*does not read') and not s.logon(),
           '40,000 questions whose answers nobody reads end the attempt, and that is logged') or note(s.log())


def try_tokens(h):
    chance = random.Random(seed())
    good = spnego_init(ntlm_negotiate())
    tokens = [b'', b'\x60', bytes(20000), b'\xff' * 20000, b'\x60\x84\xff\xff\xff\xff' + good[2:], good[:-1],
              good.replace(b'NTLMSSP\0', b'NTLMSSP\1'), b'NTLMSSP\0', b'NTLMSSP\0\3\0\0\0' + b'\xff' * 80,
              b'\x30\x80' * 5000, b'\xa1\x82\xff\xff' + good, good + good, chance.randbytes(500)]
    for _ in range(30):
        token = bytearray(good)
        for _ in range(chance.randint(1, 4)):
            token[chance.randrange(len(token))] = chance.choice((0, 0x7f, 0x80, 0xff, chance.randrange(256)))
        tokens.append(bytes(token))
    dead = welcome = 0
    for first in range(0, len(tokens), 5):      # five per attempt: the first one may be the last that auth reads
        with Session(h) as s:
            for token in tokens[first:first + 5]:
                status, _ = s.accept(token)
                dead += status is None
            welcome += s.logon()
    ok(not welcome, f'{len(tokens)} malformed tokens prove nobody')
    note(f'{dead} of them were not answered any more')

    # A right beginning, then a proof whose fields lie.
    for at, value in ((12, b'\xff\xff'), (16, b'\xff\xff\xff\xff'), (20, b'\xff\xff'), (20, b'\0\0'), (24, b'\xff\xff\xff\x7f'),
                      (28, b'\xff\xff'), (36, b'\xff\xff'), (40, b'\0\0\0\0'), (52, b'\xff\xff'), (56, b'\xfe\xff\xff\xff'),
                      (60, b'\0\0\0\0'), (72, None), (120, None)):    # None: another value than it has by chance
        with Session(h) as s:
            s.edit = lambda token: token[:at] + (value or bytes([token[at] ^ 1])) + token[at + len(value or b'?'):]
            s.log_in('mallory')
            ok(not s.logon(), f'a proof with other bytes at {at} proves nobody') or note(s.log())


def try_replay(h):
    with Session(h) as s:
        s.log_in('mallory')
        tokens, first = s.tokens, s.logon()
    with Session(h) as s:
        for token in tokens:
            s.accept(token)
        ok(first and not s.logon() and s.logs(f'login failed: user "mallory" from {s.address}'),
           'a log-in that is played again to another kagami-auth is refused, and logged') or note(s.log())
    with Session(h) as s:       # within one attempt
        s.log_in('mallory')
        again = [s.accept(token)[0] for token in s.tokens]
        logs = len(re.findall('login', s.log()))
        ok(0 not in again, 'a log-in cannot be shown twice to the same kagami-auth') or note((again, logs, s.log()))
    with Session(h) as s:
        s.log_in('mallory', 'wrong')
        ok(not s.logon() and s.logs(f'login failed: user "mallory" from {s.address}'),
           'a wrong password proves nobody, and is logged') or note(s.log())


# ---- the desktop, through a view ----

GRAPHICS, SUPPRESS, REFRESH, CREDIT, ACKNOWLEDGED, KEY, TEXT, MOTION, BUTTON, WHEEL, LOCKS, OFFER = range(2, 14)


def wrong_values():
    def of(number, layout, *values):
        return message(number, struct.pack('<' + layout, *values))
    yield from ((f'OPEN with {what}', view_open(**how), False) for what, how in (
        ('no width', {'width': 0}), ('no height', {'height': 0}), ('scale 99', {'scale': 99}),
        ('scale 65535', {'scale': 65535}), ('path 0', {'path': 0}), ('path 255', {'path': 255}), ('keyboard 0', {'keyboard': 0}),
        ('keyboard 255', {'keyboard': 255}), ('pointers of 0', {'cursor': 0}), ('pointers of 65535', {'cursor': 65535}),
        ('no slots', {'slots': 0}), ('bitmaps of 0', {'path': 2, 'bitmaps': 0}), ('RemoteFX 2', {'path': 2, 'remotefx': 2}),
        ('RemoteFX 255', {'path': 2, 'remotefx': 255}), ('video mode 2', {'path': 2, 'remotefx': 1, 'video': 2})))
    for version in (0, 0x12345678, 0xffffffff):
        yield f'graphics {version:#x}', of(GRAPHICS, 'III', version, 0, 1), True
    for on in (2, 0xffffffff):
        yield f'suppression {on}', of(SUPPRESS, 'I', on), True
    yield 'a rectangle with its right at its left', of(REFRESH, 'HHHH', 10, 0, 9, 9), True
    yield 'a rectangle with its bottom at its top', of(REFRESH, 'HHHH', 0, 65535, 9, 0), True
    for position in (1, 1 << 22, 1 << 63, (1 << 64) - 1):
        yield f'credit to {position:#x}, never written', of(CREDIT, 'Q', position), True
    for frame in (1, 77, 0x7fffffff):      # the numbers wrap: those from 0x80000001 on are of before
        yield f'acknowledgement of frame {frame}, never sent', of(ACKNOWLEDGED, 'III', frame, 0, 1), True
    for flags, down in ((0xff, 1), (0, 2), (0, 255)):
        yield f'a key with flags {flags} and {down}', of(KEY, 'BBB', 30, flags, down), True
    yield 'a character with 2', of(TEXT, 'HB', 65, 2), True
    for x, y, relative in ((-1, 0, 0), (0, 65536, 0), (0x7fffffff, 0, 0), (-0x80000000, 0, 1), (0, 32768, 1), (0, 0, 2)):
        yield f'a motion to {x}, {y}, kind {relative}', of(MOTION, 'iiB', x, y, relative), True
    for evdev, down in ((0, 1), (30, 1), (0x10f, 1), (0x115, 1), (65535, 1), (0x110, 2)):
        yield f'button {evdev} with {down}', of(BUTTON, 'HB', evdev, down), True
    for units, horizontal in ((257, 0), (-257, 0), (32767, 0), (-32768, 1), (120, 2)):
        yield f'a wheel of {units} units, {horizontal}', of(WHEEL, 'hB', units, horizontal), True
    for locks in (0x10, 0xffffffff):
        yield f'locks {locks:#x}', of(LOCKS, 'I', locks), True


def broken_messages():
    rows = [row for row in tables() if row.set == 'view']
    for row in rows:
        if row.side == 'B':
            yield f'{row.name}, its own,', message(row.id, bytes(row.least)), f'{row.name} .*wrong direction', True
            continue
        opening = row.phases & 1
        yield (f'{row.name} at the wrong time', message(row.id, bytes(row.least)), f'{row.name} .*not now', bool(opening))
        for size in broken_sizes(row):
            yield f'{row.name} of {size} bytes', message(row.id, bytes(size)), TOO_LONG.format(row.name), not opening
    for number in (0, 14, 63, 71, 128, 255, 65535):
        yield f'message {number}', message(number), 'not in the table', True
    yield '2 bytes', b'\1\0', 'out of all limits', True
    yield '30,000 bytes', message(5, bytes(30000)), 'out of all limits', True


def try_view(h, what, packet, pattern, opened, fds=0, count=1):
    """The view ends with a line of the desktop's that says why. Four views to a session: kagamid gives no more."""
    s = h.viewer
    if s is None or h.views == 4:
        if s:
            s.close()
        s = h.viewer = Session(h)
        h.views = 0
        if not log_on(s):
            note(s.log())
    h.views += 1
    h.pace('desktop good')
    mark = h.mark()
    ready = s.attach() and (not opened or s.open_view())
    s.send('view', packet, count, fds)
    packets = s.drain()
    lines = h.logs(rf'^.*desktop good\[\d+\]: .*sent .* on the view channel: .*$', mark)
    good = ready and packets is not None and len(lines or []) == 1 and re.search(pattern, lines[0])
    ok(good, f'a view ends when its session sends {what}, with one line that says why') or \
        note((ready, packets is None, lines, h.log(mark)))


def try_views(h, bystander):
    h.viewer, h.views = None, 0
    for n, (what, packet, opened) in enumerate(wrong_values()):
        try_view(h, what, packet, 'its values are wrong', opened)
    ok(bystander.is_well(), 'another view of the same desktop is unharmed by all values')
    for what, packet, pattern, opened in broken_messages():
        try_view(h, what, packet, pattern, opened)
    ok(bystander.is_well(), 'another view of the same desktop is unharmed by all messages')
    h.viewer.close()


def try_credit_backwards(h):
    with Session(h) as s:
        ready = s.whole_way('mallory')
        s.send('view', message(GRAPHICS, struct.pack('<III', 0x000A0701, 0x20, 1)))
        packet = s.receive('view')
        while packet and packet[0] != 66:       # SLICE
            packet = s.receive('view')
        position, length = struct.unpack('<QI', packet[4:16]) if packet else (0, 0)
        mark = h.mark()
        for to in (position + length, 0):
            s.send('view', message(CREDIT, struct.pack('<Q', to)))
        ended = s.drain()
        ok(ready and length and ended is not None and h.logs('sent KG_VIEW_CREDIT .*values are wrong', mark),
           'credit that goes backwards ends the view') or note((ready, length, ended, h.log(mark)))


def try_floods(h, bystander):
    for what, packet, graphics in (
            ('keys', message(KEY, bytes((30, 0, 1))), True), ('motions', message(MOTION, struct.pack('<iiB', 9, 9, 0)), True),
            ('refreshes', message(REFRESH, struct.pack('<HHHH', 0, 0, 65535, 65535)), True),
            ('resets of the graphics', message(GRAPHICS, struct.pack('<III', 0x000A0701, 0x20, 1)), True),
            ('suppressions', message(SUPPRESS, struct.pack('<I', 1)), True),
            ('refreshes of bitmaps', message(REFRESH, struct.pack('<HHHH', 0, 0, 640, 480)), False)):
        with Session(h) as s:
            ready = s.whole_way('mallory', graphics)
            if graphics:
                s.send('view', message(GRAPHICS, struct.pack('<III', 0x000A0701, 0x20, 1)))
            said = s.send('view', packet, 10000)
            # It reads nothing. Either all was taken, or the desktop gave the view up; the other view has its picture.
            ok(ready and said and bystander.is_well() and 'on the view channel' not in s.log(), f'10,000 {what} from a session that never reads disturb no other view') \
                or note((ready, said, s.log()[-3000:]))
    mark = h.mark()
    with Session(h) as s:
        ready = s.whole_way('mallory')
        s.send('view', message(99), 10000)
        ok(ready and s.drain() is not None and bystander.is_well() and len(h.logs('on the view channel', mark)) == 1,
           '10,000 malformed messages end the view at the first') or note(h.log(mark)[-3000:])


# ---- without the lock ----

def try_descriptors(h, bystander):
    """Only a session whose lock is broken can pass descriptors at all."""
    for row in tables():
        if row.set == 'session' and row.side == 'B' and row.phases & (HANDSHAKE | OPEN):
            prepare = (lambda s: True) if row.phases & HANDSHAKE else log_on
            for fds in (1, 5):
                try_violation(h, f'{row.name} with {fds} descriptors', message(row.id, bytes(row.least)),
                              'number of descriptors|out of all limits', prepare, fds)
    h.viewer, h.views = None, 0
    for row in tables():
        if row.set == 'view' and row.side == 'A':
            try_view(h, f'{row.name} with a descriptor', message(row.id, bytes(row.least)), 'wrong number of descriptors',
                     not row.phases & 1, fds=1)
    h.viewer.close()
    with Session(h) as s:
        s.send('login', message(2, bytes(8)), fds=1)
        ok(s.logs(r'auth\[\d+\]: .*wrong number of descriptors') and not s.logon(),
           'a descriptor to kagami-auth ends the attempt') or note(s.log())
    ok(bystander.is_well(), 'another view is unharmed by stray descriptors')


def try_passwords():
    """TLS without NLA: kagami-auth waits for a password."""
    if os.geteuid():
        skip('sessions where a password is wanted: only root can ask PAM')
        return
    with Hostile({'good': ('', ['anna'])}, security='tls') as h:
        h.become('locked')
        with Session(h) as s:
            s.send('control', message(6, bytes(36)))
            s.ask('close control')
            s.ask('close login')
            s.is_dead()
        with Session(h) as s:
            s.send('control', message(6, bytes(36)))
            s.ask('close login')
            ok(s.receive('control') and s.said[9:11] == '07' and s.said[17:25] == '00000000',
               'LOGON without a password is not welcome') or note((s.said, s.log()))
        with Session(h) as s:
            s.send('login', message(6, struct.pack('<HH', 65535, 65535)))
            ok(s.drain('login') is not None and not s.logon(), 'a password longer than its message proves nobody') or \
                note(s.log())
        with Session(h) as s:
            s.send('login', message(1, struct.pack('<II', 0, 4) + b'\x60\x02\x01\x01'))
            ok(s.logs('KG_LOGIN_ACCEPT .*not now') and not s.logon(), 'a token where a password is wanted ends the attempt') \
                or note(s.log())
        ok(h.process.poll() is None, 'kagamid goes on after sessions that close their channels in the middle') or note(h.log())


def main():
    with Hostile({'good': ('', ['anna', 'mallory'])}, level='warning') as h:
        bystander = Bystander(h, 'anna')
        bystander.pid, = h.become('locked')
        try_kernel(h, bystander)
        ok(alive(bystander.pid) and bystander.is_well(), 'a true session beside them is unharmed')
        try_control_table(h)
        try_signing(h)
        try_log_on(h)
        ok(bystander.is_well(), 'a true session is unharmed by what others send to kagamid')
        try_auth_table(h)
        try_questions(h)
        try_tokens(h)
        try_replay(h)
        ok(bystander.is_well(), 'a true session is unharmed by what others send to kagami-auth')
        try_views(h, bystander)
        try_credit_backwards(h)
        try_floods(h, bystander)
        h.become('unlocked')
        try_descriptors(h, bystander)
        h.become('')
        other = h.client('mallory')
        ok(other.read() == 'connected' and other.has_picture(), 'after all of them a true client logs in and has a picture')
        other.end()
        ok(bystander.is_well() and alive(bystander.pid) and h.process.poll() is None,
           'the true session was never disturbed, and kagamid is the same process')
        bystander.client.end()
        ok(wait_until(lambda: not h.stop(), 1), 'kagamid ends without an error')
    try_passwords()
    done()


if __name__ == '__main__':
    main()
