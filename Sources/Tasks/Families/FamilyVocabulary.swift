// All words that a family.json can have, so that the page about it can be held against them.

import Foundations

package enum FamilyVocabulary {
  /// The keys of every object, by what the object is.
  package static var keys: [(object: String, keys: [String])] {
    func all<Key: FieldKey>(_ keys: Key.Type) -> [String] { Key.allCases.map(\.rawValue) }
    return [
      ("the family", all(FamilyKey.self)), ("an entry of observation", all(ObservationKey.self)),
      ("an entry of actions", all(ActionKey.self)), ("a term of reward", all(RewardKey.self)),
      ("an entry of ends", all(EndKey.self)), ("start", all(StartKey.self)), ("velocities", all(SpreadKey.self)),
      ("an entry of joints", all(StartJointKey.self)), ("a parameter", all(ParameterKey.self)),
      ("an entry of each", all(EachKey.self)), ("a law", all(LawKey.self)), ("a circle", all(CircleKey.self)),
      ("changes", all(ChangeKey.self)), ("tasks", all(ListKey.self)),
    ]
  }

  /// The values that are words.
  package static var values: [String] {
    RewardQuantity.allNames + TermShape.allCases.map(\.rawValue) + ChangeKind.allCases.map(\.rawValue)
      + MannerName.allCases.map(\.rawValue) + AxisName.allCases.map(\.rawValue)
      + ActionOrigin.allCases.map(\.rawValue) + PeriodUnit.allCases.map(\.rawValue)
  }
}
