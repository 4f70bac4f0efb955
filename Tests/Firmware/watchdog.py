"""The hardware watchdog, tried on the image that ships: starves its main loop through QEMU's debugger and watches the
drives. A robot that was at work when its processor was reset stays latched, until its button is pressed.

usage: watchdog.py IMAGE        needs qemu-system-arm and arm-none-eabi-nm

Ends with status 1 if the watchdog does not bite in time.
"""

import math
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import time

image = sys.argv[1]
# Thumb: a branch to itself. In the stack's last words, which nothing has ever used.
HANG, PLACE, PC = bytes.fromhex("fee7"), 0x2000_0000, 15
# What the firmware remembers over resets: "at work" and its complement, in the memory's last words.
KEPT, AT_WORK = 0x203F_FFF0, struct.pack("<II", 1, 0xFFFF_FFFE)
IDLE, SAFE = 0, 5


class Debugger:
    """As much of GDB's remote protocol as it takes. Whoever connects stops the processor."""

    def __init__(self, path):
        self.socket, self.rest = connect(path), b""
        # The stop itself; QEMU may tell it twice, of its own accord and because it was asked.
        self.send("?")
        # QEMU lets registers be written one by one after it has been asked which there are.
        self.ask("qXfer:features:read:target.xml:0,ffb")

    def send(self, text):
        self.socket.sendall(f"${text}#{sum(text.encode()) % 256:02x}".encode())

    def ask(self, text):
        """The answer; reports of a stop come when they like and are none."""
        self.send(text)
        while (answer := self.packet())[:1] in ("S", "T"):
            pass
        return answer

    def packet(self):
        while not (found := re.search(rb"\$([^#]*)#..", self.rest, re.DOTALL)):
            received = self.socket.recv(4096)
            assert received, "the debugger's socket closed"
            self.rest += received
        self.rest = self.rest[found.end():]
        self.socket.sendall(b"+")
        return found[1].decode()

    def expect_ok(self, text):
        answer = self.ask(text)
        assert answer == "OK", f"{text}: {answer}"

    def write(self, address, data):
        self.expect_ok(f"M{address:x},{len(data):x}:{data.hex()}")

    def jump(self, address):
        self.expect_ok(f"P{PC:x}={struct.pack('<I', address).hex()}")

    def leave(self):
        self.send("D")


class Drives:
    """The drive frames on the actuator bus, with the time at which each came."""

    def __init__(self, path):
        self.socket, self.rest, self.frames = connect(path), b"", []

    def watch(self, seconds, button=None):
        """Takes the drives' frames in. With `button`, up or down, the sensors answer too."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                self.rest += self.socket.recv(4096)
            except TimeoutError:
                return
            *pieces, self.rest = self.rest.split(b"\0")
            for frame in filter(None, map(decode, pieces)):
                if frame[0] == 1 and button is not None:
                    sensors = struct.pack("<BBBB", 2, 8 if button else 0, 17, 0) + frame[4:8] + bytes(12 + 4 * 17)
                    self.socket.sendall(encode(sensors))
                if frame[0] == 3:
                    microseconds, = struct.unpack_from("<I", frame, 8)
                    command = struct.unpack_from(f"<{frame[2]}f", frame, 32)
                    self.frames.append((time.monotonic(), microseconds, frame[1], command))


def decode(piece):
    """COBS, without the checksum at the end; None for what is no frame, or one that a reset tore."""
    data = b""
    while piece:
        count = piece[0]
        data += piece[1:count] + (b"\0" if count < 255 else b"")
        piece = piece[count:]
    data = data[:-1]
    return data[:-4] if len(data) > 8 and data[-4:] == checksum(data[:-4]) else None


def checksum(data):
    """CRC-32C."""
    crc = 0xFFFF_FFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F6_3B78 if crc & 1 else 0)
    return struct.pack("<I", crc ^ 0xFFFF_FFFF)


def encode(data):
    """Checksum and COBS."""
    blocks = (data + checksum(data)).split(b"\0")
    assert all(len(block) < 254 for block in blocks)
    return b"\0" + b"".join(bytes([len(block) + 1]) + block for block in blocks) + b"\0"


def connect(path):
    end = time.monotonic() + 5
    while True:
        try:
            client = socket.socket(socket.AF_UNIX)
            client.connect(path)
            return client
        except OSError:
            assert time.monotonic() < end, f"{path} does not open"
            time.sleep(0.01)


def hurry(process):
    """Hardware waits for no processor: real time for the emulator's threads, where the machine grants it."""
    for thread in os.listdir(f"/proc/{process}/task"):
        try:
            os.sched_setscheduler(int(thread), os.SCHED_FIFO, os.sched_param(20))
        except PermissionError:
            pass


def handler_address():
    symbols = subprocess.run(["arm-none-eabi-nm", image], capture_output=True, text=True, check=True).stdout
    return int(next(line.split()[0] for line in symbols.splitlines() if line.endswith(" fault_handler")), 16)


def try_watchdog(title, folder, starve, earliest, latest, choice=IDLE):
    """A pause of this machine can make the watchdog look late, never early: late thrice is late."""
    passed = [starve_once(title, folder, starve, earliest, latest, choice)]
    while passed[-1] > latest and len(passed) < 3:
        passed.append(starve_once(title, folder, starve, earliest, latest, choice))
    assert passed[-1] <= latest, f"{title}: late, {passed}"


def starve_once(title, folder, starve, earliest, latest, choice):
    """Starves the running firmware; it must fall silent and begin anew, at the safe command.
    Returns after how many seconds."""
    drives.frames.clear()
    drives.watch(0.5)
    assert len(drives.frames) > 30, "the firmware does not talk to its drives"
    debugger = Debugger(f"{folder}/debug")
    starve(debugger)
    # What was on its way when the processor stopped.
    drives.watch(0.05)
    before = drives.frames[-1]
    drives.frames.clear()
    starved = time.monotonic()
    debugger.leave()
    debugger.socket.close()
    drives.watch(latest + 0.5)
    if not drives.frames:
        return math.inf
    passed, after = drives.frames[0][0] - starved, drives.frames[0]
    print(f"{title}: a reset and the first frame to the drives after {passed * 1000:.0f} ms, "
          f"clock at {after[1] / 1000:.1f} ms, choice {after[2]}, command {max(map(abs, after[3])):.0f}")
    assert earliest <= passed, f"{title}: early, {passed}"
    assert after[1] < 100_000 < before[1], (before, after)
    assert all(frame[2] == choice and not any(frame[3]) for frame in drives.frames), "not at the safe command"
    return passed


def hang(debugger):
    debugger.write(PLACE, HANG)
    debugger.jump(PLACE)


def hang_handler_too(debugger):
    debugger.write(handler_address() & ~1, HANG)
    hang(debugger)


def hang_at_work(debugger):
    debugger.write(KEPT, AT_WORK)
    hang(debugger)


def expect_choice(choice, seconds, button):
    drives.frames.clear()
    drives.watch(seconds, button)
    assert drives.frames and drives.frames[-1][2] == choice, f"choice {drives.frames[-1:]}, button {button}"


with tempfile.TemporaryDirectory() as folder:
    qemu = subprocess.Popen(
        ["qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-monitor", "none", "-kernel", image,
         "-serial", "null", "-chardev", f"socket,id=bus,path={folder}/bus,server=on,wait=off", "-serial", "chardev:bus",
         "-gdb", f"unix:{folder}/debug,server=on,wait=off"], stdin=subprocess.DEVNULL)
    try:
        drives = Drives(f"{folder}/bus")
        hurry(qemu.pid)
        drives.watch(0.5)
        # Less than a whole period of the watchdog may be left when the loop stops, but no more than one and the start.
        try_watchdog("main loop starved", folder, hang, 0.15, 0.45)
        # The patch is gone with the reset, which loads the image anew.
        try_watchdog("interrupt handler starved too", folder, hang_handler_too, 0.30, 0.75)
        try_watchdog("main loop starved again", folder, hang, 0.15, 0.45)
        try_watchdog("main loop starved at work", folder, hang_at_work, 0.15, 0.45, SAFE)
        try_watchdog("latched, and starved", folder, hang, 0.15, 0.45, SAFE)
        expect_choice(SAFE, 0.5, button=False)
        expect_choice(IDLE, 0.5, button=True)
        print("latched over resets, until the button was pressed")
        try_watchdog("idle, and starved", folder, hang, 0.15, 0.45)
    finally:
        qemu.kill()
print("watchdog: good")
