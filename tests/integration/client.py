# SPDX-License-Identifier: Apache-2.0
"""An MQTT 3.1.1 client that logs in as somebody, over plain TCP, TLS or websockets. Python's standard library only."""

import base64
import os
import select
import socket
import ssl
import struct
import threading
import time

from broker import PATIENCE_S, packet, text, wait_for


class Refused(Exception):
    """The broker's answer to CONNECT; or it hung up instead of answering."""


class Wire:
    """A connection that is read in one thread and written in others. A lock stands around both: TLS bears only one at a
    time."""

    def __init__(self, s):
        self.socket, self.lock, self.rest = s, threading.Lock(), b""
        s.setblocking(False)

    def some(self):
        while True:
            with self.lock:
                try:
                    return self.socket.recv(65536)
                except (BlockingIOError, ssl.SSLWantReadError):
                    pass
            select.select([self.socket], [], [], 1)

    def read(self, n):
        """Just so many bytes, or none: it has ended."""
        while len(self.rest) < n:
            data = self.some()
            if not data:
                return b""
            self.rest += data
        data, self.rest = self.rest[:n], self.rest[n:]
        return data

    def sendall(self, data):
        with self.lock:
            self.socket.settimeout(PATIENCE_S)
            self.socket.sendall(data)
            self.socket.setblocking(False)


class Websocket(Wire):
    """The client's half of RFC 6455, as far as MQTT needs it: binary frames, whole or in parts."""

    def __init__(self, s, host):
        super().__init__(s)
        key = base64.b64encode(os.urandom(16)).decode()
        super().sendall(f"GET /mqtt HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Protocol: mqtt\r\n\r\n".encode())
        self.raw, head = b"", b""
        while not head.endswith(b"\r\n\r\n"):
            byte = self.raw_read(1)
            if not byte:
                break
            head += byte
        if b" 101 " not in head:
            raise Refused("no websocket")

    def raw_read(self, n):
        while len(self.raw) < n:
            data = super().some()
            if not data:
                return b""
            self.raw += data
        data, self.raw = self.raw[:n], self.raw[n:]
        return data

    def some(self):
        """The payload of one frame."""
        while True:
            head = self.raw_read(2)
            if not head:
                return b""
            size = head[1] & 127
            if size > 125:
                size = int.from_bytes(self.raw_read(2 if size == 126 else 8), "big")
            data = self.raw_read(size) if size else b""
            if head[0] & 15 in (0, 2):
                return data

    def sendall(self, data):
        mask = os.urandom(4)
        size = struct.pack(">BB", 0x82, 0x80 | len(data)) if len(data) < 126 else \
            struct.pack(">BBH", 0x82, 0x80 | 126, len(data))
        super().sendall(size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))


class Client:
    """Collects (topic, payload) in seen. publish() is QoS 1 and waits for the broker's word, which says nothing of
    rights: who may not is acknowledged too. session: the name under which the broker keeps what it missed."""

    def __init__(self, port, user=None, password=None, tls=None, web=False, host="127.0.0.1", name=None,
                 session=None):
        s = socket.create_connection((host, port), PATIENCE_S)
        try:
            if tls:
                s = tls.wrap_socket(s, server_hostname=name or host)
            self.wire = Websocket(s, f"{host}:{port}") if web else Wire(s)
            flags = (0 if session else 2) | (0x80 if user else 0) | (0x40 if password else 0)
            names = b"".join(text(x) for x in (user, password) if x)
            self.wire.sendall(packet(0x10, text("MQTT") + bytes([4, flags, 0, 0]) +
                                     text(session or f"client-{time.monotonic_ns()}") + names))
            kind, body = self.take()
        except (OSError, IndexError, ValueError) as e:
            s.close()
            raise Refused(str(e)) from None
        if kind >> 4 != 2 or body[1] != 0:
            s.close()
            raise Refused(f"CONNACK {body[1]}")
        self.socket, self.seen, self.answers, self.number, self.gone = s, [], {}, 0, False
        threading.Thread(target=self.read, daemon=True).start()

    def take(self):
        """One packet."""
        kind, size, shift = self.wire.read(1)[0], 0, 0
        while True:
            byte = self.wire.read(1)[0]
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return kind, self.wire.read(size) if size else b""

    def read(self):
        try:
            while True:
                kind, body = self.take()
                if kind >> 4 == 3:
                    n = struct.unpack(">H", body[:2])[0]
                    at = 2 + n + (2 if kind & 6 else 0)
                    if kind & 6:
                        self.wire.sendall(packet(0x40, body[2 + n:at]))
                    self.seen.append((body[2:2 + n].decode(), body[at:].decode()))
                elif len(body) >= 2:
                    self.answers[struct.unpack(">H", body[:2])[0]] = body[2:]
        except (OSError, IndexError, ValueError):
            self.gone = True

    def ask(self, kind, rest, before=b""):
        self.number += 1
        self.wire.sendall(packet(kind, before + struct.pack(">H", self.number) + rest))
        return wait_for("the broker's answer", lambda: (self.answers.get(self.number),) if self.number in self.answers
                        else None)[0]

    def subscribe(self, topic, qos=1):
        """Granted?"""
        return self.ask(0x82, text(topic) + bytes([qos]))[0] < 3

    def publish(self, topic, payload="{}", retained=False):
        self.ask(0x33 if retained else 0x32, payload.encode(), text(topic))

    def on(self, topic):
        return [payload for t, payload in list(self.seen) if t == topic]

    def close(self):
        self.socket.close()


def who_may(writer, reader, topics, marker):
    """Which of the topics get from the writer to the reader? A last message, to a topic that is known to pass, tells
    when to stop waiting: the broker keeps the order of one client's messages."""
    token = str(time.monotonic_ns())
    for topic in topics:
        writer.publish(topic, token)
    writer.publish(marker, "end" + token)
    wait_for(f"{marker} to pass", lambda: "end" + token in reader.on(marker))
    return [topic for topic in topics if token in reader.on(topic)]
