// One term of a reward: something measured over a control period, and what it is worth.

import Foundations
import Glibc

/// Something that is measured over a control period; what a step's outcome consists of.
enum Measure: Equatable, Sendable {
  /// Its value at the period's end.
  case reading(Reading)
  /// How far it has come over the period, by the period's length.
  case meanVelocity(Reading)
  /// Σ of squares of the actions, or of their change, as shares of their ranges.
  case control
  case controlChange

  var isDerived: Bool {
    switch self {
    case .reading(let reading), .meanVelocity(let reading): reading.isDerived
    case .control, .controlChange: false
    }
  }
}

/// A number in a family's description: given, or one of the task's parameters.
enum TermNumber: Equatable, Sendable {
  case constant(Double)
  case parameter(Int)

  func value(_ parameters: [Double]) -> Double {
    switch self {
    case .constant(let value): value
    case .parameter(let index): parameters[index]
    }
  }
}

/// How a term makes one number of what is measured.
enum TermShape: String, CaseIterable, Sendable {
  /// As it is, less its target.
  case value
  /// From the target: its magnitude, its square, and e^(−square).
  case distance
  case square
  case nearness
}

/// A term of a reward. Reward = Σ of weight · shape(measured − target).
struct RewardTerm: Sendable {
  let name: String
  /// Where its measures stand in a step's outcome.
  let entries: Range<Int>
  /// Of what is measured.
  let unit: String
  let target: [TermNumber]
  /// Direction that the measured vector is projected on; empty: none.
  let along: [TermNumber]
  let shape: TermShape
  /// Length that counts as near.
  let scale: Double
  let weight: TermNumber

  /// What is measured, as the shape makes it one number; without the weight.
  func measured(_ outcome: [Double], _ parameters: [Double]) -> Double {
    if entries.isEmpty { return 1 }
    func difference(_ index: Int) -> Double {
      let value = outcome[entries.lowerBound + index]
      return target.isEmpty ? value : value - target[index].value(parameters)
    }
    if !along.isEmpty {
      return along.indices.reduce(0) { $0 + difference($1) * along[$1].value(parameters) }
    }
    if shape == .value { return difference(0) }
    if shape == .distance, entries.count == 1 { return abs(difference(0)) }
    let square = (0..<entries.count).reduce(0) { sum, index in
      let difference = difference(index)
      return sum + difference * difference
    }
    return switch shape {
    case .distance: square.squareRoot()
    case .nearness: exp(-square / (scale * scale))
    case .value, .square: square
    }
  }

  func value(_ outcome: [Double], _ parameters: [Double]) -> Double {
    weight.value(parameters) * measured(outcome, parameters)
  }

  /// The parameters that the term depends on.
  var parameters: [Int] {
    (target + along + [weight]).compactMap { if case .parameter(let index) = $0 { index } else { nil } }
  }
}
