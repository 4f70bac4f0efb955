// What each setting of a training is called, allows and means; recipes, options, checks and a page follow from it.

import ModelLayout

extension TrainingConfiguration {
  /// Every setting, in the order in which people read them.
  public static let settings: [Setting<TrainingConfiguration>] = [
    Setting("seed", .seed(\.seed), "Seed of everything random."),
    Setting(
      "context",
      .word(ContextTraining.allCases.map(\.rawValue), get: { $0.context.rawValue }) {
        $0.context = ContextTraining(rawValue: $1) ?? .pool
      },
      "How the context is made; contrastive: a pool trained to tell tasks apart, oracle: told their parameters."),
    Setting(
      "contrastiveWeight", .real(\.contrastiveWeight, .from(0, to: 1000)), option: nil,
      "Weight of the contrastive loss against the models' errors; with a contrastive context only."),
    Setting(
      "contrastiveTemperature", .real(\.contrastiveTemperature, .from(0.01, to: 100)), option: nil,
      "Temperature of the contrastive loss; with a contrastive context only."),
    Setting("contextSize", .whole(\.contextSize, PlannerShape.contextSizes), "Numbers in the context."),
    Setting(
      "horizon", .whole(\.horizon, PlannerShape.horizons), unit: "control periods",
      "Rows of a plan; a multiple of 2 for each level of the denoiser after the first."),
    Setting(
      "channels",
      .list(
        \.channels, count: PlannerShape.depths, each: PlannerShape.widths, multipleOf: PlannerShape.normGroups),
      "Channels of the denoiser's levels, separated by commas."),
    Setting("denoisingSteps", .whole(\.denoisingSteps, PlannerShape.levelCounts), option: nil, "Noise levels."),

    Setting(
      "worldModelSteps", .whole(\.worldModelSteps, 1...10_000_000),
      "Optimiser steps of encoder, dynamics and reward model."),
    Setting(
      "tasksPerStep", .whole(\.tasksPerStep, 2...4096, even: true), option: nil,
      "Contexts per step, each of a task drawn at random."),
    Setting(
      "queriesPerTask", .whole(\.queriesPerTask, 1...65_536), option: nil, "Transitions predicted with each context."),
    Setting(
      "mostContextEpisodes", .whole(\.mostContextEpisodes, 1...1000), option: nil,
      "Episodes of its task that a context is drawn from, at most."),
    Setting(
      "fewestContextTransitions", .whole(\.fewestContextTransitions, 1...100_000), option: nil,
      "Transitions of a context, at least."),
    Setting(
      "mostContextTransitions", .whole(\.mostContextTransitions, 1...100_000), option: nil,
      "Transitions of a context, at most."),
    Setting(
      "worldModelLearningRate", .real(\.worldModelLearningRate, .above(0, below: 1)), option: nil,
      "Learning rate of the world model at the start; it falls to 0 along a half cosine."),
    Setting(
      "heldOutEpisodes", .precise(\.heldOutEpisodes, .from(0, to: 0.9)), option: nil,
      "Share of each task's episodes that the world model is measured on and does not learn from."),
    Setting(
      "heldOutTasks", .precise(\.heldOutTasks, .from(0, to: 0.9)),
      "Share of the tasks kept out of all training, for evaluate --data; none where that is fewer than three."),

    Setting(
      "valueSteps", .whole(\.valueSteps, 0...10_000_000),
      "Optimiser steps of the value at the end of a plan; 0: the model has none."),
    Setting(
      "valueBatch", .whole(\.valueBatch, 2...65_536, even: true), option: nil, "Transitions per step of the value."),
    Setting(
      "valueLearningRate", .real(\.valueLearningRate, .above(0, below: 1)), option: nil,
      "Learning rate of the value at the start; it falls to 0 along a half cosine."),
    Setting(
      "valueDiscount", .real(\.valueDiscount, .from(0, below: 1)), option: nil, "What a reward is worth a step later."),
    Setting(
      "valueExpectile", .real(\.valueExpectile, .above(0, below: 1)), option: nil,
      "Expectile that the value is fitted to; above 0.5 it speaks of the better outcomes in the data."),

    Setting(
      "contextsPerTask", .whole(\.contextsPerTask, 1...100_000), option: nil,
      "Contexts per task that windows are labelled with."),
    Setting(
      "bankSize", .whole(\.bankSize, 1...1024), option: nil,
      "Hypotheses of the bank of contexts, at most; an oracle has none."),

    Setting(
      "denoiserSteps", .whole(\.denoiserSteps, 1...100_000_000), option: "--steps", "Optimiser steps of the denoiser."),
    Setting("batch", .whole(\.batch, 2...65_536, even: true), option: nil, "Windows per step of the denoiser."),
    Setting(
      "denoiserLearningRate", .real(\.denoiserLearningRate, .above(0, below: 1)), option: nil,
      "Learning rate of the denoiser at the start; it falls to 0 along a half cosine."),
    Setting(
      "contextDropout", .real(\.contextDropout, .from(0, to: 1)), option: nil,
      "Share of windows whose context is dropped, for classifier-free guidance."),
    Setting(
      "firstActionWeight", .real(\.firstActionWeight, .from(0, to: 1000)), option: nil,
      "Weight of the first action in the denoiser's loss."),
    Setting(
      "bestEpisodes", .precise(\.bestEpisodes, .above(0, to: 1)),
      "Share of each task's episodes, best returns first, that the denoiser learns from."),
    Setting(
      "advantageWeight", .precise(\.advantageWeight, .from(0, to: 10)), unit: "nats per standard deviation",
      "How much more often windows of a high advantage are learnt from; 0: all alike, above it takes a value."),
    Setting(
      "averageDecay", .real(\.averageDecay, .from(0, below: 1)), option: nil,
      "Decay of the average of weights that is saved."),
    Setting(
      "averageInterval", .whole(\.averageInterval, 1...1_000_000), option: nil,
      "Optimiser steps between two updates of the average."),
  ]
}

extension Setting {
  /// Says that `found` is no value of this setting.
  public func refusal(of found: String, expected: String? = nil) -> LearningError {
    .setting(name: name, problem: "is \(found), expected \(expected ?? range)")
  }
}
