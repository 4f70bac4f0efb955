"""The seal of UDP links as Docs/link-protocol.md describes it, behind the few calls of a socket that wire.py makes."""

import hashlib
import hmac
import os
import time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

OPEN, ACCEPT, FRAME, CONTROLLER, ROBOT, BEGIN = 1, 2, 3, 4, 5, 6
# Of what stands before the encrypted frame, the counter in its last eight bytes.
HEADER = {FRAME: 13, BEGIN: 41}


class Session:
    """Keys and counters of one session, at the end whose label is `own`."""

    def __init__(self, digest, nonces, own, other):
        self.own, self.other = (ChaCha20Poly1305(digest(bytes([label]) + nonces, 32)) for label in (own, other))
        self.nonces, self.id, self.sent, self.seen, self.heard = nonces, nonces[16:20], 0, 0, False

    def close(self, data):
        """A controller's frames carry the nonces until the robot has been heard; a robot has heard by then."""
        self.sent += 1
        start = bytes([FRAME]) + self.id if self.heard else bytes([BEGIN]) + self.nonces
        header = start + self.sent.to_bytes(8, "little")
        return header + self.own.encrypt(bytes(4) + header[-8:], data, header)

    def open(self, datagram):
        """What is inside, or None. Without a window: what comes out of order is dropped."""
        size = HEADER[datagram[0]]
        header, counter = datagram[:size], int.from_bytes(datagram[size - 8:size], "little")
        if counter <= self.seen:
            return None
        try:
            data = self.other.decrypt(bytes(4) + header[-8:], datagram[size:], header)
        except InvalidTag:
            return None
        self.seen, self.heard = counter, True
        return data


class SealedSocket:
    """A UDP socket with a key; a robot's once it is bound."""

    def __init__(self, socket, key):
        self.socket, self.key, self.is_robot = socket, key, False
        self.sessions, self.nonce, self.held, self.heard = {}, None, None, 0.0
        self.secret, self.issued, self.begun = os.urandom(32), 0, 0

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

    def ticket(self, nonce, address, when):
        """A robot's nonce: it remembers none, and knows its own again."""
        text = nonce + repr(address).encode() + when.to_bytes(8, "little")
        return hashlib.blake2b(text, digest_size=8, key=self.secret).digest() + when.to_bytes(8, "little")

    def begin(self, datagram, sender):
        """The session that a first frame begins, or None."""
        nonces, when = datagram[1:33], int.from_bytes(datagram[25:33], "little")
        fits = hmac.compare_digest(nonces[16:], self.ticket(nonces[:16], sender, when))
        if not fits or when <= self.begun or time.monotonic_ns() - when > 2_000_000_000:
            return None
        return Session(self.digest, nonces, ROBOT, CONTROLLER)

    def recvfrom(self, capacity):
        while True:
            datagram, sender = self.socket.recvfrom(capacity)
            kind = datagram[0]
            if kind in HEADER and len(datagram) > HEADER[kind] + 16:
                session, start = self.sessions.get(sender), 1 if kind == FRAME else 17
                if not session or session.id != datagram[start:start + 4]:
                    session = self.begin(datagram, sender) if kind == BEGIN and self.is_robot else None
                data = session and session.open(datagram)
                if data:
                    if self.is_robot and self.sessions.get(sender) is not session:
                        self.begun = int.from_bytes(session.nonces[24:], "little")
                    self.sessions[sender], self.heard = session, time.monotonic()
                    return data, sender
            elif len(datagram) == 49 and datagram[33:] == self.digest(datagram[:33], 16):
                if kind == OPEN and self.is_robot:
                    self.issued = max(self.issued + 1, time.monotonic_ns())
                    self.handshake(ACCEPT, datagram[1:17] + self.ticket(datagram[1:17], sender, self.issued), sender)
                elif kind == ACCEPT and not self.is_robot and datagram[1:17] == self.nonce:
                    self.sessions[sender] = Session(self.digest, datagram[1:33], CONTROLLER, ROBOT)
                    self.nonce, self.heard = None, time.monotonic()
                    self.socket.sendto(self.sessions[sender].close(self.held), sender)
