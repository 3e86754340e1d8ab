"""The kind "qemu" on a real virtual machine, without a session: pictures, keys, sizes, and what happens when it hangs."""
import os
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import guest  # noqa: E402
import vm as virtual  # noqa: E402
from tap import done, note, ok, skip, wait_until  # noqa: E402

BUILD = os.environ.get("top_builddir", ".")


class Client:
    """tests/vm/console-client, and what it answers."""

    def __init__(self, socket):
        self.process = subprocess.Popen([os.path.join(BUILD, "tests/vm/console-client"), socket],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.bytes = b""

    def take(self, enough, seconds):
        deadline = time.monotonic() + seconds
        while not enough(self.bytes):
            if not select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))[0]:
                raise TimeoutError("the client says nothing for %g s" % seconds)
            more = os.read(self.process.stdout.fileno(), 1 << 20)
            if not more:
                raise RuntimeError("the client ended: %s" % self.process.wait())
            self.bytes += more

    def line(self, seconds=10):
        self.take(lambda have: b"\n" in have, seconds)
        line, self.bytes = self.bytes.split(b"\n", 1)
        return line.decode()

    def ask(self, command):
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        return self.line()

    def picture(self):
        size = int(self.ask("picture"))
        self.take(lambda have: len(have) >= size, 10)
        content, self.bytes = self.bytes[:size], self.bytes[size:]
        return virtual.picture(content)

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass


def same(client, machine):
    """The client shows exactly what QEMU says that the screen shows, at one time: nothing changes in between."""
    return client.picture() == machine.screen()


def test_console(machine, client):
    first = []
    ok(wait_until(lambda: client.picture()[0] > 0, 10), "the first picture comes")
    machine.wait_ready()
    ok(wait_until(lambda: same(client, machine), 20), "the quiet console is shown exactly")
    first.append(client.picture())
    ok(client.ask("locks") in ("0", "2"), "the guest's locks are known (%s)" % client.ask("locks"))

    client.ask("type echo Typed_by_kagami >/dev/ttyS0")
    ok(wait_until(lambda: "Typed_by_kagami" in machine.serial_text(), 20), "a typed command runs in the guest")
    ok(wait_until(lambda: client.picture() != first[0], 10), "the picture shows it")
    text = "!@#$%^&*()_+-=[]{};:,.<>?/|~"
    client.ask("type echo '%s' >/dev/ttyS0" % text)
    ok(wait_until(lambda: text in machine.serial_text(), 20), "every character of a US keyboard arrives")
    client.ask("type for i in $(seq 300); do echo line $i of many that scroll; done; echo scrolled >/dev/ttyS0")
    ok(wait_until(lambda: "scrolled" in machine.serial_text(), 60), "many lines scroll by")
    ok(wait_until(lambda: same(client, machine), 20), "and the end is shown exactly")

    ok(client.ask("key 58") == "ok" and wait_until(lambda: client.ask("locks") in ("4", "6"), 10),
       "Caps Lock comes back from the guest as a lock")
    client.ask("type echo Upper_and_lower >/dev/ttyS0")
    ok(wait_until(lambda: "Upper_and_lower" in machine.serial_text(), 20), "with it on, text is typed as it is")
    client.ask("key 58")

    # Linux' framebuffer console does not grow beyond the 1280x800 that it began with.
    for width, height in ((1024, 768), (1280, 720), (800, 600)):
        ok(client.ask("resize %d %d" % (width, height)) == "ok" and
           wait_until(lambda: client.ask("size") == "%d %d" % (width, height), 20),
           "the guest follows to %dx%d" % (width, height))
        ok(wait_until(lambda: same(client, machine), 20), "and is shown exactly")


def test_hang(machine, client):
    """A silent peer on the listener connection freezes QEMU: it goes on when that peer is killed, and a new one works."""
    client.process.send_signal(signal.SIGSTOP)
    client.process.send_signal(signal.SIGCONT)
    ok(client.ask("size") != "", "a client that was stopped for a moment goes on")
    client.process.send_signal(signal.SIGSTOP)
    client.stop()
    ok(machine.qmp.ask("query-status", deadline=10)["running"], "QEMU answers after a stopped client is killed")
    again = Client(machine.display_socket)
    try:
        ok(again.line() == "open", "the display can be opened again")
        ok(wait_until(lambda: same(again, machine), 20), "and is shown exactly")
        taken = Client(machine.display_socket)
        try:
            ok(taken.line() == "open", "a second client takes the display")
            began = time.monotonic()
            said = again.line(20)
            ok(said.startswith("lost"), "the first one is told after %.1f s (%s)" % (time.monotonic() - began, said))
        finally:
            taken.stop()
    finally:
        again.stop()


def test_end(machine):
    client = Client(machine.display_socket)
    try:
        ok(client.line() == "open", "opened once more")
        machine.process.kill()
        said = client.line()
        ok(said.startswith("lost"), "the end of QEMU is told (%s)" % said)
        ok(wait_until(lambda: client.process.poll() is not None, 5) and client.process.returncode == 0,
           "and the client ends by itself")
    finally:
        client.stop()


def main():
    try:
        machine = virtual.Vm(os.path.join(BUILD, "vm-cache"))
    except guest.Missing as missing:
        skip(missing)
        done()
    with machine:
        client = Client(machine.display_socket)
        try:
            ok(client.line() == "open", "the display opens while the machine starts")
            test_console(machine, client)
            test_hang(machine, client)
        finally:
            client.stop()
        test_end(machine)
        note(machine.said())
    done()


if __name__ == "__main__":
    main()
