"""A controller that starts before its network, and a robot whose address changes, in network and mount namespaces of
their own.

    unshare --map-root-user --mount --net python3 network.py BINARIES MODEL

The controller is given a name. At first nobody knows it; then it is known and no interface is up; then the robot is
there; then it comes back under another address, which only the name tells. Each time the controller must say what is
missing, and drive within five seconds of its coming.
"""

import fcntl
import json
import pathlib
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

SIOCGIFFLAGS, SIOCSIFFLAGS, SIOCSIFADDR, SIOCSIFNETMASK = 0x8913, 0x8914, 0x8916, 0x891C
IFF_UP = 1
PATIENCE = 5


def interface_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        name = struct.pack("16sH14x", b"lo", 0)
        flags = struct.unpack("16xH14x", fcntl.ioctl(control, SIOCGIFFLAGS, name))[0]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | IFF_UP))


def add_address(alias, address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for request, number in ((SIOCSIFADDR, address), (SIOCSIFNETMASK, "255.255.255.255")):
            name = struct.pack("16sHH4s8x", alias.encode(), socket.AF_INET, 0, socket.inet_aton(number))
            fcntl.ioctl(control, request, name)


class Controller:
    def __init__(self, folder, binaries, model, key):
        self.log = folder / "controller"
        self.process = subprocess.Popen(
            [binaries / "metadiffuserd", "--model", model, "--link", "udp://robot:5600", "--key", key, "--json"],
            stdout=subprocess.PIPE, stderr=self.log.open("w"))

    def says(self, words, since=0):
        """Waits until it has said `words`; how far its text goes then."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            text = self.log.read_text()
            if words in text[since:]:
                return len(text)
            time.sleep(0.02)
        sys.exit(f"the controller has not said {words!r}, but\n{self.log.read_text()}")


def robot(folder, binaries, address, key):
    process = subprocess.Popen(
        [binaries / "metadiffuser", "simulate", "--family", "point-robot", "--task", "0.6,0.8", "--episodes", "1",
         "--key", key, "--link", f"udp://{address}:5600", "--wait", str(PATIENCE), "--json", "--quiet"],
        stdout=subprocess.PIPE, text=True)
    return process


def main(binaries, model):
    binaries = pathlib.Path(binaries).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        hosts, key = folder / "hosts", folder / "key"
        hosts.write_text("127.0.0.1 localhost\n")
        subprocess.run(["mount", "--bind", hosts, "/etc/hosts"], check=True)
        subprocess.run([binaries / "metadiffuserd", "make-key", key], check=True, stdout=subprocess.DEVNULL)

        controller = Controller(folder, binaries, model, key)
        at = controller.says("the host of udp://robot:5600 is not known")
        hosts.write_text("127.0.0.1 localhost\n127.0.0.1 robot\n")
        at = controller.says("udp://robot:5600 cannot be reached from here", at)
        interface_up()
        for address in ("127.0.0.1", "10.7.0.2", "10.7.0.3"):
            if address != "127.0.0.1":
                add_address("lo:1", address)
            hosts.write_text(f"127.0.0.1 localhost\n{address} robot\n")
            process = robot(folder, binaries, address, key)
            at = controller.says("connected to the robot", at)
            output, _ = process.communicate(timeout=30)
            report = json.loads(output)
            if process.returncode != 0 or len(report["returns"]) != 1:
                sys.exit(f"the robot at {address} was not driven: {report}")
        controller.process.send_signal(signal.SIGTERM)
        output, _ = controller.process.communicate(timeout=5)
        if controller.process.returncode != 0 or json.loads(output)["episodes"] != 3:
            sys.exit(f"the controller ended with {controller.process.returncode}: {output}")
    print("network: a name unknown, a network that is down and a robot that moves twice: waited for, told, driven")


if __name__ == "__main__":
    main(*sys.argv[1:])
