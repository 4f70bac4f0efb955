"""A two-link arm that takes tasks over a link: what a robot of one's own needs to be evaluated, tuned and adapted on.

usage: reacher.py PORT                    serves tasks in lockstep until the controller says goodbye; prints JSON
       reacher.py log FILE TASKS          writes a table of random and good driving in so many other tasks

Written from robot.proto alone. The part that speaks is `serve`; `Arm` is whatever you have.
"""

import csv
import json
import math
import random
import sys
import time

FAMILY, LIMIT, LENGTH, PERIOD = "two-link-arm", 1.0, 30, 50_000_000
OBSERVATIONS, ACTIONS, TASKS = 8, 2, 20


class Arm:
    """Two links of 0.1 m, velocity commands with some lag. The task, not observed, is where the tip should be."""

    def __init__(self, task):
        draw = random.Random(f"task {task}")
        radius, angle = draw.uniform(0.06, 0.18), draw.uniform(-math.pi, math.pi)
        self.goal = radius * math.cos(angle), radius * math.sin(angle)

    def start(self, seed):
        draw = random.Random(f"start {seed}")
        self.angles = [draw.uniform(-0.3, 0.3), draw.uniform(0.8, 1.4)]
        self.rates = [0.0, 0.0]

    def tip(self):
        a, b = self.angles
        return 0.1 * (math.cos(a) + math.cos(a + b)), 0.1 * (math.sin(a) + math.sin(a + b))

    def sense(self):
        a, b = self.angles
        return [math.cos(a), math.sin(a), math.cos(b), math.sin(b), *self.rates, *self.tip()]

    def step(self, command):
        for joint in range(2):
            self.rates[joint] += 0.5 * (6 * command[joint] - self.rates[joint])
            self.angles[joint] += self.rates[joint] * PERIOD * 1e-9
        return -10 * math.dist(self.tip(), self.goal)

    def expert(self, draw):
        """Inverse kinematics, and each joint straight to where it should be."""
        x, y = self.goal
        elbow = math.acos(min(1, max(-1, (x * x + y * y) / 0.02 - 1)))
        shoulder = math.atan2(y, x) - elbow / 2
        turn = (shoulder - self.angles[0] + math.pi) % (2 * math.pi) - math.pi
        return [min(1, max(-1, 2 * e)) for e in (turn, elbow - self.angles[1])]

    def random(self, draw):
        return [draw.uniform(-1, 1), draw.uniform(-1, 1)]


def log(path, tasks):
    """Episodes of random and good driving in tasks that `serve` does not have."""
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["episode", "goal"] + [f"o{i}" for i in range(OBSERVATIONS)] + ["u0", "u1", "reward"])
        episode = 0
        for task in range(1000, 1000 + tasks):
            for number in range(4):
                arm, draw = Arm(task), random.Random(episode)
                arm.start(f"log {episode}")
                for _ in range(LENGTH + 1):
                    drive = arm.random if number == 0 or draw.random() < 0.2 * number else arm.expert
                    before, command = arm.sense(), drive(draw)
                    table.writerow([episode, task, *before, *command, arm.step(command)])
                episode += 1


def serve(port):
    import robot_pb2 as pb
    from wire import Wire

    wire = Wire()
    wire.socket.bind(("127.0.0.1", port))
    peer = behaviour = None
    arm, draw, episode, step, obeyed, sequence = Arm(0), random.Random(0), 0, 0, 0, None
    counts = {"requests": 0, "repeated": 0, "refused": 0, "changes": 0, "itself": 0, "commanded": 0}
    arm.start(0)
    observation = pb.Observation(state=arm.sense())

    def send():
        observation.sample_time_ns, observation.task_request = time.monotonic_ns(), obeyed
        return wire.send(peer, observation=observation)

    while True:
        frame, sender = wire.receive(0.2)
        body = frame and frame.WhichOneof("body")
        if body == "hello":
            peer = sender
            wire.send(peer, description=pb.Description(
                protocol=1, hello_epoch=frame.epoch, family=FAMILY, name="two-link arm", action_limit=LIMIT,
                observation_size=OBSERVATIONS, action_size=ACTIONS, period_ns=PERIOD, episode_length=LENGTH,
                lockstep=True, task_count=TASKS))
            sequence = send()
        elif body is None and peer:
            sequence = send()  # Nothing came: the observation or its answer is lost.
        elif body == "task_request" and sender == peer:
            request = frame.task_request
            if request.number == obeyed:
                counts["repeated"] += 1
                continue
            drive = {"": None, "expert": Arm.expert, "random": Arm.random}.get(request.behaviour, "unknown")
            if drive == "unknown" or request.task >= TASKS:
                counts["refused"] += 1
                wire.send(peer, status=pb.Status(
                    code=pb.STATUS_REFUSED, text="tasks 0 to 19, by expert or random", answered_epoch=frame.epoch,
                    task_request=request.number))
                continue
            new, behaviour, obeyed = Arm(request.task), drive, request.number
            counts["changes" if request.keep_state else "requests"] += 1
            if request.keep_state:
                new.angles, new.rates = arm.angles, arm.rates
                arm = new
            else:
                arm, draw, episode, step = new, random.Random(request.seed), episode + 1, 0
                arm.start(request.seed)
                observation = pb.Observation(state=arm.sense(), episode=episode)
            sequence = send()
        elif body == "action" and sender == peer and frame.action.observation_sequence == sequence:
            if observation.truncated:
                episode, step = episode + 1, 0
                arm.start(episode)
                observation = pb.Observation(state=arm.sense(), episode=episode)
            else:
                command = behaviour(arm, draw) if behaviour else list(frame.action.command)
                counts["itself" if behaviour else "commanded"] += 1
                reward, step = arm.step(command), step + 1
                observation = pb.Observation(
                    state=arm.sense(), reward=reward, applied_action=command, episode=episode, step=step,
                    truncated=step == LENGTH)
            sequence = send()
        elif body == "status" and sender == peer and frame.status.code == pb.STATUS_GOODBYE:
            print(json.dumps(counts))
            return


if sys.argv[1] == "log":
    log(sys.argv[2], int(sys.argv[3]))
else:
    serve(int(sys.argv[1]))
