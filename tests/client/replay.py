#!/usr/bin/env python3
"""The kind replay seen by a client: the codes in the corner come through each way, numbers rise, a key is shown at once."""
import struct
import time
import zlib

from strict import Strict
from kagami import Kagamid, done, ok, wait_until

SIZE = (640, 480)
CELL, COLUMNS = 8, 32
KEY_A = 30


def cells(picture, top, count):
    """Bits of cells by the pixel in the middle of each, as bytes."""
    width, _, pixels = picture
    bits = ""
    for i in range(count):
        x, y = i % COLUMNS * CELL + CELL // 2, top + i // COLUMNS * CELL + CELL // 2
        at = (y * width + x) * 4
        bits += "1" if sum(pixels[at:at + 3]) > 3 * 127 else "0"
    return int(bits, 2).to_bytes(count // 8, "big")


def code(picture, top, mark, size):
    """The bytes of a code without its checksum, or None."""
    if not picture or cells(picture, top, COLUMNS) != bytes([mark] * 4):
        return None
    found = cells(picture, top + CELL, size * 8)
    return found[:-4] if zlib.crc32(found[:-4]) == struct.unpack("<I", found[-4:])[0] else None


def timecode(client):
    """(number, drawn in us, late in us) of what it shows, or None."""
    found = code(client.picture(), 0, 0xaa, 20)
    return found and struct.unpack("<IQI", found)


def keycode(client):
    """(count, key, pressed in us), or None."""
    found = code(client.picture(), 6 * CELL, 0x55, 16)
    return found and struct.unpack("<HHQ", found)


def now_us():
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


def moves(server, what, *options):
    with Strict(server, *options, size=SIZE) as client:
        first = wait_until(lambda: timecode(client), 20)
        last = first and wait_until(lambda: (lambda t: t and t[0] > first[0] and t)(timecode(client)), 20)
        ok(last and not client.violation, "%s shows which frame it is (%s, then %s) %s" % (what, first, last, client.violation or ""))
        ok(last and first[1] < last[1] <= now_us() and last[2] < 20000000, "and when it was drawn")


def keys(server):
    with Strict(server, size=SIZE) as client:
        wait_until(lambda: keycode(client), 20)
        pressed = now_us()
        client.ask("key %x 0" % KEY_A)
        client.ask("key %x 8000" % KEY_A)
        found = wait_until(lambda: (lambda k: k and k[0] and k)(keycode(client)), 20)
        ok(found and found[:2] == (1, KEY_A) and pressed <= found[2] <= now_us(), "a key that the client presses is shown, with its time (%s)" %
           (found,))


def main():
    with Kagamid("replay:terrain") as server:
        moves(server, "a flight by progressive")
        moves(server, "a flight by classic RemoteFX", "--versions", "80105 1")
        moves(server, "a flight on the bitmap path", "--no-graphics")
    with Kagamid("replay:text-scroll,fps=max") as server:
        moves(server, "a page that scrolls as fast as it is taken")
    with Kagamid("replay:typing,fps=1") as server:
        keys(server)
    return done()


if __name__ == "__main__":
    main()
