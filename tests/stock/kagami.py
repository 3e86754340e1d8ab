"""What the tests with stock clients share: X servers, kagamid, xfreerdp3, rdesktop, and what they show.

Everything started here is on a display or port of its own, in a temporary directory, and is ended by its process id.
"""
import atexit
import ctypes
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import picture  # noqa: E402
from picture import Picture, grab, seeded  # noqa: E402,F401
from tap import done, note, ok, seed, skip, wait_until  # noqa: E402,F401

BUILD = os.path.abspath(os.environ.get("top_builddir", "."))
SHOW = os.path.join(BUILD, "tests", "stock", "show")
with open(os.path.join(BUILD, "config.h")) as config:
    SLOW = 4 if "#define KG_SANITIZED" in config.read() else 1      # for deadlines that a sanitizer's build cannot keep
LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

# Whatever loses its parent becomes our child, so that nothing can be left behind unseen.
LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


# ---- Processes ----

class Failed(Exception):
    """A part of the test's surroundings did not work; the text says which."""


class Program:
    """A program in a directory of its own, with its output in files there."""

    def __init__(self, argv, env=None, input=None, fds=(), death=signal.SIGKILL):
        self.argv = argv
        self.directory = tempfile.mkdtemp(prefix="kagami-test-")
        self.environment = dict(os.environ, HOME=self.directory, XDG_RUNTIME_DIR=self.directory)
        self.environment.update(env or {})
        self.out, self.log = (os.path.join(self.directory, name) for name in ("stdout", "stderr"))
        self.process = None
        atexit.register(self.end)
        self.death, self.fds, self.input = death, fds, input

    def start(self):
        with open(self.out, "ab") as out, open(self.log, "ab") as log:      # "a": forget() may cut them
            self.process = subprocess.Popen(
                self.argv, env=self.environment, stdin=subprocess.PIPE if self.input else subprocess.DEVNULL, stdout=out,
                stderr=log, pass_fds=self.fds, preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, self.death, 0, 0, 0))
        if self.input:
            self.process.stdin.write(self.input)
            self.process.stdin.close()
        return self

    @property
    def pid(self):
        return self.process.pid

    def output(self):
        with open(self.out, errors="replace") as file:
            return file.read()

    def logged(self):
        with open(self.log, errors="replace") as file:
            return file.read()

    def running(self):
        return self.process is not None and self.process.poll() is None

    def wait(self, deadline):
        """The exit status, or None when it still runs."""
        wait_until(lambda: not self.running(), deadline)
        return self.process.returncode

    def end(self, deadline=5):
        if self.running():
            self.process.send_signal(signal.SIGTERM)
            self.process.send_signal(signal.SIGCONT)
            if self.wait(deadline) is None:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)
        atexit.unregister(self.end)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def processes():
    """pid -> (parent, name) of all processes that are not dead."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid) as file:
                name, rest = re.match(r"\d+ \((.*)\) (.*)", file.read(), re.S).groups()
        except (OSError, AttributeError):
            continue
        state, parent = rest.split()[:2]
        if state not in "ZX":
            found[int(pid)] = (int(parent), name)
    return found


def children(pid):
    """Every descendant of a process: pid -> name."""
    all_of_them, found, level = processes(), {}, {pid}
    while level:
        level = {child for child, (parent, _) in all_of_them.items() if parent in level}
        found.update((child, all_of_them[child][1]) for child in level)
    return found


# ---- X servers ----

class XServer(Program):
    def __init__(self, argv, deadline=20):
        super().__init__(argv)
        end, number = os.pipe()
        cookie = os.path.join(self.directory, "Xauthority")
        with open(cookie, "wb") as file:        # every host, every display (Xau's format)
            name = b"MIT-MAGIC-COOKIE-1"
            file.write(b"\xff\xff\0\0\0\0" + len(name).to_bytes(2, "big") + name + b"\0\x10" + secrets.token_bytes(16))
        self.argv = argv + ["-displayfd", str(number), "-auth", cookie, "-nolisten", "tcp", "-noreset"]
        self.fds = (number,)
        self.start()
        os.close(number)
        os.set_blocking(end, False)
        text = b""

        def read():
            nonlocal text
            try:
                text += os.read(end, 16)
            except BlockingIOError:
                pass
            return text.endswith(b"\n") or not self.running()
        wait_until(read, deadline)
        os.close(end)
        if not text.endswith(b"\n"):
            raise Failed("%s did not start: %s" % (argv[0], self.logged()))
        self.display = ":" + text.decode().strip()
        self.env = {"DISPLAY": self.display, "XAUTHORITY": cookie}

    def run(self, *argv, check=True):
        """Runs a program on the display; its output."""
        run = subprocess.run(argv, env=dict(os.environ, **self.env), capture_output=True, text=True, timeout=30)
        if check and run.returncode:
            raise Failed("%s: %s" % (" ".join(argv), run.stderr.strip()))
        return run.stdout

    def screenshot(self):
        return grab(self.display, env=dict(os.environ, **self.env))

    def size(self):
        shot = self.screenshot()
        return shot.width, shot.height


class Xvfb(XServer):
    def __init__(self, width, height, *more):
        super().__init__(["Xvfb", "-screen", "0", "%dx%dx24" % (width, height), *more])


class Xorg(XServer):
    """With the dummy driver: RandR gives it any size up to width x height."""
    CONFIG = """
Section "ServerFlags"
 Option "AutoAddDevices" "false"
 Option "AutoEnableDevices" "false"
EndSection
Section "Device"
 Identifier "card"
 Driver "dummy"
 VideoRam 256000
EndSection
Section "Screen"
 Identifier "screen"
 Device "card"
 DefaultDepth 24
 SubSection "Display"
  Depth 24
  Virtual %d %d
 EndSubSection
EndSection
"""

    def __init__(self, width=4096, height=4096):
        self.config = tempfile.mkdtemp(prefix="kagami-xorg-")
        with open(os.path.join(self.config, "xorg.conf"), "w") as file:
            file.write(self.CONFIG % (width, height))
        super().__init__(["Xorg", "-config", os.path.join(self.config, "xorg.conf"), "-logfile",
                          os.path.join(self.config, "log"), "-sharevts", "-novtswitch"])

    def end(self, deadline=5):
        super().end(deadline)
        shutil.rmtree(self.config, ignore_errors=True)


class Show(Program):
    """A picture on a display, at the top left and above everything, that tells the input it gets."""

    def __init__(self, server, shown):
        super().__init__([SHOW], env=server.env)
        path = os.path.join(self.directory, "pixels")
        with open(path, "wb") as file:
            file.write(shown.pixels)
        self.argv = [SHOW, path, str(shown.width), str(shown.height)]
        self.start()
        if not wait_until(lambda: "shown\n" in self.output() or not self.running(), 10) or not self.running():
            raise Failed("show: " + self.logged())

    def events(self, kind):
        """The fields of all complete lines that begin with kind: "button", "key", "motion"."""
        lines = self.output().rpartition("\n")[0].splitlines()
        return [tuple(line.split()[1:]) for line in lines if line.startswith(kind + " ")]

    def text(self):
        """What was typed, as far as it is characters."""
        typed = ""
        for _, way, keysym in self.events("key"):
            code = int(keysym)
            code = code & 0xffffff if code >> 24 == 1 else code if code < 0x100 else 0
            typed += chr(code) if way == "down" and code else ""
        return typed

    def forget(self):
        os.truncate(self.out, 0)


# ---- kagami ----

def lacks_pam():
    """Why log-in by PAM cannot be tested here, or None."""
    if os.geteuid():
        return "only root can check passwords with PAM"
    with open(os.path.join(BUILD, "config.h")) as config:
        return None if "#define HAVE_PAM 1" in config.read() else "built without PAM"


class SystemUser:
    """An account of this machine, for PAM; it has no home and is removed at the end. Only root can make one."""

    def __init__(self):
        self.name = "kgt" + secrets.token_hex(6)
        self.password = "Pw-" + secrets.token_hex(8)
        atexit.register(self.end)
        subprocess.run(["useradd", "-M", "-s", "/bin/false", self.name], check=True, capture_output=True)
        subprocess.run(["chpasswd"], input=("%s:%s" % (self.name, self.password)).encode(), check=True, capture_output=True)

    def end(self):
        subprocess.run(["userdel", self.name], capture_output=True)
        atexit.unregister(self.end)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


class Kagamid(Program):
    """kagamid with one desktop, a user and a password of its own, on a free port of 127.0.0.1."""

    def __init__(self, desktop, *more, env=None, user="kagami", password=None, security=None, deadline=15):
        super().__init__([os.path.join(BUILD, "kagamid")], env=env, death=signal.SIGTERM)
        self.user, self.password = user, password or "Pw-" + secrets.token_hex(8)
        secret = os.path.join(self.directory, "password")
        with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(self.password + "\n")
        self.state = os.path.join(self.directory, "state")
        os.mkdir(self.state, 0o700)
        self.argv += ["--desktop", desktop, "--listen", "127.0.0.1:0", "--user", user, "--password-file", secret, "--state",
                      self.state, "--control", os.path.join(self.directory, "control"),
                      *(["--security", security] if security else []), *more]
        self.start()
        found = wait_until(lambda: re.search(r"^ready (\S+):(\d+)$", self.output(), re.M) or not self.running(), deadline)
        if not self.running() or not found:
            raise Failed("kagamid did not start:\n" + self.logged())
        self.address, self.port = found.group(1), int(found.group(2))

    def descendants(self):
        return children(self.pid)

    def descriptors(self):
        """The number of its open descriptors; always 0 for whoever is not root, since it is not dumpable."""
        try:
            return len(os.listdir("/proc/%d/fd" % self.pid))
        except PermissionError:
            return 0

    def named(self, name):
        """The process ids of its descendants with that name (which the kernel cuts after 15 letters)."""
        return [pid for pid, other in self.descendants().items() if other == name[:15]]

    def connect(self):
        return socket.create_connection((self.address, self.port), timeout=5)

    def stop(self, within=2.5):
        """SIGTERM; says in TAP whether it ended in time, without an error, a leak or a race, and left no process behind."""
        mine = set(self.descendants())
        self.process.terminate()
        status = self.wait(within * SLOW)
        left = {pid: name for pid, name in children(os.getpid()).items() if pid in mine}
        good = ok(status == 0 and not left and "Sanitizer" not in self.logged(), "kagamid ends in time and leaves nothing behind")
        if not good:
            note("status %s, left: %s" % (status, left))
            note(self.logged()[-4000:])
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        self.end()
        return good


# ---- Clients ----

class Client(Program):
    """xfreerdp3 on an X server of its own. size None: the client's own default."""
    window_name = "FreeRDP: "

    def __init__(self, server, size, *more, user=None, password=None, screen=None, security="nla"):
        self.server, self.size, self.shot_count = server, size, 0
        width, height = screen or size
        self.x = Xvfb(width, height)
        super().__init__([])
        self.argv = self.arguments(server, user or server.user, server.password if password is None else password,
                                   security) + list(more)
        self.environment.update(self.x.env)
        self.start()

    def arguments(self, server, user, password, security):
        return ["xfreerdp3", "/v:%s:%d" % (server.address, server.port), "/u:" + user, "/p:" + password, "/cert:ignore",
                "/size:%dx%d" % self.size, "/log-level:INFO", "/sec:" + security]

    def window(self):
        found = self.x.run("xdotool", "search", "--name", self.window_name, check=False).split()
        return found[0] if found else None

    def screenshot(self):
        """What its window shows, or None when it has none yet."""
        window = self.window()
        return window and grab(self.x.display, window, env=dict(os.environ, **self.x.env))

    def wait_picture(self, expected, deadline, name):
        """Says in TAP whether the window comes to show exactly that; otherwise both pictures are kept in the build."""
        start, last = time.monotonic(), None

        def same():
            nonlocal last
            last = self.screenshot() or last
            return (last and last == expected) or not self.running()
        wait_until(same, deadline, every=0.05)
        good = ok(last is not None and last == expected, name)
        if good:
            note("after %.2f s" % (time.monotonic() - start))
            return True
        if last is None:
            note("there was no window")
        else:
            note(expected.difference(last))
            for shot, what in ((expected, "expected"), (last, "shown")):
                path = os.path.join(BUILD, "tests", "stock", "%s-%s.png" % (re.sub(r"\W+", "-", name), what))
                shot.save_png(path)
                note(path)
        if not self.running():
            note("the client ended with %s" % self.process.returncode)
        note((self.logged() + self.output())[-3000:])
        note("kagamid's log:\n" + self.server.logged()[-6000:])
        return False

    def connected(self, deadline=15):
        """The window is there; its screen may still be empty."""
        return wait_until(lambda: self.window() or not self.running(), deadline) and self.running()

    def shown(self):
        """Its window, which must be there."""
        window = self.window()
        if not window:
            raise Failed("the client has no window")
        return window

    def focus(self):
        self.x.run("xdotool", "windowfocus", "--sync", self.shown())

    def type(self, text):
        self.x.run("xdotool", "type", "--delay", "20", text)

    def key(self, *names):
        self.x.run("xdotool", "key", "--delay", "20", *names)

    def move(self, x, y):
        """Twice: xfreerdp3 3.15 listens to the device below the pointer, and of that X tells each time where it was before."""
        self.x.run("xdotool", *["mousemove", "--window", self.shown(), str(x), str(y)] * 2)

    def click(self, x, y, button=1):
        self.move(x, y)
        self.x.run("xdotool", "click", str(button))

    def end(self, deadline=5):
        super().end(deadline)
        self.x.end()


class Rdesktop(Client):
    """rdesktop: TLS without NLA; it asks once whether the certificate is trusted."""
    window_name = "kagami-rdesktop"
    depth = 32

    def arguments(self, server, user, password, security):
        self.input = b"yes\n"
        return ["rdesktop", "-u", user, "-p", password, "-g", "%dx%d" % self.size, "-a", str(self.depth), "-D", "-T",
                self.window_name, "%s:%d" % (server.address, server.port)]
