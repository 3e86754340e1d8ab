#!/usr/bin/env python3
"""A desktop built to misbehave: against the kernel, kagamid, and the sessions that show it. Each attack is refused and
logged, the client is told, and a true desktop beside it goes on undisturbed."""
import os
import re
import struct
import sys

sys.path.insert(0, os.path.join(os.environ.get('top_srcdir', '.'), 'tests', 'hostile'))
from hostile import Bystander, Hostile, SANITIZED, done, message, note, ok, skip, tables  # noqa: E402

RING, SIZE, SLICE, CURSOR, WARP, LEDS, END = range(64, 71)
GRAPHICS_SLICE, BITMAPS = 1, 2
READY, PONG, LOST = 3, 6, 7


def host(packet, count=1, fds=0):
    return f'host {count} {fds} {packet.hex()}'


def view(packet, count=1, fds=0):
    return f'view {count} {fds} {packet.hex()}'


def size(width=640, height=480):
    return view(message(SIZE, struct.pack('<HH', width, height)))


def piece(position, length, kind=BITMAPS, last=1, frame=1, reset=0):
    return view(message(SLICE, struct.pack('<QIBBII', position, length, kind, last, frame, reset)))


def cursor(what=2, slot=0, width=1, height=1, x=0, y=0, position=0, zero=0, count=1):
    return view(message(CURSOR, struct.pack('<BBHHHHHQ', what, zero, slot, width, height, x, y, position)), count)


def record(left=0, top=0, width=4, height=1, data_width=4, compressed=0, zero=0, length=16):
    return struct.pack('<HHHHHBBI', left, top, width, height, data_width, compressed, zero, length)


def bitmap(data=bytes(16), **how):
    """A slice with one record that lies."""
    bytes_ = record(**how) + data
    return ['ring', size(), f'put 0 {bytes_.hex()}', piece(0, len(bytes_)), 'wait 3000']


CALLS = '''openat2 truncate chdir mount socket socket_unix socketpair connect bind listen sendto reuseaddr
    ptrace ptrace_seize kill kill_parent kill_all tgkill sigqueue pidfd_open vm_read prlimit_other setpriority
    execve execveat clone clone3 unshare mmap_exec mprotect_exec userfaultfd io_uring bpf keyctl
    setuid setresuid setgroups setrlimit prlimit dumpable deathsig ioctl_tty setown'''.split()
DENIED = 'openat openat_write newfstatat proc_mem proc_maps proc_environ proc_parent'.split()

SESSION = r'session\[\d+\]: .*'


def session_attacks():
    """On the view channel, to a true session: (what, steps, the line it logs, whether the client has the graphics
    pipeline). Each costs the desktop its view."""
    good = ['ring', size()]
    wait = 'wait 3000'
    rows = [row for row in tables() if row.set == 'view']
    for row in rows:
        body = bytes(row.least)
        if row.side == 'A':
            yield f'{row.name}, the session\'s own,', [*good, view(message(row.id, body)), wait], f'{row.name} .*direction', True
            continue
        for fds in (0, 1, 2):
            if fds != row.fd:
                yield (f'{row.name} with {fds} descriptors',
                       [*(good if row.id != RING else []), view(message(row.id, body), 1, fds), wait],
                       f'{row.name} .*number of descriptors', True)
        for wrong in sorted({0, row.least - 1, row.most + 1} - set(range(row.least, row.most + 1)) - {-1}):
            yield (f'{row.name} of {wrong} bytes', [*(good if row.id != RING else []), view(message(row.id, bytes(wrong)),
                                                                                           1, row.fd), wait],
                   f'({row.name} .*wrong size|a message .*out of all limits)', True)
        if row.id not in (RING, END):
            yield f'{row.name} before RING', [view(message(row.id, body)), wait], f'{row.name} .*not now', True
    for number in (0, 14, 63, 71, 255, 65535):
        yield f'message {number}', [*good, view(message(number)), wait], 'a message .*not in the table', True
    yield '2 bytes', [*good, view(b'\1\0'), wait], 'a message .*out of all limits', True
    yield '30,000 bytes', [*good, view(message(END, bytes(30000))), wait], 'a message .*out of all limits', True
    yield '10,000 malformed messages', [*good, view(message(99), 10000), wait], 'a message .*not in the table', True
    yield 'a second RING', [*good, 'ring', wait], 'KG_VIEW_RING .*not now', True

    values = 'values are wrong'
    for width, height in ((0, 0), (0, 480), (640, 0), (65535, 65535), (8193, 8)):
        yield f'SIZE {width}x{height}', ['ring', size(width, height), wait], f'KG_VIEW_SIZE .*{values}', True
    for what, position, length, how in (
            ('of no bytes', 0, 0, {}), ('beyond the ring', 0, 1 << 20, {}), ('longer than any', 0, (1 << 20) + 1, {}),
            ('of 4 GiB', 0, 0xffffffff, {}), ('over the ring\'s end', 65530, 20, {}), ('at the last position', (1 << 64) - 10, 10, {}),
            ('of another path', 0, 10, {'kind': GRAPHICS_SLICE}), ('of no kind', 0, 10, {'kind': 0}),
            ('with last 2', 0, 10, {'last': 2})):
        yield f'a slice {what}', [*good, piece(position, length, **how), wait], f'KG_VIEW_SLICE .*{values}', False
    yield 'slices that go backwards', [*good, 'put 0 ' + (record() + bytes(16)).hex(), piece(65536, 32), piece(0, 32), wait], \
        f'KG_VIEW_SLICE .*{values}', False
    yield 'a slice of bitmaps on the graphics path', [*good, piece(0, 10), wait], f'KG_VIEW_SLICE .*{values}', True
    yield '200 sizes at once', [*good, *([size(600, 400), size(640, 480)] * 100), wait], \
        'the desktop sent more than it had credit for', False
    for what, how in (('of no width', {'width': 0}), ('of no height', {'height': 0}), ('of 65535x65535', {'width': 65535,
                      'height': 65535}), ('larger than the client takes', {'width': 385, 'height': 1}),
                      ('with its hot spot outside', {'x': 1}), ('for slot 65535', {'slot': 65535}),
                      ('that was never sent', {'what': 1}), ('of kind 9', {'what': 9}),
                      ('that lies beyond the ring', {'position': 65534}), ('at the last position', {'position': (1 << 64) - 4})):
        yield f'a pointer {what}', [*good, cursor(**how), wait], f'KG_VIEW_CURSOR .*{values}', True
    for what, lines in ((WHAT, bitmap(**how)) for WHAT, how in (
            ('of no width', {'width': 0}), ('of no height', {'height': 0}), ('beyond the right', {'left': 638}),
            ('beyond the bottom', {'top': 480}), ('of 65535 columns', {'width': 65535}), ('at 65535', {'left': 65535}),
            ('whose rows are longer', {'data_width': 8}), ('whose rows are shorter', {'width': 5}),
            ('longer than its slice', {'length': 17}), ('of 4 GiB', {'length': 0xffffffff}), ('shorter than its rows', {'length': 15}),
            ('with compression 2', {'compressed': 2}), ('with a value where zero has to be', {'zero': 1}))):
        yield f'a bitmap {what}', lines, 'the desktop sent (a malformed|a piece of a) bitmap', False
    yield 'a compressed bitmap of no bytes', bitmap(b'', compressed=1, length=0), 'too long for this client', False
    yield 'half a record', [*good, piece(0, 9), wait], 'the desktop sent a piece of a bitmap', False
    for what in ('unsealed', 'shrinkable', 'size3', 'huge', 'empty', 'pipe', 'null', 'socket'):
        yield f'RING with a descriptor that is {what}', [f'fd {what}', size(), piece(0, 100), wait], \
            'cannot use the desktop\'s ring', False


def kagamid_attacks():
    """On the channel to kagamid, after READY: (what, steps, the line it logs). Each costs the desktop its life."""
    rows = [row for row in tables() if row.set == 'host']
    for row in rows:
        body = bytes(row.least)
        if row.side == 'A':
            yield f'{row.name}, kagamid\'s own,', [host(message(row.id, body))], f'{row.name} .*wrong direction'
            continue
        if not row.phases & 2:
            yield f'{row.name} twice', [host(message(row.id, body))], f'{row.name} .*not now'
            continue
        yield f'{row.name} with a descriptor', [host(message(row.id, body), 1, 1)], f'{row.name} .*number of descriptors'
        for wrong in sorted({0, row.least - 1, row.most + 1} - set(range(row.least, row.most + 1)) - {-1}):
            yield f'{row.name} of {wrong} bytes', [host(message(row.id, bytes(wrong)))], \
                f'({row.name} .*wrong size|a message .*out of all limits)'
    for number in (0, 9, 255, 65535):
        yield f'message {number}', [host(message(number))], 'not in the table'
    yield '1 byte', [host(b'\3')], 'out of all limits'
    yield '20,000 bytes', [host(message(LOST, bytes(20000)))], 'out of all limits'
    yield '10,000 malformed messages', [host(message(77), 10000)], 'not in the table'
    for number in (0, 1 << 40, (1 << 64) - 1):
        yield f'PONG {number}', [host(message(PONG, struct.pack('<Q', number)))], 'KG_HOST_PONG .*values are wrong'
    yield 'PONGs with wrong numbers', ['pong 1000'], 'KG_HOST_PONG .*values are wrong'
    yield 'no PONG', ['deaf'], 'no heartbeat'
    yield 'a malformed message from 200 MiB, which take their time to go', ['eat 200', host(message(9))], 'not in the table'


# ---- what is to be seen ----

def try_kagamid():
    """Desktops that kagamid starts by itself, all at once, each with one attack."""
    calls = [] if SANITIZED else CALLS
    denied = DENIED[:2] if SANITIZED else DENIED        # its runtime needs /proc, and what is no file is the filter's part
    attacks = list(kagamid_attacks())
    scripts = {f'call-{call}': f'ready\ncall {call}\n' for call in calls}
    scripts.update((f'attack-{n}', '\n'.join(['ready', *steps]) + '\n') for n, (_, steps, _) in enumerate(attacks))
    scripts['denied'] = '\n'.join(['ready', *(f'call {call}' for call in denied)]) + '\n'
    places = {name: (f'hostile:{name}', [f'user-{name}'], 'start = always') for name in scripts}
    places['good'] = ('', ['anna', 'bert'])
    with Hostile(places, scripts) as h:
        bystander = Bystander(h, 'anna')
        if not calls:
            skip('system calls of a desktop: a build with a sanitizer has no filter')
        for call in calls:
            dead = h.logs(rf'desktop call-{call}: the process has ended: killed by signal 31', 0, 20)
            ok(dead and f'call {call} ' not in h.log(), f'the call "{call}" kills the desktop, and that is logged')
        seen = [bool(h.logs(rf'desktop denied\[\d+\]: .*call {call} EACCES')) for call in denied]
        ok(all(seen), 'a desktop opens no file and reads no /proc') or note(seen)
        for n, (what, _, pattern) in enumerate(attacks):
            ok(h.logs(rf'^.*desktop attack-{n}\b.*{pattern}', 0, 20),
               f'{what} from a desktop costs it its life, and that is logged')
        ok(bystander.is_well() and h.process.poll() is None, 'a true desktop is unharmed by all of that')
        other = h.client('bert')
        ok(other.read() == 'connected' and other.has_picture(), 'after all of that kagamid serves another client')
        other.end()
        bystander.client.end()
        ok(not h.stop(), 'kagamid ends without an error')


REASON = r'ended 0x(?!2)[0-9a-f]+ \w+'      # what the server said; 0x2... is what the client makes of a lost connection


def try_group(h, name, attacks):
    """One client, a desktop that breaks each of its four views, and a session that then gives up."""
    mark = h.mark()
    client = h.client(f'user-{name}', *([] if attacks[0][3] else ['--no-graphics']))
    first = client.read()
    last = client.told(20)
    h.logs(f'session ended: user "user-{name}"', mark)
    log = at = h.log(mark)
    for what, _, pattern, _ in attacks:
        seen = re.search(rf'^.*{SESSION}{pattern}.*$', at, re.M)
        ok(seen, f'{what} from a desktop costs it the view, and that is logged') or note(log)
        at = at[seen.end():] if seen else at
    ok(first == 'connected' and re.match(REASON, last), f'the client of that desktop is told ({last})') or note((first, log))


def try_ring(h):
    mark = h.mark()
    client = h.client('user-shrinks')
    first = client.read()
    ok(first == 'connected' and h.logs('shrink EPERM, grow EPERM', mark), 'a desktop cannot change the size of a ring that it gave') \
        or note(h.log(mark))
    client.process.kill()
    client.end()


def try_ends(h):
    """What is allowed, but not nice."""
    for name in ('end', 'end-unknown'):
        mark = h.mark()
        client = h.client(f'user-{name}')
        first, last = client.read(), client.told()
        ok(first == 'connected' and re.match(REASON, last) and h.logs('the desktop ends the view: ', mark) and
           not re.search(r'^forged', h.log(mark), re.M), f'END in the middle ({name}) is logged in one line, and the client is told') \
            or note((first, last, h.log(mark)))
    for name in ('floods', 'floods-bitmap', 'sizes', 'slices'):
        mark = h.mark()
        client = h.client(f'user-{name}', *(['--no-graphics'] if 'bitmap' in name else []))
        first = client.read()
        sent = h.logs(r'hostile: done', mark, 20)
        left = client.ask('stats').startswith('ok') or any(line.startswith('ended 0x') for line in client.lines + [client.told()])
        ok(first == 'connected' and sent and left and h.process.poll() is None, f'messages by the thousand end nothing but the view ({name})') or \
            note((first, sent, client.lines, h.log(mark)))
        client.process.kill()
        client.end()
    for name, what in (('shy', 'closes each view'), ('sly', 'shows a picture before it breaks each view')):
        mark = h.mark()
        client = h.client(f'user-{name}', '--no-graphics')
        first, last = client.read(), client.told(20)
        ok(first == 'connected' and re.match(REASON, last) and h.logs(f'session ended: user "user-{name}"', mark),
           f'a desktop that {what} is given up, and the client is told ({last})') or note((first, last, h.log(mark)))


def grouped(attacks, size_of_group):
    """name -> attacks, the last group filled up."""
    groups = {}
    for graphics in (True, False):
        of_kind = [attack for attack in attacks if attack[3] == graphics]
        for n in range(0, len(of_kind), size_of_group):
            groups[f'{"g" if graphics else "b"}{n}'] = (of_kind[n:n + size_of_group] + of_kind[-1:] * size_of_group)[:size_of_group]
    return groups


def try_views():
    groups = grouped(list(session_attacks()), 4)
    scripts = {name: ''.join('views\n' + '\n'.join(steps) + '\n' for _, steps, _, _ in attacks)
               for name, attacks in groups.items()}
    picture = record() + bytes(16)
    flood = [view(message(WARP, b'\xff\xff\xff\xff'), 10000), view(message(LEDS, b'\xff\xff\xff\xff'), 10000),
             cursor(what=0, count=10000), 'say done', 'wait 2000']
    sizes = [size(600, 400), size(640, 480)] * 100 + ['say done', 'wait 2000']
    slices = [view(message(SLICE, struct.pack('<QIBBII', 8 * n, 8, GRAPHICS_SLICE, 0, 1, 0))) for n in range(3000)]
    for name, steps in (
            ('shrinks', ['ring', size(), 'shrink', 'wait 2000']), ('shy', ['close']), ('floods', ['ring', size(), *flood]),
            ('floods-bitmap', ['ring', size(), *flood]), ('sizes', ['ring', *sizes]), ('slices', ['ring', size(), *slices, 'say done', 'wait 2000']),
            ('sly', ['ring', size(), f'put 0 {picture.hex()}', piece(0, len(picture)), 'until 6', view(message(99)), 'wait 3000']),
            ('end', ['ring', size(), view(message(END, struct.pack('<I', 5) + b'gone\nforged: line')), 'wait 2000']),
            ('end-unknown', ['ring', size(), view(message(END, struct.pack('<I', 0xffffffff) + bytes(256))), 'wait 2000'])):
        scripts[name] = '\n'.join(['views', *steps]) + '\n'
    places = {name: (f'hostile:{name}', [f'user-{name}']) for name in scripts}
    places['good'] = ('', ['anna'])
    with Hostile(places, scripts) as h:
        bystander = Bystander(h, 'anna')
        for name, attacks in groups.items():
            try_group(h, name, attacks)
        ok(bystander.is_well(), 'a true session and its desktop are unharmed by what other desktops send')
        try_ring(h)
        try_ends(h)
        ok(bystander.is_well() and h.process.poll() is None,
           'the true desktop was never disturbed, and kagamid is the same process')
        bystander.client.end()
        ok(not h.stop(), 'kagamid ends without an error')


def main():
    try_kagamid()
    try_views()
    done()


if __name__ == '__main__':
    main()
