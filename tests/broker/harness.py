"""Runs kagamid with the fakes of fake.py."""
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import tap  # noqa: E402
from tap import done, note, ok, seed, skip, wait_until  # noqa: E402,F401

SOURCE = os.path.abspath(os.environ.get('top_srcdir', '.'))
BUILD = os.path.abspath(os.environ.get('top_builddir', 'build'))
SLOW = 5 if '#define KG_SANITIZED' in open(os.path.join(BUILD, 'config.h')).read() else 1     # for deadlines of tests


def alive(pid):
    """True for a process that runs, is stopped, or is not reaped yet."""
    return os.path.exists(f'/proc/{pid}')


def state_of(pid):
    try:
        with open(f'/proc/{pid}/stat') as file:
            return file.read().rsplit(')', 1)[1].split()[0]
    except OSError:
        return ''


def children(pid):
    found = []
    for entry in os.listdir('/proc'):
        if entry.isdigit():
            try:
                with open(f'/proc/{entry}/stat') as file:
                    fields = file.read().rsplit(')', 1)[1].split()
                if int(fields[1]) == pid and fields[0] != 'Z':
                    found.append(int(entry))
            except OSError:
                pass
    return found


class Kagamid:
    """A kagamid of its own directory, port and socket. A context manager that leaves nothing behind."""

    def __init__(self, *flags, desktop='still', config=None, wait=True, listen=True, roles=(), before=None, prefix=(),
                 **how):
        self.directory = tempfile.mkdtemp(prefix='kg-broker-')
        self.log_path = os.path.join(self.directory, 'log')
        self.control = os.path.join(self.directory, 'control')
        self.hashes = os.path.join(self.directory, 'state', 'hashes')
        self.make_fakes(dict(roles))
        command = [os.path.join(BUILD, 'kagamid'), '--programs', os.path.join(self.directory, 'programs'), '--state',
                   os.path.join(self.directory, 'state'), '--control', self.control]
        if listen:
            command += ['--listen', '127.0.0.1:0']
        if config:
            path = os.path.join(self.directory, 'config')
            with open(path, 'w') as file:
                file.write(config)
            command += ['--config', path]
        else:
            command += ['--desktop', desktop]
        command = list(prefix) + command + list(flags)
        if before:
            before(self)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=open(self.log_path, 'wb'), text=True,
                                        stdin=subprocess.DEVNULL, **how)
        self.shown = {}
        self.addresses = []
        if wait:
            self.read_until_ready()

    def make_fakes(self, roles):
        programs = os.path.join(self.directory, 'programs')
        os.mkdir(programs)
        os.chmod(self.directory, 0o755)
        fake = os.path.join(SOURCE, 'tests', 'broker', 'fake.py')
        for role in ('session', 'auth', 'desktop'):
            path = os.path.join(programs, f'kagami-{role}')
            with open(path, 'w') as file:
                words = ' '.join([role] + roles.get(role, '').split())
                file.write(f'#!{os.path.realpath(sys.executable)} -BI\n'
                           f'import runpy, sys\nsys.argv = "{fake} {words}".split()\n'
                           f'runpy.run_path("{fake}", run_name="__main__")\n')
            os.chmod(path, 0o755)

    def read_until_ready(self):
        for line in self.process.stdout:
            words = line.split(None, 1)
            if words[0] == 'ready':
                self.addresses.append(words[1].strip())
                break
            self.shown[words[0]] = words[1].strip()
        if not self.addresses:
            note(self.log())
            raise SystemExit('kagamid did not get ready')
        self.port = int(self.addresses[0].rsplit(':', 1)[1])
        self.password = self.shown.get('password', '').split(' ')[0]

    def log(self):
        with open(self.log_path, errors='replace') as file:
            return file.read()

    def logs(self, text, seconds=5):
        return wait_until(lambda: text in self.log(), seconds)

    def ctl(self, *words, text=None):
        return subprocess.run([os.path.join(BUILD, 'kagamictl'), '--control', self.control, *words], text=True, input=text,
                              capture_output=True, timeout=30)

    def status(self, key):
        for line in self.ctl('status').stdout.splitlines():
            if line.startswith(key + ' '):
                return line[len(key) + 1:]
        return None

    def desktop_pid(self):
        words = (self.status('desktop') or '').split()
        return int(words[4]) if len(words) > 4 and words[2] == 'running' else 0

    def client(self, source=None):
        return Client(self.port, source)

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
        self.process.stdout.close()
        if tap.failed:
            note(self.log())
        shutil.rmtree(self.directory, ignore_errors=True)


class Client:
    """A TCP client whose lines the fake session obeys."""

    def __init__(self, port, source=None):
        self.socket = socket.create_connection(('127.0.0.1', port), 20, source_address=(source, 0) if source else None)
        self.file = self.socket.makefile('r', newline='\n')

    def hello(self):
        self.say('hello......')
        return self

    def say(self, line):
        try:
            self.socket.sendall(line.encode() + b'\n')
        except OSError:
            pass

    def ask(self, line):
        self.say(line)
        return self.read()

    def read(self):
        """The next line; '' when the connection is gone."""
        try:
            return self.file.readline().rstrip('\n')
        except OSError:
            return ''

    def log_in(self, user, password):
        """(ok, logon_id, random) of the hand-shake up to WELCOME."""
        words = self.hello().ask(f'log_in {user} {password}').split(' ')
        return (words[1] == '1', words[2], words[3]) if len(words) > 3 else (False, '', '')

    def close(self):
        self.file.close()
        self.socket.close()
