// What a family consists of, for whoever reports on it.

import Foundations

extension TaskFamily {
  /// How a parameter is drawn.
  package struct Drawn: Sendable {
    package let name: String
    package let law: String
    /// The wider law of tests outside the training range.
    package let outside: String?
    /// The ends of both laws.
    package let ends: ClosedRange<Double>
  }

  /// The laws of the parameters, `[parameter]`; of a family that is code only the ranges are known.
  package var drawnParameters: [Drawn] {
    guard let definition else {
      return zip(parameterNames, parameterRanges).map {
        Drawn(name: $0, law: "as the program says", outside: nil, ends: $1)
      }
    }
    return definition.groups.flatMap { group in
      let ends = ([group.law] + (group.outside.map { [$0] } ?? [])).map(\.hull)
      let hull = ends.map(\.lowerBound).min()!...ends.map(\.upperBound).max()!
      return group.fullNames.map { Drawn(name: $0, law: group.law.text, outside: group.outside?.text, ends: hull) }
    }
  }

  /// Names of the reward's terms.
  package var rewardTerms: [String] { definition?.reward.terms.map(\.name) ?? ["reward"] }

  /// What each term adds to the reward of a step with this `outcome`, `[term]`.
  package func rewards(outcome: [Double], parameters: [Double]) -> [Double] {
    definition?.reward.terms.map { $0.value(outcome, parameters) } ?? [rewardLaw(outcome, parameters)]
  }
}
