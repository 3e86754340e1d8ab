"""A guest that boots in seconds: Debian's kernel, busybox, and the modules that a console on virtio-vga needs.

build(folder) gives (kernel, initramfs). The initramfs is made once and kept in folder under the checksum of what is in
it. It is written as a cpio archive right here: no root, no mknod. A shell runs on tty1, the cursor does not blink, and
"ready" on the serial port says that it waits for keys.
"""
import glob
import gzip
import hashlib
import lzma
import os
import re
import shutil
import stat
import subprocess

MODULES = ["virtio_pci", "virtio_gpu", "psmouse", "evdev"]
APPLETS = ["sh", "mount", "insmod", "ls", "cat", "echo", "seq", "sleep", "clear", "poweroff", "setsid", "cttyhack",
           "dmesg", "od", "stty", "uname", "head"]

INIT = """#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
for module in $(cat /modules/order); do insmod /modules/$module || echo "no $module" >/dev/ttyS0; done
echo 0 >/sys/class/graphics/fbcon/cursor_blink
export PS1='guest# ' HOME=/ PATH=/bin TERM=linux ENV=/rc
cd /
clear >/dev/tty1
echo 'kagami test guest' >/dev/tty1
while true; do setsid cttyhack sh </dev/tty1 >/dev/tty1 2>&1; done
"""


class Missing(Exception):
    """This machine lacks a part; the text says which package has it."""


def kernel():
    """The newest kernel of Debian's that has its modules here: (path, version)."""
    found = []
    for path in glob.glob("/boot/vmlinuz-*-amd64"):
        version = os.path.basename(path)[len("vmlinuz-"):]
        if os.path.isdir("/lib/modules/" + version) and os.access(path, os.R_OK):
            found.append(([int(n) for n in re.findall(r"\d+", version)], path, version))
    if not found:
        raise Missing("no kernel under /boot with modules (Debian: linux-image-amd64)")
    return max(found)[1:]


def module_files(version):
    """The modules' files, each after those that it needs. What is built in has no file."""
    modprobe = shutil.which("modprobe", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")     # not in every user's PATH
    if not modprobe:
        raise Missing("no modprobe (Debian: kmod)")
    files = []
    for module in MODULES:
        text = subprocess.run([modprobe, "-S", version, "--show-depends", module], check=True,
                              stdout=subprocess.PIPE, text=True).stdout
        for line in text.splitlines():
            words = line.split()
            if words and words[0] == "insmod" and words[1] not in files:
                files.append(words[1])
    return files


def module_bytes(path):
    if path.endswith(".xz"):
        with lzma.open(path) as file:
            return file.read()
    if path.endswith(".gz"):
        with gzip.open(path) as file:
            return file.read()
    if path.endswith(".zst"):
        return subprocess.run(["zstd", "-dc", path], check=True, stdout=subprocess.PIPE).stdout
    with open(path, "rb") as file:
        return file.read()


class Archive:
    """A cpio archive in the "newc" form, as the kernel wants its initramfs."""

    def __init__(self):
        self.bytes = bytearray()
        self.number = 0

    def add(self, name, mode, content=b"", device=(0, 0)):
        self.number += 1
        fields = [self.number, mode, 0, 0, 1, 0, len(content), 0, 0, device[0], device[1], len(name) + 1, 0]
        self.bytes += b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        self.pad()
        self.bytes += content
        self.pad()

    def pad(self):
        self.bytes += b"\0" * (-len(self.bytes) % 4)

    def folder(self, name):
        self.add(name, stat.S_IFDIR | 0o755)

    def file(self, name, content, mode=0o644):
        self.add(name, stat.S_IFREG | mode, content)

    def link(self, name, target):
        self.add(name, stat.S_IFLNK | 0o777, target.encode())

    def end(self):
        self.add("TRAILER!!!", 0)
        return bytes(self.bytes)


def archive(version):
    busybox = shutil.which("busybox", path="/bin:/usr/bin")
    if not busybox:
        raise Missing("no busybox (Debian: busybox-static)")
    result = Archive()
    for folder in ("bin", "dev", "proc", "sys", "modules"):
        result.folder(folder)
    result.add("dev/console", stat.S_IFCHR | 0o600, device=(5, 1))
    with open(busybox, "rb") as file:
        result.file("bin/busybox", file.read(), 0o755)
    for applet in APPLETS:
        result.link("bin/" + applet, "busybox")
    names = []
    for path in module_files(version):
        name = os.path.basename(path).split(".ko")[0] + ".ko"
        names.append(name)
        result.file("modules/" + name, module_bytes(path))
    result.file("modules/order", ("\n".join(names) + "\n").encode())
    result.file("rc", b"echo ready >/dev/ttyS0\n")     # the shell runs it before its first prompt
    result.file("init", INIT.encode(), 0o755)
    return result.end()


def build(folder):
    path, version = kernel()
    content = archive(version)
    name = os.path.join(folder, "guest-%s.cpio" % hashlib.sha256(content).hexdigest()[:16])
    if not os.path.exists(name):
        os.makedirs(folder, exist_ok=True)
        part = "%s.%d" % (name, os.getpid())
        with open(part, "wb") as file:
            file.write(content)
        os.rename(part, name)
    return path, name


if __name__ == "__main__":
    import sys
    print("\n".join(build(sys.argv[1] if len(sys.argv) > 1 else ".")))
