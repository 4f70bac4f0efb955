"""The same plan in PyTorch: denoising steps of DDIM, the dual guide on clean estimates, selection.

Written as a PyTorch user would, batched over all candidates, gradients by autograd.
"""
import math

import torch


class Planner:
    def __init__(self, model, steps, candidates, rounds):
        self.model, self.steps, self.candidates, self.rounds = model, steps, candidates, rounds
        joined = lambda kind: torch.cat([model.statistic(f"observation.{kind}"), model.statistic(f"action.{kind}")])
        self.mean, self.std = joined("mean"), joined("std")
        self.lowest = ((joined("min") - self.mean) / self.std)[:, None]
        self.highest = ((joined("max") - self.mean) / self.std)[:, None]
        s = model.observation_size
        self.gain = (model.statistic("difference.std") / self.std[:s])
        self.drift = (model.statistic("difference.mean") / self.std[:s])
        self.dynamics, self.reward = model.mlp("dynamics"), model.mlp("reward")
        self.value = model.mlp("value") if model.metadata.get("value") == "horizon" else None
        self.value_weight = float(model.metadata.get("planner.value_weight", 1))
        self.strength = float(model.metadata["planner.guide_strength"])
        self.weight = float(model.metadata["planner.discrepancy_weight"])
        self.share = self._schedule(model.steps)
        self.embeddings = model.denoiser.sinusoids(torch.arange(model.steps, dtype=torch.float32))

    @staticmethod
    def _schedule(steps):
        """Signal share of each noise level, cosine."""
        curve = lambda k: math.cos((k / steps + 0.008) / 1.008 * math.pi / 2) ** 2
        share, shares = 1.0, []
        for k in range(steps):
            share *= 1 - min(1 - curve(k + 1) / curve(k), 0.999)
            shares.append(share)
        return shares

    def _level(self, index):
        levels, count = self.model.steps, self.steps
        return (2 * levels * (count - index) + count) // (2 * count) - 1

    @staticmethod
    def _mlp(layers, x):
        for index, (weight, bias) in enumerate(layers):
            x = torch.nn.functional.linear(x, weight, bias)
            if index < 2:
                x = torch.nn.functional.silu(x)
        return x

    def _judge(self, plans, context):
        """Normalised returns, what lies beyond, discrepancies: [candidates] each, of plans
        [candidates, channel, time]."""
        s = self.model.observation_size
        rows = plans.transpose(1, 2)
        inputs = torch.cat([rows, context.expand(*rows.shape[:2], -1)], 2)
        states = rows[:, :, :s]
        predicted = states + self.gain * self._mlp(self.dynamics, inputs) + self.drift
        discrepancy = ((predicted[:, :-1] - states[:, 1:]) ** 2).mean(2).sum(1)
        ends = torch.cat([states[:, -1], context.expand(len(states), -1)], 1)
        beyond = self.value_weight * self._mlp(self.value, ends)[:, 0] if self.value else 0
        return self._mlp(self.reward, inputs)[:, :, 0].sum(1), beyond, discrepancy

    def plan(self, observation, context, temperature):
        """Actions [horizon, action], physical units, and their predicted return."""
        model, s = self.model, self.model.observation_size
        current = (torch.from_numpy(observation) - self.mean[:s]) / self.std[:s]
        context = torch.from_numpy(context)

        def impose(plans):
            plans[:, :s, 0] = current

        with torch.no_grad():
            x = temperature * torch.randn(self.candidates, model.width, model.horizon)
            for step in range(self.steps):
                level = self._level(step)
                impose(x)
                # One level and context for all candidates: embedded once.
                clean = model.denoiser.estimate(x, self.embeddings[level][None], context[None])
                clean = clean.clamp(self.lowest, self.highest)
                impose(clean)
                for _ in range(self.rounds):
                    clean = (clean + self.strength * self._gradient(clean, context)).clamp(self.lowest, self.highest)
                    impose(clean)
                if step + 1 < self.steps:
                    a, b = self.share[level], self.share[self._level(step + 1)]
                    noise = (x - math.sqrt(a) * clean) / math.sqrt(1 - a)
                    x = math.sqrt(b) * clean + math.sqrt(1 - b) * noise
            returns, beyond, discrepancies = self._judge(clean, context)
            best = int((returns + beyond - self.weight * discrepancies).argmax())
            rows = clean[best].T * self.std + self.mean
            limit = float(model.metadata["action_limit"])
            reward = model.statistic("reward.std") * returns[best] + model.statistic("reward.mean") * model.horizon
            return rows[:, s:].clamp(-limit, limit).numpy(), float(reward)

    def _gradient(self, plans, context):
        with torch.enable_grad():
            plans = plans.detach().requires_grad_(True)
            returns, beyond, discrepancies = self._judge(plans, context)
            (gradient,) = torch.autograd.grad((returns + beyond - self.weight * discrepancies).sum(), plans)
        return gradient
