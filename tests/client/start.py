#!/usr/bin/env python3
"""How kagamid starts, where it listens, as whom it runs, what it says of what is wrong, and how it ends."""
import base64
import hashlib
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time

import wire
from configured import KAGAMICTL, Configured, Watched
from strict import Strict, kagami
from kagami import Failed, done, note, ok, skip, wait_until

KAGAMID = os.path.join(kagami.BUILD, "kagamid")
NOBODY = 65534
AS_NOBODY = ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups", "--"]


class Started(Watched):
    """Before it starts, change(argv) may make another command of it."""

    def __init__(self, *more, change=lambda argv: argv, **how):
        self.change = change
        super().__init__("still", *more, **how)

    def start(self):
        self.argv = self.change(self.argv)
        return super().start()


def fingerprint(server):
    with wire.dial(server) as connection:
        wire.negotiate(connection)
        with wire.tls(connection) as secure:
            return hashlib.sha256(secure.getpeercert(binary_form=True)).hexdigest()


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def shows(server, name, **how):
    with Strict(server, **how) as client:
        good = client.connected and client.wait(lambda s: s["frames"] >= 1) is not None
        if not ok(good, name):
            note(client.result)
            note(server.logged()[-1500:])


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, capture_output=True)


def make_certificate(directory, name, *kind):
    """Key and certificate, self-signed."""
    key, certificate = (os.path.join(directory, name + end) for end in (".key", ".crt"))
    openssl("req", "-x509", *(kind or ("-newkey", "rsa:2048")), "-nodes", "-keyout", key, "-out", certificate, "-subj",
            "/CN=" + name, "-days", "30")
    os.chmod(key, 0o600)
    return key, certificate


def first_start():
    with tempfile.TemporaryDirectory() as directory:
        state = os.path.join(directory, "not", "yet")

        def elsewhere(argv):
            argv[argv.index("--state") + 1] = state
            return argv
        start = time.monotonic()
        with Started(change=elsewhere) as server:
            note("first start to ready: %.2f s" % (time.monotonic() - start))
            ok(mode(state) == 0o700 and mode(os.path.join(state, "server.key")) == 0o600, "the key is made, and private")
            text = subprocess.run(["openssl", "x509", "-noout", "-text", "-in", os.path.join(state, "server.crt")],
                                  capture_output=True, text=True).stdout
            ok("Public-Key: (2048 bit)" in text and "sha256WithRSA" in text and "TLS Web Server Authentication" in text,
               "and a certificate of it, RSA with 2048 bits, for a server")
            ok(sorted(os.listdir(state)) == ["server.crt", "server.key"], "nothing else")
            first = fingerprint(server)
            server.stop()
        start = time.monotonic()
        with Started(change=elsewhere) as server:
            took = time.monotonic() - start
            ok(fingerprint(server) == first and not server.lines("made a key"), "the next start uses them (ready after %.2f s)" % took)
            server.stop()


def given():
    with tempfile.TemporaryDirectory() as directory:
        key, certificate = make_certificate(directory, "given")
        with Started("--certificate", certificate, "--key", key) as server:
            with open(certificate) as file:
                body = "".join(line.strip() for line in file if not line.startswith("-"))
            ok(fingerprint(server) == hashlib.sha256(base64.b64decode(body)).hexdigest(), "a certificate that is given is shown")
            ok(not os.listdir(server.state), "and none is made")
            shows(server, "a client comes in with it")
            server.stop()


# ---- what is wrong ----

def refused(flags, pattern, name, user=None, environment=None):
    """Exit 1 or 2, and one line of error that says it."""
    command = ([*AS_NOBODY] if user else []) + [KAGAMID, *flags]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=15 * kagami.SLOW, cwd="/", stdin=subprocess.DEVNULL,
                             env=environment or dict(os.environ, HOME="/nonexistent"))
    except subprocess.TimeoutExpired as error:
        return ok(False, "%s: still runs: %s" % (name, error.stderr))
    errors = [line for line in run.stderr.splitlines() if ": info:" not in line and ": warning:" not in line]
    good = ok(run.returncode in (1, 2) and len(errors) == 1 and re.search(pattern, errors[0]),
              "%s: exit %d, %s" % (name, run.returncode, errors[0][:100] if errors else "nothing"))
    if not good:
        note(run.stderr)
    return good


def wrong():
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        number = 0

        def file(content, rights=0o600):
            nonlocal number
            number += 1
            path = os.path.join(directory, "file%d" % number)
            with open(path, "wb") as out:
                out.write(content)
            os.chmod(path, rights)
            return path

        def base(*flags, state=None):
            return ["--desktop", "still", "--listen", "127.0.0.1:0", "--control", os.path.join(directory, "control"),
                    "--state", state or os.path.join(directory, "state"), *flags]
        key, certificate = make_certificate(directory, "one")
        other_key, _ = make_certificate(directory, "two")
        weak, weak_certificate = make_certificate(directory, "weak", "-newkey", "rsa:1024")
        curve, curve_certificate = make_certificate(directory, "curve", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
        locked = os.path.join(directory, "locked.key")
        openssl("rsa", "-aes128", "-passout", "pass:secret", "-in", key, "-out", locked)
        text, nothing, none = file(b"no PEM\n"), file(b""), os.path.join(directory, "none")
        for flags, pattern, name in (
                (("--certificate", certificate, "--key", other_key), "does not belong to its key", "a key of another certificate"),
                (("--certificate", none, "--key", key), "none: No such file", "a certificate that is not there"),
                (("--certificate", certificate, "--key", none), "none: No such file", "a key that is not there"),
                (("--certificate", certificate), "belong together", "a certificate alone"),
                (("--certificate", text, "--key", key), "cannot use the certificate", "a certificate that is none"),
                (("--certificate", certificate, "--key", text), "cannot use the key", "a key that is none"),
                (("--certificate", certificate, "--key", nothing), "key .*file", "an empty key"),
                (("--certificate", certificate, "--key", directory), re.escape(directory), "a directory for a key"),
                (("--certificate", certificate, "--key", locked), "cannot use the key", "a key with a password"),
                (("--certificate", weak_certificate, "--key", weak), "not an RSA key of at least 2048", "a short key"),
                (("--certificate", curve_certificate, "--key", curve), "not an RSA key", "a key of a curve"),
                (("--password-file", none), "none", "a password file that is not there"),
                (("--password-file", nothing), "first line", "an empty password file"),
                (("--password-file", file(b"\nsecond\n")), "first line", "a password file with an empty line"),
                (("--password-file", file(b"x" * 300)), "first line", "a password of 300 bytes"),
                (("--password-file", file(b"\xff\xfe\n")), "UTF-8", "a password that is no UTF-8"),
                (("--password-file", directory), re.escape(directory), "a directory for a password file"),
                (("--user", "a:b", "--password-file", file(b"x\n")), "name", "a user that cannot be"),
                (("--config", directory), re.escape(directory), "a directory for a configuration"),
                (("--listen", "127.0.0.1"), "ADDRESS:PORT", "an address without a port"),
                (("--listen", "127.0.0.1:65536"), "ADDRESS:PORT", "a port that is none"),
                (("--listen", "203.0.113.7:0"), r"cannot listen on 203\.0\.113\.7:0: Cannot assign", "an address that is not ours"),
                (("--programs", "/nonexistent"), "nonexistent", "programs that are not there")):
            refused(base(*flags), pattern, name)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            address = "127.0.0.1:%d" % taken.getsockname()[1]
            refused(base("--listen", address), "cannot listen on %s: Address already in use" % address, "a port that is taken")
        refused(base(state=text), re.escape(text), "a file for a state directory")
        refused(base(state="/proc/none"), "/proc/none", "a state directory that cannot be")
        broken = os.path.join(directory, "broken")
        os.mkdir(broken, 0o700)
        with open(os.path.join(broken, "hashes"), "w") as out:
            out.write("anna:12\n")
        refused(base(state=broken), "hashes:1: a line must be NAME:HASH", "a file of accounts that is broken")
        if os.geteuid() or subprocess.run([*AS_NOBODY, "test", "-x", KAGAMID]).returncode:
            return skip("as another user: not root, or it cannot see the programs")
        theirs = os.path.join(directory, "theirs")
        os.mkdir(theirs, 0o700)
        os.chown(theirs, NOBODY, NOBODY)
        mine = ["--desktop", "still", "--listen", "127.0.0.1:0", "--control", os.path.join(theirs, "control"), "--state", theirs]
        for flags, pattern, name in (
                (("--certificate", certificate, "--key", key), "key .*Permission denied", "a key that may not be read"),
                (("--password-file", file(b"x\n")), "Permission denied", "a password file that may not be read"),
                (("--config", file(b"")), "Permission denied", "a configuration that may not be read"),
                (("--security", "tls"), "only root can", "PAM without root")):
            refused(mine + list(flags), pattern, "a plain user, " + name, user=NOBODY)
        refused(mine[:-1] + ["/root/kagami"], "/root/kagami: Permission denied", "a plain user, root's directory", user=NOBODY)


# ---- where ----

def addresses():
    with Started("--listen", "[::1]:0", "--listen", "127.0.0.1:0") as server:
        found = wait_until(lambda: len(re.findall(r"^ready ", server.output(), re.M)) == 3, 5)
        ok(found, "several addresses: each is told")
        server.address, server.port = "[::1]", int(re.search(r"^ready \[::1\]:(\d+)$", server.output(), re.M).group(1))
        shows(server, "a client shows the desktop over IPv6")
        ok(server.logs(r'login: user "kagami" from ::1 session'), "its address is in the log")
        server.stop()
    with Started(change=lambda argv: [x.replace("127.0.0.1:0", "*:0") for x in argv]) as server:
        for address, seen in (("[::1]", "::1"), ("127.0.0.1", "127.0.0.1")):
            server.address = address
            shows(server, "*: is %s, too" % address)
            ok(server.logs(r'login: user "kagami" from %s session' % seen), "and that address is in the log")
        ok(server.logs("has known holes that open before the log-in") or not server.logs("FreeRDP"), "an old FreeRDP is named")
        server.stop()


ACTIVATE = ("import os, sys\n"
            "for i, fd in enumerate(sys.argv[1].split(',')):\n"
            " os.dup2(int(fd), 3 + i)\n"
            "os.environ.update(LISTEN_FDS=str(i + 1), LISTEN_PID=str(os.getpid()))\n"
            "os.execv(sys.argv[2], sys.argv[2:])")


def activation():
    sockets = [socket.create_server(("127.0.0.1", 0)), socket.create_server(("::1", 0), family=socket.AF_INET6)]
    numbers = [socket.socket.fileno(s) + 100 for s in sockets]
    for s, number in zip(sockets, numbers):
        os.dup2(s.fileno(), number)

    class Activated(Configured):
        def start(self):
            self.fds = numbers
            original, self.argv = self.argv[0], []
            self.argv = [original]
            wrapped = Configured.start
            run = kagami.Program.start

            def launch(program):
                program.argv = [sys.executable, "-c", ACTIVATE, ",".join(map(str, numbers)), *program.argv]
                return run(program)
            kagami.Program.start = launch
            try:
                return wrapped(self)
            finally:
                kagami.Program.start = run

    with Activated(listen="127.0.0.1:0") as server:
        wait_until(lambda: len(re.findall(r"^ready ", server.output(), re.M)) >= 2, 5)
        lines = re.findall(r"^ready (.*)$", server.output(), re.M)
        for s, host in zip(sockets, ("127.0.0.1:%d", "[::1]:%d")):
            ok(host % s.getsockname()[1] in lines, "a socket of systemd is served: " + host % s.getsockname()[1])
        server.address, server.port = "127.0.0.1", sockets[0].getsockname()[1]
        shows(server, "a client shows the desktop through it")
        pid = server.pid
        if os.geteuid():
            skip("its descriptors: not root, and it is not dumpable")
        else:
            ok(all(os.readlink("/proc/%d/fd/%d" % (pid, 3 + i)).startswith("socket:") for i in range(2)),
               "they are the ones it was given")
        server.stop()
    for s, number in zip(sockets, numbers):
        os.close(number)
        s.close()


# ---- as whom ----

def bare():
    """As an init would start it: no environment at all, in /."""
    with Started(change=lambda argv: ["env", "-i", "-C", "/", *argv]) as server:
        shows(server, "without HOME, PATH and all other variables a client shows the desktop")
        if os.geteuid():
            skip("its environment: not root, and it is not dumpable")
        else:
            with open("/proc/%d/environ" % server.pid, "rb") as file:
                ok(not file.read(), "there are none")
        server.stop()


def kernel_says(server):
    """No new privileges, and the kind of seccomp, of sessions and auths."""
    found = set()
    for pid in server.named("kagami-session") + server.named("kagami-auth"):
        with open("/proc/%d/status" % pid) as file:
            found.add(tuple(re.findall(r"^(?:NoNewPrivs|Seccomp):\s*(\d)", file.read(), re.M)))
    return found


def plain_user():
    if os.geteuid() or subprocess.run([*AS_NOBODY, "test", "-x", KAGAMID]).returncode:
        return skip("as a plain user: not root, or that user cannot see the programs")
    home = tempfile.mkdtemp(prefix="kagami-home-")
    os.chown(home, NOBODY, NOBODY)

    def change(argv):
        for flag in ("--state", "--control"):
            if flag in argv:
                at = argv.index(flag)
                del argv[at:at + 2]
        at = argv.index("--password-file")
        os.chown(argv[at + 1], NOBODY, NOBODY)
        os.chmod(os.path.dirname(argv[at + 1]), 0o755)
        return ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups", "--", *argv]
    with Started(change=change, env={"HOME": home, "XDG_RUNTIME_DIR": home}) as server:
        ok({os.stat("/proc/%d" % pid).st_uid for pid in [server.pid, *server.descendants()]} <= {NOBODY, 0},
           "kagamid runs as a plain user")
        layers = re.search("sandbox of sessions: (.*); of auth: (.*)", server.logged())
        with open("/proc/%d/status" % server.pid) as file:
            ok(re.search(r"^Uid:\s+%d\s" % NOBODY, file.read(), re.M) and layers, "and its log names the layers in force")
        note(layers.group(0))
        wanted = {"limits", "privileges"} | ({"seccomp"} if kagami.SLOW == 1 else set())     # a sanitizer has its own system calls
        ok(all(wanted <= set(layer.split()) for layer in layers.groups()), "among them %s" % " ".join(sorted(wanted)))
        states = {("1", "2" if kagami.SLOW == 1 else "0")}
        ok(wait_until(lambda: kernel_says(server) == states, 10), "and the kernel says so: %s" % kernel_says(server))
        ok(not any(re.search(r"\buser\b", layer) for layer in layers.groups()), "and not another user, which only root can give")
        shows(server, "a client logs in and shows the desktop")
        state = os.path.join(home, ".local", "state", "kagami")
        ok(mode(state) == 0o700 and mode(os.path.join(state, "server.key")) == 0o600, "its state is in the home directory")
        control = os.path.join(home, "kagami", "control")
        run = subprocess.run([*AS_NOBODY, KAGAMICTL, "--control", control, "status"], capture_output=True, text=True)
        if not ok(run.returncode == 0 and "pid %d\n" % server.pid in run.stdout, "kagamictl of the same user reaches it"):
            note(run.stderr + server.logged())
        server.stop()
    subprocess.run(["rm", "-r", home], check=True)


# ---- the end ----

def end():
    users = {"user%d" % i: "Pw-%d" % i for i in range(7)}
    with Configured(users) as server:
        clients = [Strict(server, user=user, password=password) for user, password in list(users.items())[:6]]
        good = all(client.connected and client.wait(lambda s: s["frames"] >= 1) for client in clients)
        ok(good, "six clients show a desktop")
        deaf = clients.pop()
        os.kill(deaf.process.pid, signal.SIGSTOP)
        held = [wire.dial(server), wire.log_in(server, "user6", "Pw-6"), wire.dial(server)]
        wire.negotiate(held[2])
        mine = set(server.descendants())
        start = time.monotonic()
        server.process.terminate()
        status = server.wait(5 * kagami.SLOW)
        took = time.monotonic() - start
        ok(status == 0 and took < 2 * kagami.SLOW, "SIGTERM: all is over within 2 s, though one client does not read (%.2f s)" % took)
        ok(not mine & set(kagami.children(os.getpid())), "and no process is left")
        reasons = [client.ended(3) for client in clients]
        ok(all(reason and "RPC_INITIATED_LOGOFF" in reason for reason in reasons), "the clients are told why: %s" % set(reasons))
        ended = [line for line in server.lines("session ended: user") if line.endswith(": shutdown")]
        ok(len(ended) >= 6, "the log says so, too (%d lines)" % len(ended))
        os.kill(deaf.process.pid, signal.SIGCONT)
        for client in clients + [deaf]:
            client.end()
        for connection in held:
            connection.close()


TESTS = (first_start, given, wrong, addresses, activation, bare, plain_user, end)

if __name__ == "__main__":
    for test in TESTS:
        if len(sys.argv) < 2 or test.__name__ in sys.argv[1:]:
            try:
                test()
            except (Failed, wire.Refused, subprocess.SubprocessError, OSError) as error:
                ok(False, "%s: %r" % (test.__name__, error))
    done()
