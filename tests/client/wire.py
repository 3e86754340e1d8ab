"""RDP's first steps in Python: X.224, TLS and NLA ([MS-RDPBCGR] 1.3.1.1, [MS-CSSP], [MS-NLMP]), byte by byte and stoppable anywhere.

It shares no code with FreeRDP, and a log-in takes milliseconds where a whole client takes a process.
"""
import hashlib
import hmac
import os
import socket
import ssl
import struct
import warnings

RDP, SSL, HYBRID, RDSTLS, HYBRID_EX = 0, 1, 2, 4, 8
FAILURES = {1: "SSL_REQUIRED_BY_SERVER", 2: "SSL_NOT_ALLOWED_BY_SERVER", 3: "SSL_CERT_NOT_ON_SERVER",
            4: "INCONSISTENT_FLAGS", 5: "HYBRID_REQUIRED_BY_SERVER"}


# ---- what Python's OpenSSL no longer has ----

def md4(data):
    """RFC 1320."""
    def rotate(x, n):
        return (x << n | x >> (32 - n)) & 0xffffffff
    rounds = ((lambda x, y, z: x & y | ~x & z, 0, range(16), (3, 7, 11, 19)),
              (lambda x, y, z: x & y | x & z | y & z, 0x5a827999, (0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15),
               (3, 5, 9, 13)),
              (lambda x, y, z: x ^ y ^ z, 0x6ed9eba1, (0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15), (3, 9, 11, 15)))
    state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
    padded = data + b"\x80" + bytes(-(len(data) + 9) % 64) + struct.pack("<Q", 8 * len(data))
    for at in range(0, len(padded), 64):
        words, (a, b, c, d) = struct.unpack_from("<16I", padded, at), state
        for function, constant, order, shifts in rounds:
            for i, word in enumerate(order):
                a = rotate((a + (function(b, c, d) & 0xffffffff) + words[word] + constant) & 0xffffffff, shifts[i % 4])
                a, b, c, d = d, a, b, c
        state = [(x + y) & 0xffffffff for x, y in zip(state, (a, b, c, d))]
    return struct.pack("<4I", *state)


class Rc4:
    def __init__(self, key):
        self.i = self.j = 0
        self.s = list(range(256))
        j = 0
        for i in range(256):
            j = (j + self.s[i] + key[i % len(key)]) & 255
            self.s[i], self.s[j] = self.s[j], self.s[i]

    def crypt(self, data):
        s, out = self.s, bytearray()
        for byte in data:
            self.i = (self.i + 1) & 255
            self.j = (self.j + s[self.i]) & 255
            s[self.i], s[self.j] = s[self.j], s[self.i]
            out.append(byte ^ s[(s[self.i] + s[self.j]) & 255])
        return bytes(out)


def hmac_md5(key, data):
    return hmac.new(key, data, hashlib.md5).digest()


def nt_hash(password):
    return md4(password.encode("utf-16-le"))


# ---- DER ----

def der(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    head = bytes([size]) if size < 128 else bytes([0x80 | (size.bit_length() + 7) // 8]) + size.to_bytes(
        (size.bit_length() + 7) // 8, "big")
    return bytes([tag]) + head + body


def der_items(data):
    """(tag, content) of each element in a row."""
    found, at = [], 0
    while at < len(data):
        tag, size, at = data[at], data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7f
            size, at = int.from_bytes(data[at:at + count], "big"), at + count
        found.append((tag, data[at:at + size]))
        at += size
    return found


def public_key(certificate):
    """The bits of the SubjectPublicKey of a DER certificate."""
    fields = der_items(der_items(der_items(certificate)[0][1])[0][1])
    return der_items(fields[6][1])[1][1][1:]


# ---- X.224 ----

def request(protocols=SSL | HYBRID, cookie=b""):
    """A connection request; protocols None: an old client's, without a negotiation."""
    negotiation = b"" if protocols is None else struct.pack("<BBHI", 1, 0, 8, protocols)
    body = b"\xe0\0\0\0\0\0" + cookie + negotiation
    return struct.pack(">BBHB", 3, 0, 5 + len(body), len(body)) + body


class Refused(Exception):
    """The server said no, or nothing more; the text says which."""


def receive(connection, size):
    data = b""
    while len(data) < size:
        more = connection.recv(size - len(data))
        if not more:
            raise Refused("closed")
        data += more
    return data


def dial(server, source=None, timeout=20):
    return socket.create_connection((server.address, server.port), timeout, source_address=(source, 0) if source else None)


def negotiate(connection, protocols=SSL | HYBRID):
    """The protocol that the server chose."""
    connection.sendall(request(protocols))
    head = receive(connection, 4)
    answer = receive(connection, struct.unpack(">H", head[2:])[0] - 4)
    if len(answer) < 15:
        return RDP
    kind, _, _, value = struct.unpack("<BBHI", answer[7:15])
    if kind == 3:
        raise Refused(FAILURES.get(value, str(value)))
    return value


# ---- TLS ----

def tls_context(low=ssl.TLSVersion.TLSv1_2, high=ssl.TLSVersion.TLSv1_3, ciphers=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")         # that the old versions are old is the point
        context.minimum_version, context.maximum_version = low, high
    if ciphers or low < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers((ciphers or "ALL") + ":@SECLEVEL=0")
    return context


def tls(connection, context=None):
    secure = (context or tls_context()).wrap_socket(connection)
    secure.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return secure


# ---- NLA ----

UNICODE, SIGN, SEAL, NTLM, ALWAYS_SIGN, EXTENDED, VERSION, KEY_128, KEY_EXCHANGE, KEY_56 = (
    1, 0x10, 0x20, 0x200, 0x8000, 0x80000, 0x2000000, 0x20000000, 0x40000000, 0x80000000)
FLAGS = UNICODE | 4 | SIGN | SEAL | NTLM | ALWAYS_SIGN | EXTENDED | VERSION | KEY_128 | KEY_EXCHANGE | KEY_56
WINDOWS = b"\x0a\0\x63\x45\0\0\0\x0f"
SPNEGO, NTLMSSP = bytes.fromhex("06062b0601050502"), bytes.fromhex("060a2b06010401823702020a")


class Nla:
    """One log-in attempt over a connection that speaks TLS. Each step can be left out, done wrongly or done alone."""

    def __init__(self, connection, user, password, domain="", version=6, mic=True):
        self.connection, self.user, self.password, self.domain = connection, user, password, domain
        self.version, self.mic = version, mic
        self.mechanisms = der(0x30, NTLMSSP)

    def send(self, **parts):
        body = der(0xa0, der(2, bytes([self.version])))
        if "token" in parts:
            body += der(0xa1, der(0x30, der(0x30, der(0xa0, der(4, parts["token"])))))
        if "credentials" in parts:
            body += der(0xa2, der(4, parts["credentials"]))
        if "key" in parts:
            body += der(0xa3, der(4, parts["key"]))
            if self.version >= 5:
                body += der(0xa5, der(4, self.nonce))
        self.connection.sendall(der(0x30, body))

    def receive(self):
        """The fields of the next TSRequest: number -> content."""
        head = receive(self.connection, 2)
        size = head[1]
        if size & 0x80:
            size = int.from_bytes(receive(self.connection, size & 0x7f), "big")
        return {tag & 31: content for tag, content in der_items(receive(self.connection, size))}

    def begin(self):
        """NEGOTIATE out, CHALLENGE in."""
        self.first = b"NTLMSSP\0" + struct.pack("<II", 1, FLAGS) + bytes(16) + WINDOWS
        self.send(token=der(0x60, SPNEGO, der(0xa0, der(0x30, der(0xa0, self.mechanisms), der(0xa2, der(4, self.first))))))
        answer = self.receive()
        if 1 not in answer:
            raise Refused("no challenge")
        at = answer[1].find(b"NTLMSSP\0")
        token = answer[1][at:]
        size, _, offset = struct.unpack_from("<HHI", token, 40)
        end = max(offset + size, sum(struct.unpack_from("<H2xI", token, 12)))
        self.second = token[:end]
        self.challenge, self.target = token[24:32], token[offset:offset + size]

    def pairs(self):
        """The server's AvPairs, with the flag that says there is a MIC; and the server's time, which is ours."""
        found, at = [], 0
        while struct.unpack_from("<H", self.target, at)[0]:
            name, size = struct.unpack_from("<HH", self.target, at)
            found.append((name, self.target[at + 4:at + 4 + size]))
            at += 4 + size
        moment = dict(found)[7]
        if self.mic:
            found.append((6, struct.pack("<I", 2)))
        return b"".join(struct.pack("<HH", name, len(value)) + value for name, value in found) + bytes(4), moment

    def authenticate(self):
        """The AUTHENTICATE message, and the keys that follow from it."""
        user, domain = self.user.encode("utf-16-le"), self.domain.encode("utf-16-le")
        key = hmac_md5(nt_hash(self.password), self.user.upper().encode("utf-16-le") + domain)
        pairs, moment = self.pairs()
        blob = struct.pack("<BB6x8s8s4x", 1, 1, moment, os.urandom(8)) + pairs
        proof = hmac_md5(key, self.challenge + blob)
        base, self.exported = hmac_md5(key, proof), os.urandom(16)
        fields = (bytes(24), proof + blob, domain, user, b"", Rc4(base).crypt(self.exported))
        order, offsets, at = (2, 3, 4, 0, 1, 5), {}, 88
        payload = b""
        for i in order:
            offsets[i] = at
            payload += fields[i]
            at += len(fields[i])
        head = b"NTLMSSP\0" + struct.pack("<I", 3)
        for i in (0, 1, 2, 3, 4, 5):
            head += struct.pack("<HHI", len(fields[i]), len(fields[i]), offsets[i])
        head += struct.pack("<I", FLAGS) + WINDOWS
        mic = hmac_md5(self.exported, self.first + self.second + head + bytes(16) + payload) if self.mic else bytes(16)
        return head + mic + payload

    def keys(self):
        def derived(text):
            return hashlib.md5(self.exported + b"session key to " + text + b" magic constant\0").digest()
        self.out_sign, self.in_sign = derived(b"client-to-server signing key"), derived(b"server-to-client signing key")
        self.out_seal = Rc4(derived(b"client-to-server sealing key"))
        self.in_seal = Rc4(derived(b"server-to-client sealing key"))
        self.out_number = 0

    def signature(self, data):
        number = struct.pack("<I", self.out_number)
        self.out_number += 1
        return b"\1\0\0\0" + self.out_seal.crypt(hmac_md5(self.out_sign, number + data)[:8]) + number

    def wrap(self, data):
        sealed = self.out_seal.crypt(data)
        return self.signature(data) + sealed

    def prove(self):
        """AUTHENTICATE out, the server's word on it in. FreeRDP's server wants SPNEGO's own signature, and answers it."""
        message = self.authenticate()
        self.keys()
        seal_of_list = self.signature(self.mechanisms)
        self.keys()         # that signature counts, and leaves no other trace
        self.out_number = 1
        self.send(token=der(0xa1, der(0x30, der(0xa2, der(4, message)), der(0xa3, der(4, seal_of_list)))))
        self.accepted(1)

    def accepted(self, field):
        answer = self.receive()
        if 4 in answer:
            raise Refused("error %08x" % (int.from_bytes(der_items(answer[4])[0][1], "big", signed=True) & 0xffffffff))
        if field not in answer:
            raise Refused("no answer")

    def bind(self):
        """The proof that we see the server's own key out, and its proof in."""
        self.nonce = os.urandom(32)
        key = public_key(self.connection.getpeercert(binary_form=True))
        if self.version >= 5:
            key = hashlib.sha256(b"CredSSP Client-To-Server Binding Hash\0" + self.nonce + key).digest()
        self.send(key=self.wrap(key))
        self.accepted(3)

    def finish(self):
        def text(number, value):
            return der(0xa0 + number, der(4, value.encode("utf-16-le")))
        passwords = der(0x30, text(0, self.domain), text(1, self.user), text(2, self.password))
        self.send(credentials=self.wrap(der(0x30, der(0xa0, der(2, b"\1")), der(0xa1, der(4, passwords)))))

    def log_in(self):
        self.begin()
        self.prove()
        self.bind()
        self.finish()


def log_in(server, user=None, password=None, source=None, **how):
    """A whole log-in by NLA up to the credentials; the connection, which is to be closed. Raises Refused or OSError."""
    connection = dial(server, source)
    try:
        if negotiate(connection) not in (HYBRID, HYBRID_EX):
            raise Refused("no NLA")
        connection = tls(connection)
        Nla(connection, server.user if user is None else user, server.password if password is None else password, **how).log_in()
    except BaseException:
        connection.close()
        raise
    return connection
