// Whether a model can drive a family's robots at all.

import PlannerModel
import PlannerRuntime
import Tasks

extension ModelDescription {
  /// The family to simulate for this model; throws, naming the field, when there is none or the model does not fit it.
  package func simulatedFamily(file: String) throws(ModelError) -> TaskFamily {
    guard let family = TaskFamily.all.first(where: { $0.name == self.family }) else {
      throw .invalid(
        file: file, field: "__metadata__.family", found: "'\(self.family)'",
        expected: "a family that can be simulated: \(TaskFamily.all.map(\.name).joined(separator: ", "))")
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
  }
}
