"""A service on the broker: sees everything, sends commands, checks every payload against the schemas."""

import contextlib
import json
import ssl
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from payload_schemas import validator_for


@dataclass
class Seen:
    topic: str
    payload: dict
    retain: bool
    qos: int
    correlation: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def result(self) -> dict:
        """The answer to a command that a status message carries; empty in every other message."""
        return self.payload.get("command", {}) if self.topic.endswith("/status") else {}


class Observer:
    def __init__(self, broker, name: str = "observer"):
        self.messages: list[Seen] = []
        self.problems: list[str] = []
        self._changed = threading.Condition()
        self._subscribed = threading.Event()
        self.client = mqtt.Client(client_id=name, protocol=mqtt.MQTTv5)
        self.client.username_pw_set(name, broker.password)
        self.client.tls_set(str(broker.certificates / "ca.crt"), tls_version=ssl.PROTOCOL_TLS_CLIENT)
        self.client.on_message = self._on_message
        self.client.on_connect = lambda c, *_: c.subscribe("openegiz/#", qos=2)
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.reconnect_delay_set(0.1, 0.3)
        session = Properties(PacketTypes.CONNECT)
        session.SessionExpiryInterval = 3600
        # A persistent session: what arrives while this client is away is part of the count.
        self.client.connect("127.0.0.1", broker.port, keepalive=30, clean_start=False, properties=session)
        self._closed = False
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()
        assert self._subscribed.wait(10), "the observer could not subscribe"

    def close(self) -> None:
        self._closed = True
        self.client.disconnect()
        self._thread.join(5)

    def _loop(self) -> None:
        # A broker that goes away in the middle of a write ends the library's own thread with an exception.
        while not self._closed:
            try:
                self.client.loop_forever(retry_first_connection=True)
            except OSError:
                time.sleep(0.1)
                # The dead socket is still in the library's hands; only a new connection gets it out.
                with contextlib.suppress(OSError):
                    self.client.reconnect()

    def _on_message(self, _client, _userdata, message) -> None:
        try:
            payload = json.loads(message.payload)
        except ValueError:
            self.problems.append(f"{message.topic}: not JSON: {message.payload[:80]!r}")
            return
        if not message.topic.endswith("/command"):
            for error in validator_for(message.topic, payload).iter_errors(payload):
                self.problems.append(f"{message.topic}: {error.json_path}: {error.message}")
        seen = Seen(message.topic, payload, bool(message.retain), message.qos,
                    getattr(message.properties, "CorrelationData", b""))
        with self._changed:
            self.messages.append(seen)
            self._changed.notify_all()

    def wait_for(self, predicate, timeout: float, since: int = 0):
        """The first message from index `since` on for which the predicate holds; fails after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        at = since
        with self._changed:
            while True:
                while at < len(self.messages):
                    if predicate(self.messages[at]):
                        return self.messages[at]
                    at += 1
                left = deadline - time.monotonic()
                if left <= 0:
                    tail = [(m.topic, m.payload) for m in self.messages[-5:]]
                    raise AssertionError(f"not seen within {timeout} s; the last messages were {tail}")
                self._changed.wait(left)

    def mark(self) -> int:
        with self._changed:
            return len(self.messages)

    def telemetry_of(self, device_id: str) -> Counter:
        """How often each (boot_id, seq) of a device arrived."""
        with self._changed:
            return Counter((m.payload["metadata"]["boot_id"], m.payload["metadata"]["seq"]) for m in self.messages
                           if m.topic.endswith("/telemetry") and m.payload["device_id"] == device_id)

    def command(self, board, command: str, identifier: str | None = None, retain: bool = False, **fields) -> str:
        identifier = identifier or str(uuid.uuid4())
        properties = Properties(PacketTypes.PUBLISH)
        properties.CorrelationData = identifier.encode()[:16]
        payload = {"command": command, "id": identifier, "device_id": board["device_id"], **fields}
        topic = f"openegiz/{board['factory_id']}/{board['equipment_type']}/{board['equipment_id']}/command"
        self.client.publish(topic, json.dumps(payload), qos=1, retain=retain, properties=properties).wait_for_publish(5)
        return identifier

    def answer(self, identifier: str, timeout: float = 15, final: bool = True, since: int = 0) -> dict:
        states = ("applied", "rejected", "failed", "superseded") if final else ("received", "running")
        return self.wait_for(lambda m: m.result.get("id") == identifier and m.result["state"] in states, timeout, since).result
