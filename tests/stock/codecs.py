#!/usr/bin/env python3
"""xfreerdp3 with each codec: a picture comes well, 38 dB in every tile, and is exact once it stood still."""
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
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


def shows(client, name, shown, before, lossy):
    shots = shots_until(client, shown, 15)
    exact = shots and shots[-1][1] == shown
    if not ok(exact, name + " is exact in the end"):
        note(shots and shown.difference(shots[-1][1]) or "there was no window")
        note(client.server.logged()[-3000:])
    # Those before are of the old picture, or of a window that is empty, until it comes; then it stands for half a second.
    near = [(when, shown.worst_tile(shot)) for when, shot in shots[-6:-1] if shot != before]
    near = [(when, dB) for when, dB in near if dB > 20]
    if not lossy:
        return
    if not near:
        note("it was exact before it was looked at")
        return
    ok(min(dB for _, dB in near) >= 38, "%s comes with 38 dB or more in every tile" % name)
    note("%.1f dB, exact %.2f s later" % (min(dB for _, dB in near), shots[-1][0] - near[0][0]))


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
