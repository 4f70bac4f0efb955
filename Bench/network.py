"""The denoiser and the world model in PyTorch, with the weights of a model file.

Written from Docs/files.md and the papers it follows; shared by the benchmarks of this folder.
"""
import math

import numpy
import torch
from safetensors import safe_open
from torch import nn


class Block(nn.Module):
    """Two convolutions, each with group norm and Mish, the embedding in between, a skip around."""

    def __init__(self, inputs, outputs, embedding):
        super().__init__()

        def convolve(channels):
            return nn.Sequential(nn.Conv1d(channels, outputs, 5, padding=2), nn.GroupNorm(8, outputs), nn.Mish())

        self.first, self.second = convolve(inputs), convolve(outputs)
        self.embedding = nn.Sequential(nn.Mish(), nn.Linear(embedding, outputs))
        self.skip = nn.Conv1d(inputs, outputs, 1) if inputs != outputs else nn.Identity()

    def forward(self, x, embedding):
        return self.second(self.first(x) + self.embedding(embedding)[:, :, None]) + self.skip(x)


class Denoiser(nn.Module):
    """Temporal U-Net over [batch, channel, time]."""

    def __init__(self, width, context, state, channels):
        super().__init__()
        size = channels[0]

        def embed(inputs, hidden, outputs):
            return nn.Sequential(nn.Linear(inputs, hidden), nn.Mish(), nn.Linear(hidden, outputs))

        self.time, self.condition = embed(size, 4 * size, size), embed(context + state, 8 * size, 4 * size)
        self.size, self.state = size, state
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        inputs = width
        for level, outputs in enumerate(channels):
            last = level == len(channels) - 1
            self.down.append(nn.ModuleList([
                Block(inputs, outputs, 5 * size), Block(outputs, outputs, 5 * size),
                nn.Identity() if last else nn.Conv1d(outputs, outputs, 3, 2, 1)]))
            inputs = outputs
        self.middle = nn.ModuleList([Block(inputs, inputs, 5 * size), Block(inputs, inputs, 5 * size)])
        for level in range(len(channels) - 1, 0, -1):
            outputs = channels[level - 1]
            self.up.append(nn.ModuleList([
                Block(2 * channels[level], outputs, 5 * size), Block(outputs, outputs, 5 * size),
                nn.ConvTranspose1d(outputs, outputs, 4, 2, 1)]))
        self.head = nn.Sequential(
            nn.Conv1d(size, size, 5, padding=2), nn.GroupNorm(8, size), nn.Mish(), nn.Conv1d(size, width, 1))

    def sinusoids(self, step):
        half = self.size // 2
        angles = step[:, None] * torch.exp(-torch.arange(half) * (math.log(1e4) / (half - 1)))
        return torch.cat([angles.sin(), angles.cos()], 1)

    def forward(self, x, step, context, kept=None):
        """Clean estimates of x at noise levels `step` [batch] (float); `kept` [batch] drops contexts."""
        return self.estimate(x, self.sinusoids(step), context, kept)

    def estimate(self, x, sinusoids, context, kept=None):
        context = context if kept is None else context * kept[:, None]
        # The current state stands in the first row.
        condition = self.condition(torch.cat([context.expand(len(x), -1), x[:, :self.state, 0]], 1))
        embedding = torch.cat([self.time(sinusoids).expand(len(x), -1), condition], 1)
        skips = []
        for first, second, downsample in self.down:
            x = second(first(x, embedding), embedding)
            skips.append(x)
            x = downsample(x)
        for block in self.middle:
            x = block(x, embedding)
        for first, second, upsample in self.up:
            x = torch.cat([x, skips.pop()], 1)
            x = upsample(second(first(x, embedding), embedding))
        return self.head(x)


class Model:
    """A model file: metadata, fp32 tensors as numpy arrays, and the networks in PyTorch."""

    def __init__(self, path):
        with safe_open(path, "np") as file:
            self.metadata = file.metadata()
            self.tensors = {name: file.get_tensor(name).astype(numpy.float32) for name in file.keys()}
        number = lambda key: int(self.metadata[key])
        self.observation_size, self.action_size = number("observation_size"), number("action_size")
        self.context_size, self.horizon = number("context_size"), number("horizon")
        self.steps = number("denoising_steps")
        self.channels = [int(c) for c in self.metadata["channels"].split(",")]
        self.width = self.observation_size + self.action_size
        self.denoiser = Denoiser(self.width, self.context_size, self.observation_size, self.channels)
        self.denoiser.load_state_dict(dict(self._denoiser_state()))
        self.denoiser.eval()

    def __getitem__(self, name):
        return torch.from_numpy(self.tensors[name])

    def statistic(self, name):
        return self["statistics." + name]

    def mlp(self, name):
        """The layers of dynamics or reward model as (weight, bias)."""
        return [(self[f"{name}.{i}.weight"], self[f"{name}.{i}.bias"]) for i in range(3)]

    def _denoiser_state(self):
        """Our names and layouts as PyTorch's: [out, taps, in] is [out, in, taps] there, or [in, out, taps] upwards."""

        def layer(theirs, ours, transposed=False):
            weight = self["denoiser." + ours + ".weight"]
            if weight.ndim == 3:
                weight = weight.permute(2, 0, 1) if transposed else weight.permute(0, 2, 1)
            yield theirs + ".weight", weight.contiguous()
            yield theirs + ".bias", self["denoiser." + ours + ".bias"]

        def block(theirs, ours):
            for index, half in enumerate(["first", "second"]):
                yield from layer(f"{theirs}.{half}.0", f"{ours}.convolution.{index}")
                yield from layer(f"{theirs}.{half}.1", f"{ours}.norm.{index}")
            yield from layer(f"{theirs}.embedding.1", f"{ours}.embedding")
            if f"denoiser.{ours}.skip.weight" in self.tensors:
                yield from layer(f"{theirs}.skip", f"{ours}.skip")

        for name in ["time", "condition"]:
            yield from layer(f"{name}.0", f"{name}.0")
            yield from layer(f"{name}.2", f"{name}.1")
        last = len(self.channels) - 1
        for level in range(last + 1):
            for half in range(2):
                yield from block(f"down.{level}.{half}", f"down.{level}.block.{half}")
            if level < last:
                yield from layer(f"down.{level}.2", f"down.{level}.downsample")
        for half in range(2):
            yield from block(f"middle.{half}", f"middle.block.{half}")
        for index in range(last):
            for half in range(2):
                yield from block(f"up.{index}.{half}", f"up.{index}.block.{half}")
            yield from layer(f"up.{index}.2", f"up.{index}.upsample", transposed=True)
        yield from layer("head.0", "head.convolution")
        yield from layer("head.1", "head.norm")
        yield from layer("head.3", "head.output")
