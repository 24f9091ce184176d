"""A small MQTT client for the tests: one socket, every reason code visible.

Libraries hide PUBACK codes and reconnect by themselves; these tests are about
exactly such codes and connections. Standard library only.
"""
import socket
import struct
import time

CONNACK, PUBLISH, PUBACK, PUBREC, SUBACK, UNSUBACK = 2, 3, 4, 5, 9, 11
PINGRESP, DISCONNECT = 13, 14


class Closed(Exception):
    """The broker closed the connection."""


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("!H", len(data)) + data


def packet(kind, body, flags=0):
    size, rest = b"", len(body)
    while True:
        rest, digit = divmod(rest, 128) if rest >= 128 else (0, rest)
        size += bytes([digit | (0x80 if rest else 0)])
        if not rest:
            return bytes([kind << 4 | flags]) + size + body


def take_varint(data, at):
    value, shift = 0, 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at


class Client:
    """Connects at once; `code` is the CONNACK's reason code."""

    def __init__(self, port, client_id, username=None, password=None, version=5,
                 clean=True, expiry=0, will=None, tls=None, timeout=5.0):
        self.version, self.timeout = version, timeout
        self.buffer, self.inbox, self.mid = b"", [], 0
        self.sock = socket.create_connection(("127.0.0.1", port), timeout)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.sock = tls.wrap_socket(self.sock, server_hostname="localhost")
        try:
            self.sock.sendall(self._connect(client_id, username, password, clean, expiry, will))
            ack = self.expect(CONNACK)
        except (OSError, Closed):
            self.sock.close()
            raise
        self.present, self.code = ack[0] & 1, ack[1]

    def _connect(self, client_id, username, password, clean, expiry, will):
        flags = (2 if clean else 0) | (0x80 if username is not None else 0)
        flags |= 0x40 if password is not None else 0
        flags |= 0x04 if will else 0
        body = text("MQTT") + bytes([self.version, flags]) + struct.pack("!H", 60)
        if self.version == 5:
            body += bytes([5, 0x11]) + struct.pack("!I", expiry) if expiry else b"\0"
        body += text(client_id)
        if will:
            body += (b"\0" if self.version == 5 else b"") + text(will[0]) + text(will[1])
        for part in (username, password):
            body += text(part) if part is not None else b""
        return packet(1, body)

    # -- reading ---------------------------------------------------------
    def _fill(self, deadline):
        self.sock.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            data = self.sock.recv(65536)
        except TimeoutError:
            raise
        except OSError as error:
            raise Closed() from error
        if not data:
            raise Closed()
        self.buffer += data

    def read(self, timeout=None):
        """The next packet as (kind, flags, body)."""
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            if len(self.buffer) >= 2:
                try:
                    size, at = take_varint(self.buffer, 1)
                except IndexError:
                    size, at = None, 0
                if size is not None and len(self.buffer) >= at + size:
                    head, body = self.buffer[0], self.buffer[at:at + size]
                    self.buffer = self.buffer[at + size:]
                    return head >> 4, head & 15, body
            self._fill(deadline)

    def expect(self, kind, timeout=None):
        """The body of the next packet of this kind; deliveries are kept."""
        while True:
            got, flags, body = self.read(timeout)
            if got == kind:
                return body
            if got == PUBLISH:
                self._keep(flags, body)
            elif got == DISCONNECT:
                raise Closed()

    def _keep(self, flags, body):
        size = struct.unpack("!H", body[:2])[0]
        topic, at = body[2:2 + size].decode(), 2 + size
        if flags & 6:
            mid, at = body[at:at + 2], at + 2
            self.sock.sendall(packet(PUBACK, mid))
        if self.version == 5:
            skip, at = take_varint(body, at)
            at += skip
        self.inbox.append((topic, body[at:]))

    def messages(self, seconds, count=None):
        """What is delivered within the time (or until `count` are here)."""
        deadline = time.monotonic() + seconds
        while count is None or len(self.inbox) < count:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                kind, flags, body = self.read(left)
            except TimeoutError:
                break
            if kind == PUBLISH:
                self._keep(flags, body)
            elif kind == DISCONNECT:
                raise Closed()
        got, self.inbox = self.inbox, []
        return got

    # -- writing ---------------------------------------------------------
    def _next(self):
        self.mid = self.mid % 65535 + 1
        return struct.pack("!H", self.mid)

    def publish_packet(self, topic, payload=b"x", qos=0, retain=False):
        body = text(topic) + (self._next() if qos else b"")
        body += b"\0" if self.version == 5 else b""
        return packet(PUBLISH, body + payload, qos << 1 | (1 if retain else 0))

    def publish(self, topic, payload=b"x", qos=0, retain=False):
        """Sends; for QoS 1 waits and returns the reason code."""
        self.sock.sendall(self.publish_packet(topic, payload, qos, retain))
        return self.ack() if qos == 1 else None

    def ack(self, timeout=None):
        body = self.expect(PUBACK, timeout)
        return body[2] if len(body) > 2 else 0

    def subscribe(self, topic, qos=1):
        """The SUBACK's reason code."""
        body = self._next() + (b"\0" if self.version == 5 else b"")
        self.sock.sendall(packet(8, body + text(topic) + bytes([qos]), 2))
        return self.expect(SUBACK)[-1]

    def unsubscribe(self, topic):
        body = self._next() + (b"\0" if self.version == 5 else b"") + text(topic)
        self.sock.sendall(packet(10, body, 2))
        return self.expect(UNSUBACK)[-1]

    def ping(self):
        self.sock.sendall(packet(12, b""))
        self.expect(PINGRESP)

    def alive(self):
        try:
            self.ping()
            return True
        except (Closed, TimeoutError):
            return False

    def disconnect(self):
        try:
            self.sock.sendall(packet(DISCONNECT, b""))
        except OSError:
            pass
        self.close()

    def close(self):
        self.sock.close()
