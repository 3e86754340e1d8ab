#!/usr/bin/env python3
"""xfreerdp3 with each codec: a picture comes well, 38 dB in every tile, and is exact once it stood still."""
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kagami  # noqa: E402
from kagami import Client, Failed, Kagamid, Show, Xvfb, done, note, ok, seed, seeded  # noqa: E402

SEED = seed()
WIDTH, HEIGHT = 800, 600
CLIENTS = (                         # their options, and what the desktop's log says of them
    (("/gfx:progressive",), "with the graphics pipeline"),
    (("/gfx:RFX",), "with the graphics pipeline"),
    (("/gfx:thin-client:on,mask:0x7fc",), "with the graphics pipeline"),    # versions 8.0 and 8.1 only: others lack that flag
    # "-gfx" switches the pipeline on in FreeRDP 3.10; every network but the automatic one leaves it off.
    (("/network:wan", "/rfx", "/bpp:32"), "with RemoteFX and bitmap updates"),
    (("/gfx:small-cache:on,progressive",), "with the graphics pipeline"),
    (("/network:wan", "/rfx", "/rfx-mode:image", "/bpp:32"), "with RemoteFX and bitmap updates"),
    (("/network:wan", "/bpp:32"), "with bitmap updates"),
)


def shots_until(client, shown, deadline):
    """All that the client shows until it is exactly that, as (time, picture); nothing is looked at closely meanwhile."""
    shots, end = [], time.monotonic() + deadline
    while time.monotonic() < end and client.running():
        shot = client.screenshot()
        if shot:
            shots.append((time.monotonic(), shot))
            if shot == shown:
                break
        time.sleep(0.03)
    return shots


def is_empty(shot):
    return shot.pixels == shot.pixels[:4] * (shot.width * shot.height)


def shows(client, name, shown, before, lossy):
    shots = shots_until(client, shown, 15)
    exact = shots and shots[-1][1] == shown
    if not ok(exact, name + " is exact in the end"):
        note(shots and shown.difference(shots[-1][1]) or "there was no window")
        note(client.server.logged()[-3000:])
    if not lossy or not exact:
        return
    # It comes once, then stands for half a second: the last look before it was exact is at all of it, if there was one.
    came = [(when, shot) for when, shot in shots[:-1] if shot != before and not is_empty(shot)]
    if not came or came[-1][0] != shots[-2][0]:
        note("it was exact before it was looked at")
        return
    worst = shown.worst_tile(came[-1][1])
    ok(worst >= 38, "%s comes with 38 dB or more in every tile" % name)
    # From the first part of it that was seen. What a look takes longer than usual the machine had no time for kagami, either.
    times = [when for when, _ in shots if came[0][0] <= when <= came[-1][0]]
    waited = sum(min(after - when, 0.15) for when, after in zip(times, times[1:]))
    ok(waited <= 1.0 * kagami.SLOW, "%s: a second after it came it is exact" % name)
    note("%.1f dB, still so after %.2f s (%.2f s by the clock), exact after %.2f s" % (
        worst, waited, times[-1] - times[0], shots[-1][0] - times[0]))


def test_client(server, desktop, options, logged):
    name = " ".join(options)
    lossy = logged != "with bitmap updates"
    first, second = seeded(WIDTH, HEIGHT, SEED), seeded(WIDTH, HEIGHT, SEED + 1)
    show = Show(desktop, first)
    with Client(server, (WIDTH, HEIGHT), *options) as client:
        shows(client, name + ": the first picture", first, None, lossy)
        other = Show(desktop, second)
        shows(client, name + ": another one", second, first, lossy)
        other.end()
        served = re.findall("has a screen of .*?, (.*)$", server.logged(), re.M)
        ok(served[-1:] == [logged], "%s: the desktop serves it %s" % (name, logged))
    show.end()


def main():
    with Xvfb(WIDTH, HEIGHT) as desktop, Kagamid("x11:" + desktop.display, env=desktop.env) as server:
        for options, logged in CLIENTS if os.environ.get("FULL") else CLIENTS[:4]:
            try:
                test_client(server, desktop, options, logged)
            except (Failed, subprocess.SubprocessError, OSError) as error:
                ok(False, "%s: %s" % (" ".join(options), error))
        server.stop()
    done()


if __name__ == "__main__":
    main()
