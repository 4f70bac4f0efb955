"""Holds our data set files against h5py and Minari: we read what they write, and they read what we write."""

import json
import pathlib
import subprocess
import sys
import tempfile

import gymnasium
import h5py
import minari
import numpy as np
from minari.serialization import serialize_space

PEER = sys.argv[1]
LENGTHS = [7, 3]


def write_log(path, leave_out=None):
    """A log as somebody would write it with h5py: other number types than ours, and nothing that is optional."""
    rng = np.random.default_rng(1)
    with h5py.File(path, "w") as file:
        file.attrs.update(family="arm", observation_size=4, action_size=2, action_limit=2,
                          period_nanoseconds=20_000_000)
        file.attrs.update(total_episodes=len(LENGTHS), total_steps=sum(LENGTHS))
        for number, steps in enumerate(LENGTHS):
            group = file.create_group(f"episode_{number}")
            group.attrs.update(id=number, total_steps=np.uint16(steps), task=number)
            if number == 0:
                group.attrs.update(behaviour=np.bytes_("tele-operation"), parameters=[1.5, -2])
            group["observations"] = rng.normal(size=(steps + 1, 4))
            group["actions"] = rng.uniform(-2, 2, size=(steps, 2)).astype(">f4")
            group["rewards"] = rng.integers(-3, 3, size=steps)
            group["terminations"] = np.arange(steps) == (steps - 1 if number == 1 else -1)
            group["truncations"] = (np.arange(steps) == (steps - 1 if number == 0 else -1)).astype(np.int32)
        if leave_out:
            del file["episode_1"].attrs[leave_out]


def copy(source, target):
    return subprocess.run([PEER, "copy", source, target], stdout=subprocess.PIPE, text=True)


def check_with_h5py(source, target):
    with h5py.File(source) as theirs, h5py.File(target) as ours:
        for name in ("family", "observation_size", "action_limit", "period_nanoseconds", "total_episodes",
                     "total_steps"):
            assert theirs.attrs[name] == ours.attrs[name], name
        assert json.loads(ours.attrs["provenance"]) == {}
        assert [ours[f"episode_{n}"].attrs["behaviour"] for n in (0, 1)] == ["tele-operation", "unknown"]
        assert list(ours["episode_0"].attrs["parameters"]) == [1.5, -2] and "parameters" not in ours["episode_1"].attrs
        for number in range(len(LENGTHS)):
            for name, array in theirs[f"episode_{number}"].items():
                copied = ours[f"episode_{number}"][name]
                np.testing.assert_array_equal(array[()].astype(copied.dtype), copied[()], name)
            assert ours[f"episode_{number}"]["terminations"].dtype == bool


def check_with_minari(target, folder):
    """Our file as a Minari data set: it needs Minari's metadata.json beside it."""
    data = folder / "arm-v0" / "data"
    data.mkdir(parents=True)
    (data / "main_data.hdf5").write_bytes(target.read_bytes())
    (data / "metadata.json").write_text(
        json.dumps(
            {
                "dataset_id": "arm-v0",
                "data_format": "hdf5",
                "total_episodes": len(LENGTHS),
                "total_steps": sum(LENGTHS),
                "minari_version": minari.__version__,
                "observation_space": serialize_space(gymnasium.spaces.Box(-np.inf, np.inf, (4,), np.float32)),
                "action_space": serialize_space(gymnasium.spaces.Box(-2, 2, (2,), np.float32)),
            }
        )
    )
    episodes = list(minari.MinariDataset(data).iterate_episodes())
    assert [len(episode.rewards) for episode in episodes] == LENGTHS
    assert [episode.observations.shape for episode in episodes] == [(steps + 1, 4) for steps in LENGTHS]
    assert [bool(episode.terminations[-1]) for episode in episodes] == [False, True]


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        source, target = folder / "theirs.hdf5", folder / "ours.hdf5"
        write_log(source)
        result = copy(source, target)
        assert result.returncode == 0, result.stdout
        check_with_h5py(source, target)
        print("data set: written by h5py, copied by us, equal in h5py: good")
        check_with_minari(target, folder)
        print("data set: opened by Minari: good")

        for attribute in ("task", "total_steps"):
            write_log(source, leave_out=attribute)
            result = copy(source, target)
            expected = f"{source}: episode_1: attribute '{attribute}' is missing; set it with h5py"
            assert result.returncode == 65 and result.stdout.startswith(expected), result.stdout
        print("data set: a missing attribute is named: good")

        # A claim of any size costs a few bytes; believing it would cost all memory there is.
        write_log(source)
        with h5py.File(source, "a") as file:
            file.attrs["observation_size"] = 2**31 - 1
            episode = file["episode_0"]
            del episode["observations"]
            episode.create_dataset("observations", (LENGTHS[0] + 1, 2**31 - 1), "f4", chunks=(1, 1024))
        result = copy(source, target)
        assert result.returncode == 65 and "observation_size is" in result.stdout, (result.returncode, result.stdout)
        print("data set: a claim of too many numbers is refused: good")


if __name__ == "__main__":
    main()
