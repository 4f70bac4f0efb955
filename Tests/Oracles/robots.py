"""Holds our robots against Gymnasium's: the same full state and action must give the same next state and reward."""

import argparse
import subprocess
import sys

import gymnasium
import mujoco
import numpy as np

COUNT = 1000


class Robot:
    """A family with the parameters of one task; Gymnasium's robot is made to be that task's."""

    def __init__(self, family, env, parameters, reward, timestep=None, substeps=5, elements=(), **options):
        self.family, self.parameters, self.reward = family, list(parameters), reward
        self.env = gymnasium.make(env, max_episode_steps=-1, **options)
        self.model, self.data = self.env.unwrapped.model, self.env.unwrapped.data
        self.substeps = substeps
        self.model.opt.timestep = timestep or self.model.opt.timestep
        self.seconds = self.model.opt.timestep * substeps
        for element, exponent in zip(elements, parameters):
            element(self.model, exponent)
        self.positions = slice(1, 1 + self.model.nq)
        self.velocities = slice(1 + self.model.nq, 1 + self.model.nq + self.model.nv)
        self.action = slice(1 + self.model.nq + self.model.nv, 1 + self.model.nq + self.model.nv + self.model.nu)
        self.record_size = self.action.stop

    def make_records(self, count, rng):
        """States that random episodes really visit, each with a random action."""
        records = np.zeros((count, self.record_size))
        for index, record in enumerate(records):
            if index % 50 == 0:
                self.env.reset(seed=int(rng.integers(2**31)))
            for _ in range(int(rng.integers(1, 20))):
                self.advance(rng.uniform(-1, 1, self.model.nu))
            record[0] = 1
            record[self.positions], record[self.velocities] = self.data.qpos, self.data.qvel
            record[self.action] = rng.uniform(-1, 1, self.model.nu).astype(np.float32)
        return records

    def advance(self, action):
        self.data.ctrl[:] = action
        for _ in range(self.substeps):
            mujoco.mj_step(self.model, self.data)

    def expected(self, records):
        """Positions, velocities and reward after each record, as `oracle-peer` answers."""
        answers = np.zeros((len(records), self.model.nq + self.model.nv + 1))
        for record, answer in zip(records, answers):
            if record[0]:
                mujoco.mj_resetData(self.model, self.data)
                self.data.qpos[:], self.data.qvel[:] = record[self.positions], record[self.velocities]
                mujoco.mj_forward(self.model, self.data)
            before = self.data.qpos[:2].copy()
            self.advance(record[self.action])
            velocity = (self.data.qpos[:2] - before) / self.seconds
            answer[:] = [*self.data.qpos, *self.data.qvel, self.reward(velocity, np.square(record[self.action]).sum())]
        return answers

    def compare(self, peer, what, records, limit):
        command = [peer, "step", self.family, ",".join(repr(float(p)) for p in self.parameters)]
        out = subprocess.run(command, input=records.tobytes(), stdout=subprocess.PIPE, check=True).stdout
        expected = self.expected(records)
        difference = np.abs(np.frombuffer(out).reshape(expected.shape) - expected).max(axis=0)
        good = bool(difference.max() <= limit)  # False for NaN, too
        print(
            f"{self.family}, {what}: max difference state {difference[:-1].max():.3g}, reward {difference[-1]:.3g} "
            f"(limit {limit:g}): {'good' if good else 'FAILED'}"
        )
        return good


# What a parameter u multiplies: the elements that Gymnasium's arrays call otherwise than our bodies do.


def mass(body):
    def change(model, u):
        model.body_mass[body] *= 1.5**u

    return change


def inertia(body):
    """About y; the moments about the other axes get another factor, which must not matter in the plane."""

    def change(model, u):
        axes = np.zeros(9)
        mujoco.mju_quat2Mat(axes, model.body_iquat[body])
        factors = np.full(3, 1.5 ** (1 - u))
        factors[np.abs(axes.reshape(3, 3)[1]).argmax()] = 1.5**u
        model.body_inertia[body] *= factors

    return change


def damping(dof):
    def change(model, u):
        model.dof_damping[dof] *= 1.3**u

    return change


def friction(geom):
    """Of sliding; torsional and rolling friction get another factor, which must not matter here."""

    def change(model, u):
        model.geom_friction[geom] *= [1.5**u, 1.5 ** (1 - u), 1.5 ** (-u)]

    return change


HOPPER = (
    [mass(body) for body in range(1, 5)]
    + [inertia(body) for body in range(1, 5)]
    + [damping(dof) for dof in range(3, 6)]
    + [friction(geom) for geom in range(5)]
)
WALKER = [mass(body) for body in range(1, 8)] + [friction(geom) for geom in range(8)]


def robots(rng):
    def cheetah_vel(velocity, effort):
        return -abs(velocity[0] - 2) - 0.05 * effort

    def cheetah_dir(velocity, effort):
        return -velocity[0] - 0.05 * effort

    def ant_dir(velocity, effort):
        return 0.6 * velocity[0] - 0.8 * velocity[1]

    def hopper(velocity, effort):
        return velocity[0] - 0.001 * effort

    def walker(velocity, effort):
        return velocity[0] + 1 - 0.001 * effort

    yield Robot("cheetah-vel", "HalfCheetah-v5", [2], cheetah_vel)
    yield Robot("cheetah-dir", "HalfCheetah-v5", [-1], cheetah_dir)
    yield Robot("ant-dir", "Ant-v5", [0.6, -0.8], ant_dir)
    for parameters in [np.zeros(len(HOPPER)), *rng.uniform(-3, 3, (3, len(HOPPER)))]:
        yield Robot("hopper-param", "Hopper-v5", parameters, hopper, 0.004, 4, HOPPER)
    for parameters in [np.zeros(len(WALKER)), *rng.uniform(-3, 3, (3, len(WALKER)))]:
        # The body of Gym's first versions, as in the literature: one foot slides more easily than the other.
        yield Robot("walker-param", "Walker2d-v5", parameters, walker, 0.004, 4, WALKER, xml_file="walker2d.xml")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", help="path of the oracle-peer executable")
    peer = parser.parse_args().peer
    rng = np.random.default_rng(1)
    good = True
    for robot in robots(rng):
        body = " of a random body" if np.any(robot.parameters) and robot.family.endswith("param") else ""
        good &= robot.compare(peer, f"one step{body} from {COUNT} states", robot.make_records(COUNT, rng), 1e-9)
        episode = np.zeros((200, robot.record_size))
        episode[0] = robot.make_records(1, rng)[0]
        episode[:, robot.action] = rng.uniform(-1, 1, (200, robot.model.nu)).astype(np.float32)
        good &= robot.compare(peer, f"200 steps{body}", episode, 1e-6)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
