"""What the onboard controller costs on this machine: memory, start, allocations and page faults while it drives.

usage: onboard.py BIN MODEL [--json]

Starts the built metadiffuserd with a model and lets it drive two episodes of a simulated robot in lockstep, five times
over; prints what its own summaries say, worst of all runs but for the start, where it is the median. Fails beyond a
limit.
"""
import argparse
import json
import pathlib
import socket
import statistics
import subprocess
import sys

LIMITS = {"rss_mib": 32, "ready_ms": 300, "allocations": 0, "minor_faults": 0, "major_faults": 0}


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def drive(programs, model):
    """The controller's summary of one run."""
    link = f"udp://127.0.0.1:{free_port()}"
    robot = subprocess.Popen(
        [programs / "metadiffuser", "simulate", "--task", "1", "--link", link, "--lockstep", "--episodes", "2",
         "--quiet", "--wait", "30"], stdout=subprocess.DEVNULL)
    controller = subprocess.run(
        [programs / "metadiffuserd", "--model", model, "--link", link, "--exit-with-robot", "--json", "--quiet"],
        capture_output=True, text=True, timeout=120)
    robot.wait(30)
    if controller.returncode:
        sys.exit(controller.stderr)
    return json.loads(controller.stdout)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("model")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    reports = [drive(options.bin, options.model) for _ in range(5)]
    figures = {key: max(report[key] for report in reports) for key in LIMITS}
    figures["ready_ms"] = statistics.median(report["ready_ms"] for report in reports)
    figures["cycles"] = reports[0]["cycles"]
    if options.json:
        print(json.dumps(figures, indent=2))
    else:
        print(f"metadiffuserd, {reports[0]['cycles']} cycles a run, {reports[0]['kernels']} kernels")
        for key, limit in LIMITS.items():
            print(f"  {key:<13} {figures[key]:8.1f}   at most {limit}")
    for warning in reports[0]["real_time_warnings"]:
        print(f"warning: {warning}", file=sys.stderr)
    sys.exit(any(figures[key] > limit for key, limit in LIMITS.items()))


main()
