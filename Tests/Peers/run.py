"""Runs the peers against the programs: each is written from robot.proto alone, so that both sides of it are checked.

usage: run.py DIRECTORY_OF_PROGRAMS MODEL        MODEL is a cheetah-vel model
"""

import json
import os
import subprocess
import sys
import tempfile

programs, model = sys.argv[1], sys.argv[2]
here = os.path.dirname(os.path.abspath(__file__))


def run_pair(title, robot, controller):
    """Runs the two commands side by side; their JSON."""
    print(title, flush=True)
    first = subprocess.Popen(robot, stdout=subprocess.PIPE, text=True)
    second = subprocess.Popen(controller, stdout=subprocess.PIPE, text=True)
    try:
        results = [json.loads(process.communicate(timeout=60)[0]) for process in (first, second)]
    finally:
        first.kill()
        second.kill()
    assert first.returncode == 0 and second.returncode == 0, (first.returncode, second.returncode)
    return results


def python(name, *arguments):
    return [sys.executable, os.path.join(here, name), *map(str, arguments)]


keys = tempfile.TemporaryDirectory()
key = os.path.join(keys.name, "key")
subprocess.run([f"{programs}/metadiffuserd", "make-key", key], check=True, stdout=subprocess.DEVNULL)
sealed = ["--key", key]


def share(flags):
    """Gives the Python side the key where the programs have it."""
    os.environ["LINK_KEY"] = key if "--key" in flags else ""


for flags, manner in ((["--lockstep"], []), ([], []), (sealed, []), ([], ["silent"])):
    share(flags)
    robot, controller = run_pair(
        f"a Python controller drives metadiffuser simulate {' '.join(flags + manner)}",
        [f"{programs}/metadiffuser", "simulate", "--family", "point-robot", "--task", "0.6,0.8", "--episodes", "2",
         "--link", "udp://127.0.0.1:5641", "--wait", "30", "--json", "--quiet", *flags],
        python("controller.py", 5641, 0.6, 0.8, *manner))
    # Of the steps 0 … 19 and the end those that three divides, and the end.
    assert controller["answered"] == (16 if manner else 42), controller
    # It is told also what is for people, since its Hello has room for that.
    assert controller["robot"] == "simulated point-robot", controller
    assert robot["steps"] == [20, 20] and robot["frames_rejected"] == {}, robot
    if manner:
        assert robot["choices"] == {"plan": 14, "robot_earlier_plan": 26}, robot
    # It goes straight to the goal: 0.1 m a step along each axis, 3.23 in all.
    assert all(value > -3.3 for value in robot["returns"]), robot
    assert all(abs(a - b) < 1e-4 for a, b in zip(robot["returns"], controller["returns"])), (robot, controller)

for mode, flags in ((["lockstep"], []), ([], []), ([], sealed)):
    share(flags)
    robot, controller = run_pair(
        f"metadiffuserd drives a Python robot {' '.join(mode + flags)}",
        python("robot.py", 5642, 2, "cheetah-vel", 17, 6, 50, 0.8, *mode),
        [f"{programs}/metadiffuserd", "--model", model, "--link", "udp://127.0.0.1:5642", "--exit-with-robot", "--json",
         "--quiet", *flags])
    assert robot["answers"] + robot["misses"] == 42 and robot["misses"] <= 4, robot
    assert robot["modes"]["MODE_IDLE"] == 2 and robot["modes"]["MODE_PLAN"] >= 36, robot
    # A plan takes its next three entries along, where time does not stand still for it.
    entries = 0 if mode else 3
    assert robot["along"][f"MODE_PLAN {entries}"] == robot["modes"]["MODE_PLAN"], robot
    assert robot["along"]["MODE_IDLE 0"] == 2, robot
    # The limit travels as a 32-bit float.
    assert 0 < robot["largest"] <= 0.8 + 1e-7, robot
    assert controller["robot"] == "Python robot" and controller["frames_rejected"] == {}, controller
    # A model with a bank of tasks says what it believes in every answer, any other never.
    belief = controller["belief"]
    assert robot["sure"] == (robot["answers"] if belief else 0), (robot, controller)
    assert robot["parameters"] == ([len(belief["parameters"])] if belief else []), (robot, controller)
    assert controller["episodes"] == 2 and controller["context_transitions"] >= 16, controller
print("peers: good")
