"""Datagrams as robot.proto describes them: a serialised Frame and its CRC-32C. Needs robot_pb2's path in PYTHONPATH."""

import os
import random
import socket

import robot_pb2 as pb
from seal import SealedSocket


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


class Wire:
    """One end of a link: numbers what it sends, checks what it receives. Sealed where LINK_KEY names a key file."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if path := os.environ.get("LINK_KEY"):
            with open(path) as file:
                self.socket = SealedSocket(self.socket, bytes.fromhex(file.read()))
        self.epoch = random.randrange(1, 2**32)
        self.sequence = 0

    def send(self, address, **body):
        self.sequence += 1
        data = pb.Frame(epoch=self.epoch, sequence=self.sequence, **body).SerializeToString()
        self.socket.sendto(data + crc32c(data).to_bytes(4, "little"), address)
        return self.sequence

    def receive(self, seconds):
        """A frame and its sender, or (None, None) when time is up."""
        self.socket.settimeout(max(seconds, 1e-3))
        try:
            datagram, sender = self.socket.recvfrom(65536)
        except (TimeoutError, ConnectionRefusedError):
            return None, None
        data, checksum = datagram[:-4], int.from_bytes(datagram[-4:], "little")
        if crc32c(data) != checksum:
            return None, None
        return pb.Frame.FromString(data), sender
