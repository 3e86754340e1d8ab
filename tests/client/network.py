#!/usr/bin/env python3
"""What else knocks at an open port: other protocols, silence, drips, floods. Others are served all the while, and nothing stays."""
import os
import random
import resource
import socket
import subprocess
import sys
import threading
import time

import wire
from configured import Configured, closed, kagami
from strict import Strict
from kagami import Failed, done, note, ok, seed, wait_until

SLOW = kagami.SLOW
DEADLINE = 2


def hello():
    """A ClientHello, as it goes over the wire."""
    here, there = socket.socketpair()
    here.settimeout(0.2)
    try:
        wire.tls_context().wrap_socket(here)
    except OSError:
        pass
    data = there.recv(4096)
    here.close()
    there.close()
    return data


def resources(server):
    return server.descriptors(), len(server.descendants())


def came_back(server, before, name):
    server.wait_spares()
    after = wait_until(lambda: (lambda now: now if all(a <= b for a, b in zip(now, before)) else None)(resources(server)), 5)
    ok(after, "%s: kagamid has no more descriptors or processes than before (%s, %s)" % (name, before, after or resources(server)))


# ---- other protocols ----

FOREIGN = {
    "HTTP": b"GET / HTTP/1.1\r\nHost: example.org\r\nUser-Agent: test\r\n\r\n",
    "SSH": b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
    "TLS without X.224": None,
    "SMTP": b"EHLO example.org\r\n",
    "SOCKS": b"\x05\x01\x00" + b"\x05\x01\x00\x03\x0bexample.org\x00\x50",
    "VNC": b"RFB 003.008\n",
    "a fast-path PDU": b"\x00\x84\x00" + b"\x01" * 60,
    "a TPKT of another kind": b"\x03\x00\x00\x0c\x02\xf0\x80\x04\x01\x00\x01\x00",
    "an X.224 request of a wrong length": b"\x03\x00\x00\x0b\xff\xe0\x00\x00\x00\x00\x00",
    "a TPKT longer than it says": b"\x03\x00\x00\x13\x06\xe0\x00\x00\x00\x00\x00" + b"\x01" * 8,
    "a TPKT of length 0": b"\x03\x00\x00\x00\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00",
    "zeros": bytes(100),
}


def foreign(server, generator):
    cases = dict(FOREIGN, **{"TLS without X.224": hello()})
    for i in range(8):
        cases["random bytes %d" % i] = generator.randbytes(generator.choice((11, 19, 64, 1000, 20000)))
    for name, data in cases.items():
        server.wait_spares()
        start = time.monotonic()
        with wire.dial(server) as connection:
            try:
                connection.sendall(data)
            except OSError:     # closed already
                pass
            good = closed(connection, DEADLINE + SLOW)
        ok(good, "%s: closed after %.3f s" % (name, time.monotonic() - start))
    for name in ("HTTP", "SSH", "zeros"):
        start = time.monotonic()
        with wire.dial(server) as connection:
            connection.sendall(cases[name])
            closed(connection, DEADLINE + SLOW)
        ok(time.monotonic() - start < 0.5 * SLOW, "%s is not waited for" % name)


# ---- half-finished handshakes ----

def tls_only(connection):
    wire.negotiate(connection)
    return wire.tls(connection)


def nla_begun(connection):
    secure = tls_only(connection)
    wire.Nla(secure, "kagami", "wrong").begin()
    return secure


def nla_proved(connection):
    secure = tls_only(connection)
    nla = wire.Nla(secure, "kagami", "Pw-kagami")
    nla.begin()
    nla.prove()
    nla.bind()
    return secure


def logged_in(connection):
    """The credentials are in, and then nothing: MCS never begins."""
    secure = tls_only(connection)
    wire.Nla(secure, "kagami", "Pw-kagami").log_in()
    return secure


def part(data):
    def send(connection):
        wire.negotiate(connection)
        connection.sendall(data)
        return connection
    return send


def drip(data, negotiated=False):
    """One byte a second, for as long as somebody listens."""
    def send(connection):
        if negotiated:
            wire.negotiate(connection)

        def run():
            try:
                for byte in data:
                    connection.sendall(bytes([byte]))
                    time.sleep(1)
            except OSError:
                pass
        threading.Thread(target=run, daemon=True).start()
        return connection
    return send


def tls_drip(connection):
    secure = tls_only(connection)
    return drip(b"\x30\x82\x10\x00" + bytes(4096))(secure)


def half_finished(server):
    client_hello = hello()
    cases = {
        "no byte at all": lambda c: c,
        "three bytes": lambda c: c.sendall(b"\x03\0\0") or c,
        "X.224, then silence": lambda c: wire.negotiate(c) and c,
        "half of an X.224 request": lambda c: c.sendall(wire.request()[:15]) or c,
        "a whole ClientHello, then silence": part(client_hello),
        "half of a ClientHello": part(client_hello[:60]),
        "TLS, then silence": tls_only,
        "NLA begun, then silence": nla_begun,
        "NLA with its proof, then silence": nla_proved,
        "logged in, then silence": logged_in,
        "X.224, a byte a second": drip(wire.request()),
        "a ClientHello, a byte a second": drip(client_hello, True),
        "a TSRequest, a byte a second": tls_drip,
    }
    server.wait_spares()
    before = len(server.lines("deadline"))
    results = {}

    def run(number, name, begin):
        try:
            connection = wire.dial(server, "127.0.2.%d" % (number + 1))
            connection = begin(connection)
            start = time.monotonic()
            good = closed(connection, DEADLINE + 3 * SLOW)
            results[name] = good and time.monotonic() - start
            connection.close()
        except Exception as error:      # pylint: disable=broad-except
            results[name] = error

    threads = [threading.Thread(target=run, args=(i, *case)) for i, case in enumerate(cases.items())]
    for thread in threads:
        thread.start()
        time.sleep(0.12)    # more than ten lines a second are not logged
    for thread in threads:
        thread.join(20)
    for i, name in enumerate(cases):
        took = results.get(name)
        ok(isinstance(took, float) and took < DEADLINE + 0.7 * SLOW, "%s: ended by the deadline (%s)" % (
            name, "%.2f s" % took if isinstance(took, float) else repr(took)))
        line = r"from 127\.0\.2\.%d[: ].*deadline" % (i + 1)
        ok(server.logs(line) and len(server.lines(line)) == 1, "and logged once")
    ok(len(server.lines("deadline")) - before == len(cases), "there are no more lines than that")


# ---- many ----

def raise_files(wanted):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard != resource.RLIM_INFINITY else wanted, hard))


def picture_time(server):
    """(milliseconds from connect to the first picture, seconds of the whole client), or None."""
    start = time.monotonic()
    with Strict(server) as client:
        if not client.connected:
            note(client.result)
            return None
        stats = client.wait(lambda s: s["frames"] >= 1, 5)
        return stats and (stats["picture_ms"], time.monotonic() - start)


def thousand(server):
    server.wait_spares()
    quiet = picture_time(server)
    server.wait_spares()
    raise_files(4096)
    held = []
    for i in range(1000):
        connection = wire.dial(server, "127.0.3.%d" % (1 + i % 10))
        if i % 3:
            connection.sendall(b"\x03\0\0\x13"[:1 + i % 4])
        held.append(connection)
    ok(wait_until(lambda: server.status().get("half-open") == "1000", 5), "1000 connections are half open")
    busy = picture_time(server)
    ok(quiet and busy and busy[1] < SLOW, "a log-in beside them takes less than a second")
    if quiet and busy:
        note("connect to first picture: %.0f ms, beside them %.0f ms; the whole client %.2f and %.2f s" % (
            quiet[0], busy[0], quiet[1], busy[1]))
    for connection in held:
        connection.close()
    ok(wait_until(lambda: server.status().get("half-open") == "0", 5), "and they are gone when they are")


def one_address(server):
    held = [wire.dial(server, "127.0.4.1") for _ in range(80)]
    ok(wait_until(lambda: server.status().get("half-open") == "60", 5), "one address keeps 60 half-open connections of 80")
    ok(all(closed(connection, 1) for connection in held[:20]), "the oldest ones are closed for the newest")
    for connection in held:
        connection.close()


def asked(server, source, count):
    """Connections that have sent their request."""
    held = []
    for _ in range(count):
        connection = wire.dial(server, source if isinstance(source, str) else source())
        connection.sendall(wire.request())
        held.append(connection)
    return held


def answered(held):
    """How many of them a session has answered: the others are closed without a word."""
    count = 0
    for connection in held:
        connection.settimeout(3)
        try:
            count += len(connection.recv(64)) > 0
        except OSError:
            pass
    return count


def handshakes_of_one(server):
    server.wait_spares()
    held = asked(server, "127.0.5.1", 12)
    count = answered(held)
    ok(count == 8, "8 of 12 handshakes of one address are admitted (%d)" % count)
    ok(server.logs("connection refused: from 127.0.5.1: too many connections of this address"), "the others are logged")
    for connection in held:
        connection.close()


def early_drop(server, generator):
    server.wait_spares()
    time.sleep(1.1)     # kagamid logs so many such lines a second: the ones before must not use up those of this second
    held = asked(server, lambda: "127.0.6.%d" % generator.randint(1, 254), 60)
    count = answered(held)
    ok(12 <= count <= 24, "of 60 handshakes at once some are refused by chance, and all above 24 (%d admitted)" % count)
    ok(server.logs("connection refused: from 127.0.6.*too many log-ins on the way"), "and logged")
    for connection in held:
        connection.close()


# ---- flood ----

class Flood(threading.Thread):
    """200 connections a second: some say nothing, some HTTP, some begin TLS; a quarter of a second later they go."""

    def __init__(self, server, generator, seconds=5, rate=200):
        super().__init__()
        self.server, self.generator, self.seconds, self.rate = server, generator, seconds, rate
        self.made = self.failed = 0

    def run(self):
        words = (b"", wire.request(), wire.request() + hello(), FOREIGN["HTTP"])
        held, start = [], time.monotonic()
        while time.monotonic() < start + self.seconds:
            wait = start + self.made / self.rate - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            try:
                connection = wire.dial(self.server, "127.1.%d.%d" % (self.generator.randint(0, 9), self.generator.randint(1, 99)))
                connection.sendall(self.generator.choice(words))
                held.append(connection)
            except OSError:
                self.failed += 1
            self.made += 1
            while len(held) > self.rate // 4:
                held.pop(0).close()
        for connection in held:
            connection.close()


def flood(server, generator):
    server.wait_spares()
    with Strict(server) as client:
        client.wait(lambda s: s["frames"] >= 1)
        frames, times, most, counts = client.stats()["frames"], [], 0, []
        attack = Flood(server, generator)
        attack.start()
        while attack.is_alive():
            start = time.monotonic()
            client.ask("mouse 0x9000 %d %d" % (generator.randint(1, 60), generator.randint(1, 60)))
            client.ask("mouse 0x1000 1 1")
            shown = client.wait(lambda s: s["frames"] > frames, 5)
            if not shown:
                break
            times.append(time.monotonic() - start)
            frames = shown["frames"]
            most = max(most, len(server.named("kagami-session")))
            counts.append(int(server.status().get("handshakes", 0)))
            time.sleep(0.05)
        attack.join()
        times.sort()
        note("%d connections in 5 s, %d of them lost; at most %d sessions and %d handshakes" % (
            attack.made, attack.failed, most, max(counts or [0])))
        note("a click until its picture: median %.0f ms, at most %.0f ms" % (
            1000 * times[len(times) // 2] if times else -1, 1000 * times[-1] if times else -1))
        ok(attack.made > 500, "a flood of connections")
        ok(times and times[-1] < 1.5 * SLOW and client.process.poll() is None and not client.violation,
           "an established session goes on: each of %d clicks is shown" % len(times))
        ok(0 < max(counts or [0]) <= 24 and most <= 24 + 3, "the limit of 24 handshakes holds")
        lines = len(server.lines("127[.]1[.]"))
        ok(0 < lines < 100 and server.logs("more connections ended or were refused"),
           "they fill no log: %d lines, and how many more there were" % lines)
    server.wait_spares()
    shown = picture_time(server)
    ok(shown and shown[1] < 1.5 * SLOW, "after it a log-in works as before (%s)" % (shown and "%.2f s" % shown[1]))


def main():
    generator = random.Random(seed())
    with Configured(limits="handshake = %d\nconnections-per-second = 100" % DEADLINE) as server:
        server.wait_spares()
        before = resources(server)
        tests = (("foreign", lambda: foreign(server, generator)), ("half_finished", lambda: half_finished(server)))
        for name, test in tests:
            if len(sys.argv) < 2 or name in sys.argv[1:]:
                test()
                came_back(server, before, name)
        server.stop()
    with Configured(limits="handshakes = 24\nearly-drop = 12\nhandshakes-per-address = 8\nhalf-open-per-address = 120") as server:
        picture_time(server)        # the desktop runs from now on
        server.wait_spares()
        before = resources(server)
        tests = (("thousand", lambda: thousand(server)), ("handshakes_of_one", lambda: handshakes_of_one(server)),
                 ("early_drop", lambda: early_drop(server, generator)), ("flood", lambda: flood(server, generator)))
        for name, test in tests:
            if len(sys.argv) < 2 or name in sys.argv[1:]:
                test()
                came_back(server, before, name)
        server.stop()
    with Configured(limits="half-open-per-address = 60") as server:
        server.wait_spares()
        before = resources(server)
        if len(sys.argv) < 2 or "one_address" in sys.argv[1:]:
            one_address(server)
            came_back(server, before, "one_address")
        server.stop()
    done()


if __name__ == "__main__":
    try:
        main()
    except (Failed, wire.Refused, subprocess.SubprocessError, OSError) as error:
        ok(False, repr(error))
        done()
