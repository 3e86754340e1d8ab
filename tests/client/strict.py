"""The headless strict client, driven by commands: kagami-test-client as an object."""
import os
import re
import select
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "stock"))
import kagami  # noqa: E402

PROGRAM = os.path.join(kagami.BUILD, "tests", "client", "kagami-test-client")


class Strict:
    """Connects at once. connected: whether it could; result: the line that says how it ended."""

    def __init__(self, server, *more, size=(800, 600), user=None, password=None):
        self.process = subprocess.Popen(
            [PROGRAM, "--server", "%s:%d" % (server.address, server.port), "--user", server.user if user is None else user, "--password",
             server.password if password is None else password, "--size", "%dx%d" % size, *more],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.buffer, self.lines, self.result, self.violation = b"", [], None, None
        first = self.line(20 * kagami.SLOW)
        self.connected = first == "connected"
        if not self.connected:
            self.result = first

    def line(self, deadline):
        """The next line of its output, or None."""
        end = time.monotonic() + deadline
        while b"\n" not in self.buffer:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return None
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                return None
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\n", 1)
        line = line.decode()
        if line.startswith("violation: "):
            self.violation = line
            return self.line(deadline)
        if line.startswith(("ended", "failed")):
            self.result = line
        return line

    def ask(self, command):
        """The answer without its "ok", or None when the client has ended or refused."""
        try:
            self.process.stdin.write((command + "\n").encode())
            self.process.stdin.flush()
        except (BrokenPipeError, ValueError):
            return None
        line = self.line(20 * kagami.SLOW)
        return line[3:] if line and line.startswith("ok") else None

    def stats(self):
        answer = self.ask("stats")
        if answer is None:
            return None
        found = {}
        for name, value in re.findall(r"(\w+) (\S+)", answer):
            found[name] = int(value, 16) if re.fullmatch("0x[0-9a-f]+", value) else float(value) if "." in value else (
                int(value) if re.fullmatch(r"-?\d+", value) else value)
        return found

    def wait(self, condition, deadline=10):
        """The stats for which condition is true, or None."""
        def look():
            now = self.stats()
            return now if now and condition(now) else (None if now else "gone")
        found = kagami.wait_until(look, deadline * kagami.SLOW, 0.02)
        return found if isinstance(found, dict) else None

    def picture(self):
        """(width, height, BGRX bytes) of what it shows."""
        path = os.path.join("/tmp", "kagami-picture-%d" % self.process.pid)
        answer = self.ask("picture " + path)
        if answer is None:
            return None
        try:
            with open(path, "rb") as file:
                width, height = map(int, answer.split())
                return width, height, file.read()
        finally:
            os.unlink(path)

    def ended(self, deadline):
        """How it ended, once it has: its last line."""
        kagami.wait_until(lambda: self.result or self.line(0.05) is None and self.process.poll() is not None,
                          deadline * kagami.SLOW)
        return self.result

    def end(self):
        if self.process.poll() is None:
            self.ask("quit")
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
