"""FR-1.6, FR-1.9, SEC-1, SEC-2: who is there, seen in time, over TLS 1.3 and nothing less."""

import socket
import ssl
import threading
import time

from virtual import VirtualBoards, describe, settle


def is_status(status: str):
    return lambda m: m.topic.endswith("/status") and m.payload["status"] == status


def test_birth_says_who_runs_what(observer, one):
    birth = observer.wait_for(is_status("online"), 10)
    assert birth.topic == "openegiz/factory-a/oven/eq-board-1/electrical/status"
    assert birth.qos == 2
    assert birth.payload["configuration"] == {"revision": 0, "reported_hash": None}
    assert birth.payload["metadata"]["boot_id"] == 1


def test_will_within_30_seconds_of_a_pulled_plug(observer, one):
    board, _ = one
    observer.wait_for(is_status("online"), 10)
    cut = time.monotonic()
    board.kill()
    offline = observer.wait_for(is_status("offline"), 30)
    assert offline.at - cut < 30


def test_will_within_30_seconds_of_a_silent_board(observer, one):
    board, _ = one
    observer.wait_for(is_status("online"), 10)
    cut = time.monotonic()
    board.freeze()
    offline = observer.wait_for(is_status("offline"), 30)
    assert offline.at - cut < 30
    since = observer.mark()
    board.thaw()
    observer.wait_for(is_status("online"), 30, since)


def test_an_orderly_end_is_seen_at_once(observer, one):
    board, _ = one
    observer.wait_for(is_status("online"), 10)
    assert board.stop() == 0
    observer.wait_for(is_status("offline"), 3)


def test_heartbeat_and_boot_id_after_a_restart(observer, one):
    board, _ = one
    observer.wait_for(is_status("online"), 10)
    board.kill()
    observer.wait_for(is_status("offline"), 30)
    since = observer.mark()
    board.start()
    birth = observer.wait_for(is_status("online"), 10, since)
    assert birth.payload["metadata"]["boot_id"] == 2
    heartbeat = observer.wait_for(lambda m: is_status("online")(m) and m.payload["metadata"]["seq"] == 2, 65, since)
    assert 55 < heartbeat.at - birth.at < 65


def test_a_client_certificate_instead_of_a_password(observer, boards, broker, authority):
    description = describe("cert-board", certFile=str(authority / "cert-board.crt"), keyFile=str(authority / "cert-board.key"))
    url = f"mqtts://127.0.0.1:{broker.certificate_port}"
    boards(description, url=url)
    observer.wait_for(lambda m: is_status("online")(m) and m.payload["device_id"] == "cert-board", 10)


class OldServer:
    """A server that speaks TLS 1.2 at most and notes what clients tell it."""

    def __init__(self, authority):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(authority / "server.crt", authority / "server.key")
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.refused = threading.Event()
        self.accepted = threading.Event()
        threading.Thread(target=self._serve, args=(context,), daemon=True).start()

    def _serve(self, context) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(1)
                    self.accepted.set()
            except OSError:
                self.refused.set()


def test_no_credentials_for_a_broker_without_tls_1_3(tmp_path, broker, authority):
    old = OldServer(authority)
    fleet = VirtualBoards(tmp_path / "old", broker, [describe("board-1")], url=f"mqtts://127.0.0.1:{old.port}").start()
    try:
        assert old.refused.wait(15)
        settle(1)
        assert not old.accepted.is_set()
    finally:
        assert fleet.stop() == 0
        old.socket.close()


def test_a_broker_with_a_foreign_certificate_gets_nothing(tmp_path, broker, observer):
    import certificates
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    certificates.make_authority(foreign)
    fleet = VirtualBoards(tmp_path / "f", broker, [describe("board-1")], caFile=str(foreign / "ca.crt")).start()
    settle(4)
    assert fleet.stop() == 0
    assert not [m for m in observer.messages if m.payload.get("device_id") == "board-1"]
