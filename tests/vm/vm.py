"""A virtual machine for tests: QEMU with the guest of guest.py, by TCG, with the D-Bus display that kagami connects to.

	with Vm(folder) as vm:
	    vm.wait_ready()
	    ... vm.display_socket: the QMP socket for kagami; vm.qmp: a connection of our own beside it
"""
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import guest  # noqa: E402


class QmpError(Exception):
    pass


class Qmp:
    """One QMP connection. Answers within the deadline or raises TimeoutError: a frozen machine does not hang a test."""

    def __init__(self, path, deadline=10):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(deadline)
        self.bytes = b""
        try:
            self.socket.connect(path)
            self.line()
            self.ask("qmp_capabilities")
        except BaseException:
            self.socket.close()
            raise

    def line(self):
        while b"\n" not in self.bytes:
            more = self.socket.recv(65536)
            if not more:
                raise ConnectionError("QEMU closed its QMP connection")
            self.bytes += more
        line, self.bytes = self.bytes.split(b"\n", 1)
        return json.loads(line)

    def ask(self, command, deadline=10, **arguments):
        self.socket.settimeout(deadline)
        message = {"execute": command}
        if arguments:
            message["arguments"] = {key.replace("_", "-"): value for key, value in arguments.items()}
        self.socket.sendall(json.dumps(message).encode() + b"\n")
        while True:
            answer = self.line()
            if "error" in answer:
                raise QmpError(answer["error"].get("desc"))
            if "return" in answer:
                return answer["return"]

    def close(self):
        self.socket.close()


def picture(ppm):
    """A PPM file's (width, height, bytes of R, G, B). One blank ends its head: pixels may begin with what looks like one."""
    fields = ppm.split(maxsplit=4)[:4]
    at = 0
    for field in fields:
        at = ppm.index(field, at) + len(field)
    width, height, depth = (int(field) for field in fields[1:])
    pixels = ppm[at + 1:]
    if fields[0] != b"P6" or depth != 255 or len(pixels) != width * height * 3:
        raise ValueError("not a whole PPM file")
    return width, height, pixels


def qemu_program():
    program = shutil.which("qemu-system-x86_64")
    if not program:
        raise guest.Missing("no qemu-system-x86_64 (Debian: qemu-system-x86)")
    help_text = subprocess.run([program, "-display", "help"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               text=True, check=False).stdout
    if "dbus" not in help_text.split():
        raise guest.Missing("this QEMU has no D-Bus display (Debian: qemu-system-modules-opengl)")
    return program


class Vm:
    def __init__(self, cache, arguments=(), vga="virtio-vga", program=None):
        self.process = None
        self.qmp = None
        program = program or qemu_program()
        kernel, initramfs = guest.build(cache)
        self.folder = tempfile.mkdtemp(prefix="kagami-vm-")
        self.display_socket = os.path.join(self.folder, "display.qmp")
        self.test_socket = os.path.join(self.folder, "test.qmp")
        self.serial = os.path.join(self.folder, "serial")
        self.log = open(os.path.join(self.folder, "qemu.log"), "wb")
        # Never by /dev/kvm: it is there on machines where a guest that uses it stops for ever.
        command = [program, "-accel", "tcg", "-m", "512", "-nodefaults", "-no-user-config", "-no-reboot",
                   "-device", vga, "-display", "dbus,p2p=yes",
                   "-serial", "file:" + self.serial,
                   "-qmp", "unix:%s,server=on,wait=off" % self.display_socket,
                   "-qmp", "unix:%s,server=on,wait=off" % self.test_socket,
                   "-kernel", kernel, "-initrd", initramfs,
                   "-append", "console=tty1 quiet loglevel=1 consoleblank=0 panic=-1 mitigations=off"]
        try:
            self.process = subprocess.Popen(command + list(arguments), stdin=subprocess.DEVNULL, stdout=self.log,
                                            stderr=subprocess.STDOUT)
            self.wait(lambda: self.connect(), 10, "QEMU's QMP socket")
        except BaseException:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()

    @property
    def pid(self):
        return self.process.pid

    def connect(self):
        try:
            self.qmp = Qmp(self.test_socket)
            return True
        except (FileNotFoundError, ConnectionRefusedError):
            return False

    def said(self):
        """What QEMU itself printed."""
        with open(os.path.join(self.folder, "qemu.log"), errors="replace") as file:
            return file.read()

    def wait(self, condition, seconds, what):
        """Looks again until condition() is true; an ended QEMU and a passed deadline are errors."""
        deadline = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if self.process.poll() is not None:
                raise RuntimeError("QEMU ended (%d) before %s: %s" % (self.process.returncode, what, self.said()))
            if time.monotonic() > deadline:
                raise TimeoutError("%s: not within %g s; QEMU said: %s" % (what, seconds, self.said()))
            time.sleep(0.02)

    def wait_ready(self, seconds=60):
        """Until the guest's shell waits for keys."""
        self.wait(lambda: "ready" in self.serial_text(), seconds, "the guest's shell")

    def serial_text(self):
        """What the guest wrote to its serial port."""
        try:
            with open(self.serial, errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def screen(self):
        """What QEMU says that its screen shows: (width, height, bytes of R, G, B)."""
        path = os.path.join(self.folder, "screen.ppm")
        self.qmp.ask("screendump", filename=path)
        with open(path, "rb") as file:
            content = file.read()
        os.unlink(path)
        return picture(content)

    def stop(self):
        if self.qmp:
            self.qmp.close()
            self.qmp = None
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
