"""A robot from robot.proto alone, with made-up dynamics, for `metadiffuserd` to drive.

usage: robot.py PORT EPISODES FAMILY OBSERVATIONS ACTIONS PERIOD_MS LIMIT [lockstep]        prints what it saw as JSON
"""

import json
import math
import sys
import time

import robot_pb2 as pb
from wire import Wire, crc32c

port, episodes, family = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
observations, actions, milliseconds = (int(text) for text in sys.argv[4:7])
limit, lockstep = float(sys.argv[7]), "lockstep" in sys.argv
length, period = 20, milliseconds * 1_000_000
schema = crc32c(f"{family}|{observations}|{actions}|{period}".encode())
wire = Wire()
wire.socket.bind(("127.0.0.1", port))
peer = None


def receive_action(sequence, until):
    """The action that answers the frame `sequence`, or None when time is up; answers every Hello that comes."""
    global peer
    while (left := until - time.monotonic()) > 0:
        frame, sender = wire.receive(left)
        body = frame and frame.WhichOneof("body")
        if body == "hello":
            hello = frame.hello
            if (hello.protocol, hello.family, hello.observation_size, hello.action_size, hello.period_ns) != (
                    1, family, observations, actions, period) or hello.schema not in (0, schema):
                sys.exit(f"a model that does not fit: {hello}")
            peer = sender
            wire.send(peer, description=pb.Description(
                protocol=1, hello_epoch=frame.epoch, family=family, name="Python robot",
                observation_size=observations, action_size=actions, period_ns=period, schema=schema,
                action_limit=limit, episode_length=length, lockstep=lockstep))
            if sequence is None:
                return None
        elif body == "action" and frame.action.observation_epoch == wire.epoch:
            if frame.action.observation_sequence == sequence:
                return frame.action
        elif body == "status" and frame.status.code in (pb.STATUS_GOODBYE, pb.STATUS_REFUSED):
            sys.exit("controller: " + frame.status.text)
    return None


receive_action(None, time.monotonic() + 30)
if peer is None:
    sys.exit("no controller")
answers, misses, modes, largest, along, known = 0, 0, {}, 0.0, {}, []
# Answers that said how sure the controller is, and the numbers it gave its task with them.
sure, parameters = 0, set()
tick = time.monotonic()
for episode in range(episodes):
    state, applied, reward = [0.0] * observations, [], None
    for step in range(length + 1):
        observation = pb.Observation(
            state=state, sample_time_ns=time.monotonic_ns(), applied_action=applied, episode=episode, step=step,
            truncated=step == length)
        if reward is not None:
            observation.reward = reward
        sequence = wire.send(peer, observation=observation)
        end = time.monotonic() + 10 if lockstep else tick + period * 1e-9
        action = receive_action(sequence, end)
        if action is None:
            misses += 1
            applied = known[:actions] or [0.0] * actions
            known = known[actions:]
        else:
            answers += 1
            modes[pb.Mode.Name(action.mode)] = modes.get(pb.Mode.Name(action.mode), 0) + 1
            applied, known = list(action.command), list(action.later_commands)
            if len(known) % actions or len(known) > 3 * actions:
                sys.exit(f"{len(known)} later commands of {actions} entries each")
            count = f"{pb.Mode.Name(action.mode)} {len(known) // actions}"
            along[count] = along.get(count, 0) + 1
            if action.HasField("confidence"):
                if not 0 <= action.confidence <= 1:
                    sys.exit(f"a confidence of {action.confidence}")
                sure += 1
                parameters.add(len(action.believed_parameters))
            largest = max([largest] + [abs(c) if math.isfinite(c) else math.inf for c in applied + known])
        if not lockstep:
            receive_action(None, end)
            time.sleep(max(0.0, end - time.monotonic()))
            tick = end
        if step == length:
            known = []
        push = sum(applied)
        state = [0.9 * s + 0.02 * math.sin(i + 1) * push for i, s in enumerate(state)]
        reward = -abs(state[0])

wire.send(peer, status=pb.Status(code=pb.STATUS_GOODBYE, text="enough"))
print(json.dumps({"answers": answers, "misses": misses, "modes": modes, "along": along, "largest": largest,
                  "sure": sure, "parameters": sorted(parameters)}))
