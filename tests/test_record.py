#!/usr/bin/env python3
"""kagami-bench record: desktops and programs become recordings; what cannot be recorded is said."""
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from tap import done, ok, skip, wait_until  # noqa: E402

BUILD = os.path.abspath(os.environ.get("top_builddir", "."))
BENCH = os.path.join(BUILD, "kagami-bench")
SHOW = os.path.join(BUILD, "tests", "stock", "show")


def record(*arguments, deadline=120):
    return subprocess.run([BENCH, "record", *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=deadline)


def header(path):
    """(width, height, frames, length in us) of a finished recording, or None."""
    with open(path, "rb") as file:
        magic, width, height, _, frames, _, index, length = struct.unpack("<8sHHIIIQQ", file.read(40))
        file.seek(0, os.SEEK_END)
        if magic != b"KGWFILM1" or not index or index + 16 * frames != file.tell():
            return None
    return width, height, frames, length


def desktops(folder):
    path = os.path.join(folder, "film.kgw")
    run = record("--size", "400x300", "--seconds", "1", "replay:text-scroll,fps=60", path)
    found = header(path) if run.returncode == 0 else run.stderr
    ok(run.returncode == 0 and found[:2] == (400, 300) and found[2] >= 2 and found[3] >= 500000,
       "a second of a desktop is recorded (%s)" % (found,))
    ok(b"pictures" in run.stderr, "and how much it was is said")
    again = os.path.join(folder, "again.kgw")
    run = record("--quiet", "--seconds", "1", "--fps", "5", "replay:%s,fps=max,plain" % path, again)
    found = header(again) if run.returncode == 0 else run.stderr
    ok(run.returncode == 0 and found[:2] == (400, 300) and 1 <= found[2] <= 7, "a recording too, with fewer pictures (%s)" % (found,))
    ok(run.stderr == b"", "quietly, when it shall")


def interrupted(folder):
    path = os.path.join(folder, "interrupted.kgw")
    process = subprocess.Popen([BENCH, "record", "--quiet", "still", path], stderr=subprocess.PIPE)
    wait_until(lambda: os.path.exists(path) and os.path.getsize(path) > 40, 60)
    process.send_signal(signal.SIGINT)
    process.wait(60)
    found = header(path)
    ok(process.returncode == 0 and found and found[2] == 1, "one that is interrupted is whole (%s)" % (found,))


def programs(folder):
    if not shutil.which("Xvfb") or not os.path.exists(SHOW):
        return skip("there is no Xvfb, or no program to show")
    path, picture = os.path.join(folder, "program.kgw"), os.path.join(folder, "picture")
    with open(picture, "wb") as file:
        file.write(bytes(64 * 48 * 4))
    run = record("--quiet", "--size", "320x240", "--exec", "timeout 2 '%s' '%s' 64 48 || true" % (SHOW, picture), path)
    found = header(path) if run.returncode == 0 else run.stderr
    ok(run.returncode == 0 and found[:2] == (320, 240) and found[2] >= 1, "a program on an X server of its own is recorded (%s)" % (found,))
    left = wait_until(lambda: not any(name.startswith("kagami-xvfb-") for name in os.listdir("/tmp")), 10)
    ok(left, "and nothing of that server is left")


def refusals(folder):
    path = os.path.join(folder, "no.kgw")
    for arguments, status, said in (
            (("nothing", path), 1, b"no kind of desktop"), (("x11", path), 1, b"needs a display"),
            (("replay:nothing", path), 1, b"cannot open"), (("qemu:/nonexistent", path), 1, b"cannot open"),
            (("still", "/nonexistent/a.kgw"), 1, b"cannot write"), (("still",), 2, b"needs a desktop and a file"),
            (("--seconds", "never", "still", path), 2, b"--seconds"), (("--fps", "0", "still", path), 2, b"--fps"),
            (("--size", "10x", "still", path), 2, b"--size")):
        run = record(*arguments)
        ok(run.returncode == status and said in run.stderr, "%s is refused: %s" % (" ".join(arguments[:2]), run.stderr.decode().strip()))
    run = record("--help")
    ok(run.returncode == 0 and b"--exec" in run.stdout, "its help explains it")


def main():
    with open(os.path.join(BUILD, "config.h")) as config:
        text = config.read()
    if "#define HAVE_ZSTD 1" not in text:
        skip("built without zstd")
        return done()
    with tempfile.TemporaryDirectory() as folder:
        desktops(folder)
        interrupted(folder)
        if "#define HAVE_X11 1" in text:
            programs(folder)
        refusals(folder)
    return done()


if __name__ == "__main__":
    sys.exit(main())
