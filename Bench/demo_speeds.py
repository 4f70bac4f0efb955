"""The demo at many speeds: regret of the first episode and of those after it, as a table.

usage: demo_speeds.py BIN [--speeds 0.1,0.3,…] [--seeds 1,2,3] [--episodes 3] [--jobs 6] [further arguments of the demo]

BIN: the folder with metadiffuser and metadiffuserd. Regret is the expert's return less the planner's, from the same
starts. The demo runs in real time and sleeps most of it, so several share a machine, each on a port of its own.
"""
import argparse
import json
import pathlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

parser = argparse.ArgumentParser(usage=__doc__)
parser.add_argument("bin", type=pathlib.Path)
parser.add_argument("--speeds", default=",".join(f"{0.1 + 0.2 * step:.1f}" for step in range(15)))
parser.add_argument("--seeds", default="1,2,3")
parser.add_argument("--episodes", default="3")
parser.add_argument("--jobs", type=int, default=6)
arguments, rest = parser.parse_known_args()


def drive(numbered):
    number, (speed, seed) = numbered
    command = [arguments.bin / "metadiffuser", "demo", "--speed", speed, "--seed", seed, "--episodes",
               arguments.episodes, "--link", f"udp://127.0.0.1:{5700 + number}", "--json", *rest]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with {run.returncode}: {run.stderr[-500:]}")
    return speed, seed, json.loads(run.stdout)


runs = [(speed, seed) for speed in arguments.speeds.split(",") for seed in arguments.seeds.split(",")]
print(f"{'speed':>6} {'seed':>5} {'first':>8} {'later, worst':>13} {'later, mean':>12} {'misses':>7}")
first, later = [], []
with ThreadPoolExecutor(arguments.jobs) as pool:
    for speed, seed, report in pool.map(drive, enumerate(runs)):
        regrets = report["regrets"]
        first.append(regrets[0])
        later += regrets[1:]
        mean = sum(regrets[1:]) / len(regrets[1:])
        print(f"{speed:>6} {seed:>5} {regrets[0]:8.1f} {max(regrets[1:]):13.1f} {mean:12.1f} "
              f"{report['deadline_misses']:7}", flush=True)
print(f"first episodes: mean {sum(first) / len(first):.1f}, worst {max(first):.1f}")
print(f"later episodes: mean {sum(later) / len(later):.1f}, worst {max(later):.1f}")
