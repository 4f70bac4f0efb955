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

# Somebody's own robot, from its logs to the figures of tasks that the model never saw; one that takes them on request.
share([])
workshop = tempfile.TemporaryDirectory()


def metadiffuser(*arguments):
    return [f"{programs}/metadiffuser", *arguments]


def work(*arguments):
    subprocess.run(arguments, check=True, cwd=workshop.name, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


print("a Python arm: logs, data set, a small model", flush=True)
work(*python("reacher.py", "log", "arm.csv", 30))
with open(os.path.join(workshop.name, "columns.json"), "w") as file:
    json.dump({"observations": [f"o{i}" for i in range(8)], "actions": ["u0", "u1"], "reward": "reward",
               "episode": "episode"}, file)
work(*metadiffuser("import", "csv", "arm.csv", "--columns", "columns.json", "--family", "two-link-arm",
                   "--period", "50ms", "--task-from", "goal", "-o", "arm.hdf5"))
work(*metadiffuser("train", "--data", "arm.hdf5", "-o", "arm.safetensors", "--steps", "300", "--world-model-steps",
                   "1500", "--channels", "32,32", "--horizon", "8"))
arm = ["--model", os.path.join(workshop.name, "arm.safetensors"), "--link", "udp://127.0.0.1:5643", "--json"]

robot, report = run_pair(
    "metadiffuser evaluates a Python arm, task after task", python("reacher.py", 5643),
    metadiffuser("evaluate", *arm, "--tasks", "0-5", "--episodes", "1"))
# Two that find out whether it knows an expert; for each task two episodes, and expert and random for each.
assert robot["requests"] == 2 + 6 * 6 and robot["refused"] == 0 and robot["changes"] == 0, robot
assert robot["itself"] == 6 * 4 * 30 and robot["commanded"] == 6 * 2 * 30, robot
assert [task["number"] for task in report["tasks"]] == list(range(6)), report
assert report["expert_return"] > report["random_return"] and "missed_intervals" not in report, report
assert report["mean_return"] > report["random_return"], report

robot, reports = run_pair(
    "metadiffuser changes a Python arm's task in mid-episode", python("reacher.py", 5643),
    metadiffuser("adapt", *arm, "--tasks", "0,1", "--change-at", "10", "--context-inference", "encoder"))
# In each episode of the planner's and the expert's, and in random's.
assert robot["changes"] == 2 * 3, robot
assert len(reports[0]["expert_rewards"]) == 30 and reports[0]["planner"]["steps"]["mean"] >= 0, reports

robot, report = run_pair(
    "metadiffuser tunes on a Python arm", python("reacher.py", 5643),
    metadiffuser("tune", *arm, "--tasks", "0,1", "--steps", "1", "--candidates", "1,2", "--guide-rounds", "0",
                 "--reference", "expert=-5,random=-40", "--period", "60s", "--dry-run"))
assert robot["itself"] == 0 and len(report["points"]) == 2, (robot, report)
assert report["chosen"]["normalised_score"] < 1, report
print("peers: good")
