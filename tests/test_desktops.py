#!/usr/bin/env python3
"""kagamid's desktops: on demand, heartbeat, replacement, loss. With fake programs, see broker/fake.py."""
import os
import signal
import socket
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get('top_srcdir', '.'), 'tests', 'broker'))
from harness import SLOW, Kagamid, alive, done, note, ok, wait_until  # noqa: E402


def attached(k):
    c = k.client()
    c.log_in('kagami', k.password)
    ok(c.ask('attach').startswith('view '), 'a session has its view')
    return c, int(c.ask('see').split()[-1])


def comes_back(c):
    """The session has lost its view and asks again: the process that gives it one, 0 when none does."""
    if c.ask('see') != 'seen ':
        return 0
    while c.ask('attach').startswith('view '):
        seen = c.ask('see')
        if seen != 'seen ':     # the dying one was asked once more
            return int(seen.split()[-1])
    return 0


def test_replacement():
    with Kagamid() as k:
        c, pid = attached(k)
        for _ in range(3):      # a machine that does much else may take longer once
            start = time.monotonic()
            os.kill(pid, signal.SIGSTOP)
            new = comes_back(c)
            took = time.monotonic() - start
            note(f'SIGSTOP of the desktop to the view of its replacement: {took * 1000:.0f} ms')
            if took < 2 * SLOW or new in (0, pid):
                break
            pid = new
        ok(new not in (0, pid), 'the view of a desktop that hangs ends; it asks again')
        ok(took < 2 * SLOW and new == k.desktop_pid(), 'and is given its replacement within 2 s')
        ok(k.logs('no heartbeat for 1000 ms') and not alive(pid), 'the one that hung is gone, and that is logged')
        pid = k.desktop_pid()
        start = time.monotonic()
        os.kill(pid, signal.SIGKILL)
        ok(comes_back(c) not in (0, pid) and time.monotonic() - start < 1 * SLOW,
           'a desktop that was killed is replaced at once')
        ok(k.logs('killed by signal 9'), 'which is logged')
        for _ in range(4):
            os.kill(wait_until(k.desktop_pid), signal.SIGKILL)
            wait_until(lambda: not k.desktop_pid())
        ok((k.status('desktop') or '').split()[2] == 'waiting', 'one that dies again and again has to wait')
        ok(comes_back(c), 'and comes back all the same')


def test_a_stopped_kagamid():
    with Kagamid() as k:
        c, pid = attached(k)
        k.process.send_signal(signal.SIGSTOP)
        time.sleep(2.5)     # longer than any heartbeat
        k.process.send_signal(signal.SIGCONT)
        ok(k.ctl('status').returncode == 0 and wait_until(lambda: k.desktop_pid() == pid) and not c.ask('pid') == '',
           'a kagamid that was stopped itself blames nobody')
        time.sleep(1)       # two heartbeats
        ok(k.desktop_pid() == pid and alive(pid), 'not later either')


def test_lost():
    with Kagamid(desktop='still:lost') as k:
        c = k.client()
        c.log_in('kagami', k.password)
        answer = c.ask('attach')
        ok(answer in ('end no desktop', 'end desktop lost'), 'who wants a desktop that has nothing to show is told')
        ok(k.logs('there is nobody: Connection refused'), 'the log says why')
        ok(wait_until(lambda: k.log().count('there is nobody') >= 2, 5), 'it is tried again')
        before = k.log().count('there is nobody')
        time.sleep(2)       # no storm of starts
        ok(k.log().count('there is nobody') - before <= 3, 'with pauses')
    with Kagamid(desktop='still:lost-later') as k:
        c = k.client()
        c.log_in('kagami', k.password)
        c.ask('attach')
        ok(c.read() == 'end desktop lost', 'a session is told when what its desktop shows is gone')
        ok(k.logs('desktop still: gone "away"?error: forged\n'), 'the desktop\'s text stays on its line')
    with Kagamid(desktop='still:dead') as k:
        c = k.client()
        c.log_in('kagami', k.password)
        ok(c.ask('attach') == 'end no desktop' and k.logs('exit 3'), 'a desktop that ends before it is ready is no desktop')
    with tempfile.TemporaryDirectory() as directory, Kagamid(desktop=f'still:killed-once {directory}/was') as k:
        c = k.client()
        c.log_in('kagami', k.password)
        ok(c.ask('attach').startswith('view ') and k.logs('killed by signal 9'),
           'who waits for a desktop that is killed as it starts gets the next one')


def test_chatter():
    with Kagamid(desktop='still:twice') as k:
        c = k.client()
        c.log_in('kagami', k.password)
        c.ask('attach')
        ok(k.logs('sent KG_HOST_PONG on the host channel: its values are wrong'), 'a heartbeat is answered once')


class Qemu(threading.Thread):
    """A QMP socket that keeps the descriptor it is given, for so many connections."""

    def __init__(self, path, times):
        super().__init__(daemon=True)
        self.server = socket.socket(socket.AF_UNIX)
        self.server.bind(path)
        self.server.listen()
        self.times = times
        self.displays = []
        self.start()

    def run(self):
        for _ in range(self.times):
            client, _ = self.server.accept()
            client.sendall(b'{"QMP": {"version": {}, "capabilities": []}}\r\n')
            given = -1
            while True:
                data, fds, _, _ = socket.recv_fds(client, 4096, 1)
                given = fds[0] if fds else given
                if not data:
                    break
                if b'add_client' in data:
                    self.displays.append(socket.socket(fileno=given))
                client.sendall(b'{"return": {}}\r\n')
        self.server.close()


def test_qemu():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, 'qmp')
        qemu = Qemu(path, 2)
        with Kagamid(desktop=f'qemu:{path}') as k:
            c, pid = attached(k)
            ok(qemu.displays and qemu.displays[0].recv(100) == b'the desktop is here',
               'the desktop of a virtual machine is given the connection that kagamid asked QEMU for')
            os.kill(pid, signal.SIGKILL)
            ok(comes_back(c) and len(qemu.displays) == 2 and
               qemu.displays[1].recv(100) == b'the desktop is here', 'so is its replacement')
            os.kill(wait_until(k.desktop_pid), signal.SIGKILL)
            ok(c.read() == 'end desktop lost' and k.logs(f'desktop qemu: no QEMU at {path}'),
               'a QEMU that is gone is a desktop that is lost')


CONFIG = '''
[desktop early]
kind = still
users = nobody-of-this-name
start = always
[desktop late]
kind = still
users = anna kagami
'''


def test_on_demand():
    import subprocess
    from harness import BUILD

    def account(k):
        os.makedirs(os.path.dirname(k.hashes), 0o700)
        subprocess.run([os.path.join(BUILD, 'kagamictl'), '--hashes', k.hashes, 'passwd', 'anna'], text=True,
                       input='secret\n', check=True, stdout=subprocess.DEVNULL)

    with Kagamid(config=CONFIG, before=account) as k:
        def states():
            lines = [line.split() for line in k.ctl('status').stdout.splitlines() if line.startswith('desktop ')]
            return {words[1]: words[3] for words in lines}
        ok(wait_until(lambda: states() == {'early': 'running', 'late': 'idle'}), 'a desktop is started when it always runs')
        c = k.client()
        c.log_in('anna', 'secret')
        ok(c.ask('attach').startswith('view ') and states()['late'] == 'running', 'another one when somebody wants it')


tests = [value for name, value in list(globals().items()) if name.startswith('test_')]
for test in tests:
    if len(sys.argv) < 2 or test.__name__[5:] in sys.argv[1:]:
        test()
done()
