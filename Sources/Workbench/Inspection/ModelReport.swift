// What `metadiffuser inspect` says about a model: sizes, weights, settings, provenance, health, and its needs here.

import Learning
import OfflineData
import PlannerModel
import PlannerRuntime
import Tasks

package struct ModelReport: FileReport {
  /// Tensors of one part of the model.
  package struct Part: Encodable {
    package var part: String
    package var tensors: Int, parameters: Int, bytes: Int
    package var largestMagnitude: Double
  }

  package struct Tensor: Encodable {
    package var name: String
    package var shape: [Int]
    package var type: String
  }

  /// Those that the model has a use for: without a value nothing weighs it.
  package struct Settings: Encodable {
    package let settings: [Setting<PlannerOptions>]
    package let options: PlannerOptions

    init(_ description: ModelDescription) {
      settings = PlannerOptions.settings.filter { $0.name != "value_weight" || description.shape.hasValue }
      options = description.options
    }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      for setting in settings {
        try container.encode(setting.value(of: options), forKey: Key(stringValue: setting.name))
      }
    }

    private struct Key: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }
  }

  /// What the controller compares its robot with.
  package struct Bank: Encodable {
    package var hypotheses: Int
    package var rewardWeight: Float, dynamicsWeight: Float
    /// The largest mean losses that are explained.
    package var rewardLimit: Float, dynamicsLimit: Float
    /// The tasks' parameters, one list per hypothesis; empty where the data do not name them.
    package var parameters: [[Float]]

    package init(_ bank: ContextBank) {
      hypotheses = bank.count
      rewardWeight = bank.rewardWeight
      dynamicsWeight = bank.dynamicsWeight
      rewardLimit = bank.rewardLimit
      dynamicsLimit = bank.dynamicsLimit
      parameters =
        bank.parameterCount == 0
        ? []
        : (0..<bank.count).map { Array(bank.parameters[$0 * bank.parameterCount..<($0 + 1) * bank.parameterCount]) }
    }
  }

  /// Range of one kind of channel in the training data, physical units, and its normalisation.
  package struct Channels: Encodable {
    package var mean: [Float], std: [Float], min: [Float], max: [Float]
  }

  /// What running the model takes on this machine.
  package struct Needs: Encodable {
    /// Kernels that the planner would choose.
    package var kernel: String
    package var arenaBytes: Int
  }

  package let kind = "model"
  package var path: String
  package var family: String
  /// How the context is made and learnt: `pool`, `recurrent`, `contrastive` or `oracle`.
  package var context: String
  package var observationSize: Int, actionSize: Int, contextSize: Int, horizon: Int
  package var channels: [Int]
  package var denoisingSteps: Int
  package var periodMs: Double
  package var actionLimit: Float
  package var observationChannels: StatedChannels, actionChannels: StatedChannels
  package var parameters: Int
  package var parts: [Part]
  package var tensors: [Tensor]
  package var planner: Settings
  /// nil: the context comes from the encoder alone.
  package var bank: Bank?
  package var observation: Channels, action: Channels
  package var rewardMean: Float, rewardStd: Float
  package var provenance: [String: String]
  package var needs: Needs
  /// Loading has checked it; said because people look for it.
  package let isFinite = true
  /// Channels that never moved in the training data: they carry no information.
  package var deadObservations: [Int], deadActions: [Int]
  package var warnings: [String]

  package init(file: SafetensorsFile) throws(ModelError) {
    let model = try LoadedModel(file: file)
    let description = model.description
    let shape = description.shape
    let options = description.options
    let statistics = model.weights.statistics
    path = file.path
    family = description.family
    observationSize = shape.observationSize
    actionSize = shape.actionSize
    context = ContextTraining(of: model).rawValue
    contextSize = shape.contextSize
    horizon = shape.horizon
    channels = shape.channels
    denoisingSteps = shape.denoisingSteps
    periodMs = Double(description.periodNanoseconds) * 1e-6
    actionLimit = description.actionLimit
    observationChannels = StatedChannels(description.observationChannels)
    actionChannels = StatedChannels(description.actionChannels)
    parameters = shape.tensors.reduce(0) { $0 + $1.count }
    parts = Self.parts(model.weights, file)
    tensors = shape.tensors.map {
      Tensor(name: $0.name, shape: $0.shape, type: file.entries[$0.name]?.type.rawValue ?? "")
    }
    planner = Settings(description)
    bank = model.weights.bank.map { Bank($0) }
    observation = Channels(
      mean: statistics.observationMean, std: statistics.observationStd, min: statistics.observationMin,
      max: statistics.observationMax)
    action = Channels(
      mean: statistics.actionMean, std: statistics.actionStd, min: statistics.actionMin, max: statistics.actionMax)
    rewardMean = statistics.rewardMean
    rewardStd = statistics.rewardStd
    provenance = description.provenance
    needs = Needs(
      kernel: Planner.kernelName() ?? "none",
      arenaBytes: Planner.requiredBytes(model.weights, options: options))
    deadObservations = deadChannels(observation)
    deadActions = deadChannels(action)
    warnings = []
    warnings = findWarnings(description)
  }

  /// Totals of encoder, dynamics, reward and denoiser, in the order in which the file's layout lists them.
  private static func parts(_ weights: PlannerWeights, _ file: SafetensorsFile) -> [Part] {
    var parts: [Part] = []
    for tensor in weights.shape.tensors {
      let name = String(tensor.name.prefix { $0 != "." })
      if parts.last?.part != name {
        parts.append(Part(part: name, tensors: 0, parameters: 0, bytes: 0, largestMagnitude: 0))
      }
      let last = parts.count - 1
      parts[last].tensors += 1
      parts[last].parameters += tensor.count
      parts[last].bytes += tensor.count * (file.entries[tensor.name]?.type == .float32 ? 4 : 2)
      for weight in weights.tensors[tensor.name] ?? [] {
        parts[last].largestMagnitude = max(parts[last].largestMagnitude, Double(weight.magnitude))
      }
    }
    return parts
  }

  private func findWarnings(_ description: ModelDescription) -> [String] {
    var warnings: [String] = []
    for (name, stated, dead) in [
      ("observation", observationChannels, deadObservations), ("action", actionChannels, deadActions),
    ] where !dead.isEmpty {
      warnings.append(
        "\(name) channels \(stated.list(dead)) never moved in the training data; leave them out, or record data in "
          + "which they move")
    }
    for (name, part) in [("observation", observation), ("action", action)] {
      let outside = part.mean.indices.filter { part.mean[$0] < part.min[$0] || part.mean[$0] > part.max[$0] }
      if !outside.isEmpty {
        warnings.append(
          "statistics.\(name).mean lies outside the range of the data in channels \(channelList(outside)); "
            + "train the model again")
      }
    }
    let beyond = action.min.indices.filter {
      let channel = actionChannels.channels[$0]
      let tolerance = 0.001 * (channel.upper - channel.lower) / 2
      return action.min[$0] < channel.lower - tolerance || action.max[$0] > channel.upper + tolerance
    }
    if !beyond.isEmpty {
      warnings.append(
        "the data's actions exceed their limits in channels \(actionChannels.list(beyond)); commands will be clamped "
          + "to them")
    }
    for part in parts where part.largestMagnitude == 0 {
      warnings.append("all weights of '\(part.part)' are zero: it was never trained; train the model again")
    }
    if needs.kernel == "none" { warnings.append("no kernels run on this processor") }
    if let family = try? TaskFamily.shipped(family) {
      do throws(ModelError) {
        try description.check(fits: family, file: path)
      } catch {
        warnings.append("'\(family.name)' cannot be simulated with this model: \(error)")
      }
    }
    return warnings
  }

  package var lines: [String] {
    return [
      "\(path): a model for \(family)",
      "  robot: observation \(observationSize), "
        + "action \(actionSize) \(actionChannels.limits), period \(short(periodMs)) ms",
      "  planner: context \(contextSize) (\(context)), horizon \(horizon), "
        + "channels \(channels.map(String.init).joined(separator: ", ")), \(denoisingSteps) noise levels",
      "  here: \(needs.kernel) kernels, arena \(bytes(needs.arenaBytes))",
      "weights: \(parameters) parameters, all finite",
    ]
      + table(
        ["part", "tensors", "parameters", "bytes", "largest"],
        parts.map { [$0.part, "\($0.tensors)", "\($0.parameters)", bytes($0.bytes), short($0.largestMagnitude)] })
      + ["settings:"]
      + table(
        ["setting", "value", "allowed"],
        planner.settings.map { [$0.name, $0.text(of: planner.options), $0.range] })
      + [
        bank.map {
          "bank: \($0.hypotheses) hypotheses, weight of the reward model \($0.rewardWeight), "
            + "of the dynamics \($0.dynamicsWeight)"
        } ?? "bank: none, the context comes from the encoder alone ('metadiffuser train bank' makes one)"
      ]
      + observationChannels.table("observation", observation) + actionChannels.table("action", action)
      + ["reward: mean \(short(Double(rewardMean))), std \(short(Double(rewardStd)))"]
      + section("provenance", provenance)
  }
}

/// Channels that never move.
package func deadChannels(_ channels: ModelReport.Channels) -> [Int] {
  channels.min.indices.filter { ChannelStatistics.standsStill(minimum: channels.min[$0], maximum: channels.max[$0]) }
}

/// Mean, spread and range of each channel, by number.
package func channelTable(_ name: String, _ channels: ModelReport.Channels) -> [String] {
  table(
    [name, "mean", "std", "min", "max"],
    channels.mean.indices.map { channel in
      ["\(channel)"]
        + [channels.mean, channels.std, channels.min, channels.max].map { short(Double($0[channel])) }
    })
}
