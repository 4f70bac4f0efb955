// Whether a model can drive a family's robots at all.

import PlannerModel
import PlannerRuntime
import Tasks

extension ModelDescription {
  /// Throws, naming the field, when sizes, period or limit are not those of `family`.
  func check(fits family: TaskFamily, file: String) throws(ModelError) {
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
