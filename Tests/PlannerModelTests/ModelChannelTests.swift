// Channels of models: what a model says of its robot's entries is read as it was written, checked, and kept to.

import Foundations
import Glibc
import PlannerModel
import PlannerRuntime
import Testing

@Suite struct ModelChannelTests {
  private let shape = PlannerShape(
    observationSize: 3, actionSize: 2, contextSize: 4, horizon: 8, channels: [16, 32], denoisingSteps: 10)
  private let observation = [
    Channel(name: "hip", unit: "rad", lower: -1.5, upper: 2), Channel(name: "\"Höhe\" / 2"), Channel(name: ""),
  ]
  private let action = [
    Channel(name: "hip torque", unit: "N m", lower: -0.1, upper: 0.3, slew: 12.5),
    Channel(name: "valve", lower: 0.2, upper: 0.7),
  ]

  private func description(_ observation: [Channel], _ action: [Channel]) -> ModelDescription {
    ModelDescription(
      family: "arm", shape: shape, periodNanoseconds: 20_000_000, observationChannels: observation,
      actionChannels: action)
  }

  private func written(_ description: ModelDescription) throws -> LoadedModel {
    let path = "model-channels-\(getpid())-\(UInt64.random(in: 0 ... .max)).safetensors"
    defer { unlink(path) }
    let weights = PlannerWeights.random(shape, seed: 1)
    try LoadedModel.write(description, statistics: weights.statistics, to: path) { tensor in
      weights.tensors[tensor.name]!.map { Float($0) }
    }
    return try LoadedModel(path: path)
  }

  @Test func `channels are read as they were written`() throws {
    let model = try written(description(observation, action))
    #expect(model.description == description(observation, action))
    #expect(model.weights.actionRanges == [-0.1...0.3, 0.2...0.7])
    #expect(model.description.actionLimit == 0.7)
  }

  @Test func `every command of a plan keeps to its own channel's limits, those without zero included`() throws {
    let model = try written(description(observation, action))
    for exploration in [0, 1] as [Float] {
      var weights = model.weights
      weights.bank = .random(shape, count: 5, seed: 3)
      var options = model.description.options
      (options.exploration, options.contextInference) = (exploration, .belief)
      var planner = try Planner(weights: weights, options: options)
      var random = RandomSource(seed: 2)
      var (atEnds, commands) = (0, 0)
      for _ in 0..<20 {
        let state = (0..<3).map { _ in 2 * random.normal() }
        _ = planner.plan(observation: state, budgetNanoseconds: .max)
        for entry in 0..<planner.horizon {
          for (index, channel) in action.enumerated() {
            let value = planner.action(entry)[index]
            #expect(value >= channel.lower && value <= channel.upper)
            commands += 1
            if value == channel.lower || value == channel.upper { atEnds += 1 }
          }
        }
        let taken = (0..<2).map { planner.action(0)[$0] }
        _ = planner.addTransition(observation: state, action: taken, reward: random.normal(), next: state)
        planner.prepare()
      }
      #expect(atEnds > 0 && atEnds < commands)
    }
  }

  @Test func `channels that do not fit or make no sense are refused by the field`() throws {
    let path = "model-channels-bad-\(getpid()).safetensors"
    defer { unlink(path) }
    for (text, words) in [
      ("[{},{\"lower\":0,\"upper\":1}]", "action_channels[0].lower"), ("[{\"lower\":0,\"upper\":1}]", "1 channels"),
      ("{}", "a JSON array of objects"), ("[1,2]", "a JSON array of objects"),
      ("[{\"lower\":1,\"upper\":0},{\"lower\":0,\"upper\":1}]", "action_channels[0].lower"),
      ("[{\"lower\":-1,\"upper\":1,\"slew\":-3},{\"lower\":0,\"upper\":1}]", "action_channels[0].slew"),
      ("[{\"lower\":-1e39,\"upper\":1},{\"lower\":0,\"upper\":1}]", "action_channels"),
    ] {
      let weights = PlannerWeights.random(shape, seed: 1)
      var writer = SafetensorsWriter(
        metadata: description(observation, action).metadata.merging(["action_channels": text]) { $1 })
      writer.add(weights.statistics)
      for tensor in shape.tensors {
        writer.add(
          tensor.name, shape: tensor.shape, type: .float16, values: weights.tensors[tensor.name]!.map { Float($0) })
      }
      try writer.write(to: path)
      let error = #expect(throws: ModelError.self) { try LoadedModel(path: path) }
      #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
  }
}
