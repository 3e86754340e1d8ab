#!/usr/bin/env python3
"""xfreerdp3 works on real X desktops: what it shows is exactly what they show, and what it types and clicks arrives."""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kagami import (Client, Failed, Kagamid, Program, Show, Xorg, Xvfb, done, note, ok, seed, seeded,  # noqa: E402
                    wait_until)

SEED = seed()


def clicks(show, client, places):
    """Where a client's clicks landed on the desktop."""
    landed = []
    for count, (x, y, button) in enumerate(places, 1):
        client.click(x, y, button)
        wait_until(lambda: len(show.events("button")) >= 2 * count, 3)
    for number, way, x, y in show.events("button"):
        if way == "down":
            landed.append((int(x), int(y), int(number)))
    return landed


def test_full_hd():
    with Xvfb(1920, 1080) as desktop, Kagamid("x11:" + desktop.display, env=desktop.env) as server:
        first, second = seeded(1920, 1080, SEED), seeded(1920, 1080, SEED + 1)
        show = Show(desktop, first)
        with Client(server, (1920, 1080)) as client:
            client.wait_picture(first, 15, "1920x1080 over NLA is shown exactly")
            client.focus()

            places = [(0, 0, 1), (1919, 1079, 1), (17, 1078, 3), (963, 541, 2), (1918, 1, 1), (400, 300, 4), (400, 300, 5)]
            landed = clicks(show, client, places)
            if not ok(landed == places, "clicks and the wheel land on their pixels"):
                note("%s instead of %s" % (landed, places))

            text = "Hello, kagami! #42 ~ {[x]} \\ |"
            client.type(text)
            wait_until(lambda: len(show.text()) >= len(text), 5)
            if not ok(show.text() == text, "typed text arrives"):
                note(repr(show.text()))

            show.forget()
            client.key("F5", "Left", "KP_Enter", "Prior", "Delete")
            keys = [71, 113, 104, 112, 119]        # X key codes
            pressed = wait_until(lambda: len(show.events("key")) >= 10 and
                                 [int(key[0]) for key in show.events("key") if key[1] == "down"], 5)
            if not ok(pressed == keys, "function, arrow, keypad and editing keys arrive"):
                note(str(show.events("key")))

            other = Show(desktop, second)
            client.wait_picture(second, 10, "another picture follows exactly")
            other.end()
            client.wait_picture(first, 10, "what lay beneath comes back exactly")
        with Client(server, (1920, 1080)) as client:
            client.wait_picture(first, 15, "a second connection shows it exactly")
        show.end()
        server.stop()


def test_odd_size():
    width, height = 1367, 771
    with Xvfb(width, height) as desktop, Kagamid("x11:" + desktop.display, env=desktop.env) as server:
        shown = seeded(width, height, SEED + 2)
        show = Show(desktop, shown)
        with Client(server, (width, height)) as client:
            client.wait_picture(shown, 15, "%dx%d is shown exactly" % (width, height))
            client.focus()
            landed = clicks(show, client, [(width - 1, height - 1, 1), (0, height - 1, 1)])
            ok(landed == [(width - 1, height - 1, 1), (0, height - 1, 1)], "a click lands on the last pixel of an odd size")
        with Client(server, (width, height), "/network:wan", "/bpp:32") as client:      # "-gfx" does not do it
            client.wait_picture(shown, 15, "%dx%d without the graphics channel is shown exactly" % (width, height))
        show.end()
        server.stop()


def test_resize():
    with Xorg() as desktop, Kagamid("x11:" + desktop.display, env=desktop.env) as server:
        before = desktop.size()
        for width, height in ((1600, 900), (1501, 907)):
            shown = seeded(width, height, SEED + width)
            with Client(server, (width, height)) as client:
                if not ok(wait_until(lambda: desktop.size() == (width, height), 15),
                          "the desktop gets the client's size at connect: %dx%d" % (width, height)):
                    note("it is %dx%d" % desktop.size())
                show = Show(desktop, shown)
                client.wait_picture(shown, 15, "%dx%d after the change is shown exactly" % (width, height))
                show.end()
        server.stop()
        ok(desktop.size() == before, "after kagamid the desktop has its own size again")
        ok("kagami" not in desktop.run("xrandr"), "and no mode of ours")


def test_terminal():
    """A terminal as people use it: a line typed in is what the program behind it reads."""
    with Xvfb(1024, 768) as desktop, Kagamid("x11:" + desktop.display, env=desktop.env) as server:
        line = "The quick brown Fox jumps_over 13 lazy-dogs; \"yes\" & 'no' <tag/> $HOME?"
        with Program(["xterm", "-geometry", "160x50+0+0", "-e", "sh", "-c", "echo ready >&3; cat >&4"],
                     env=desktop.env) as terminal:
            ready, typed = (os.path.join(terminal.directory, name) for name in ("ready", "typed"))
            terminal.argv = terminal.argv[:-1] + ["echo ready >%s; cat >%s" % (ready, typed)]
            terminal.start()
            ok(wait_until(lambda: os.path.exists(ready), 10), "an xterm runs on the desktop")
            with Client(server, (1024, 768)) as client:
                ok(client.connected(), "the client is connected")
                wait_until(lambda: (client.screenshot() or desktop.screenshot()) == desktop.screenshot(), 5)
                client.focus()
                client.move(300, 300)
                client.type(line)
                client.key("Return")
                wait_until(lambda: os.path.getsize(typed) > len(line), 10)
                with open(typed) as file:
                    got = file.read()
                if not ok(got == line + "\n", "a line typed at the client is what a shell in an xterm reads"):
                    note(repr(got))
                if not ok(wait_until(lambda: client.screenshot() == desktop.screenshot(), 5),
                          "the terminal is shown exactly"):
                    note(desktop.screenshot().difference(client.screenshot()))
        server.stop()


def test_hung():
    """An X server that hangs ends the view with a message, and does not bring kagamid down; so does one that dies."""
    with Xvfb(800, 600) as desktop, Kagamid("x11:" + desktop.display, env=desktop.env) as server:
        shown = seeded(800, 600, SEED)
        show = Show(desktop, shown)
        with Client(server, (800, 600)) as client:
            client.wait_picture(shown, 15, "800x600 is shown exactly")
            client.focus()
            os.kill(desktop.pid, signal.SIGSTOP)
            client.move(100, 100)
            ok(client.wait(8) is not None, "the client ends when the X server hangs")
            said = "X server %s does not answer" % desktop.display
            if not ok(said in server.logged(), "the log says so"):
                note(server.logged()[-2000:])
        os.kill(desktop.pid, signal.SIGCONT)
        with Client(server, (800, 600)) as client:
            client.wait_picture(shown, 15, "once it answers again, so does kagami")
            desktop.process.kill()
            ok(client.wait(8) is not None, "the client ends when the X server dies")
            ok("X server %s has gone" % desktop.display in server.logged(), "the log says so")
        show.end()
        server.stop()


def main():
    for test in (test_full_hd, test_odd_size, test_resize, test_terminal, test_hung):
        try:
            test()
        except (Failed, subprocess.SubprocessError, OSError) as error:
            ok(False, "%s: %s" % (test.__name__, error))
    done()


if __name__ == "__main__":
    main()
