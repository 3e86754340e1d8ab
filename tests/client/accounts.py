#!/usr/bin/env python3
"""Who gets in and who does not: accounts and passwords over NLA and PAM, what is refused and how, TLS, and the log's lines."""
import hashlib
import os
import re
import socket
import ssl
import stat
import subprocess
import sys

import wire
from configured import Configured, Shown, closed
from strict import Strict, kagami
from kagami import Client, Failed, Kagamid, SystemUser, done, note, ok, skip, wait_until

TOP = os.path.abspath(os.environ.get("top_srcdir", "."))
WRONG = "error c007052e"      # NTSTATUS of ERROR_LOGON_FAILURE: what a client is told, whatever was wrong


def attempt(server, user=None, password=None, **how):
    """"in", or what the server said instead."""
    try:
        wire.log_in(server, user, password, **how).close()
        return "in"
    except wire.Refused as error:
        return str(error)
    except OSError as error:
        return "lost: %s" % error


def enter(server, user, password, name, **how):
    """A whole client comes in under that name."""
    with Strict(server, user=user, password=password, **how) as client:
        good = client.connected and client.wait(lambda s: s["frames"] >= 1) is not None
        ok(good, name)
        if not good:
            note(client.result)
    return good


# ---- NLA ----

def names_and_passwords():
    users = {"anna": "Pw-anna", "Jörg Ünal": "Pässwörd-漢字-😀", "Ирина": "Пароль", "Łukasz Őry": "x", "o'neil@example.org": " a b\"c'd\\ "}
    with Configured(users, limits="failures = 0\nconnections-per-second = 1000") as server:
        for user, password in users.items():
            enter(server, user, password, "%s comes in" % user)
            ok(server.logs('login: user "%s" from 127.0.0.1 session ' % re.escape(user)), "and is logged by that name")
            ok(attempt(server, user, password + "x") == attempt(server, user, "") == WRONG, "not with another password or none")
        ok(attempt(server, "anna", "Pw-anna") == "in", "another NLA than FreeRDP's comes in")
        for user in ("ANNA", "Anna", "JÖRG ÜNAL", "jörg ünal", "ИРИНА", "łukasz őry"):
            name = next(name for name in users if name.upper() == user.upper())
            enter(server, user, users[name], "%s is the same user" % user)
            ok(attempt(server, user, users[name]) == "in", "also to a client that writes all capitals as Windows does")
            ok(server.logs('login: user "%s"' % name, count=3), "and is logged as %s" % name)
        for domain in ("WORK", "example.org", "Bücher"):
            ok(attempt(server, "anna", "Pw-anna", domain=domain) == "in", "the domain %s is nobody's business" % domain)
            ok(attempt(server, "anna", "wrong", domain=domain) == WRONG, "with a wrong password it does not help")
        for version in (2, 3, 4, 5, 6):
            ok(attempt(server, "anna", "Pw-anna", version=version) == "in", "CredSSP version %d" % version)
        ok(attempt(server, "anna", "Pw-anna", mic=False) == WRONG, "without a MIC nobody comes in")
        for user in ("nobody-known", "", "ann", "annaa", "anna\0", "*", "x" * 256, "x" * 300):
            ok(attempt(server, user, "Pw-anna") == WRONG, "%.10r of %d letters is no user, with the same words" % (user, len(user)))
        for password in ("pw-anna", "Pw-anna ", "P", "Pw-anna" * 100):
            ok(attempt(server, "anna", password) == WRONG, "a password like the right one is none")
        ok(not any(p in server.logged() for p in ("Pw-anna", "Пароль", "Pässwörd")), "no password is logged")
        server.stop()


def hash_file():
    with Configured({"anna": "first"}, limits="failures = 0") as server:
        status = os.stat(server.hashes)
        ok(stat.S_IMODE(status.st_mode) == 0o600 and re.fullmatch(r"anna:[0-9a-f]{32}\n", open(server.hashes).read()),
           "the file of accounts is private and holds a name and a hash")
        if os.geteuid() == 0:
            os.chmod(server.directory, 0o755)
            run = subprocess.run(["cat", server.hashes], user=65534, group=65534, extra_groups=[], capture_output=True)
            ok(run.returncode != 0 and not run.stdout, "no other user can read it")
            ok(not subprocess.run(["ls", server.state], user=65534, group=65534, extra_groups=[], capture_output=True).stdout,
               "nor see what is in its directory")
        else:
            skip("no other user can read it: not root")
        ok(attempt(server, "anna", "first") == "in", "the account works")
        server.passwd("anna", "second")
        changed = os.stat(server.hashes)
        ok(changed.st_ino != status.st_ino and stat.S_IMODE(changed.st_mode) == 0o600, "a change replaces the file as a whole")
        ok(attempt(server, "anna", "second") == "in", "a changed password works at once")
        ok(attempt(server, "anna", "first") == WRONG, "the old one does not any more")
        server.passwd("bert", "third")
        ok(attempt(server, "bert", "third") == "in", "a new account works at once")
        server.passwd("anna", "", "--delete")
        ok(attempt(server, "anna", "second") == WRONG and attempt(server, "bert", "third") == "in", "a deleted one does not")
        with open(server.hashes, "a") as file:
            file.write("this is no account\n")
        ok(attempt(server, "bert", "third") == "in" and server.logs("hashes:2: a line must be"),
           "a file that is broken is named in the log, and what was known goes on")
        os.unlink(server.hashes)
        server.passwd("bert", "fourth")
        ok(attempt(server, "bert", "fourth") == "in" and attempt(server, "bert", "third") == WRONG, "a new file heals it")
        server.stop()


def stock_client(server, **how):
    """(exit code, what it logged without times and numbers) of an xfreerdp3 that does not come in."""
    with Client(server, (640, 480), **how) as client:
        code = client.wait(20)
        log = re.sub(r"\[(0x)?[\d:./a-f]+\]|:\d{4,5}\b|\d+ms", "", client.logged() + client.output())
    return code, sorted(line.split(" - ", 1)[-1] for line in log.splitlines())


def stock_clients():
    with Kagamid("still") as server:
        wrong, nobody = stock_client(server, password="wrong"), stock_client(server, user="nobody-known")
        ok(wrong[0] == 132, "xfreerdp3 ends with 132 after a wrong password (%s)" % wrong[0])
        ok(nobody[0] == 132, "and after an unknown user (%s)" % nobody[0])
        if not ok(wrong[1] == nobody[1], "and says the same both times"):
            note("\n".join(["wrong: "] + wrong[1] + ["unknown: "] + nobody[1]))
        with Client(server, (640, 480), "/d:WORK") as client:
            ok(client.connected(), "with a domain it comes in")
        code, log = stock_client(server, security="tls")
        ok(code not in (None, 0) and any("HYBRID_REQUIRED_BY_SERVER" in line for line in log),
           "a client without NLA is told that NLA is required (exit %s)" % code)
        code, log = stock_client(server, security="rdp")
        ok(code not in (None, 0) and any("REQUIRED_BY_SERVER" in line for line in log),
           "a client with nothing but RDP's own encryption is told so (exit %s)" % code)
        server.stop()


# ---- what is negotiated ----

def chosen(server, protocols):
    with wire.dial(server) as connection:
        try:
            return wire.negotiate(connection, protocols)
        except wire.Refused as error:
            return str(error)


def negotiation():
    with Configured() as server:
        for protocols, answer in ((wire.SSL | wire.HYBRID, wire.HYBRID), (wire.HYBRID, wire.HYBRID),
                                  (wire.SSL, "HYBRID_REQUIRED_BY_SERVER"), (wire.RDP, "HYBRID_REQUIRED_BY_SERVER"),
                                  (wire.RDSTLS, "HYBRID_REQUIRED_BY_SERVER")):
            got = chosen(server, protocols)
            ok(got == answer, "nla, a client offers %d: %s" % (protocols, got))
        got = chosen(server, wire.SSL | wire.HYBRID | wire.HYBRID_EX)
        ok(got in (wire.HYBRID, wire.HYBRID_EX), "nla, a client offers everything: %s" % got)
        got = chosen(server, None)
        ok(got == "HYBRID_REQUIRED_BY_SERVER", "a client that knows no negotiation gets no unencrypted session: %s" % got)
        for protocols in (wire.SSL, wire.RDP, None):
            with wire.dial(server) as connection:
                connection.sendall(wire.request(protocols))
                ok(closed(connection, 2), "a client that is refused is not waited for")
        ok(server.logs("kind of security is not ours", count=3), "and the log says why it was")
        server.stop()
    if os.geteuid():
        return skip("security tls: not root")
    with Configured(server="security = tls") as server:
        for protocols, answer in ((wire.SSL | wire.HYBRID, wire.SSL), (wire.SSL, wire.SSL),
                                  (wire.HYBRID, "SSL_REQUIRED_BY_SERVER"), (wire.RDP, "SSL_REQUIRED_BY_SERVER")):
            got = chosen(server, protocols)
            ok(got == answer, "tls, a client offers %d: %s" % (protocols, got))
        ok(chosen(server, None) == "SSL_REQUIRED_BY_SERVER", "tls, no unencrypted session either")
        server.stop()


def spoken(server, context):
    """(version, cipher) of a handshake, or None."""
    with wire.dial(server) as connection:
        wire.negotiate(connection)
        try:
            with wire.tls(connection, context) as secure:
                return secure.version(), secure.cipher()[0]
        except (ssl.SSLError, OSError):
            return None


def tls_versions():
    versions = ssl.TLSVersion
    with Configured() as server:
        for version in (versions.TLSv1, versions.TLSv1_1):
            ok(spoken(server, wire.tls_context(version, version)) is None, "%s is refused" % version.name)
        for version in (versions.TLSv1_2, versions.TLSv1_3):
            got = spoken(server, wire.tls_context(version, version))
            ok(got and got[0].replace(".", "_") == version.name, "%s is spoken: %s" % (version.name, got and got[1]))
        only = versions.TLSv1_2
        for cipher in ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"):
            got = spoken(server, wire.tls_context(only, only, cipher))
            ok(got and got[1] == cipher, "%s with TLS 1.2" % cipher)
        for cipher in ("AES128-GCM-SHA256", "AES256-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA384",
                       "DHE-RSA-AES128-GCM-SHA256", "NULL-SHA256", "AECDH-AES128-SHA", "CAMELLIA128-SHA"):
            ok(spoken(server, wire.tls_context(only, only, cipher)) is None, "not %s" % cipher)
        ok(attempt(server) == "in" and server.status().get("handshakes") is not None, "after all that a log-in works")
        server.stop()


def certificate():
    with Shown() as server:
        shown = server.shown
        fingerprint = shown["certificate"].split()[-1]
        with wire.dial(server) as connection:
            wire.negotiate(connection)
            with wire.tls(connection) as secure:
                seen = hashlib.sha256(secure.getpeercert(binary_form=True)).hexdigest()
        ok(seen == fingerprint.replace(":", ""), "the certificate is the one whose fingerprint is shown")
        words = shown["connect"].split()
        ok(words[0] == "xfreerdp3" and shown["password"].split()[0] in shown["connect"], "the command of a client is shown")
        other = words[:-1] + [words[-1][:-1] + ("1" if words[-1][-1] == "0" else "0")]
        with kagami.Xvfb(640, 480) as x:
            for command, comes in ((words, True), (other, False)):
                with kagami.Program(command + ["/size:640x480"], env=x.env) as client:
                    client.start()
                    wait_until(lambda: server.lines("has a screen of") if comes else not client.running(), 10)
                    good = len(server.lines("login: user")) == 1 and client.running() == comes
                    if not ok(good, "this command connects" if comes else "with another fingerprint it does not"):
                        note(client.output() + client.logged())
        server.stop()


# ---- PAM ----

def pam():
    if kagami.lacks_pam():
        return skip("log-in by PAM: " + kagami.lacks_pam())
    with SystemUser() as user, Configured(server="security = tls", limits="failures = 0") as server:
        name, password = user.name, user.password
        with Strict(server, "--tls", user=name, password=password) as client:
            ok(client.connected and client.wait(lambda s: s["frames"] >= 1), "an account of the machine comes in by PAM")
        ok(server.logs('login: user "%s" from 127.0.0.1' % name), "and is logged")
        for who, word, what in ((name, "wrong", "a wrong password"), ("nobody-known", password, "no such user")):
            with Strict(server, "--tls", user=who, password=word) as client:
                ended = client.ended(20)
                ok(ended and "SERVER_DENIED_CONNECTION" in ended, "%s: denied, and the client is told (%s)" % (what, ended))
        ok(server.logs('login failed: user "%s" from 127.0.0.1$' % name) and
           server.logs('login failed: user "nobody-known" from 127.0.0.1$'), "both are logged")
        with Client(server, (640, 480), user=name, password=password, security="tls") as client:
            ok(client.connected() and server.logs('login: user "%s"' % name, count=2), "with the right one it comes in")
            ok(wait_until(lambda: len(server.named("kagami-session")) == 3 and len(server.named("kagami-auth")) == 2, 5),
               "its auth has gone: there are those of the spares")
        code, log = stock_client(server, user=name, password=password, security="nla")
        ok(code not in (None, 0) and any("SSL_REQUIRED_BY_SERVER" in line or "NEGO" in line or "negotiation" in line.lower()
                                         for line in log), "a client that insists on NLA is refused (exit %s)" % code)
        ok(password not in server.logged(), "no password is logged")
        server.stop()


# ---- the log ----

def failregex():
    """The filter that is installed for fail2ban, as Python reads it."""
    with open(os.path.join(TOP, "data", "fail2ban", "kagami.conf")) as file:
        text = re.search(r"^failregex = (.*)$", file.read(), re.M).group(1)
    return re.compile(text.replace("<HOST>", r"(?P<host>[0-9a-fA-F:.]+)"))


FORGED = 'login failed: user "x" from 6.6.6.6'
NAMES = (FORGED, "x\nkagamid: warning: " + FORGED, "x\r\n<4>" + FORGED, '" from 6.6.6.6', 'x" from 6.6.6.6\n', "A" * 300,
         "B" * 64 + '" from 6.6.6.6', "\x1b[2J\x1b[31mred", "\x00\x01\x02", "a\u202eb\u2028c\u0085d", "\x7f\x80\x9b", "%s%n%d",
         'x\\" from 6.6.6.6 user \\"', "ä" * 100, "\ud800", "kagamid: warning: " + FORGED)


def log_lines():
    pattern = failregex()
    with Configured(limits="failures = 0\nconnections-per-second = 1000") as server:
        def matches():
            return [pattern.match(line).group("host") for line in server.logged().splitlines() if pattern.match(line)]
        expected = 0
        for name in NAMES:
            raw = name.encode("utf-16-le", "surrogatepass")
            how = type("Name", (str,), {"encode": lambda self, *_: raw, "upper": lambda self: self})
            expected += 1
            answer = attempt(server, how(name), "wrong")
            wait_until(lambda: len(matches()) >= expected, 3)
            if not ok(answer == WRONG and matches() == ["127.0.0.1"] * expected,
                      "one line, with the true address, for the name %s" % ascii(name)[:40]):
                note("%s %s" % (answer, matches()))
                note(server.logged()[-500:])
        for cookie in (b"Cookie: mstshash=" + FORGED.encode() + b"\r\n", b"Cookie: mstshash=x\nkagamid: warning: " +
                       FORGED.encode() + b"\r\n", b"Cookie: msts=" + FORGED.encode() + b"\r\n"):
            with wire.dial(server) as connection:
                connection.sendall(wire.request(wire.SSL, cookie))
                closed(connection, 5)
        ok(matches() == ["127.0.0.1"] * expected, "a cookie of X.224 adds none")
        for line in server.logged().splitlines():
            if not all(character.isprintable() for character in line):
                ok(False, "there are control characters in the log")
                note(ascii(line))
                break
        else:
            ok(True, "there is no control character in the log")
        longest = max(len(line) for line in server.lines("login failed"))
        ok(longest < 160, "a long name does not make a long line (%d letters)" % longest)
        server.stop()
    for line, good in (('kagamid: warning: login failed: user "a b" from 1.2.3.4', True),
                       ('host kagamid[77]: login failed: user "" from 2001:db8::1', True),
                       ('kagamid: warning: session[12]: kagamid: warning: ' + FORGED, False),
                       ('host kagamid[77]: session[12]: ' + FORGED, False), ("kagamid: info: " + FORGED, False)):
        ok(bool(pattern.match(line)) == good, "the filter for fail2ban %s: %s" % ("takes" if good else "leaves", line[:45]))


TESTS = (names_and_passwords, hash_file, stock_clients, negotiation, tls_versions, certificate, pam, log_lines)

if __name__ == "__main__":
    for test in TESTS:
        if len(sys.argv) < 2 or test.__name__ in sys.argv[1:]:
            try:
                test()
            except (Failed, subprocess.SubprocessError, OSError, socket.timeout) as error:
                ok(False, "%s: %r" % (test.__name__, error))
    done()
