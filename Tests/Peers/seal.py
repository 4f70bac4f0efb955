"""The seal of UDP links as Docs/link-protocol.md describes it, behind the few calls of a socket that wire.py makes."""

import hashlib
import os
import time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

OPEN, ACCEPT, FRAME, CONTROLLER, ROBOT = 1, 2, 3, 4, 5


class Session:
    """Keys and counters of one session, at the end whose label is `own`."""

    def __init__(self, digest, nonces, own, other):
        self.own, self.other = (ChaCha20Poly1305(digest(bytes([label]) + nonces, 32)) for label in (own, other))
        self.id, self.sent, self.seen = nonces[16:20], 0, 0

    def close(self, data):
        self.sent += 1
        header = bytes([FRAME]) + self.id + self.sent.to_bytes(8, "little")
        return header + self.own.encrypt(bytes(4) + header[5:], data, header)

    def open(self, datagram):
        """What is inside, or None. Without a window: what comes out of order is dropped."""
        header, counter = datagram[:13], int.from_bytes(datagram[5:13], "little")
        if counter <= self.seen:
            return None
        try:
            data = self.other.decrypt(bytes(4) + header[5:], datagram[13:], header)
        except InvalidTag:
            return None
        self.seen = counter
        return data


class SealedSocket:
    """A UDP socket with a key; a robot's once it is bound."""

    def __init__(self, socket, key):
        self.socket, self.key, self.is_robot = socket, key, False
        self.sessions, self.nonce, self.held, self.heard = {}, None, None, 0.0

    def digest(self, text, count):
        return hashlib.blake2b(text, digest_size=count, key=self.key).digest()

    def bind(self, address):
        self.is_robot = True
        self.socket.bind(address)

    def settimeout(self, seconds):
        self.socket.settimeout(seconds)

    def sendto(self, data, address):
        session = self.sessions.get(address)
        if session and (self.is_robot or time.monotonic() - self.heard < 0.5):
            self.socket.sendto(session.close(data), address)
        elif not self.is_robot:
            self.held, self.nonce = data, self.nonce or os.urandom(16)
            self.handshake(OPEN, self.nonce + bytes(16), address)

    def handshake(self, kind, nonces, address):
        text = bytes([kind]) + nonces
        self.socket.sendto(text + self.digest(text, 16), address)

    def recvfrom(self, capacity):
        while True:
            datagram, sender = self.socket.recvfrom(capacity)
            kind = datagram[0]
            if kind == FRAME:
                # A robot's new session replaces the old one with its first frame.
                for place in (sender, (sender, "answered")):
                    session = self.sessions.get(place)
                    data = session and session.id == datagram[1:5] and session.open(datagram)
                    if data:
                        self.sessions[sender], self.heard = session, time.monotonic()
                        return data, sender
            elif len(datagram) == 49 and datagram[33:] == self.digest(datagram[:33], 16):
                if kind == OPEN and self.is_robot:
                    nonces = datagram[1:17] + os.urandom(16)
                    self.sessions[sender, "answered"] = Session(self.digest, nonces, ROBOT, CONTROLLER)
                    self.handshake(ACCEPT, nonces, sender)
                elif kind == ACCEPT and not self.is_robot and datagram[1:17] == self.nonce:
                    self.sessions[sender] = Session(self.digest, datagram[1:33], CONTROLLER, ROBOT)
                    self.nonce, self.heard = None, time.monotonic()
                    self.socket.sendto(self.sessions[sender].close(self.held), sender)
