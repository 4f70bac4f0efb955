// Whether a model can drive a family's robots at all.

import Foundations
import PlannerModel
import PlannerRuntime
import Tasks

extension ModelDescription {
  /// The family to simulate for this model: of the folder `folder`, or else the one of the model's that ships. Throws,
  /// naming the field, when there is none or the model does not fit it.
  package func simulatedFamily(file: String, folder: String? = nil) throws -> TaskFamily {
    let family = try folder.map { try TaskFamily.named($0) } ?? TaskFamily.shipped(self.family)
    guard let family, family.name == self.family else {
      throw ModelError.invalid(
        file: file, field: "__metadata__.family", found: "'\(self.family)'",
        expected: family.map { "\($0.name), which --family names" }
          ?? "a family that can be simulated (\(TaskFamily.names.joined(separator: ", "))), or its folder by --family")
    }
    try check(fits: family, file: file)
    return family
  }

  /// Throws, naming the field, when sizes, period or limit are not those of `family`.
  package func check(fits family: TaskFamily, file: String) throws(ModelError) {
    for (field, found, expected) in [
      ("observation_size", "\(shape.observationSize)", "\(family.observationSize)"),
      ("action_size", "\(shape.actionSize)", "\(family.actionSize)"),
      ("period_nanoseconds", "\(periodNanoseconds)", "\(family.periodNanoseconds)"),
      ("action_limit", "\(actionLimit)", "\(family.actionLimit)"),
    ] where found != expected {
      throw .invalid(
        file: file, field: "__metadata__.\(field)", found: found, expected: "\(expected) for the family \(family.name)")
    }
    for (field, own, others) in [
      ("observation_channels", observationChannels, family.observationChannels),
      ("action_channels", actionChannels, family.actionChannels),
    ] {
      guard let difference = own.difference(from: others) else { continue }
      throw .invalid(
        file: file, field: "__metadata__.\(field)[\(difference.number)]", found: difference.here,
        expected: "\(difference.there) for the family \(family.name)")
    }
  }
}
