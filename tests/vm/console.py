#!/usr/bin/env python3
"""xfreerdp3 works on a real virtual machine through kagamid, and the machine outlives whatever hangs on the way to it."""
import os
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "stock")]
import guest  # noqa: E402
import vm  # noqa: E402
from kagami import BUILD, Client, Kagamid, Picture, done, note, ok, skip, wait_until  # noqa: E402

SIZE = (1024, 768)


def screen(machine):
    """What QEMU itself says that the machine shows."""
    width, height, rgb = machine.screen()
    pixels = bytearray(width * height * 4)
    pixels[0::4], pixels[1::4], pixels[2::4] = rgb[2::3], rgb[1::3], rgb[0::3]
    return Picture(width, height, pixels)


def shows_machine(client, machine, deadline, text):
    """The window comes to show exactly what the machine does: looked at before and after, so that it was quiet."""
    last = [None, None]

    def same():
        before = screen(machine)
        last[:] = [before, client.screenshot()]
        return last[1] == before and screen(machine) == before
    start = time.monotonic()
    good = ok(wait_until(same, deadline, every=0.05), text)
    if good:
        note("after %.2f s" % (time.monotonic() - start))
        return True
    note(last[0].difference(last[1]) if last[1] else "there was no window")
    for shot, what in zip(last, ("machine", "window")):
        if shot:
            shot.save_png(os.path.join(BUILD, "vm-cache", "console-%s.png" % what))
    note(client.logged()[-2000:])
    return False


def type_line(client, text):
    # QEMU's keyboard holds 16 bytes, three characters, and drops what comes while the guest does not read.
    client.x.run("xdotool", "type", "--delay", "60", text)
    client.key("Return")


def arrives(machine, text, deadline=15):
    return wait_until(lambda: text in machine.serial_text(), deadline, every=0.05)


def signal_all(pids, number):
    for pid in pids:
        os.kill(pid, number)


def test_work(machine, client):
    shows_machine(client, machine, 30, "the console is shown exactly")
    shot = client.screenshot()
    ok(shot is not None and (shot.width, shot.height) == SIZE, "it has the client's size")
    client.focus()
    before = screen(machine)
    type_line(client, "echo Typed-in-%s >/dev/ttyS0; ls -l /bin" % "xfreerdp3")
    ok(arrives(machine, "Typed-in-xfreerdp3"), "a typed command runs in the guest")
    ok(wait_until(lambda: screen(machine) != before, 10), "its output appears there")
    shows_machine(client, machine, 20, "and is shown exactly")
    type_line(client, "for i in $(seq 200); do echo $i $i $i; done; echo scrolled >/dev/ttyS0")
    ok(arrives(machine, "scrolled", 60), "lines scroll by")
    shows_machine(client, machine, 20, "and their end is shown exactly")


def test_stopped_session(machine, server, client):
    """The guest does not wait for a client: a session that stands still costs the machine nothing."""
    type_line(client, "clear; (while sleep 0.2; do echo tick; done) & while sleep 0.2; do echo tock >/dev/ttyS0; done")
    if not ok(arrives(machine, "tock"), "the guest is busy with its screen and its serial port"):
        return
    sessions = server.named("kagami-session")
    signal_all(sessions, signal.SIGSTOP)
    try:
        count = machine.serial_text().count("tock")
        start = time.monotonic()
        answered = machine.qmp.ask("query-status", deadline=2)["running"]
        ok(answered and wait_until(lambda: machine.serial_text().count("tock") >= count + 10, 20),
           "with its session stopped the guest runs on")
        note("ten rounds of 0.2 s in %.1f s" % (time.monotonic() - start))
    finally:
        signal_all(sessions, signal.SIGCONT)
    client.key("ctrl+c")
    type_line(client, "kill %1; clear; echo Going-on >/dev/ttyS0")
    ok(arrives(machine, "Going-on"), "and goes on where it was")
    shows_machine(client, machine, 20, "the console is shown exactly again")


def test_stopped_desktop(machine, server, client):
    """QEMU shows a new scan-out, and waits for its answer, while the one who should give it stands still."""
    blank = "/sys/class/graphics/fb0/blank"
    type_line(client, "echo Blanks >/dev/ttyS0; sleep 0.3; echo 4 >%s; sleep 0.2; echo 0 >%s" % (blank, blank))
    arrives(machine, "Blanks")
    old = server.named("kagami-desktop")
    signal_all(old, signal.SIGSTOP)
    start = time.monotonic()
    machine_answers = machine.qmp.ask("query-status", deadline=4)["running"]
    new = wait_until(lambda: [pid for pid in server.named("kagami-desktop") if pid not in old], 5)
    took = time.monotonic() - start
    ok(len(old) == 1 and new and took < 2, "a desktop process that is stopped is replaced within 2 s")
    note("after %.2f s" % took)
    ok(wait_until(lambda: not set(old) & set(server.named("kagami-desktop")), 2), "the old one is gone")
    ok(machine_answers and machine.qmp.ask("query-status", deadline=2)["running"], "QMP answers again")
    shows_machine(client, machine, 20, "the client shows the console exactly again")
    if not client.running():
        return
    client.focus()
    type_line(client, "echo After-the-change >/dev/ttyS0")
    ok(arrives(machine, "After-the-change"), "and its keys arrive")


def main():
    try:
        machine = vm.Vm(os.path.join(BUILD, "vm-cache"))
    except guest.Missing as missing:
        skip(missing)
        done()
    with machine:
        machine.wait_ready()
        with Kagamid("qemu:" + machine.display_socket) as server:
            with Client(server, SIZE) as client:
                test_work(machine, client)
                test_stopped_session(machine, server, client)
                test_stopped_desktop(machine, server, client)
            if not server.running():
                note(server.logged()[-3000:])
            server.stop()
        ok(machine.qmp.ask("query-status")["running"], "the machine runs on without kagami")
        note(machine.said())
    done()


if __name__ == "__main__":
    main()
