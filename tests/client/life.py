#!/usr/bin/env python3
"""Who dies takes only itself along: sessions, desktops and log-ins are killed in mid-stream; take-over, reconnection, the end."""
import os
import random
import re
import signal
import subprocess
import time

from strict import Strict, kagami
from kagami import Client, Kagamid, done, note, ok, seed, wait_until

with open(os.path.join(kagami.BUILD, "config.h")) as config:
    MOVING = "#define HAVE_DEMO 1" in config.read()     # built with a kind that moves by itself
ROUNDS = int(os.environ.get("KILLS", 100 if kagami.SLOW == 1 else 30))


def frames(client, number=1, deadline=10):
    return client.wait(lambda s: s["frames"] >= number, deadline)


def resources(server):
    """(processes below, descriptors of kagamid, memory files of all)"""
    below = server.descendants()
    memory = 0
    for pid in below:
        try:
            for fd in os.listdir("/proc/%d/fd" % pid):
                memory += "memfd:" in os.readlink("/proc/%d/fd/%s" % (pid, fd))
        except OSError:
            pass
    return len(below), server.descriptors(), memory


def settled(server):
    """The resources once there is one client, and two spares of each."""
    wait_until(lambda: (len(server.named("kagami-session")), len(server.named("kagami-auth"))) == (3, 2), 10 * kagami.SLOW)
    return resources(server)


class TwoDesktops(Kagamid):
    """kagamid with a configuration file: anna has a moving desktop where there is one, otto one that stands still."""
    config = """
[server]
listen = 127.0.0.1:0
state = %s
control = %s/control

[desktop one]
%s
size = 640x400
users = anna

[desktop two]
kind = still
users = otto
"""

    def start(self):
        for user in ("anna", "otto"):
            subprocess.run([os.path.join(kagami.BUILD, "kagamictl"), "--hashes", os.path.join(self.state, "hashes"), "passwd", user],
                           input=("Pw-%s\n" % user).encode(), check=True, stdout=subprocess.DEVNULL)
        path = os.path.join(self.directory, "kagami.conf")
        with open(path, "w") as file:
            file.write(self.config % (self.state, self.directory, "kind = demo\nwhere = text,fps=30" if MOVING else "kind = still"))
        self.argv = [self.argv[0], "--config", path]
        return super().start()


def takeover(server):
    with Strict(server) as first:
        frames(first)
        with Strict(server) as second:
            ok(frames(second) is not None, "a second log-in of the same user gets the desktop")
            ended = first.ended(5)
            ok(ended and "DISCONNECTED_BY_OTHER_CONNECTION" in ended, "the first one is told why it ends (%s)" % ended)


def reconnect(server):
    """A stock client with automatic reconnection shows the same desktop again after its session was killed."""
    times = []
    with Client(server, (800, 600), "+auto-reconnect", "/auto-reconnect-max-retries:10") as client:
        ok(client.connected(), "a stock client connects")
        shown = None
        for _ in range(3):
            wait_until(lambda: len(server.named("kagami-session")) >= 3, 5)
            mine = wait_until(lambda: in_use(server, "kagami-session"), 5)
            if not ok(len(mine) == 1, "one session is in use"):
                break
            before = server.logged().count("has a screen of")
            shown = shown or wait_until(lambda: drawn(client), 5)
            start = time.monotonic()
            os.kill(mine[0], signal.SIGKILL)
            back = wait_until(lambda: server.logged().count("has a screen of") >= before + 1, 5, 0.002)
            times.append((time.monotonic() - start) * 1000)
            ok(back and wait_until(lambda: same(client, shown), 3, 0.05), "it shows the same desktop again after a kill -9")
        note("kill -9 to the view of the next session: %s ms" % ", ".join("%.0f" % t for t in times))
        ok(times and sorted(times)[len(times) // 2] < 1000 * kagami.SLOW, "within a second")


def drawn(client):
    """Its screenshot, once there is something on it."""
    try:
        picture = client.screenshot()
    except (OSError, kagami.Failed):
        return None
    return picture if picture and len(set(picture.rows())) > 1 else None


def same(client, picture):
    try:
        return client.screenshot() == picture
    except (OSError, kagami.Failed):
        return False


def in_use(server, name):
    """The processes of that name that serve a client. What they have open only root could see: they are not dumpable."""
    said = r"%s\[(%%d)\]: (peer: the client is active|view: session)" % {"kagami-session": "session"}.get(name, r"desktop \w+")
    return [pid for pid in server.named(name) if re.search(said % pid, server.logged())]


KINDS = ("kagami-session", "kagami-desktop", "kagami-auth")


def chaos(server, generator):
    """Deaths in random order; the other user's connection must not notice."""
    quiet = Strict(server, user="otto", password="Pw-otto")
    if not ok(quiet.connected and frames(quiet), "another user sees another desktop"):
        return
    spared = set(in_use(server, "kagami-session") + in_use(server, "kagami-desktop"))
    with Strict(server, user="anna", password="Pw-anna", size=(640, 400)) as first:     # her desktop starts, and stays
        frames(first, 1, 15)
    before = settled(server)
    busy, undisturbed, deaths = None, True, []
    end = time.monotonic() + 300
    while len(deaths) < ROUNDS and time.monotonic() < end:
        i = len(deaths)
        if not busy or busy.process.poll() is not None:
            busy = Strict(server, user="anna", password="Pw-anna", size=(640, 400))
            if not busy.connected or not frames(busy, 2 if MOVING else 1, 15):
                note("connection %d did not show a picture: %s %s" % (i, busy.result, busy.stats()))
                deaths.append(None)
                busy.end()
                busy = None
                continue
        kinds = wait_until(lambda: [kind for kind in KINDS if set(server.named(kind)) - spared])
        if not kinds:
            continue
        kind = generator.choice(kinds)      # one whose next comes only with the next client may not be there
        victims = sorted(set(server.named(kind)) - spared)
        if not victims:
            continue
        victim = generator.choice(victims)
        try:
            os.kill(victim, signal.SIGKILL)
        except ProcessLookupError:      # it was about to end
            continue
        deaths.append(kind)
        gone = wait_until(lambda: victim not in server.descendants(), 5)
        if not gone:
            note("process %d of %s did not go" % (victim, kind))
        if i % 10 == 0:
            shown = quiet.stats()["frames"]
            quiet.ask("mouse 0x9000 %d %d" % (20 + 5 * i, 40))
            quiet.ask("mouse 0x1000 %d %d" % (20 + 5 * i, 40))
            undisturbed = undisturbed and frames(quiet, shown + 1, 5) is not None
    if busy:
        busy.end()
    note("%d deaths: %s" % (len(deaths), {kind: deaths.count(kind) for kind in set(deaths)}))
    ok(None not in deaths and len(deaths) == ROUNDS, "after every death the next connection shows the desktop")
    ok(undisturbed and quiet.process.poll() is None and not quiet.violation, "the other connection was never disturbed")
    after = settled(server)
    ok(after <= before, "no process, descriptor or memory is left behind: %s before, %s after" % (before, after))
    quiet.end()


def stopped_desktop(server):
    with Strict(server) as client:
        frames(client)
        desktop, = server.named("kagami-desktop")
        start = time.monotonic()
        os.kill(desktop, signal.SIGSTOP)
        new = wait_until(lambda: [pid for pid in server.named("kagami-desktop") if pid != desktop], 5, 0.005)
        took = time.monotonic() - start
        ok(new and took < 2 * kagami.SLOW, "a desktop process that is stopped is replaced within 2 s (%.2f s)" % took)
        ok(client.wait(lambda s: s["opened"] == 2 and s["frames"] >= 1, 5) and not client.violation,
           "and its client sees the desktop again")


def dying_desktop(server):
    with Strict(server) as client:
        frames(client)
        desktop, = server.named("kagami-desktop")
        start = time.monotonic()
        os.kill(desktop, signal.SIGKILL)
        got = client.wait(lambda s: s["opened"] == 2 and s["frames"] >= 1, 5)
        ok(got and not client.violation, "a desktop process that is killed comes back to its client (%.0f ms)" %
           ((time.monotonic() - start) * 1000))
    with Strict(server) as client:
        frames(client)
        session = in_use(server, "kagami-session")
        desktop = server.named("kagami-desktop")
        os.kill(session[0], signal.SIGKILL)
        client.ended(5)
        ok(server.named("kagami-desktop") == desktop, "a session that dies leaves the desktop untouched")


def orderly_end(server):
    client = Strict(server)
    frames(client)
    start = time.monotonic()
    server.stop(2.0)
    ended = client.ended(3)
    ok(ended and ended.startswith("ended") and "0x0" not in ended.split()[1:2],
       "at the end the client is told why (%s, %.2f s)" % (ended, time.monotonic() - start))
    client.end()


generator = random.Random(seed())
with Kagamid("still") as kagamid:
    takeover(kagamid)
    dying_desktop(kagamid)
    stopped_desktop(kagamid)
    reconnect(kagamid)
    orderly_end(kagamid)
with TwoDesktops("") as kagamid:
    chaos(kagamid, generator)
    kagamid.stop()
done()
