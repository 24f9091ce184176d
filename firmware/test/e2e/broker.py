"""A real Mosquitto with TLS 1.3 only: one listener for passwords, one for certificates."""

import socket
import subprocess
import time
from pathlib import Path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Broker:
    def __init__(self, folder: Path, certificates: Path):
        self.folder = folder
        self.certificates = certificates
        self.port = free_port()
        self.certificate_port = free_port()
        self.password = "e2e-password-of-every-account"
        self.process = None
        self._accounts: list[str] = []
        (folder / "data").mkdir(parents=True)

    def add_account(self, name: str) -> None:
        self._accounts.append(name)

    def _write_files(self) -> None:
        passwords = self.folder / "passwd"
        passwords.write_text("".join(f"{name}:{self.password}\n" for name in self._accounts))
        passwords.chmod(0o600)
        subprocess.run(["mosquitto_passwd", "-U", str(passwords)], check=True, capture_output=True)
        tls = (f"cafile {self.certificates}/ca.crt\ncertfile {self.certificates}/server.crt\n"
               f"keyfile {self.certificates}/server.key\ntls_version tlsv1.3\n")
        (self.folder / "mosquitto.conf").write_text(
            f"user root\nper_listener_settings false\nallow_anonymous false\npassword_file {passwords}\n"
            f"persistence true\npersistence_location {self.folder}/data/\nautosave_interval 1\n"
            f"persistent_client_expiration 1d\nmax_inflight_messages 100\nmax_queued_messages 20000\nmessage_size_limit 262144\n"
            f"log_dest file {self.folder}/broker.log\nset_tcp_nodelay true\n"
            f"listener {self.port} 127.0.0.1\n{tls}use_username_as_clientid true\n"
            f"listener {self.certificate_port} 127.0.0.1\n{tls}require_certificate true\nuse_identity_as_username true\n")

    def start(self) -> None:
        if not (self.folder / "mosquitto.conf").exists():
            self._write_files()
        self.process = subprocess.Popen(["mosquitto", "-c", str(self.folder / "mosquitto.conf")],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"mosquitto did not start: {(self.folder / 'broker.log').read_text()}")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    @property
    def url(self) -> str:
        return f"mqtts://127.0.0.1:{self.port}"
