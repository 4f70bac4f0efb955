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

from network import Denoiser

STATE, ACTION, CONTEXT, STEPS, BATCH = 17, 6, 16, 20, 32
WIDTH = STATE + ACTION


def pytorch_step(channels, horizon):
    """A function that trains one step."""
    torch.manual_seed(0)
    net = Denoiser(WIDTH, CONTEXT, STATE, channels)
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
