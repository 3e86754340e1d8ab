#!/usr/bin/env python3
"""kagamid's connections: hand-over, log-in, take-over, deadlines, limits, the end. With fake programs, see broker/fake.py."""
import os
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ.get('top_srcdir', '.'), 'tests', 'broker'))
from harness import BUILD, SLOW, Client, Kagamid, children, done, note, ok, seed, skip, state_of, wait_until  # noqa: E402

USERS = '''
[server]
security = nla
[limits]
handshake = {handshake}
failures = 5
slow-max = 1
[desktop first]
kind = still
users = anna bert
[desktop second]
kind = still
users = carl
'''


def accounts(*names):
    def make(kagamid):
        os.makedirs(os.path.dirname(kagamid.hashes), 0o700)
        for name in names:
            subprocess.run([os.path.join(BUILD, 'kagamictl'), '--hashes', kagamid.hashes, 'passwd', name], text=True,
                           input=f'secret of {name}'.replace(' ', '-') + '\n', check=True, stdout=subprocess.DEVNULL)
    return make


def password(name):
    return f'secret-of-{name}'


def test_way_of_a_connection():
    # A descriptor that a careless shell leaves open must not get further than kagamid.
    with open('/dev/null') as leaked, Kagamid(pass_fds=(os.dup2(leaked.fileno(), 63),)) as k:
        ok(all(w in k.shown for w in ('address', 'user', 'password', 'certificate', 'connect')),
           'the flags only: address, user, password, fingerprint and a client\'s command line are shown')
        ok(k.password in k.shown['connect'] and re.search(r'sha256:([0-9a-f]{2}:){31}[0-9a-f]{2}$', k.shown['connect']),
           'the command line has password and fingerprint')
        ok(k.password not in k.log(), 'the password is in no log line')
        c = k.client().hello()
        ok(c.ask('sign good') == 'signed 1 256', 'a handshake is signed')
        ok(c.ask(f'log_in kagami {k.password}').startswith('welcome 1 '), 'the right password is welcome')
        ok(c.ask('attach').startswith('view '), 'a session that is logged in gets a view')
        ok(c.ask('see') == f'seen a view of {k.desktop_pid()}', 'the view is the desktop\'s')
        ok(k.logs('login: user "kagami" from 127.0.0.1 session '), 'the log-in is logged')
        ok(c.ask('environment') == 'HOME KG_LOG_PREFIX LANG PATH TZ', 'a session has no variables of kagamid\'s')
        ok(c.ask('descriptors') in ('0 1 2 3 4 5 6 7', '0 1 2 3 4 5 6'), 'a session has no descriptors of kagamid\'s')
        c.ask('say <3>forged:\\nerror:\\nkagamid:\\nlogin:')
        ok(k.logs(': forged:') and not re.search(r'^(error|kagamid: (error: )?login):', k.log(), re.M) and
           re.search(r'^kagamid: error: session\[\d+\]: forged:$', k.log(), re.M),
           'what a session writes cannot pass for a line of kagamid\'s')
        c.ask('flood 100000')
        ok(wait_until(lambda: 'lines left out' in k.log() or k.log().count(': line ') >= 100) and
           k.log().count(': line ') < 1000, 'what a session writes is limited')
        c.close()
        ok(k.logs('session ended: user "kagami" from 127.0.0.1'), 'the end of a session is logged')


def test_log_in():
    with Kagamid(config=USERS.format(handshake=15), before=accounts('anna', 'bert', 'carl', 'dora')) as k:
        good, _, _ = k.client().log_in('anna', 'wrong')
        ok(not good and k.logs('login failed: user "anna" from 127.0.0.1\n'), 'a wrong password is not welcome, and logged')
        good, _, _ = k.client().log_in('a"b\\c', 'wrong')
        ok(not good and k.logs('login failed: user "a?b?c" from 127.0.0.1\n'), 'a name in the log cannot end its quotes')
        c = k.client()
        good, _, _ = c.log_in('ANNA', password('anna'))
        ok(good, 'capitals in a name do not matter')
        c.ask('attach')
        first = c.ask('see')
        d = k.client()
        d.log_in('carl', password('carl'))
        d.ask('attach')
        second = d.ask('see')
        ok(first.startswith('seen ') and second.startswith('seen ') and first != second, 'each user gets the own desktop')
        e = k.client()
        e.log_in('dora', password('dora'))
        ok(e.ask('attach') == 'end no desktop', 'a user without a desktop is told so')
        f = k.client().hello()
        ok(f.ask('logon').startswith('welcome 0 '), 'nobody is welcome without a proof')
        g = k.client().hello()
        ok(g.ask(f'relay bert {password("bert")}').startswith('welcome 0 ') and
           k.logs('login failed: user "bert" from 127.0.0.1\n'), 'a log-in that was made for another server is not welcome')
        h = k.client().hello()
        h.ask(f'prove bert {password("bert")}')
        line = next(line for line in k.ctl('sessions').stdout.splitlines() if '\thandshake\t' in line)
        ok(line.split('\t')[2] == '-', 'a user whose log-in is not known to be meant for this server is not shown as proved')
        h.close()
        ok(k.logs('from 127.0.0.1: the log-in of user "bert" was right, but not finished'),
           'a log-in that was right and went no further is logged')


def test_misbehaviour():
    attach = '08000000' + '00' * 100
    with Kagamid() as k:
        for what, line, reason in (
                ('asks for a desktop before the log-in', f'raw {attach}', 'not now'),
                ('sends what is in no table', 'raw ffff0000', 'not in the table'),
                ('sends a message of a wrong size', 'raw 060000001234', 'wrong size'),
                ('sends kagamid\'s own message', 'raw 07000000' + '00' * 280, 'wrong direction'),
                ('wants a text signed that is no handshake', 'sign bad', 'not the bytes that a TLS server signs')):
            c = k.client().hello()
            c.say(line)
            ok(c.read() in ('', 'sent') and c.read() == '' and k.logs(reason), f'a session that {what} is ended')
        c = k.client().hello()
        c.ask('sign good')
        c.say('sign good')
        ok(c.read() == '' and k.logs('asked for a second signature'), 'a session that wants a second signature is ended')
        c = k.client()
        c.log_in('kagami', 'wrong')
        c.say(f'log_in kagami {k.password}')
        ok(c.read() == '' and k.logs('its auth asked for a second key'), 'a session that tries a second password is ended')
        c = k.client()
        c.log_in('kagami', k.password)
        c.say('log_in kagami x')
        ok(c.read() == '' and k.logs('LOGON'), 'a session that logs in twice is ended')
        c = k.client()
        c.log_in('kagami', k.password)
        answers = [c.ask('attach') for _ in range(8)]
        ok(answers[0].startswith('view ') and answers[-1] == '' and k.logs('ATTACH too often'),
           'a session that takes view after view is ended')
        ok(k.client().log_in('kagami', k.password)[0], 'after all of them others are served')


def test_take_over_and_cookie():
    with Kagamid() as k:
        first = k.client()
        _, id1, random1 = first.log_in('kagami', k.password)
        first.ask('attach')
        second = k.client()
        _, id2, random2 = second.log_in('kagami', k.password)
        ok(second.ask('attach').startswith('view '), 'a second log-in of a user gets the desktop')
        ok(first.read() == 'end taken over' and first.read() == '', 'the first one is told')
        ok(k.logs(': taken over'), 'the take-over is logged')
        back = k.client()
        back.log_in('kagami', k.password)
        ok(back.ask(f'attach {id1} {random1}') == 'end taken over',
           'an old client that comes back by itself does not take the desktop away')
        pid = int(second.ask('see').split()[-1])
        sessions = [line.split('\t') for line in k.ctl('sessions').stdout.splitlines()[1:]]
        ok([s[1] for s in sessions].count('attached') == 1 and pid == k.desktop_pid(), 'one session has it')
        os.kill(int(second.ask('pid')), signal.SIGKILL)
        ok(second.read() == '' and k.logs('killed by signal 9'), 'a session that was killed is logged')
        start = time.monotonic()
        third = k.client()
        third.log_in('kagami', k.password)
        ok(third.ask(f'attach {id2} {random2}').startswith('view ') and time.monotonic() - start < 1 * SLOW and
           third.ask('see') == f'seen a view of {pid}', 'its client comes back with the cookie, to the same desktop process')
        ok(k.logs('user "kagami" comes back by itself\n'), 'the good cookie is known')


def test_deadlines():
    with Kagamid(config=USERS.format(handshake=1), before=accounts('anna')) as k:
        silent, hung = k.client(), k.client().hello()
        start = time.monotonic()
        hung.say('hang')
        ok(hung.read() == '' and 0.8 < time.monotonic() - start < 2 * SLOW and k.logs('from 127.0.0.1: deadline'),
           'a session that is stuck before the log-in is killed')
        ok(silent.read() == '' and time.monotonic() - start < 2 * SLOW, 'a connection without a word is closed')
        c = k.client()
        c.log_in('anna', password('anna'))
        start = time.monotonic()
        c.say('hang')
        ok(c.read() == '' and time.monotonic() - start < 2 * SLOW, 'a session that never wants its desktop is killed')
        c = k.client()
        c.log_in('anna', password('anna'))
        c.ask('attach')
        time.sleep(1.3)     # the deadline must not fire
        ok(c.ask('see').startswith('seen '), 'one that has it goes on')


def open_files(pid):
    """0 where only root may count them."""
    try:
        return len(os.listdir(f'/proc/{pid}/fd'))
    except PermissionError:
        return 0


def cpu_us(pid):
    fields = open(f'/proc/{pid}/stat').read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000000 // os.sysconf('SC_CLK_TCK')


def test_half_open():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 4096:
        return skip(f'1000 half-open connections: {hard} descriptors')
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    with Kagamid() as k:
        before = open_files(k.process.pid)
        processes = len(children(k.process.pid))
        held = [socket.create_connection(('127.0.0.1', k.port)) for _ in range(1000)]
        for s in held[::2]:
            s.send(b'\x03\0\0')     # less than a request
        start = time.monotonic()
        c = k.client()
        good, _, _ = c.log_in('kagami', k.password)
        c.ask('attach')
        took = time.monotonic() - start
        before_us = cpu_us(k.process.pid)
        time.sleep(0.5)     # half of them have said a little
        ok(cpu_us(k.process.pid) - before_us < 100000, 'half-open connections cost no time')
        note(f'log-in beside 1000 half-open connections: {took * 1000:.0f} ms')
        ok(good and took < 1 * SLOW, 'a log-in beside 1000 half-open connections takes less than a second')
        ok(len(children(k.process.pid)) <= processes + 2, 'half-open connections start no process')
        ok(open_files(k.process.pid) < before + 300, 'one address keeps 256 of them open')
        for s in held:
            s.close()
        c.close()
        ok(wait_until(lambda: open_files(k.process.pid) <= before + 2), 'they leave nothing behind')


def test_slow_down():
    with Kagamid(config=USERS.format(handshake=15), before=accounts('anna')) as k:
        for _ in range(5):
            Client(k.port, '127.0.0.2').log_in('anna', 'wrong')
        start = time.monotonic()
        ok(k.client().log_in('anna', password('anna'))[0] and time.monotonic() - start < 0.8 * SLOW,
           'failures of one address do not slow others down')
        ok(Client(k.port, '127.0.0.2').log_in('anna', password('anna'))[0] and time.monotonic() - start > 0.8,
           'five failures slow their address down')


def test_spares():
    with Kagamid() as k:
        wait_until(lambda: k.status('spares') == '2' and k.desktop_pid())
        spares = [p for p in children(k.process.pid) if p != k.desktop_pid()]
        for pid in spares:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        wait_until(lambda: all(state_of(pid) in ('', 'Z') for pid in spares))
        ok(k.client().log_in('kagami', k.password)[0], 'killed spares are replaced')
        clients = [k.client().hello() for _ in range(8)]
        ok(all(c.ask('sign good') == 'signed 1 256' for c in clients), 'more connections at once than spares are served')


def test_end():
    with Kagamid(roles={'session': ''}) as k:
        c = k.client()
        c.log_in('kagami', k.password)
        c.ask('attach')
        half = k.client()
        pids = children(k.process.pid)
        start = time.monotonic()
        code = k.stop()
        ok(code == 0 and time.monotonic() - start < 2 * SLOW, 'SIGTERM: exit 0 within 2 s')
        ok(c.read() == 'end shutdown', 'clients are told why')
        ok(half.read() == '', 'half-open connections are closed')
        ok(len(pids) >= 5 and not any(os.path.exists(f'/proc/{p}') for p in pids), 'nothing is left')
        ok(not os.path.exists(k.control), 'nor the control socket')
    with Kagamid(roles={'session': 'deaf'}) as k:
        c = k.client()
        c.log_in('kagami', k.password)
        c.ask('attach')
        pids = children(k.process.pid)
        os.kill(k.desktop_pid(), signal.SIGSTOP)
        start = time.monotonic()
        code = k.stop(signal.SIGINT)
        ok(code == 0 and time.monotonic() - start < 2 * SLOW and not any(os.path.exists(f'/proc/{p}') for p in pids),
           'programs that do not listen are killed within 2 s')
    with Kagamid() as k:
        c = k.client()
        c.log_in('kagami', k.password)
        c.ask('attach')
        k.client().hello().say('hang')      # it does not see that its channel has ended
        wait_until(lambda: len(programs(k, 'session')) == 4)
        pids = children(k.process.pid)
        k.stop(signal.SIGKILL)
        ok(wait_until(lambda: all(state_of(p) in ('', 'Z') for p in pids), 2), 'kill -9 of kagamid ends all its programs')


def programs(k, name):
    """The running ones of a name."""
    found = []
    for pid in children(k.process.pid):
        try:
            if f'kagami-{name}' in open(f'/proc/{pid}/cmdline').read():
                found.append(pid)
        except OSError:
            pass
    return found


def test_random_kills():
    choice = random.Random(seed())
    with Kagamid(config=USERS.format(handshake=15), before=accounts('anna', 'carl')) as k:
        other = k.client()
        other.log_in('carl', password('carl'))
        other.ask('attach')
        seen = other.ask('see')
        wait_until(lambda: k.status('spares') == '2')
        files = open_files(k.process.pid)
        kept = [int(other.ask('pid')), int(seen.split()[-1])]
        served = 0
        for _ in range(40):
            c = k.client()
            if c.log_in('anna', password('anna'))[0]:
                c.say('attach')
            victims = [p for name in ('session', 'auth', 'desktop') for p in programs(k, name) if p not in kept]
            try:
                os.kill(choice.choice(victims), signal.SIGKILL)
            except (IndexError, ProcessLookupError):
                pass
            served += c.read().startswith('view ')
            c.close()
        note(f'{served} of 40 were served, each beside a kill -9')
        ok(served > 5 and other.ask('pid') == str(kept[0]) and wait_until(lambda: k.status('sessions') == '1'),
           'kill -9 of anything of one user leaves the other undisturbed')
        ok(wait_until(lambda: k.status('spares') == '2' and
                      [len(programs(k, name)) for name in ('session', 'auth', 'desktop')] == [3, 2, 2]) and
           wait_until(lambda: open_files(k.process.pid) <= files + 3), 'no process and no descriptor is left over')
        counts = [k.status(key) for key in ('half-open', 'handshakes', 'sessions')]
        ok(counts == ['0', '0', '1'], 'and nothing is counted that is gone')


def test_listeners():
    with Kagamid('--listen', '127.0.0.1:0', '--listen', '[::1]:0', listen=True) as k:
        second, third = k.process.stdout.readline(), k.process.stdout.readline()
        ok(second.startswith('ready 127.0.0.1:') and third.startswith('ready [::1]:'), 'several listeners, a ready line each')
    server = socket.create_server(('127.0.0.1', 0))
    port = server.getsockname()[1]
    with Kagamid(wait=False, prefix=activation(server), pass_fds=(server.fileno(),)) as k:
        k.read_until_ready()
        ok(k.port == port and k.client().log_in('kagami', k.password)[0], 'a socket of systemd is served')
    server.close()
    taken = socket.create_server(('127.0.0.1', 0))
    with tempfile.TemporaryDirectory() as state:
        r = subprocess.run([os.path.join(BUILD, 'kagamid'), '--desktop', 'still', '--listen',
                            '127.0.0.1:%d' % taken.getsockname()[1], '--state', state], capture_output=True, text=True,
                           timeout=20)
    taken.close()
    ok(r.returncode == 1 and 'cannot listen on 127.0.0.1:' in r.stderr and 'in use' in r.stderr,
       'a port that is taken is one clear line')


def activation(server):
    """A command that does what systemd does before it starts the one behind it."""
    return [sys.executable, '-c', 'import os, sys\n'
            'os.dup2(int(sys.argv[1]), 3)\n'
            'os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))\n'
            'os.execv(sys.argv[2], sys.argv[2:])', str(server.fileno())]


def switches(pid):
    return int(re.search(r'^voluntary_ctxt_switches:\s*(\d+)', open(f'/proc/{pid}/status').read(), re.M).group(1))


def test_idle():
    with Kagamid() as k:
        c = k.client()
        c.log_in('kagami', k.password)
        c.ask('attach')
        wait_until(lambda: k.status('spares') == '2')
        before = switches(k.process.pid)
        time.sleep(2)       # what is measured is what happens by itself
        woken = switches(k.process.pid) - before
        note(f'{woken} wake-ups of kagamid in 2 s')
        ok(woken <= 12, 'an idle kagamid wakes up for the heartbeat only')


def test_pam():
    if os.geteuid() != 0:
        return skip('security tls: not root')
    with Kagamid('--security', 'tls') as k:
        c = k.client()
        ok(c.log_in('anna', 'right')[0] and c.ask('attach').startswith('view '), 'PAM\'s yes is a log-in')
        ok(not k.client().log_in('anna', 'wrong')[0] and k.logs('login failed: user "anna" from 127.0.0.1\n'),
           'PAM\'s no is none, and logged')
        c = k.client().hello()
        c.ask('prove anna right')
        c.close()
        ok(k.logs('handshake ended: from 127.0.0.1') and 'not finished' not in k.log(),
           'who goes after PAM\'s yes has no log-in that could be another server\'s')


def test_private():
    """What kagamid knows stays in it, also when all of its programs have its user."""
    if SLOW > 1:
        return skip('a private memory: a sanitizer needs to trace it')
    user = dict(user=65534, group=65534, extra_groups=[]) if os.geteuid() == 0 else {}
    try:
        k = Kagamid(before=lambda k: user and os.chown(k.directory, 65534, 65534), wait=False, **user)
    except PermissionError:
        return skip('a private memory: nobody may not run what was built here')
    with k:
        path = f'/proc/{k.process.pid}/mem'
        ok(k.logs('listening with'), 'kagamid runs as a plain user')
        r = subprocess.run(['head', '-c1', path], capture_output=True, text=True, env=dict(os.environ, LC_ALL='C'), **user)
        ok(os.stat(path).st_uid == 0 and 'Permission denied' in r.stderr, 'and no other process of that user reads its memory')


def test_state():
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o1777)
        r = subprocess.run([os.path.join(BUILD, 'kagamid'), '--desktop', 'still', '--listen', '127.0.0.1:0', '--state', directory],
                           capture_output=True, text=True, timeout=20)
        ok(r.returncode == 1 and 'everybody may write in' in r.stderr and not os.listdir(directory),
           'a state directory that everybody may write in is refused')


def test_closed():
    with Kagamid(prefix=['sh', '-c', 'exec "$0" "$@" 0<&- 2>&-']) as k:
        if os.geteuid() == 0:
            ok([os.readlink(f'/proc/{k.process.pid}/fd/{fd}') for fd in (0, 2)] == ['/dev/null'] * 2,
               'what was closed at the start is taken by no socket')
        ok(k.client().log_in('kagami', k.password)[0], 'and it works without standard error')


tests = [value for name, value in list(globals().items()) if name.startswith('test_')]
for test in tests:
    if len(sys.argv) < 2 or test.__name__[5:] in sys.argv[1:]:
        test()
done()
