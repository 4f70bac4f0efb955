"""One training step of the denoiser, ours against PyTorch's, in turn on the same machine.

usage: training_step.py METADIFFUSER DATASET [--threads 2] [--horizon 32] [--channels 32,64,128,256] [--rounds 5]

The same network, batch and loss on both sides: temporal U-Net, batch 32, Adam, weight average every tenth step.
"""
import argparse
import copy
import statistics
import subprocess
import time

import torch
from torch import nn

STATE, ACTION, CONTEXT, STEPS, BATCH = 17, 6, 16, 20, 32
WIDTH = STATE + ACTION


class Block(nn.Module):
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
    def __init__(self, channels):
        super().__init__()
        size = channels[0]

        def embed(inputs):
            return nn.Sequential(nn.Linear(inputs, 4 * size), nn.Mish(), nn.Linear(4 * size, size))

        self.time, self.context, self.size = embed(size), embed(CONTEXT), size
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        inputs = WIDTH
        for level, outputs in enumerate(channels):
            last = level == len(channels) - 1
            self.down.append(nn.ModuleList([
                Block(inputs, outputs, 2 * size), Block(outputs, outputs, 2 * size),
                nn.Identity() if last else nn.Conv1d(outputs, outputs, 3, 2, 1)]))
            inputs = outputs
        self.middle = nn.ModuleList([Block(inputs, inputs, 2 * size), Block(inputs, inputs, 2 * size)])
        for level in range(len(channels) - 1, 0, -1):
            outputs = channels[level - 1]
            self.up.append(nn.ModuleList([
                Block(2 * channels[level], outputs, 2 * size), Block(outputs, outputs, 2 * size),
                nn.ConvTranspose1d(outputs, outputs, 4, 2, 1)]))
        self.head = nn.Sequential(
            nn.Conv1d(size, size, 5, padding=2), nn.GroupNorm(8, size), nn.Mish(), nn.Conv1d(size, WIDTH, 1))

    def forward(self, x, step, context, kept):
        half = self.size // 2
        angles = step[:, None] * torch.exp(-torch.arange(half) * (torch.log(torch.tensor(1e4)) / (half - 1)))
        time = self.time(torch.cat([angles.sin(), angles.cos()], 1))
        embedding = torch.cat([time, self.context(context) * kept[:, None]], 1)
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


def pytorch_step(channels, horizon):
    """A function that trains one step."""
    torch.manual_seed(0)
    net = Denoiser(channels)
    average = copy.deepcopy(net)
    adam = torch.optim.Adam(net.parameters(), 2e-4)
    weight = torch.ones(WIDTH, horizon)
    weight[STATE:, 0], weight[:STATE, 0] = 10, 0
    share = torch.linspace(0.98, 0.01, STEPS)
    count = 0

    def step():
        nonlocal count
        clean, noise = torch.randn(BATCH, WIDTH, horizon), torch.randn(BATCH, WIDTH, horizon)
        k = torch.randint(0, STEPS, (BATCH,))
        a = share[k][:, None, None]
        x = a.sqrt() * clean + (1 - a).sqrt() * noise
        x[:, :STATE, 0] = clean[:, :STATE, 0]
        kept = (torch.rand(BATCH) > 0.2).float()
        loss = (weight * (net(x, k.float(), torch.randn(BATCH, CONTEXT), kept) - clean) ** 2).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        count += 1
        if count % 10 == 0:
            with torch.no_grad():
                for mean, value in zip(average.parameters(), net.parameters()):
                    mean.lerp_(value, 0.005)

    print(f"PyTorch {torch.__version__}: {sum(p.numel() for p in net.parameters()) / 1e6:.2f} M parameters")
    return step


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("metadiffuser")
    parser.add_argument("dataset", help="any data set of cheetah-vel: both sides have its 17 + 6 channels")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--horizon", type=int, default=32)
    parser.add_argument("--channels", default="32,64,128,256")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    step = pytorch_step([int(c) for c in options.channels.split(",")], options.horizon)
    for _ in range(5):
        step()

    ours, theirs = [], []
    for _ in range(options.rounds):
        start = time.perf_counter()
        for _ in range(20):
            step()
        theirs.append((time.perf_counter() - start) / 20 * 1e3)
        output = subprocess.run(
            [options.metadiffuser, "train", "--benchmark-step", "--data", options.dataset, "--output", "none",
             "--threads", str(options.threads), "--horizon", str(options.horizon), "--channels", options.channels],
            check=True, capture_output=True, text=True).stdout
        ours.append(float(output.split()[0]))
    ratio = statistics.median(t / o for t, o in zip(theirs, ours))
    print(f"training step, batch {BATCH}, H {options.horizon}, channels {options.channels}, {options.threads} threads")
    print(f"  PyTorch {statistics.median(theirs):6.1f} ms    ours {statistics.median(ours):6.1f} ms    "
          f"median ratio of pairs {ratio:.2f}")


main()
