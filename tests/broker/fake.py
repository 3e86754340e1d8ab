"""The programs that kagamid starts, as fakes that do what their client says.

fake.py session|auth|desktop. The session reads lines from its TCP client and answers each with one line; the auth is told
by its session what to show to kagamid; the desktop does what its WHERE says.
"""
import array
import hashlib
import hmac
import os
import signal
import socket
import ssl
import struct
import sys
import time

SETUP, READY, CONNECT, SIGN, SIGNED, LOGON, WELCOME, ATTACH, VIEW, END = range(1, 11)
AUTH_SETUP, AUTH_READY, AUTH_VERIFY, AUTH_KEY, AUTH_PAM_RESULT = range(1, 6)
HOST_SOURCE, HOST_SETUP, HOST_READY, HOST_VIEW, HOST_PING, HOST_PONG, HOST_LOST, HOST_END = range(1, 9)
REASONS = ['closed', 'taken over', 'kicked', 'shutdown', 'no desktop', 'desktop lost', 'refused', 'violation']


class Channel:
    def __init__(self, fd):
        self.socket = socket.socket(fileno=fd)

    def send(self, number, body=b'', fds=()):
        control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else []
        self.socket.sendmsg([struct.pack('<HH', number, 0) + body], control)

    def receive(self):
        """(number, body, fds); number is None at the end."""
        data, control, _, _ = self.socket.recvmsg(65536, socket.CMSG_SPACE(16))
        fds = array.array('i')
        for level, kind, bytes_ in control:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                fds.frombytes(bytes_[:len(bytes_) - len(bytes_) % 4])
        if not data:
            return None, b'', []
        return struct.unpack('<H', data[:2])[0], data[4:], list(fds)


def md4(data):
    """RFC 1320; OpenSSL 3 has it in its legacy provider only."""
    def rotate(x, n):
        x &= 0xffffffff
        return (x << n | x >> 32 - n) & 0xffffffff
    state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
    data += b'\x80' + bytes((55 - len(data)) % 64) + struct.pack('<Q', len(data) * 8)
    rounds = ((lambda x, y, z: x & y | ~x & z, 0, (3, 7, 11, 19), range(16)),
              (lambda x, y, z: x & y | x & z | y & z, 0x5a827999, (3, 5, 9, 13),
               (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15)),
              (lambda x, y, z: x ^ y ^ z, 0x6ed9eba1, (3, 9, 11, 15),
               (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15)))
    for at in range(0, len(data), 64):
        words = struct.unpack('<16I', data[at:at + 64])
        a, b, c, d = state
        for function, constant, shifts, order in rounds:
            for i, k in enumerate(order):
                a, b, c, d = d, rotate(a + function(b, c, d) + words[k] + constant, shifts[i % 4]), b, c
        state = [(x + y) & 0xffffffff for x, y in zip(state, (a, b, c, d))]
    return struct.pack('<4I', *state)


def hmac_md5(key, data):
    return hmac.new(key, data, hashlib.md5).digest()


def rc4(key, data):
    s, j, out = list(range(256)), 0, bytearray()
    for i in range(256):
        j = (j + s[i] + key[i % len(key)]) % 256
        s[i], s[j] = s[j], s[i]
    i = j = 0
    for byte in data:
        i = (i + 1) % 256
        j = (j + s[i]) % 256
        s[i], s[j] = s[j], s[i]
        out.append(byte ^ s[(s[i] + s[j]) % 256])
    return bytes(out)


def public_key(pem):
    """SubjectPublicKey of an RSA certificate."""
    certificate = ssl.PEM_cert_to_DER_cert(pem.decode())
    at = certificate.index(bytes.fromhex('06092a864886f70d0101010500') + b'\x03\x82') + 17
    return certificate[at + 1:at + struct.unpack('>H', certificate[at - 2:at])[0]]


def bind(exported, key):
    """The body of LOGON: what a client of CredSSP seals of the server's key, with the key of its log-in."""
    def derived(magic):
        return hashlib.md5(exported + b'session key to client-to-server ' + magic + b' key magic constant\0').digest()
    nonce = os.urandom(32)
    data = hashlib.sha256(b'CredSSP Client-To-Server Binding Hash\0' + nonce + key).digest()
    sealed = rc4(derived(b'sealing'), data + hmac_md5(derived(b'signing'), bytes(4) + data)[:8])
    return struct.pack('<I', 1) + nonce + struct.pack('<I', 1) + sealed[32:] + bytes(4) + sealed[:32]


def ntlm_verify(user, password):
    """The body of AUTH_VERIFY for a log-in as [MS-NLMP] has it, with MIC; and its exported key."""
    challenge, client = os.urandom(8), os.urandom(8)
    now = struct.pack('<Q', int((time.time() + 11644473600) * 10000000))
    pairs = struct.pack('<HHI', 6, 4, 2) + struct.pack('<HH', 7, 8) + now + bytes(4)
    temp = b'\x01\x01' + bytes(6) + now + client + bytes(4) + pairs
    name = user.encode('utf-16-le')
    key = hmac_md5(md4(password.encode('utf-16-le')), user.upper().encode('utf-16-le'))
    proof = hmac_md5(key, challenge + temp)
    base, exported = hmac_md5(key, proof), os.urandom(16)
    random = rc4(base, exported)
    response = proof + temp
    flags = 0x40000000 | 0x00080000 | 0x1
    negotiate = b'NTLMSSP\0' + struct.pack('<II', 1, flags) + bytes(24)
    target = bytes(4)
    challenge_message = (b'NTLMSSP\0' + struct.pack('<IHHI', 2, 0, 0, 56) + struct.pack('<I', flags) + challenge +
                         bytes(8) + struct.pack('<HHI', len(target), len(target), 56) + bytes(8) + target)
    at, fields, payload = 88, b'', b''
    for part in (b'', response, b'', name, b'', random):
        fields += struct.pack('<HHI', len(part), len(part), at + len(payload))
        payload += part
    authenticate = (b'NTLMSSP\0' + struct.pack('<I', 3) + fields + struct.pack('<I', flags) + bytes(8) + bytes(16) +
                    payload)
    signed = negotiate + challenge_message + authenticate
    mic = hmac_md5(exported, signed)
    proof_value = challenge + temp
    return (struct.pack('<HHHH', len(name), 0, len(proof_value), len(signed)) + random + mic + name + proof_value +
            signed), exported


def tls13_bytes():
    return b' ' * 64 + b'TLS 1.3, server CertificateVerify\0' + os.urandom(32)


class Session:
    def __init__(self):
        self.control = Channel(3)
        self.login = socket.socket(fileno=4)
        self.view = None

    def expect(self, number):
        """The body and descriptors of the message; END goes to the client and ends the session."""
        got, body, fds = self.control.receive()
        if got == END:
            self.end(body)
        if got != number:
            sys.exit(f'message {got} instead of {number}')
        return body, fds

    def end(self, body):
        if self.client:
            self.client.sendall(b'end ' + REASONS[struct.unpack('<I', body)[0]].encode() + b'\n')
        sys.exit(0)

    def sign(self, kind):
        data = tls13_bytes() if kind == 'good' else b'a text of somebody else' * 6
        self.control.send(SIGN, struct.pack('<I16s', 6, b'SHA2-256') + data)
        body, _ = self.expect(SIGNED)
        return f'signed {struct.unpack("<I", body[:4])[0]} {len(body) - 4}'

    def log_in(self, user, password):
        self.login.send(f'{user} {password}'.encode())
        return self.logon(bind(self.login.recv(100), self.key))

    def prove(self, user, password):
        """Half a log_in: nobody asks what came of it."""
        self.login.send(f'{user} {password}'.encode())
        return 'proved' if len(self.login.recv(100)) == 16 else 'not proved'

    def relay(self, user, password):
        """As log_in, with what the client sealed for another server."""
        self.login.send(f'{user} {password}'.encode())
        return self.logon(bind(self.login.recv(100), b'another' + self.key[7:]))

    def logon(self, body=bytes(36)):
        self.control.send(LOGON, body)
        body, _ = self.expect(WELCOME)
        ok, logon_id = struct.unpack('<II', body[:8])
        return f'welcome {ok} {logon_id} {body[8:24].hex()} {body[24:].rstrip(bytes(1)).decode()}'

    def attach(self, logon_id='', random=''):
        verifier = hmac_md5(bytes.fromhex(random), bytes(32)) if random else bytes(16)
        self.control.send(ATTACH, struct.pack('<II16sHH64s', bool(random), int(logon_id or 0), verifier, 800, 600,
                                              b'a "client"'))
        body, fds = self.expect(VIEW)
        self.view = socket.socket(fileno=fds[0])
        return f'view {body.hex()}'

    def see(self):
        """What the desktop wrote into the view, '' when it was closed."""
        return 'seen ' + self.view.recv(100).decode()

    def command(self, words):
        if words[0] in ('sign', 'log_in', 'prove', 'relay', 'logon', 'attach', 'see'):
            return getattr(self, words[0])(*words[1:])
        if words[0] == 'say':
            os.write(2, b' '.join(w.encode().replace(b'\\n', b'\n') for w in words[1:]) + b'\n')
            return 'said'
        if words[0] == 'flood':
            for i in range(int(words[1])):
                os.write(2, b'line %d\n' % i)
            return 'flooded'
        if words[0] == 'raw':
            self.control.socket.send(bytes.fromhex(words[1]))
            return 'sent'
        if words[0] == 'environment':
            with open('/proc/self/environ') as file:
                return ' '.join(sorted(e.split('=')[0] for e in file.read().split('\0') if e))
        if words[0] == 'descriptors':
            return ' '.join(sorted(os.listdir('/proc/self/fd')))
        if words[0] == 'pid':
            return str(os.getpid())
        if words[0] == 'hang':
            while True:     # until it is killed: every other signal is passed over
                signal.pause()
        return 'unknown'

    def run(self):
        self.client = None
        setup, _ = self.expect(SETUP)
        self.key = public_key(setup[20:])
        self.control.send(READY, struct.pack('<II', 31, 3 << 16 | 10 << 8 | 3))
        _, fds = self.expect(CONNECT)
        self.client = socket.socket(fileno=fds[0])
        left = b''
        import select
        while True:
            readable, _, _ = select.select([self.client, self.control.socket], [], [])
            if self.control.socket in readable:
                number, body, _ = self.control.receive()
                if number is None:
                    sys.exit(0)
                if number == END and 'deaf' not in sys.argv:
                    self.end(body)
            if self.client in readable:
                data = self.client.recv(4096)
                if not data:
                    sys.exit(0)
                left += data
                while b'\n' in left:
                    line, left = left.split(b'\n', 1)
                    words = line.decode().split()
                    if words and words[0] != 'hello......':
                        self.client.sendall(self.command(words).encode() + b'\n')


def auth():
    control, login = Channel(3), socket.socket(fileno=4)
    _, body, _ = control.receive()
    security = struct.unpack('<I', body[:4])[0]
    exported = bytes(16)
    control.send(AUTH_READY, struct.pack('<I', 31))
    while True:
        words = login.recv(1000).decode().split(' ')
        if len(words) < 2:
            sys.exit(0)
        if security == 2:
            control.send(AUTH_PAM_RESULT, struct.pack('<I256s', words[1] == 'right', words[0].encode()))
        else:
            body, exported = ntlm_verify(*words)
            control.send(AUTH_VERIFY, body)
            control.receive()
        login.send(exported)


def desktop():
    control = Channel(3)
    views = []
    where = ''
    while True:
        number, body, fds = control.receive()
        if number is None or number == HOST_END:
            sys.exit(0)
        if number == HOST_SOURCE:
            os.write(fds[0], b'the desktop is here')
        elif number == HOST_SETUP:
            kind, length = struct.unpack('<HH', body[40:44])
            where = body[44 + kind:44 + kind + length].decode()
            if where == 'dead':
                sys.exit(3)
            if where.startswith('killed-once ') and not os.path.exists(where[12:]):
                open(where[12:], 'w').close()
                os.kill(os.getpid(), signal.SIGKILL)
            if where == 'lost':
                control.send(HOST_LOST, struct.pack('<i', -111) + b'there is nobody')
                sys.exit(0)
            control.send(HOST_READY, struct.pack('<IHH', 31, 640, 480))
        elif number == HOST_VIEW:
            view = socket.socket(fileno=fds[0])
            try:
                view.send(b'a view of %d' % os.getpid())
            except OSError:     # its session is gone already
                continue
            views.append(view)
        elif number == HOST_PING:
            control.send(HOST_PONG, body)
            if where == 'twice' and views:
                control.send(HOST_PONG, body)
            if where == 'lost-later' and views:
                control.send(HOST_LOST, struct.pack('<i', 0) + b'gone "away"\nerror: forged')
                sys.exit(0)


if __name__ == '__main__':
    {'session': lambda: Session().run(), 'auth': auth, 'desktop': desktop}[sys.argv[1]]()
