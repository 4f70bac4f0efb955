"""Our denoiser and planner against ONNX Runtime and PyTorch: the same net, weights and inputs, in turn in one run.

usage: peers.py PEER_LIBRARY MODEL [--seconds 4] [--plans 3] [--json]

First every output is compared; then all are timed in turn, one thread each, and medians and ratios printed. `make
bench-peers` builds what is needed and calls this.
"""
import argparse
import ctypes
import json
import os
import statistics
import sys
import time

import numpy
import onnxruntime
import torch

from graph import denoiser_graph
from network import Model
from plan import Planner

# Both sides have the same fp16 weights; what differs is the order of fp32 sums.
DENOISER_TOLERANCE = 1e-3
PLAN_TOLERANCE = 1e-2
STEPS, CANDIDATES, ROUNDS = 20, 64, 2


class Ours:
    """The dynamic library's C interface."""

    def __init__(self, library, path, model, batch, candidates, temperature):
        self.library, self.model, self.batch = library, model, batch
        library.peer_open.restype = ctypes.c_void_p
        library.peer_open.argtypes = [ctypes.c_char_p] + [ctypes.c_long] * 4 + [ctypes.c_float]
        library.peer_plan.restype = ctypes.c_float
        self.handle = ctypes.c_void_p(
            library.peer_open(path.encode(), batch, STEPS, candidates, ROUNDS, temperature))
        if not self.handle:
            sys.exit(1)

    def close(self):
        self.library.peer_close(self.handle)

    def set_condition(self, context, state):
        self.library.peer_set_condition(self.handle, pointer(context), pointer(state))

    def denoise(self, plans, output, step):
        self.library.peer_denoise(self.handle, pointer(plans), pointer(output), ctypes.c_long(step))

    def infer(self, transitions):
        context = numpy.zeros(self.model.context_size, numpy.float32)
        self.library.peer_infer(
            self.handle, pointer(transitions), ctypes.c_long(len(transitions)), pointer(context))
        return context

    def plan(self, observation):
        actions = numpy.zeros((self.model.horizon, self.model.action_size), numpy.float32)
        value = self.library.peer_plan(self.handle, pointer(observation), pointer(actions))
        return actions, value


def pointer(array):
    assert array.dtype == numpy.float32 and array.flags.c_contiguous
    return array.ctypes.data_as(ctypes.c_void_p)


def in_turn(contestants, seconds, rounds):
    """Median milliseconds of each contestant (name → function), called in turn, and medians of ratios to the first."""
    times = {name: [] for name in contestants}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times["ours"]) < rounds:
        for name, call in contestants.items():
            # The first call of a turn warms the caches again.
            call()
            start = time.perf_counter()
            call()
            times[name].append((time.perf_counter() - start) * 1e3)
    ratios = {name: statistics.median(t / o for t, o in zip(times[name], times["ours"])) for name in contestants}
    return {name: statistics.median(values) for name, values in times.items()}, ratios


def denoiser_contest(library, path, model, batch, seconds):
    random = numpy.random.default_rng(batch)
    plans = random.standard_normal((batch, model.horizon, model.width)).astype(numpy.float32)
    context = random.uniform(-1, 1, model.context_size).astype(numpy.float32)
    # All plans begin with the same current state.
    state = plans[0, 0, :model.observation_size].copy()
    plans[:, 0, :model.observation_size] = state
    step = model.steps // 2
    ours = Ours(library, path, model, batch, 1, 1)
    ours.set_condition(context, state)
    output = numpy.zeros_like(plans)

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(denoiser_graph(model, batch), options, ["CPUExecutionProvider"])
    rows = numpy.ascontiguousarray(plans.transpose(0, 2, 1))
    with torch.inference_mode():
        sinusoids = model.denoiser.sinusoids(torch.tensor([float(step)]))
        inputs = torch.from_numpy(rows), sinusoids, torch.from_numpy(context)[None]
        feeds = {"plans": rows, "sinusoids": sinusoids.numpy(), "condition": numpy.concatenate([context, state])[None]}

        def pytorch():
            return model.denoiser.estimate(*inputs)

        contestants = {
            "ours": lambda: ours.denoise(plans, output, step),
            "onnxruntime": lambda: session.run(None, feeds)[0],
            "pytorch": pytorch,
        }
        contestants["ours"]()
        differences = {
            "onnxruntime": difference(output, contestants["onnxruntime"]().transpose(0, 2, 1)),
            "pytorch": difference(output, pytorch().numpy().transpose(0, 2, 1)),
        }
        times, ratios = in_turn(contestants, seconds, 5)
    ours.close()
    return {"what": f"denoiser, batch {batch}", "milliseconds": times, "ratios": ratios, "differences": differences,
            "tolerance": DENOISER_TOLERANCE}


def plan_contest(library, path, model, plans):
    """Diffuser's full setting. Compared without noise, where a plan depends on nothing random, then timed with it."""
    random = numpy.random.default_rng(5)
    observation = random.standard_normal(model.observation_size).astype(numpy.float32)
    transitions = random.standard_normal(
        (20, 2 * model.observation_size + model.action_size + 1)).astype(numpy.float32)
    planner = Planner(model, STEPS, CANDIDATES, ROUNDS)
    differences = {}
    ours = Ours(library, path, model, 1, CANDIDATES, 0)
    context = ours.infer(transitions)
    actions, value = ours.plan(observation)
    theirs, their_value = planner.plan(observation, context, temperature=0)
    differences = {"pytorch, actions": difference(actions, theirs),
                   "pytorch, predicted return": abs(value - their_value) / max(1, abs(their_value))}
    ours.close()

    temperature = float(model.metadata["planner.temperature"])
    ours = Ours(library, path, model, 1, CANDIDATES, temperature)
    ours.infer(transitions)
    times, ratios = in_turn({
        "ours": lambda: ours.plan(observation),
        "pytorch": lambda: planner.plan(observation, context, temperature)}, 0, plans)
    ours.close()
    return {"what": f"plan, {STEPS} steps, {CANDIDATES} candidates, {ROUNDS} guide rounds a step",
            "milliseconds": times, "ratios": ratios, "differences": differences, "tolerance": PLAN_TOLERANCE}


def difference(a, b):
    return float(numpy.abs(a - b).max())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("library")
    parser.add_argument("model")
    parser.add_argument("--seconds", type=float, default=4, help="of measuring, each batch")
    parser.add_argument("--plans", type=int, default=3, help="of Diffuser's full setting, each side")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    library = ctypes.CDLL(os.path.abspath(options.library))
    model = Model(options.model)
    contests = [denoiser_contest(library, options.model, model, batch, options.seconds) for batch in (1, 16)]
    contests.append(plan_contest(library, options.model, model, options.plans))
    versions = {"onnxruntime": onnxruntime.__version__, "pytorch": torch.__version__}
    if options.json:
        print(json.dumps({"versions": versions, "contests": contests}, indent=2))
    else:
        print(f"ONNX Runtime {versions['onnxruntime']}, PyTorch {versions['pytorch']}; one thread; medians")
        for contest in contests:
            print(contest["what"])
            for name, milliseconds in contest["milliseconds"].items():
                ratio = "" if name == "ours" else f"  {contest['ratios'][name]:6.2f} times ours"
                print(f"  {name:<12} {milliseconds:10.3f} ms{ratio}")
            for name, value in contest["differences"].items():
                print(f"  largest difference to {name}: {value:.1e}")
    bad = [c["what"] for c in contests if not max(c["differences"].values()) <= c["tolerance"]]
    if bad:
        sys.exit(f"outputs differ by more than the tolerance: {', '.join(bad)}")


main()
