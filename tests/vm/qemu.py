"""The kind "qemu" on a real virtual machine, without a session: pictures, keys, sizes, and what happens when it hangs."""
import os
import select
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import guest  # noqa: E402
import vm as virtual  # noqa: E402

BUILD = os.environ.get("top_builddir", ".")


class Tap:
    def __init__(self):
        self.count = self.failed = 0

    def ok(self, right, what):
        self.count += 1
        self.failed += not right
        print("%sok %d - %s" % ("" if right else "not ", self.count, what), flush=True)
        return right

    def skip(self, why):
        self.count += 1
        print("ok %d # SKIP %s" % (self.count, why), flush=True)

    def note(self, text):
        for line in str(text).splitlines():
            print("# " + line, flush=True)

    def end(self):
        print("1..%d" % self.count)
        return 1 if self.failed else 0


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


def until(condition, seconds):
    """Looks again until condition() is true or the time is over; says which."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def same(client, machine):
    """The client shows exactly what QEMU says that the screen shows, at one time: nothing changes in between."""
    return client.picture() == machine.screen()


def test_console(tap, machine, client):
    first = []
    tap.ok(until(lambda: client.picture()[0] > 0, 10), "the first picture comes")
    machine.wait_ready()
    tap.ok(until(lambda: same(client, machine), 20), "the quiet console is shown exactly")
    first.append(client.picture())
    tap.ok(client.ask("locks") in ("0", "2"), "the guest's locks are known (%s)" % client.ask("locks"))

    client.ask("type echo Typed_by_kagami >/dev/ttyS0")
    tap.ok(until(lambda: "Typed_by_kagami" in machine.serial_text(), 20), "a typed command runs in the guest")
    tap.ok(until(lambda: client.picture() != first[0], 10), "the picture shows it")
    text = "!@#$%^&*()_+-=[]{};:,.<>?/|~"
    client.ask("type echo '%s' >/dev/ttyS0" % text)
    tap.ok(until(lambda: text in machine.serial_text(), 20), "every character of a US keyboard arrives")
    client.ask("type for i in $(seq 300); do echo line $i of many that scroll; done; echo scrolled >/dev/ttyS0")
    tap.ok(until(lambda: "scrolled" in machine.serial_text(), 60), "many lines scroll by")
    tap.ok(until(lambda: same(client, machine), 20), "and the end is shown exactly")

    tap.ok(client.ask("key 58") == "ok" and until(lambda: client.ask("locks") in ("4", "6"), 10),
           "Caps Lock comes back from the guest as a lock")
    client.ask("type echo Upper_and_lower >/dev/ttyS0")
    tap.ok(until(lambda: "Upper_and_lower" in machine.serial_text(), 20), "with it on, text is typed as it is")
    client.ask("key 58")

    # Linux' framebuffer console does not grow beyond the 1280x800 that it began with.
    for width, height in ((1024, 768), (1280, 720), (800, 600)):
        tap.ok(client.ask("resize %d %d" % (width, height)) == "ok" and
               until(lambda: client.ask("size") == "%d %d" % (width, height), 20),
               "the guest follows to %dx%d" % (width, height))
        tap.ok(until(lambda: same(client, machine), 20), "and is shown exactly")


def test_hang(tap, machine, client):
    """A silent peer on the listener connection freezes QEMU: it goes on when that peer is killed, and a new one works."""
    client.process.send_signal(signal.SIGSTOP)
    client.process.send_signal(signal.SIGCONT)
    tap.ok(client.ask("size") != "", "a client that was stopped for a moment goes on")
    client.process.send_signal(signal.SIGSTOP)
    client.stop()
    tap.ok(machine.qmp.ask("query-status", deadline=10)["running"], "QEMU answers after a stopped client is killed")
    again = Client(machine.display_socket)
    try:
        tap.ok(again.line() == "open", "the display can be opened again")
        tap.ok(until(lambda: same(again, machine), 20), "and is shown exactly")
        taken = Client(machine.display_socket)
        try:
            tap.ok(taken.line() == "open", "a second client takes the display")
            began = time.monotonic()
            said = again.line(20)
            tap.ok(said.startswith("lost"), "the first one is told after %.1f s (%s)" % (time.monotonic() - began, said))
        finally:
            taken.stop()
    finally:
        again.stop()


def test_end(tap, machine):
    client = Client(machine.display_socket)
    try:
        tap.ok(client.line() == "open", "opened once more")
        machine.process.kill()
        said = client.line()
        tap.ok(said.startswith("lost"), "the end of QEMU is told (%s)" % said)
        tap.ok(until(lambda: client.process.poll() is not None, 5) and client.process.returncode == 0,
               "and the client ends by itself")
    finally:
        client.stop()


def main():
    tap = Tap()
    try:
        machine = virtual.Vm(os.path.join(BUILD, "vm-cache"))
    except guest.Missing as missing:
        tap.skip(missing)
        return tap.end()
    with machine:
        client = Client(machine.display_socket)
        try:
            tap.ok(client.line() == "open", "the display opens while the machine starts")
            test_console(tap, machine, client)
            test_hang(tap, machine, client)
        finally:
            client.stop()
        test_end(tap, machine)
        tap.note(machine.said())
    return tap.end()


if __name__ == "__main__":
    sys.exit(main())
