"""kagamid with programs that misbehave in the place of the true ones; what sessions.py and desktops.py share.

Everybody here is under the true locks. The true programs run beside them, for a true client whose picture must not suffer:
the bystander.
"""
import hashlib
import hmac
import os
import re
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ.get('top_srcdir', '.'), 'tests', 'broker'))
from fake import bind, hmac_md5, md4, public_key, rc4  # noqa: E402
from harness import BUILD, SLOW, alive, children, done, note, ok, seed, skip, wait_until  # noqa: E402,F401
import tap  # noqa: E402

SANITIZED = SLOW > 1
PROGRAMS = os.path.join(BUILD, 'tests', 'hostile')
PASSWORD = 'correct-horse'


class Row:
    """One message of a table of server/control, as the hostile session prints them."""

    def __init__(self, line):
        words = line.split()
        self.set, self.name, self.side = words[0], words[2], words[3]
        self.id, self.phases, self.least, self.most, self.fd = (int(words[i]) for i in (1, 4, 5, 6, 7))


def tables():
    run = subprocess.run([os.path.join(PROGRAMS, 'hostile-session'), '--tables'], capture_output=True, text=True, check=True)
    return [Row(line) for line in run.stdout.splitlines()]


def message(number, body=b''):
    return struct.pack('<HH', number, 0) + body


def name_of(pid):
    try:
        with open(f'/proc/{pid}/comm') as file:
            return file.read().strip()
    except OSError:
        return ''


class Hostile:
    """kagamid with a configuration of its own. desktops: {name: (where, [users], other settings ...)}."""

    def __init__(self, desktops, scripts=(), security='nla', level='info'):
        self.directory = tempfile.mkdtemp(prefix='kg-hostile-')
        os.chmod(self.directory, 0o755)
        self.programs = os.path.join(self.directory, 'programs')
        os.makedirs(os.path.join(self.programs, 'real'))
        os.mkdir(os.path.join(self.programs, 'scripts'))
        for name in ('session', 'desktop'):
            shutil.copy(os.path.join(PROGRAMS, f'hostile-{name}'), os.path.join(self.programs, f'kagami-{name}'))
            os.symlink(os.path.join(BUILD, f'kagami-{name}'), os.path.join(self.programs, 'real', f'kagami-{name}'))
        os.symlink(os.path.join(BUILD, 'kagami-auth'), os.path.join(self.programs, 'kagami-auth'))
        for name, text in dict(scripts).items():
            with open(os.path.join(self.programs, 'scripts', name), 'w') as file:
                file.write(text)
        self.write_state(desktops)
        self.log_path = os.path.join(self.directory, 'log')
        self.next_address = 0
        self.clients = 0        # true ones, whose sessions stay
        self.lines, self.tokens, self.counted = 0, 100, time.monotonic()
        config = self.write_config(desktops, security, level)
        self.process = subprocess.Popen(
            [os.path.join(BUILD, 'kagamid'), '--config', config, '--programs', self.programs], text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=open(self.log_path, 'wb'))
        self.port = 0
        for line in self.process.stdout:
            if line.startswith('ready '):
                self.port = int(line.rsplit(':', 1)[1])
                break
        if not self.port:
            note(self.log())
            raise SystemExit('kagamid did not get ready')

    def write_state(self, desktops):
        self.state = os.path.join(self.directory, 'state')
        os.mkdir(self.state, 0o700)
        secret = md4(PASSWORD.encode('utf-16-le')).hex()
        with open(os.open(os.path.join(self.state, 'hashes'), os.O_WRONLY | os.O_CREAT, 0o600), 'w') as file:
            for _, users, *_ in desktops.values():
                file.writelines(f'{user}:{secret}\n' for user in users)

    def write_config(self, desktops, security, level):
        path = os.path.join(self.directory, 'config')
        with open(path, 'w') as file:
            file.write(f'[server]\nlisten = 127.0.0.1:0\nsecurity = {security}\nstate = {self.state}\n'
                       f'control = {self.directory}/control\nlog-level = {level}\n[limits]\nfailures = 0\nconnections-per-second = 10000\n'
                       f'handshake = 30\nheartbeat = {1000 * SLOW}\n')
            for name, (where, users, *more) in desktops.items():
                file.write(f'[desktop {name}]\nkind = still\nusers = {" ".join(users)}\nsize = 640x480\nthreads = 1\n')
                file.writelines(line + '\n' for line in more)
                if where:
                    file.write(f'where = {where}\n')
        return path

    def key(self):
        """SubjectPublicKey of its certificate."""
        with open(os.path.join(self.state, 'server.crt'), 'rb') as file:
            return public_key(file.read())

    def log(self, since=0):
        with open(self.log_path, 'rb') as file:
            file.seek(since)
            return file.read().decode(errors='replace')

    def mark(self):
        return os.path.getsize(self.log_path)

    def logs(self, pattern, since=0, seconds=5):
        """The lines that match, once there is one."""
        find = re.compile(pattern, re.M)
        return wait_until(lambda: find.findall(self.log(since)), seconds * SLOW)

    def pace(self, label):
        """kagamid relays 100 lines of a process at once and 20 a second: waits until there is room for some more."""
        while True:
            lines, now = self.log().count(f' {label}['), time.monotonic()
            self.tokens = min(100, self.tokens + 20 * (now - self.counted)) - (lines - self.lines)
            self.lines, self.counted = lines, now
            if self.tokens > 10:
                return
            time.sleep(0.1)

    def sessions(self):
        return {pid for pid in children(self.process.pid) if name_of(pid).startswith(('kagami-session', 'hostile-sessio'))}

    def address(self):
        """An address of its own for each attack, to tell their lines apart."""
        self.next_address += 1
        return f'127.0.{1 + self.next_address // 250}.{1 + self.next_address % 250}'

    def become(self, role):
        """Sessions from now on: '' true ones, 'locked' or 'unlocked' hostile ones. Uses up the spares that are there, and
        gives the process ids of those that stay: the true clients'."""
        path = os.path.join(self.programs, 'hostile')
        old = self.sessions()
        if os.path.exists(path):
            os.unlink(path)
        if role:
            with open(path, 'w') as file:
                file.write(role)
        end = time.monotonic() + 20 * SLOW
        while len(old & self.sessions()) > self.clients:
            with socket.create_connection(('127.0.0.1', self.port), 10, (self.address(), 0)) as s:
                s.sendall(b'no handshake\n')
                s.shutdown(socket.SHUT_WR)
                try:
                    s.recv(1000)
                except OSError:
                    pass
            if time.monotonic() > end:
                raise SystemExit('the spares do not go away')
        return old & self.sessions()

    def client(self, user, *more):
        return Client(self.port, user, *more)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(20)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            self.stop()
        self.process.stdout.close()
        if tap.failed or kind:
            note(self.log()[-20000:])
        shutil.rmtree(self.directory, ignore_errors=True)


class Client:
    """The strict test client: a true client with a true session, where sessions are true."""

    def __init__(self, port, user, *more):
        self.lines = []
        self.process = subprocess.Popen(
            [os.path.join(BUILD, 'tests', 'client', 'kagami-test-client'), '--server', f'127.0.0.1:{port}', '--user', user,
             '--password', PASSWORD, '--size', '640x480', *more],
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=dict(os.environ, HOME='/nonexistent', TSAN_OPTIONS='', ASAN_OPTIONS='detect_leaks=0'))

    def read(self):
        line = self.process.stdout.readline().strip()
        self.lines.append(line)
        return line

    def ask(self, command):
        """The answer; '' when the client has ended (what it said is in lines)."""
        try:
            self.process.stdin.write(command + '\n')
            self.process.stdin.flush()
        except OSError:
            return ''
        line = self.read()
        while line and not line.startswith(('ok', 'error')):
            line = self.read()
        return line

    def stats(self):
        words = self.ask('stats').split()[1:]
        return dict(zip(words[::2], words[1::2]))

    def has_picture(self, seconds=10):
        return wait_until(lambda: int(self.stats().get('frames', 0)) > 0 or self.process.poll() is not None, seconds * SLOW)

    def close_input(self):
        try:
            self.process.stdin.close()
        except OSError:         # what was not written yet
            pass

    def end(self, seconds=10):
        """Reads to the end; the last line, "ended CODE NAME"."""
        self.close_input()
        if not self.process.stdout.closed:
            self.lines += [line.strip() for line in self.process.stdout]
            self.process.stdout.close()
        self.process.wait(seconds * SLOW)
        return self.lines[-1] if self.lines else ''

    def told(self, seconds=10):
        """Waits until the server ends it; the last line. Its standard input stays open, so it does not end by itself."""
        end = time.monotonic() + seconds * SLOW
        if self.process.stdout.closed:
            return ''
        while time.monotonic() < end:
            if select.select([self.process.stdout], [], [], 0.2)[0]:
                line = self.process.stdout.readline()
                if not line:
                    break
                self.lines.append(line.strip())
        else:
            self.process.kill()
            self.lines.append('still there')
        self.close_input()
        self.process.stdout.close()
        self.process.wait()
        return self.lines[-1] if self.lines else ''


class Bystander:
    """A true client on a true desktop that wants its whole picture again and again."""

    def __init__(self, hostile, user):
        self.client = hostile.client(user)
        if self.client.read() != 'connected' or not self.client.has_picture():
            note(hostile.log())
            raise SystemExit('the bystander has no picture: ' + ' '.join(self.client.lines))
        self.path = os.path.join(hostile.directory, 'picture')
        self.picture = self.look()
        hostile.clients += 1

    def look(self):
        self.client.ask(f'picture {self.path}')
        with open(self.path, 'rb') as file:
            return hashlib.sha256(file.read()).hexdigest()

    def is_well(self):
        """It gets a whole new picture, which is right, and the strict client has nothing to complain of."""
        before = int(self.client.stats().get('frames', -1))
        if before < 0 or self.client.ask('refresh 0 0 640 480') != 'ok':
            return False
        return bool(wait_until(lambda: int(self.client.stats().get('frames', 0)) > before, 5 * SLOW)) and \
            self.look() == self.picture


class Session:
    """A hostile session, by the TCP socket that is its client."""

    def __init__(self, hostile, address=None):
        self.hostile = hostile
        self.mark = hostile.mark()
        self.edit = lambda proof: proof         # what is made of the proof before it is shown
        self.exported = None                    # the key of the log-in that was shown
        self.address = address or hostile.address()
        self.socket = socket.create_connection(('127.0.0.1', hostile.port), 30, (self.address, 0))
        self.socket.settimeout(30)
        self.socket.sendall(b'begin......\n')
        self.file = self.socket.makefile('r', newline='\n')

    def ask(self, line):
        """Its answer; '' when it is dead."""
        try:
            self.socket.sendall(line.encode() + b'\n')
            return self.file.readline().rstrip('\n')
        except OSError:
            return ''

    def send(self, channel, packet, count=1, fds=0):
        return self.ask(f'send {channel} {count} {fds} {packet.hex()}')

    def receive(self, channel, ms=5000):
        """bytes, or None with what was said in self.said."""
        self.said = self.ask(f'receive {channel} {ms * SLOW}')
        return bytes.fromhex(self.said[9:]) if self.said.startswith('received ') else None

    def is_dead(self, seconds=5):
        """Its connection ends without more words."""
        self.socket.settimeout(seconds * SLOW)
        try:
            while self.socket.recv(65536):
                pass
            return True
        except TimeoutError:
            return False
        except OSError:
            return True

    def log(self):
        return self.hostile.log(self.mark)

    def logs(self, pattern, seconds=5):
        return self.hostile.logs(pattern, self.mark, seconds)

    def close(self):
        self.file.close()
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def drain(self, channel='view', count=200):
        """Reads until the peer has closed the channel; the packets, or None when it does not."""
        packets = []
        while len(packets) < count:
            packet = self.receive(channel)
            if packet is None:
                return packets if self.said in ('end', 'EPIPE') else None
            packets.append(packet)
        return None

    # ---- log-in, as [MS-NLMP] and SPNEGO have it ----

    def accept(self, token, attributes=0):
        """ACCEPT to kagami-auth: (status, token of the answer), or (None, b'')."""
        self.send('login', message(1, struct.pack('<II', attributes, len(token)) + token))
        answer = self.receive('login')
        if answer is None or len(answer) < 12:
            return None, b''
        return struct.unpack('<I', answer[4:8])[0], answer[12:]

    def log_in(self, user, password=PASSWORD):
        """Shows kagami-auth a log-in by NTLM: the status of its last answer. What was sent stays in self.tokens."""
        negotiate = ntlm_negotiate()
        first = spnego_init(negotiate)
        _, answer = self.accept(first)
        challenge = answer[answer.find(b'NTLMSSP\0'):] if b'NTLMSSP\0' in answer else b''
        if not challenge:
            return None
        proof, self.exported = ntlm_authenticate(negotiate, challenge, user, password)
        second = spnego_response(self.edit(proof))
        self.tokens = [first, second]
        return self.accept(second)[0]

    def logon(self, body=None):
        """WELCOME's ok. body: of LOGON, in place of the right one."""
        if body is None:
            body = bind(self.exported, self.hostile.key()) if self.exported else bytes(36)
        self.send('control', message(6, body))
        answer = self.receive('control')
        return answer is not None and answer[0] == 7 and struct.unpack('<I', answer[4:8])[0] == 1

    def attach(self):
        """True when a view was given, which is then its channel."""
        self.send('control', message(8, attach_body()))
        answer = self.receive('control', 10000)
        return answer is not None and answer[0] == 9

    def open_view(self, graphics=True):
        """OPEN, and the ring. True when it came."""
        self.send('view', view_open(graphics))
        answer = self.receive('view')
        return answer is not None and answer[0] == 64

    def whole_way(self, user, graphics=True):
        self.log_in(user)
        return self.logon() and self.attach() and self.open_view(graphics)


def attach_body(width=640, height=480):
    return struct.pack('<II16sHH64s', 0, 0, bytes(16), width, height, b'hostile')


def view_open(graphics=True, width=640, height=480, scale=100, path=None, keyboard=4, cursor=32, slots=1, bitmaps=65536,
              remotefx=0, video=0):
    path = (1 if graphics else 2) if path is None else path
    return message(1, struct.pack('<HHHBBHHIBB', width, height, scale, path, keyboard, cursor, slots, bitmaps,
                                  remotefx, video))


# ---- tokens ----

def der(tag, content):
    size = len(content)
    head = bytes([size]) if size < 128 else bytes([0x82]) + struct.pack('>H', size)
    return bytes([tag]) + head + content


NTLMSSP = bytes.fromhex('060a2b06010401823702020a')
SPNEGO = bytes.fromhex('06062b0601050502')


def spnego_init(token, mechanism=NTLMSSP):
    inner = der(0xa0, der(0x30, mechanism)) + der(0xa2, der(4, token))
    return der(0x60, SPNEGO + der(0xa0, der(0x30, inner)))


def spnego_response(token):
    return der(0xa1, der(0x30, der(0xa2, der(4, token))))


FLAGS = 0xe2888235      # as winpr's own client has them: key exchange, 128 bit, version, target info, extended security, seal


def ntlm_negotiate():
    return b'NTLMSSP\0' + struct.pack('<II', 1, FLAGS) + bytes(16) + bytes.fromhex('0601b11d0000000f')


def ntlm_authenticate(negotiate, challenge, user, password):
    """AUTHENTICATE with a MIC, and its exported key; keys and challenges by chance."""
    flags = struct.unpack('<I', challenge[20:24])[0]
    size, _, at = struct.unpack('<HHI', challenge[40:48])
    pairs = challenge[at:at + size]
    stamp = struct.pack('<Q', int((time.time() + 11644473600) * 10000000))
    found, kept = 0, b''
    while found + 4 <= len(pairs):
        kind, length = struct.unpack('<HH', pairs[found:found + 4])
        if kind == 0:
            break
        if kind == 7:
            stamp = pairs[found + 4:found + 12]
        kept += pairs[found:found + 4 + length]
        found += 4 + length
    kept += struct.pack('<HHI', 6, 4, 2) + bytes(4)
    temp = b'\x01\x01' + bytes(6) + stamp + os.urandom(8) + bytes(4) + kept + bytes(4)
    name = user.encode('utf-16-le')
    key = hmac_md5(md4(password.encode('utf-16-le')), user.upper().encode('utf-16-le'))
    proof = hmac_md5(key, challenge[24:32] + temp)
    base, exported = hmac_md5(key, proof), os.urandom(16)
    at, fields, payload = 88, b'', b''
    for part in (bytes(24), proof + temp, b'', name, b'', rc4(base, exported)):
        fields += struct.pack('<HHI', len(part), len(part), at + len(payload))
        payload += part
    head = b'NTLMSSP\0' + struct.pack('<I', 3) + fields + struct.pack('<I', flags) + bytes.fromhex('0601b11d0000000f')
    mic = hmac.new(exported, negotiate + challenge[:end_of(challenge)] + head + bytes(16) + payload, hashlib.md5).digest()
    return head + mic + payload, exported


def end_of(challenge):
    """The size of a CHALLENGE message: where the later of its two payloads ends."""
    return max(sum(struct.unpack('<HHI', challenge[at:at + 8])[::2]) for at in (12, 40))
