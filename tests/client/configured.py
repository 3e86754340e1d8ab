"""kagamid with a configuration file, accounts of its own, and what can be seen of its processes."""
import os
import re
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "stock"))
import kagami  # noqa: E402

KAGAMICTL = os.path.join(kagami.BUILD, "kagamictl")


class Watched(kagami.Kagamid):
    """kagamid whose log is looked at."""

    def lines(self, pattern):
        """The whole lines of the log in which the pattern is found."""
        return [line for line in self.logged().splitlines() if re.search(pattern, line)]

    def logs(self, pattern, deadline=5, count=1):
        return kagami.wait_until(lambda: len(self.lines(pattern)) >= count, deadline * kagami.SLOW)


class Shown(Watched):
    """Started as a newcomer does: no account, no password; what it prints is in shown."""

    def __init__(self, *more, **how):
        super().__init__("still", *more, **how)
        self.shown = dict(line.split(None, 1) for line in self.output().splitlines() if " " in line)
        self.password = self.shown["password"].split()[0]

    def start(self):
        at = self.argv.index("--user")
        del self.argv[at:at + 4]
        return super().start()


class Configured(Watched):
    """One still desktop for everybody. limits and server: more settings; users: name -> password."""

    def __init__(self, users=None, limits="", server="", listen="127.0.0.1:0", **how):
        self.users = users if users is not None else {"kagami": "Pw-kagami"}
        self.settings = limits, server, listen
        super().__init__("", **how)
        self.user = next(iter(self.users), "kagami")
        self.password = self.users.get(self.user, self.password)

    def start(self):
        limits, server, listen = self.settings
        self.control, self.hashes = os.path.join(self.directory, "control"), os.path.join(self.state, "hashes")
        for user, password in self.users.items():
            self.passwd(user, password)
        path = os.path.join(self.directory, "kagami.conf")
        with open(path, "w") as file:
            file.write("[server]\nlisten = %s\nstate = %s\ncontrol = %s\n%s\n[limits]\n%s\n[desktop one]\nkind = still\n"
                       "size = 64x64\nusers = *\n" % (listen, self.state, self.control, server, limits))
        self.argv = [self.argv[0], "--config", path]
        return super().start()

    def passwd(self, user, password, *flags):
        return subprocess.run([KAGAMICTL, "--hashes", self.hashes, "passwd", *flags, user], input=(password + "\n").encode(),
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE).returncode == 0

    def status(self):
        run = subprocess.run([KAGAMICTL, "--control", self.control, "status"], capture_output=True, text=True, timeout=20)
        return dict(line.split(" ", 1) for line in run.stdout.splitlines() if " " in line)

    def wait_spares(self, deadline=20):
        """Two spares are ready, and nothing else is under way."""
        def settled():
            now = self.status()
            return now.get("spares") == "2" and now.get("handshakes") == "0"
        return kagami.wait_until(settled, deadline, 0.02)


def closed(connection, deadline):
    """Whether the other side closes within the deadline; what it still says is read."""
    connection.settimeout(deadline)
    try:
        while connection.recv(4096):
            pass
        return True
    except socket.timeout:
        return False
    except OSError:
        return True
