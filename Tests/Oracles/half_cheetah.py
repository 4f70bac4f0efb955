"""Holds our half-cheetah against Gymnasium's: the same full state and action must give the same next state and reward."""

import argparse
import subprocess
import sys

import gymnasium
import mujoco
import numpy as np

TARGET_SPEED = 2.0
POSITIONS = slice(1, 10)
VELOCITIES = slice(10, 19)
ACTION = slice(19, 25)


def make_records(env, count, rng):
    """States that random episodes really visit, each with a random action: [count][25]."""
    records = np.zeros((count, 25))
    data = env.unwrapped.data
    for index in range(count):
        if index % 50 == 0:
            env.reset(seed=int(rng.integers(2**31)))
        for _ in range(int(rng.integers(1, 20))):
            env.step(rng.uniform(-1, 1, 6))
        records[index, 0] = 1
        records[index, POSITIONS] = data.qpos
        records[index, VELOCITIES] = data.qvel
        records[index, ACTION] = rng.uniform(-1, 1, 6).astype(np.float32)
    return records


def step_gymnasium(env, records):
    """Positions, velocities and reward after each record, as `oracle-peer` answers: [count][19]."""
    model, data = env.unwrapped.model, env.unwrapped.data
    answers = np.zeros((len(records), 19))
    for record, answer in zip(records, answers):
        if record[0]:
            mujoco.mj_resetData(model, data)
            env.unwrapped.set_state(record[POSITIONS], record[VELOCITIES])
        _, _, _, _, info = env.step(record[ACTION])
        answer[:9], answer[9:18] = data.qpos, data.qvel
        answer[18] = -abs(info["x_velocity"] - TARGET_SPEED) - 0.05 * np.square(record[ACTION]).sum()
    return answers


def step_ours(peer, records):
    out = subprocess.run([peer, "step", str(TARGET_SPEED)], input=records.tobytes(), stdout=subprocess.PIPE, check=True)
    return np.frombuffer(out.stdout).reshape(len(records), 19)


def compare(name, peer, env, records, limit):
    difference = np.abs(step_ours(peer, records) - step_gymnasium(env, records)).max(axis=0)
    good = bool(difference.max() <= limit)  # False for NaN, too
    print(
        f"{name}: max difference positions {difference[:9].max():.3g}, velocities {difference[9:18].max():.3g}, "
        f"reward {difference[18]:.3g} (limit {limit:g}): {'good' if good else 'FAILED'}"
    )
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", help="path of the oracle-peer executable")
    peer = parser.parse_args().peer
    env = gymnasium.make("HalfCheetah-v5", max_episode_steps=-1)
    rng = np.random.default_rng(1)

    states = make_records(env, 1000, rng)
    episode = np.zeros((200, 25))
    episode[0] = make_records(env, 1, rng)[0]
    episode[:, ACTION] = rng.uniform(-1, 1, (200, 6)).astype(np.float32)
    good = [
        compare("half-cheetah, one step from 1 000 states", peer, env, states, 1e-9),
        compare("half-cheetah, an episode of 200 steps", peer, env, episode, 1e-6),
    ]
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
