#!/usr/bin/env python3
"""Who holds which secret: the memory of every process is searched for the password, its hash and the key of TLS."""
import hmac
import os
import re
import secrets
import signal
import struct
import subprocess
import sys
import time

import wire
from configured import Configured, Shown, Watched
from strict import Strict, kagami
from kagami import Client, Failed, SystemUser, done, note, ok, skip, wait_until

WINDOW = 8      # letters of a password: fewer in a row could be chance


def windows(data, size):
    return [data[at:at + size] for at in range(0, len(data) - size + 1, size)]


class Secrets:
    """What is looked for: name -> byte strings, any of which is a find."""

    def __init__(self, password, key_file=None, user=None):
        self.kinds = {"password in UTF-8": windows(password.encode(), WINDOW),
                      "password in UTF-16": windows(password.encode("utf-16-le"), 2 * WINDOW),
                      "hash": [wire.nt_hash(password), wire.nt_hash(password).hex().encode()]}
        if user:        # NTOWFv2: as good as the password for NTLM
            self.kinds["key of the user"] = [hmac.digest(wire.nt_hash(password), user.upper().encode("utf-16-le"), "md5")]
        if key_file:
            self.kinds["private key"] = self.key(key_file)

    @staticmethod
    def key(path):
        """Both primes and the exponent, as text and as OpenSSL has them in memory."""
        text = subprocess.run(["openssl", "rsa", "-in", path, "-noout", "-text"], check=True, capture_output=True, text=True).stdout
        found = []
        for name in ("privateExponent", "prime1", "prime2"):
            number = bytes.fromhex(re.sub(r"[\s:]", "", re.search(r"^%s:\s*((?:\s+[0-9a-f:]+\n)+)" % name, text, re.M).group(1)))
            number = number.lstrip(b"\0")
            found += [number[:32], number[-32:], number[::-1][:32], number[::-1][-32:]]
        with open(path) as file:
            found += [line.strip().encode() for line in file if not line.startswith("-")][:3]
        return found


PAGE = os.sysconf("SC_PAGE_SIZE")


def memory(pid):
    """(where, bytes) of every writable piece of a process' memory that there is: address space alone is passed over."""
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", 0) as file, \
            open("/proc/%d/pagemap" % pid, "rb", 0) as pages:
        for line in maps:
            span, rights, *rest = line.split(None, 5)
            start, end = (int(x, 16) for x in span.split("-"))
            where = rest[-1].strip() if len(rest) == 4 else "anonymous"
            if not rights.startswith("rw") or where.startswith("/memfd:"):
                continue
            pages.seek(start // PAGE * 8)
            there = [entry >> 62 for entry, in struct.iter_unpack("<Q", pages.read((end - start) // PAGE * 8))]
            at = 0
            while at < len(there):
                if not there[at]:
                    at += 1
                    continue
                first = at
                while at < len(there) and there[at]:
                    at += 1
                file.seek(start + first * PAGE)
                yield where, file.read((at - first) * PAGE)


def search(pid, what):
    """name -> how often and where it is found."""
    found, size = {}, 0
    try:
        for where, data in memory(pid):
            size += len(data)
            for name, kinds in what.kinds.items():
                hits = sum(1 for kind in kinds if kind in data)
                if hits:
                    found.setdefault(name, []).append("%d of %d pieces in %s" % (hits, len(kinds), where))
    except (FileNotFoundError, ProcessLookupError):
        return None
    if size < 100000:
        raise Failed("only %d bytes of process %d could be read" % (size, pid))
    return found


def clean(pid, what, name, allowed=()):
    found = search(pid, what)
    good = ok(found is not None and not set(found) - set(allowed), name)
    if found:
        note("%d: %s" % (pid, found))
    return good


def settle(pid):
    """Waits until a process has stopped to do anything, for 10 s at most."""
    def switches():
        with open("/proc/%d/status" % pid) as file:
            return re.findall(r"ctxt_switches:\s*(\d+)", file.read())
    last, quiet, end = switches(), 0, time.monotonic() + 10
    while quiet < 10 and time.monotonic() < end:
        time.sleep(0.01)
        now = switches()
        last, quiet = now, quiet + 1 if now == last else 0


def serving(pid):
    """Has a TCP connection."""
    with open("/proc/%d/net/tcp" % pid) as file:
        inodes = {line.split()[9] for line in list(file)[1:]}
    try:
        return any(re.fullmatch(r"socket:\[(\d+)\]", link) and link[8:-1] in inodes for link in
                   (os.readlink("/proc/%d/fd/%s" % (pid, fd)) for fd in os.listdir("/proc/%d/fd" % pid)))
    except OSError:
        return False


def step_by_step(server):
    """One log-in, stopped where the most is known."""
    what = Secrets(server.password, user=server.user)
    connection = wire.dial(server)
    wire.negotiate(connection)
    connection = wire.tls(connection)
    session, = wait_until(lambda: [pid for pid in server.named("kagami-session") if serving(pid)], 5)
    nla = wire.Nla(connection, server.user, server.password)
    nla.begin()
    nla.prove()
    nla.bind()
    note("the proof is given, credentials are still to come")
    # Which auth is this session's: the other end of its socket is not to be seen, but it is the only one that has worked.
    for pid in server.named("kagami-auth"):
        clean(pid, what, "auth %d holds no hash, no key of the user and no password after the proof" % pid)
    clean(session, what, "nor does the session")
    os.kill(server.pid, signal.SIGSTOP)
    try:
        nla.finish()
        settle(session)
        note("the credentials are in, and kagamid has not answered yet")
        auths = server.named("kagami-auth")
        for pid in auths:
            clean(pid, what, "auth %d holds no hash, no key of the user and no password after the credentials" % pid)
        clean(session, what, "nor does the session")
    finally:
        os.kill(server.pid, signal.SIGCONT)
    ok(server.logs("login: user"), "the log-in was right")
    gone = wait_until(lambda: set(auths) - set(server.named("kagami-auth")), 1)
    ok(gone, "its auth ends with the log-in, while the session goes on (%s)" % serving(session))
    connection.close()


def connected(server, what, names=("kagami-desktop",)):
    """A whole client is there: what it says after NLA is in the session, too."""
    session, = wait_until(lambda: [pid for pid in server.named("kagami-session") if serving(pid)], 5) or [0]
    clean(session, what, "the session of a connected client holds nothing")
    for name in names:
        for pid in server.named(name):
            if pid != session:
                clean(pid, what, "%s %d holds nothing" % (name, pid))
    clean(server.pid, what, "kagamid holds the hash and the key, and no password", ("hash", "private key"))


def nla():
    password = "".join(secrets.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(240))
    with Watched("still", password=password) as server:
        what = Secrets(password, os.path.join(server.state, "server.key"))
        found = search(server.pid, what)
        ok({"hash", "private key"} <= set(found), "what is there is found: hash and key in kagamid")
        clean(server.pid, what, "the password of --password-file is not in its memory", ("hash", "private key"))
        with open("/proc/self/status") as file:
            ok(search(os.getpid(), what), "and the password in this test")
        step_by_step(server)
        with Strict(server) as client:
            client.wait(lambda s: s["frames"] >= 1)
            connected(server, what, ("kagami-desktop", "kagami-auth", "kagami-session"))
        with Client(server, (640, 480)) as client:
            wait_until(lambda: server.logs("has a screen of", count=2), 10)
            connected(server, what)
        server.stop()


def shown():
    with Shown() as server:
        what = Secrets(server.password)
        clean(server.pid, what, "a password that was made and shown is not in its memory", ("hash",))


def pam():
    if kagami.lacks_pam():
        return skip("log-in by PAM: " + kagami.lacks_pam())
    with SystemUser() as user, Configured(server="security = tls") as server:
        what = Secrets(user.password, os.path.join(server.state, "server.key"))
        with Strict(server, "--tls", user=user.name, password=user.password) as client:
            ok(client.wait(lambda s: s["frames"] >= 1), "a log-in by PAM")
            connected(server, what)
        server.stop()


if __name__ == "__main__":
    if kagami.SLOW != 1:
        skip("a sanitizer keeps what was freed")
        done()
    if os.geteuid():
        skip("only root can read the memory of processes that are not dumpable")
        done()
    for test in (nla, shown, pam):
        if len(sys.argv) < 2 or test.__name__ in sys.argv[1:]:
            try:
                test()
            except (Failed, wire.Refused, subprocess.SubprocessError, OSError) as error:
                ok(False, "%s: %r" % (test.__name__, error))
    done()
