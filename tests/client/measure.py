#!/usr/bin/env python3
"""`make measure`: the times and sizes that the project promises, as medians on this machine now. Not a test."""
import os
import re
import signal
import statistics
import sys
import time

from strict import Strict, kagami
from kagami import Client, Kagamid, wait_until

ROUNDS = int(os.environ.get("ROUNDS", "15"))


def say(what, values, unit="ms", goal=None):
    values = sorted(values)
    print("%-58s median %6.1f  min %6.1f  max %6.1f %s%s" % (
        what, statistics.median(values), values[0], values[-1], unit, "  (goal: under %s)" % goal if goal else ""), flush=True)


def logged(server, pattern):
    return [float(value) for value in re.findall(pattern, server.logged())]


def connections(size):
    begin = time.monotonic()
    with Kagamid("still", "--log-level", "debug") as server:
        say("kagamid: exec to ready", [(time.monotonic() - begin) * 1000])
        connected, shown = [], []
        for _ in range(ROUNDS):
            wait_until(lambda: len(server.named("kagami-session")) >= 2, 5)
            time.sleep(0.1)
            with Strict(server, size=size) as client:
                got = client.wait(lambda s: s["picture_ms"] > 0)
                connected.append(got["connected_ms"])
                shown.append(got["picture_ms"])
        say("a session: fork to ready", logged(server, r"ready ([\d.]+) ms after its start"))
        say("hand-over to logged on", logged(server, r"logged in ([\d.]+) ms after"), goal=13)
        say("TCP connection to logged on, seen by the client", connected)
        say("TCP connection to first picture", shown, goal=80)


def deaths():
    times, desktops = [], []
    with Kagamid("still") as server:
        with Client(server, (800, 600), "+auto-reconnect", "/auto-reconnect-max-retries:20") as client:
            client.connected()
            wait_until(lambda: server.logged().count("has a screen of") == 1, 10)
            for _ in range(5):
                time.sleep(0.5)
                before = server.logged().count("has a screen of")
                pid = next(pid for pid in server.named("kagami-session") if in_use(pid))
                start = time.monotonic()
                os.kill(pid, signal.SIGKILL)
                wait_until(lambda: server.logged().count("has a screen of") > before, 5, 0.001)
                times.append((time.monotonic() - start) * 1000)
    for _ in range(3):      # one death each: a desktop that dies again and again is started more and more slowly
        with Kagamid("still") as server, Strict(server) as client:
            client.wait(lambda s: s["frames"] >= 1)
            desktop, = server.named("kagami-desktop")
            start = time.monotonic()
            os.kill(desktop, signal.SIGKILL)
            client.wait(lambda s: s["opened"] == 2 and s["frames"] >= 1, 5)
            desktops.append((time.monotonic() - start) * 1000)
    say("kill -9 of a session to the view of the next (xfreerdp3)", times, goal=150)
    say("kill -9 of a desktop process to its next picture", desktops)


def in_use(pid):
    try:
        return any("memfd:" in os.readlink("/proc/%d/fd/%s" % (pid, fd)) for fd in os.listdir("/proc/%d/fd" % pid))
    except OSError:
        return False


def private_kb(pid):
    with open("/proc/%d/smaps_rollup" % pid) as file:
        return sum(int(line.split()[1]) for line in file if line.startswith("Private_"))


def memory(kind):
    with Kagamid(kind) as server, Strict(server, size=(1920, 1080)) as client:
        client.wait(lambda s: s["frames"] >= 1)
        time.sleep(1)
        for pid, name in [(server.pid, "kagamid")] + sorted(server.descendants().items()):
            try:
                spare = name == "kagami-session" and not in_use(pid)
                print("private memory, %s 1080p: %-16s %6d KB%s" % (kind, name, private_kb(pid), " (spare)" if spare else ""))
            except OSError:
                pass


def frames(kind, size, seconds=5):
    with Kagamid(kind) as server, Strict(server, size=size) as client:
        first = client.wait(lambda s: s["frames"] >= 5)
        start = time.monotonic()
        time.sleep(seconds)
        last = client.stats()
        took = time.monotonic() - start
        n = last["frames"] - first["frames"]
        print("%s %dx%d: %.1f frames/s, %.2f MB a frame" % (kind, *size, n / took, (last["bytes"] - first["bytes"]) / max(n, 1) / 1e6))


print("load %s, %d processors" % (open("/proc/loadavg").read().split()[0], os.cpu_count()))
connections((1280, 720))
deaths()
memory("still")
if "demo" in sys.argv:
    memory("demo")
    frames("demo:text", (1280, 720))
    frames("demo", (1280, 720))
