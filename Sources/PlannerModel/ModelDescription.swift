// What a model file says about itself: robot, sizes, settings, provenance.

import Foundations
import PlannerRuntime

/// The metadata of a model file. Real-time: no (strings).
public struct ModelDescription: Equatable, Sendable {
  /// First thing checked in a file: what it is, and the version of its layout.
  public static let format = "metadiffuser-model/2"

  /// Sizes that any model keeps to; data that do not are refused before a model is trained on them.
  public static let observationSizes = PlannerShape.observationSizes, actionSizes = PlannerShape.actionSizes
  /// Allowed control periods: 100 µs … 10 s.
  public static let periodsNanoseconds = 100_000...10_000_000_000
  /// Allowed action limits, in the family's unit.
  public static let actionLimits = 1e-6...1e6
  /// Bytes of a name: a robot is asked for its family in a message that has room for no more.
  public static let longestName = 63

  /// Why `name` can be no family's name; nil: it can. Real-time: no.
  public static func defect(ofName name: String) -> String? {
    if name.isEmpty { return "is empty" }
    if name.utf8.count > longestName { return "has \(name.utf8.count) bytes, more than \(longestName)" }
    let isPrintable = name.unicodeScalars.allSatisfy {
      ![.control, .format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
    }
    return isPrintable ? nil : "has characters that cannot be seen"
  }

  /// Task family the data came from, `cheetah-vel`; people's own robots have names of their own.
  public var family: String
  /// Sizes of the model.
  public var shape: PlannerShape
  /// Control period of the data. The planner is only valid at this period.
  public var periodNanoseconds: UInt64
  /// The entries of an observation, `[observationSize]`, as the data had them.
  public var observationChannels: [Channel]
  /// The entries of an action, `[actionSize]`: commands lie within their limits.
  public var actionChannels: [Channel]
  /// The largest magnitude that any channel of the action allows. Real-time: no.
  public var actionLimit: Float { actionChannels.largestMagnitude }
  /// The limits of each channel of the action, `[actionSize]`. Real-time: no.
  public var actionRanges: [ClosedRange<Float>] { actionChannels.map { $0.lower...$0.upper } }
  /// Real-time settings that ship with the model; the command line may override them.
  public var options: PlannerOptions
  /// Where the model comes from: data set, seed, command, training settings. Free text by key.
  public var provenance: [String: String]

  /// A description of these parts, unchecked; channels with numbers only, commands in `-actionLimit ... actionLimit`.
  /// Real-time: no.
  public init(
    family: String, shape: PlannerShape, periodNanoseconds: UInt64, actionLimit: Float,
    options: PlannerOptions = PlannerOptions(), provenance: [String: String] = [:]
  ) {
    self.init(
      family: family, shape: shape, periodNanoseconds: periodNanoseconds,
      observationChannels: .unnamed(shape.observationSize),
      actionChannels: .unnamed(shape.actionSize, limit: actionLimit), options: options, provenance: provenance)
  }

  /// A description of these parts, unchecked. Real-time: no.
  public init(
    family: String, shape: PlannerShape, periodNanoseconds: UInt64, observationChannels: [Channel],
    actionChannels: [Channel], options: PlannerOptions = PlannerOptions(), provenance: [String: String] = [:]
  ) {
    self.family = family
    self.shape = shape
    self.periodNanoseconds = periodNanoseconds
    self.observationChannels = observationChannels
    self.actionChannels = actionChannels
    self.options = options
    self.provenance = provenance
  }

  /// Reads and checks the metadata of `file`. Real-time: no.
  ///
  /// - Throws: `ModelError` where a field is missing or is not what it must be.
  public init(file: SafetensorsFile) throws(ModelError) {
    let format = try file.field("format")
    guard format == Self.format else {
      throw .invalid(file: file.path, field: "__metadata__.format", found: "'\(format)'", expected: "'\(Self.format)'")
    }
    family = try file.field("family")
    if let defect = Self.defect(ofName: family) {
      throw .invalid(
        file: file.path, field: "__metadata__.family", found: "'\(family)', which \(defect)",
        expected: "a name of at most \(Self.longestName) bytes")
    }
    let channelText = try file.field("channels")
    let channelParts = channelText.split(separator: ",", omittingEmptySubsequences: false)
    let channels = channelParts.compactMap { Int($0) }
    guard channels.count == channelParts.count else {
      throw .invalid(
        file: file.path, field: "__metadata__.channels", found: "'\(channelText)'", expected: "numbers like 32,64,128")
    }
    let schedule = try file.field("schedule")
    guard schedule == Self.schedule else {
      throw .invalid(
        file: file.path, field: "__metadata__.schedule", found: "'\(schedule)'", expected: "'\(Self.schedule)'")
    }
    shape = PlannerShape(
      observationSize: try file.integer("observation_size", in: Self.observationSizes),
      actionSize: try file.integer("action_size", in: Self.actionSizes),
      contextSize: try file.integer("context_size", in: PlannerShape.contextSizes),
      horizon: try file.integer("horizon", in: PlannerShape.horizons),
      channels: channels, denoisingSteps: try file.integer("denoising_steps", in: PlannerShape.levelCounts),
      contextKind: try Self.contextKind(file),
      parameterCount: file.metadata["parameter_count"] == nil
        ? 0 : try file.integer("parameter_count", in: PlannerShape.parameterCounts),
      hasValue: try Self.hasValue(file))
    if let defect = shape.defect {
      throw .invalid(
        file: file.path, field: "__metadata__.\(defect.field)", found: "'\(defect.found)'", expected: defect.expected)
    }
    periodNanoseconds = UInt64(try file.integer("period_nanoseconds", in: Self.periodsNanoseconds))
    let actionLimit = Float(try file.number("action_limit", in: Self.actionLimits))
    observationChannels =
      try file.channels("observation_channels", count: shape.observationSize) ?? .unnamed(shape.observationSize)
    actionChannels =
      try file.channels("action_channels", count: shape.actionSize) ?? .unnamed(shape.actionSize, limit: actionLimit)
    options = try PlannerOptions(file: file, shape: shape)
    provenance = [:]
    for (key, value) in file.metadata where key.hasPrefix(Self.provenancePrefix) {
      provenance[String(key.dropFirst(Self.provenancePrefix.count))] = value
    }
  }

  /// Files from before there was a choice say nothing, and mean the pool. So do those that name a way to train one.
  private static func contextKind(_ file: SafetensorsFile) throws(ModelError) -> ContextKind {
    guard let name = file.metadata["context"], name != "contrastive" else { return .pool }
    guard let kind = ContextKind(rawValue: name) else {
      throw .invalid(
        file: file.path, field: "__metadata__.context", found: "'\(name)'",
        expected: ContextKind.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return kind
  }

  /// Files say so when they have one.
  private static func hasValue(_ file: SafetensorsFile) throws(ModelError) -> Bool {
    switch file.metadata["value"] {
    case nil, "none": return false
    case "horizon": return true
    case let other?:
      throw .invalid(file: file.path, field: "__metadata__.value", found: "'\(other)'", expected: "'horizon' or 'none'")
    }
  }

  /// The only noise schedule there is.
  private static let schedule = "cosine"
  private static let provenancePrefix = "provenance."

  /// The same as metadata for a file.
  package var metadata: [String: String] {
    var fields = [
      "format": Self.format, "family": family, "observation_size": "\(shape.observationSize)",
      "action_size": "\(shape.actionSize)", "context_size": "\(shape.contextSize)", "horizon": "\(shape.horizon)",
      "channels": shape.channels.map(String.init).joined(separator: ","),
      "denoising_steps": "\(shape.denoisingSteps)", "schedule": Self.schedule,
      "period_nanoseconds": "\(periodNanoseconds)", "action_limit": "\(actionLimit)",
      "context": shape.contextKind.rawValue,
    ]
    // Channels that say nothing are left out: the file is as it was before there were any.
    if observationChannels != .unnamed(shape.observationSize) {
      fields["observation_channels"] = observationChannels.text
    }
    if actionChannels != .unnamed(shape.actionSize, limit: actionLimit) {
      fields["action_channels"] = actionChannels.text
    }
    if shape.hasValue { fields["value"] = "horizon" }
    if shape.parameterCount > 0 { fields["parameter_count"] = "\(shape.parameterCount)" }
    for (key, value) in options.metadata { fields[key] = value }
    for (key, value) in provenance { fields[Self.provenancePrefix + key] = value }
    return fields
  }
}

extension PlannerOptions {
  private static func field(_ setting: Setting<PlannerOptions>) -> String { "planner.\(setting.name)" }

  /// The settings as metadata fields, `planner.candidates` and so on.
  var metadata: [String: String] {
    Dictionary(uniqueKeysWithValues: Self.settings.map { (Self.field($0), $0.text(of: self)) })
  }

  /// The settings in `file`, checked against `shape`.
  init(file: SafetensorsFile, shape: PlannerShape) throws(ModelError) {
    self.init()
    for setting in Self.settings {
      let name = Self.field(setting)
      // Files from before there was a value have no weight for it.
      if setting.name == "value_weight", file.metadata[name] == nil { continue }
      let text = try file.field(name)
      guard setting.read(text, into: &self) else {
        throw .invalid(file: file.path, field: "__metadata__.\(name)", found: "'\(text)'", expected: setting.range)
      }
    }
    if let defect = defect(for: shape) {
      throw .invalid(
        file: file.path, field: "__metadata__.planner.\(defect.field)", found: defect.found, expected: defect.expected)
    }
  }
}
