#!/usr/bin/env python3
"""What the graphics pipeline owes a strict client: versions, resets, credit, refresh, suppression, silence."""
import sys
import time

from strict import Strict
import tap
from kagami import Kagamid, done, note, ok, wait_until

FIRST, SECOND = "0x0f00 %s", "0x80 %s"


def click(client, x, y):
    """The still desktop draws a square where it is clicked: a frame to wait for."""
    client.ask("mouse 0x800 %d %d" % (x, y))
    client.ask("mouse 0x9000 %d %d" % (x, y))
    client.ask("mouse 0x1000 %d %d" % (x, y))


def frames(client, number, deadline=10):
    return client.wait(lambda s: s["frames"] >= number, deadline)


def versions(server):
    for name, advertised, expected in (
            ("8.0 only", "80004 0", 0x80004), ("8.1", "80004 0 80105 0", 0x80105), ("10.0", "80004 0 a0002 20", 0xa0002),
            ("10.1", "80004 0 a0100 0", 0xa0100), ("10.3", "80105 0 a0301 20", 0xa0301),
            ("10.7", "80004 2 80105 0 a0002 22 a0200 22 a0301 20 a0400 22 a0502 22 a0600 22 a0701 22", 0xa0701),
            ("10.7 among unknown ones", "80004 0 f0000001 7 a0701 20 b0000 0", 0xa0701)):
        with Strict(server, "--versions", advertised) as client:
            got = frames(client, 1)
            ok(got and got["version"] == expected and got["confirms"] == 1 and not client.violation,
               "a client with %s is answered with 0x%x %s" % (name, expected, client.violation or ""))


def again(server):
    with Strict(server, "--versions", "a0701 20") as client:
        frames(client, 1)
        client.ask("advertise a0400 20 a0701 22")
        got = client.wait(lambda s: s["confirms"] == 2 and s["frames"] >= 2)
        ok(got and got["resets"] == 2 and not client.violation, "a second advertisement begins anew with the whole picture")
        click(client, 100, 100)
        ok(frames(client, 3), "and the desktop goes on")
    with Strict(server, "--versions", "80105 0") as client:
        frames(client, 1)
        client.ask("advertise 80105 0")
        kind = client.ended(5)
        ok(kind is not None and "ended" in kind, "a second advertisement of a client before 10.3 ends the connection (%s)" % kind)


def flow(server):
    with Strict(server) as client:
        frames(client, 1)
        client.ask("acknowledge off")
        for i in range(6):
            click(client, 50 + 70 * i, 60)
            if i < 2:           # each a frame of its own; the others find two unacknowledged ones
                frames(client, 2 + i)
        got = client.wait(lambda s: s["quiet_ms"] > 300)
        ok(got and got["frames"] == 3, "without acknowledgements at most two frames come (%s)" % (got and got["frames"]))
        client.ask("acknowledge on")
        got = frames(client, 4)
        before = client.picture()
        ok(got and not client.violation, "with acknowledgements the rest comes")
        client.ask("acknowledge suspended")
        for i in range(4):
            click(client, 50 + 70 * i, 160)
            wait_until(lambda i=i: (client.stats() or {}).get("frames", 0) > got["frames"] + i, 5)
        later = frames(client, got["frames"] + 4, 5)
        ok(later is not None, "a client that suspends acknowledgement is not held back")
        ok(client.picture() != before and not client.violation, "and sees what changes")


def drawn(stats):
    return stats["pictures"] + stats["fills"] + stats["hits"]


def refresh(server):
    with Strict(server) as client:
        before = frames(client, 1)
        client.ask("refresh 0 0 800 600")
        got = frames(client, before["frames"] + 1)
        ok(got and drawn(got) >= 2 * drawn(before) - 130,
           "a refresh of all sends every tile again")
        first = got["frames"]
        client.ask("refresh 0 0 10 10")
        more = frames(client, first + 1)
        ok(more and drawn(more) - drawn(got) == 1, "a refresh of a corner sends one tile")
        client.ask("suppress 1")
        client.ask("key 2a 0")   # makes sure that the suppression has arrived: input is in order with it
        click(client, 300, 300)
        # That nothing comes for a while is what is claimed: there is no event to wait for.
        time.sleep(0.3)
        ok(client.stats()["frames"] == more["frames"], "nothing is sent while the window is not seen")
        client.ask("suppress 0")
        ok(frames(client, more["frames"] + 1) and not client.violation, "what has changed comes when it is seen again")


def switches(pid):
    total = 0
    with open("/proc/%d/status" % pid) as file:
        for line in file:
            if "ctxt_switches" in line:
                total += int(line.split()[1])
    return total


def idle(server):
    with Strict(server) as client:
        client.wait(lambda s: s["frames"] >= 1 and s["quiet_ms"] > 500)
        desktop, = server.named("kagami-desktop")
        session = max(server.named("kagami-session"), key=switches)
        start, begin = (switches(session), switches(desktop)), time.monotonic()
        time.sleep(10)      # what is measured: how often they wake up when nothing happens
        seconds = time.monotonic() - begin
        of_session, of_desktop = switches(session) - start[0], switches(desktop) - start[1]
        ok(of_session == 0, "an idle session is not woken in %.0f s (%d context switches)" % (seconds, of_session))
        # A heartbeat every half second: the wake-up and at most one more switch for the answer.
        ok(of_desktop <= seconds * 2 * 2 + 2, "an idle desktop wakes for its heartbeat only (%d context switches)" % of_desktop)
        with open("/proc/%d/status" % session) as file:
            threads = [line for line in file if line.startswith("Threads")][0].split()[1]
        ok(threads == "1", "a session has one thread")


def bitmaps(server):
    with Strict(server, "--no-graphics") as client:
        ok(client.connected and client.ask("stats") is not None, "a client without the graphics pipeline connects")
        ok(client.wait(lambda s: s["pointers_new"] > 0) and not client.violation, "and is shown the desktop's pointer")


def malformed(server):
    for name, raw in (("a message longer than itself", "0d000000ff000000000000000000000000000000"),
                      ("an acknowledgement that is too short", "0d0000000c00000000000000"),
                      ("an acknowledgement of a frame never sent", "0d000000140000000000000077777777ffff0000"),
                      ("a length of nothing", "0d00000000000000"),
                      ("capabilities that lie about their size", "120000001600000001000107 0a00ffffffff00000000".replace(" ", "")),
                      ("no capabilities at all", "120000000a0000000000"),
                      ("half a head", "0d00")):
        with Strict(server) as client:
            frames(client, 1)
            client.ask("raw " + raw)
            kind = client.ended(5)
            ok(kind and kind.startswith("ended"), "%s ends the connection (%s)" % (name, kind))
    with Strict(server) as client:
        ok(frames(client, 1) is not None, "the desktop is still there for others")


with Kagamid("still") as kagamid:
    versions(kagamid)
    again(kagamid)
    flow(kagamid)
    refresh(kagamid)
    idle(kagamid)
    bitmaps(kagamid)
    malformed(kagamid)
    good = kagamid.stop()
    if tap.failed:
        note(kagamid.logged()[-3000:] if good else "")
done()
