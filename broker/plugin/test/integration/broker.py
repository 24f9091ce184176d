"""A real Mosquitto with the guard plugin on free loopback ports.

EGIZ_GUARD_PLUGIN  the plugin to load (required)
EGIZ_MOSQUITTO     another broker program than Debian's
EGIZ_PRELOAD       libraries the broker is started with (a sanitizer's)
"""
import base64
import hashlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import mqtt

PLUGIN = os.environ["EGIZ_GUARD_PLUGIN"]
MOSQUITTO = os.environ.get("EGIZ_MOSQUITTO") or shutil.which("mosquitto", path="/usr/sbin:/usr/bin")
PRELOAD = os.environ.get("EGIZ_PRELOAD", "")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def password_line(name, password):
    """Mosquitto's own format, 12-byte salt: 2.0 and 2.1 both take it."""
    salt = hashlib.sha256(name.encode()).digest()[:12]
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    return f"{name}:$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"


def version():
    out = subprocess.run([MOSQUITTO, "-h"], capture_output=True, text=True, check=False).stdout
    return tuple(int(n) for n in out.split("version ")[1].split()[0].split(".")[:2])


class Broker:
    """`rights` and `accounts` are the files' texts; `options` plugin options;
    `extra` more mosquitto.conf lines, with {dir} and {tls} filled in; `prepare`
    puts more files into the folder before the start."""

    def __init__(self, rights, accounts=None, options=None, extra="", names=(), builtin_acl=True,
                 prepare=None):
        self.dir = tempfile.mkdtemp(prefix="egiz-guard-")
        self.port, self.tls_port = free_port(), free_port()
        self.process, self.clients = None, []
        self.write("passwords", "".join(password_line(n, n + "-pw") for n in names))
        self.write("rights", rights)
        if accounts is not None:
            self.write("accounts", accounts)
        # A copy: the broker's user may not reach the build directory.
        shutil.copy(PLUGIN, self.path("guard.so"))
        self._configure(accounts is not None, options or {}, extra, builtin_acl)
        if prepare:
            prepare(self.dir)
        self._give_away()
        self.start()

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content):
        """Replaces a file in one step, as the real generator does."""
        with open(self.path(name + ".new"), "w", encoding="utf-8") as file:
            file.write(content)
        self._own(self.path(name + ".new"))
        os.replace(self.path(name + ".new"), self.path(name))

    def _configure(self, accounts, options, extra, builtin_acl):
        values = {"acl_file": self.path("rights"), "audit_file": self.path("audit.jsonl"),
                  "sys_interval": "1", "audit_repeat": "1"}
        if accounts:
            values["account_file"] = self.path("accounts")
        values["acl_decides"] = "both" if builtin_acl else "guard"
        values.update(options)
        lines = ["allow_anonymous false", f"password_file {self.path('passwords')}",
                 "max_queued_messages 100000", f"log_dest file {self.path('broker.log')}",
                 f"plugin {self.path('guard.so')}"]
        lines += [f"plugin_opt_{k} {v}" for k, v in values.items() if v is not None]
        if builtin_acl:
            lines.insert(0, f"acl_file {self.path('rights')}")
        lines.append(f"listener {self.port} 127.0.0.1")
        lines.append(extra.format(dir=self.dir, tls=self.tls_port))
        self.write("mosquitto.conf", "\n".join(lines) + "\n")

    def _own(self, path):
        if os.path.isfile(path):
            os.chmod(path, 0o600)
        # Started as root the broker becomes `mosquitto` before it reads its files.
        if os.geteuid() == 0:
            user = pwd.getpwnam("mosquitto")
            os.chown(path, user.pw_uid, user.pw_gid)

    def _give_away(self):
        for name in [""] + os.listdir(self.dir):
            self._own(os.path.join(self.dir, name))

    def start(self):
        env = dict(os.environ, LD_PRELOAD=PRELOAD) if PRELOAD else dict(os.environ)
        with open(self.path("stderr"), "wb") as stderr:
            self.process = subprocess.Popen([MOSQUITTO, "-c", self.path("mosquitto.conf")],
                                            stdout=stderr, stderr=stderr, env=env)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)

    def running(self):
        return self.process is not None and self.process.poll() is None

    def stop(self):
        """Ends the broker; what it said on stderr (sanitizers) must be empty."""
        if self.running():
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)
        with open(self.path("stderr"), encoding="utf-8", errors="replace") as file:
            said = file.read()
        for client in self.clients:
            client.close()
        code = self.process.returncode
        shutil.rmtree(self.dir)
        bad = [l for l in said.splitlines() if "Sanitizer" in l or "runtime error" in l]
        assert not bad, said
        return code

    def reload(self):
        """Signals and waits until the guard has said what came of it."""
        before = len(self.events("reload", "reload_failed"))
        self.process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: len(self.events("reload", "reload_failed")) > before)
        time.sleep(0.2)  # the broker finishes its own part of the reload

    def events(self, *kinds):
        try:
            with open(self.path("audit.jsonl"), encoding="utf-8") as file:
                lines = [json.loads(line) for line in file]
        except FileNotFoundError:
            return []
        return [e for e in lines if not kinds or e["event"] in kinds]

    def wait_for(self, condition, seconds=10):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if condition():
                return
            time.sleep(0.02)
        raise AssertionError("waited in vain; audit log: %s\nbroker log: %s" % (
            self.events()[-20:], self.log()[-2000:]))

    def wait_event(self, kind, **fields):
        found = []

        def seen():
            found[:] = [e for e in self.events(kind)
                        if all(e.get(k) == v for k, v in fields.items())]
            return bool(found)
        self.wait_for(seen)
        return found[0]

    def log(self):
        try:
            with open(self.path("broker.log"), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def client(self, account, client_id=None, **kwargs):
        return self.connect(client_id or account, account, account + "-pw", **kwargs)

    def connect(self, *args, port=None, **kwargs):
        """A client that is closed with the broker, if not before."""
        client = mqtt.Client(port or self.port, *args, **kwargs)
        self.clients.append(client)
        return client

    def counter(self, client, name):
        """The last value of $SYS/broker/egiz/NAME within two intervals."""
        topic = "$SYS/broker/egiz/" + name
        assert client.subscribe(topic) < 0x80
        values = [m[1].decode() for m in client.messages(2.5) if m[0] == topic]
        client.unsubscribe(topic)
        return values[-1] if values else None
