#!/usr/bin/env python3
"""By which codec pictures come: a terrain that moves by RemoteFX, text exactly and cheaply, and what each client can."""
import os
import time

from strict import Strict, kagami
from kagami import Failed, Kagamid, done, note, ok, skip

SIZE = (640, 480)
WAYS = ("uncompressed", "remotefx", "clear", "progressive", "planar", "fill", "copy", "cache")


def ways(client, frames, seconds=30):
    """Pixels by way, bytes and frames, over that many frames from now on."""
    first = client.wait(lambda s: s["frames"] >= 5 or s["surfaces"] >= 5, 20)
    if not first:
        return None, None
    last = client.wait(lambda s: s["frames"] >= first["frames"] + frames or s["surfaces"] >= first["surfaces"] + frames, seconds)
    if not last:
        return None, None
    return {way: last["area_" + way] - first["area_" + way] for way in WAYS}, {
        name: last[name] - first[name] for name in ("bytes", "frames", "surfaces", "surface_bytes", "bitmap_bytes")}


def moving(client, frames, seconds=60):
    """Pixels by way over so many frames of a picture that moves, and how many frames were left out.

    A busy machine may draw nothing for half a second; then tiles have stood still, and are sent exactly. What comes after
    such a pause is left out until the picture moves again.
    """
    before = client.wait(lambda s: s["frames"] >= 5, 20)
    area, counted, left_out, moves = dict.fromkeys(WAYS, 0), 0, 0, True
    when = time.monotonic()
    end = when + seconds
    while before and counted < frames and when < end:
        now = client.wait(lambda s: s["frames"] > before["frames"], 20)
        if not now:
            return None, left_out
        pause, when = time.monotonic() - when, time.monotonic()
        grown = {way: now["area_" + way] - before["area_" + way] for way in WAYS}
        moves = moves and pause < 0.4
        if moves:
            area = {way: area[way] + grown[way] for way in WAYS}
            counted += now["frames"] - before["frames"]
        else:
            left_out += now["frames"] - before["frames"]
            moves = pause < 0.4 and share(grown, "progressive") > 0.5
        before = now
    return (area if counted >= 10 else None), left_out


def share(area, way):
    return area[way] / max(1, sum(area.values()))


def terrain(server):
    # What is left is the text over the terrain, nine tiles at the most, and where it is smooth: exactly, and cheaper.
    for size in (SIZE, (1280, 720)):
        with Strict(server, size=size) as client:
            area, left_out = moving(client, 40)
            if ok(area and not client.violation, "a client of %dx%d sees a terrain that moves %s" % (*size, client.violation or "")):
                ok(share(area, "progressive") >= 0.95, "95 %% or more of its area comes by codec 0x0009 (%.1f %%)" %
                   (100 * share(area, "progressive")))
                note("%s, %d frames left out" % ({way: n for way, n in area.items() if n}, left_out))
    with Strict(server, "--versions", "80105 1", size=SIZE) as client:
        area, _ = ways(client, 15)
        ok(area and not client.violation and area["progressive"] == 0 and share(area, "remotefx") >= 0.9,
           "a thin client gets it by classic RemoteFX %s" % (client.violation or ""))
    with Strict(server, "--no-graphics", "--remotefx", size=SIZE) as client:
        area, sums = ways(client, 15)
        ok(area and not client.violation and sums["surface_bytes"] > sums["bitmap_bytes"],
           "a client without the pipeline that knows RemoteFX gets it in surface commands %s" % (client.violation or ""))


def text(server):
    with Strict(server, size=SIZE) as client:
        area, sums = ways(client, 30)
        if ok(area and not client.violation, "a client sees a page that is scrolled"):
            # Within the window some tiles have nothing but shades of colour: those may be pictures.
            ok(share(area, "progressive") <= 0.01 and area["remotefx"] == 0, "99 % of it and more exactly") or note(area)
            ok(share(area, "copy") >= (0.5 if kagami.SLOW == 1 else 0.3), "most of it is moved by the client (%.0f %%)" % (100 * share(area, "copy")))
            ok(sums["bytes"] / sums["frames"] <= 15000, "for %d bytes a step" % (sums["bytes"] / sums["frames"]))


def main():
    with open(os.path.join(kagami.BUILD, "config.h")) as config:
        if "#define HAVE_DEMO 1" not in config.read():
            skip("built without the demo")
            return done()
    for kind, test in (("demo", terrain), ("demo:text", text)):
        try:
            with Kagamid(kind) as server:
                test(server)
                server.stop()
        except Failed as error:
            if "No such device" in str(error):
                skip("no driver for OpenGL ES 3 here")
                continue
            ok(False, "%s: %s" % (kind, error))
    done()


if __name__ == "__main__":
    main()
