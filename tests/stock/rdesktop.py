#!/usr/bin/env python3
"""rdesktop, which knows no graphics channel and no NLA, works over TLS with an account of the machine's own (PAM)."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from kagami import (Client, Failed, Kagamid, Rdesktop, Show, SystemUser, Xvfb, done, lacks_pam, note, ok, seed, seeded,  # noqa: E402
                    skip, wait_until)

SEED = seed()


def test_size(user, width, height):
    with Xvfb(width, height) as desktop, Kagamid("x11:" + desktop.display, env=desktop.env, user=user.name,
                                                 password=user.password, security="tls") as server:
        first, second = seeded(width, height, SEED), seeded(width, height, SEED + 1)
        show = Show(desktop, first)
        with Rdesktop(server, (width, height)) as client:
            client.wait_picture(first, 20, "rdesktop shows %dx%d exactly" % (width, height))
            client.focus()
            client.click(width - 5, height - 3)
            client.type("Hello, 42")
            wait_until(lambda: show.text() == "Hello, 42", 5)
            if not ok(show.text() == "Hello, 42" and
                      show.events("button")[:1] == [("1", "down", str(width - 5), str(height - 3))],
                      "what is typed and clicked arrives"):
                note(show.output())
            other = Show(desktop, second)
            client.wait_picture(second, 10, "another picture follows exactly")
            other.end()
        show.end()
        server.stop()


def test_depths(user):
    """It asks for 16 bits by itself."""
    with Xvfb(640, 480) as desktop, Kagamid("x11:" + desktop.display, env=desktop.env, user=user.name,
                                            password=user.password, security="tls") as server:
        shown = seeded(640, 480, SEED)
        show = Show(desktop, shown)
        for depth in (24, 16, 8):
            kind = type("Rdesktop%d" % depth, (Rdesktop,), {"depth": depth})
            with kind(server, (640, 480)) as client:
                client.wait_picture(shown, 15, "a client that asks for %d bits per pixel gets 32" % depth)
        show.end()
        server.stop()


def test_passwords(user):
    with Xvfb(640, 480) as desktop, Kagamid("x11:" + desktop.display, env=desktop.env, user=user.name,
                                            password=user.password, security="tls") as server:
        shown = seeded(640, 480, SEED)
        show = Show(desktop, shown)
        with Client(server, (640, 480), security="tls", password="wrong") as client:
            ok(client.wait(15), "a wrong password is refused over TLS")
        with Client(server, (640, 480), security="tls") as client:
            client.wait_picture(shown, 15, "the right one is not, by xfreerdp over TLS")
        ok(user.password not in server.logged() and "wrong" not in server.logged(), "no password is logged")
        show.end()
        server.stop()


def main():
    if lacks_pam():
        skip(lacks_pam())
        done()
    with SystemUser() as user:
        # rdesktop makes every width even by itself.
        for test, arguments in ((test_size, (1920, 1080)), (test_size, (1366, 771)), (test_depths, ()),
                                (test_passwords, ())):
            try:
                test(user, *arguments)
            except (Failed, subprocess.SubprocessError, OSError) as error:
                ok(False, "%s: %s" % (test.__name__, error))
    done()


if __name__ == "__main__":
    main()
