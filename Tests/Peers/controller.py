"""A controller from robot.proto alone: drives `metadiffuser simulate --family point-robot --task X,Y` to its goal.

usage: controller.py PORT X Y [silent]        ends when the robot says goodbye; prints what it did as JSON

silent: it answers one observation in three, and leaves the steps between to the later commands of that answer.
"""

import json
import sys
import time

import robot_pb2 as pb
from wire import Wire, crc32c

robot = ("127.0.0.1", int(sys.argv[1]))
goal = [float(sys.argv[2]), float(sys.argv[3])]
silent = "silent" in sys.argv
wire = Wire()
period = 100_000_000
hello = pb.Hello(
    protocol=1, model="sixty lines of Python", family="point-robot", observation_size=2, action_size=2,
    period_ns=period, schema=crc32c(f"point-robot|2|2|{period}".encode()), padding=bytes(128))

description = None
answered, returns = 0, []
next_hello, heard = 0.0, time.monotonic()
while True:
    now = time.monotonic()
    if now - heard > 20:
        sys.exit("no robot")
    if now - heard > 1.0:
        description = None
    if description is None and now >= next_hello:
        wire.send(robot, hello=hello)
        next_hello = now + 0.1
    frame, _ = wire.receive(0.1)
    if frame is None:
        continue
    heard = time.monotonic()
    body = frame.WhichOneof("body")
    if body == "description" and frame.description.hello_epoch == wire.epoch:
        description, robot_epoch, last = frame.description, frame.epoch, frame.sequence
    elif body == "status":
        if frame.status.code == pb.STATUS_GOODBYE:
            break
        if frame.status.code == pb.STATUS_REFUSED:
            sys.exit("refused: " + frame.status.text)
        description = None
    elif body == "observation" and description is not None:
        if frame.epoch != robot_epoch:
            description = None
            continue
        if not 0 < (frame.sequence - last) % 2**32 < 2**31:
            continue
        last = frame.sequence
        observation = frame.observation
        if observation.step == 0:
            returns.append(0.0)
        returns[-1] += observation.reward
        if silent and observation.step % 3 and not observation.truncated:
            continue
        # The robot moves by its command: where it will be, and so what comes next, is known.
        limit, state, commands = description.action_limit, list(observation.state), []
        for _ in range(1 if description.lockstep else 3):
            command = [max(-limit, min(limit, g - s)) for g, s in zip(goal, state)]
            commands += command
            state = [s + c for s, c in zip(state, command)]
        action = pb.Action(
            command=commands[:2], later_commands=commands[2:], mode=pb.MODE_PLAN,
            observation_epoch=frame.epoch, observation_sequence=frame.sequence,
            sample_time_ns=observation.sample_time_ns, plan=answered + 1, plan_us=100, denoising_steps=1)
        wire.send(robot, action=action)
        answered += 1

print(json.dumps({"answered": answered, "returns": returns, "robot": description.name}))
