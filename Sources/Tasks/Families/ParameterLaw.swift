// The laws that the parameters of tasks are drawn from.

import Foundations
import Glibc

/// A law for one parameter or for a group of them.
struct ParameterLaw: Equatable, Sendable {
  enum Shape: Equatable, Sendable {
    case uniform(ClosedRange<Double>)
    /// The logarithm is uniform.
    case logUniform(ClosedRange<Double>)
    case choice([Double])
    /// A point x, y in the plane: a radius [m, say] and an angle in turns, both uniform.
    case circle(radius: ClosedRange<Double>, turns: ClosedRange<Double>)
    /// A point x, y uniform in a disc.
    case disc(radius: Double)
  }

  var shape: Shape
  /// Share of the tasks in which one of the group is 0.
  var oneZero = 0.0

  /// It draws a point in the plane.
  var isPlanar: Bool {
    switch shape {
    case .circle, .disc: true
    case .uniform, .logUniform, .choice: false
    }
  }

  /// A group of `count` parameters, drawn.
  func draw(_ count: Int, _ random: inout RandomSource) -> [Double] {
    switch shape {
    case .circle(let radius, let turns):
      let angle = random.uniform(turns.lowerBound * 2 * .pi, turns.upperBound * 2 * .pi)
      let length = radius.lowerBound == radius.upperBound ? radius.lowerBound : random.uniform(radius)
      return [length * cos(angle), length * sin(angle)]
    case .disc(let radius):
      let angle = random.uniform(0, 2 * .pi)
      let length = radius * random.uniform(0, 1).squareRoot()
      return [length * cos(angle), length * sin(angle)]
    case .uniform, .logUniform, .choice:
      var values = (0..<count).map { _ in one(&random) }
      if oneZero > 0, random.uniform(0, 1) < oneZero { values[random.index(below: count)] = 0 }
      return values
    }
  }

  private func one(_ random: inout RandomSource) -> Double {
    switch shape {
    case .uniform(let range): random.uniform(range)
    case .logUniform(let range): exp(random.uniform(log(range.lowerBound), log(range.upperBound)))
    case .choice(let values): values[random.index(below: values.count)]
    case .circle, .disc: 0
    }
  }

  /// Whether the law could have drawn `values`.
  func contains(_ values: [Double]) -> Bool {
    switch shape {
    case .circle(let radius, let turns):
      let length = (values[0] * values[0] + values[1] * values[1]).squareRoot()
      let turn = atan2(values[1], values[0]) / (2 * .pi)
      let margin = 1e-9
      return radius.lowerBound - margin <= length && length <= radius.upperBound + margin
        && [-1, 0, 1, 2].contains { turns.lowerBound - margin <= turn + $0 && turn + $0 <= turns.upperBound + margin }
    case .disc(let radius): return values[0] * values[0] + values[1] * values[1] <= radius * radius
    case .uniform, .logUniform, .choice:
      let others = oneZero > 0 ? values.filter { $0 != 0 } : values
      return values.count - others.count <= 1 && others.allSatisfy(containsOne)
    }
  }

  private func containsOne(_ value: Double) -> Bool {
    switch shape {
    case .uniform(let range), .logUniform(let range): range.contains(value)
    case .choice(let values): values.contains(value)
    case .circle, .disc: true
    }
  }

  /// The least and the greatest that a parameter can be.
  var hull: ClosedRange<Double> {
    let range: ClosedRange<Double> =
      switch shape {
      case .uniform(let range), .logUniform(let range): range
      case .choice(let values): values.min()!...values.max()!
      case .circle(let radius, _): -radius.upperBound...radius.upperBound
      case .disc(let radius): -radius...radius
      }
    return oneZero > 0 ? min(0, range.lowerBound)...max(0, range.upperBound) : range
  }

  /// For people: `uniform -3 … 3`.
  var text: String {
    func ends(_ range: ClosedRange<Double>) -> String { "\(range.lowerBound) … \(range.upperBound)" }
    let text =
      switch shape {
      case .uniform(let range): "uniform \(ends(range))"
      case .logUniform(let range): "log uniform \(ends(range))"
      case .choice(let values): "one of \(values.map { "\($0)" }.joined(separator: ", "))"
      case .circle(let radius, _):
        "on a circle of radius "
          + (radius.lowerBound == radius.upperBound ? "\(radius.lowerBound)" : ends(radius))
      case .disc(let radius): "in a disc of radius \(radius)"
      }
    return oneZero > 0 ? "\(text), or 0" : text
  }
}

extension RandomSource {
  fileprivate mutating func uniform(_ range: ClosedRange<Double>) -> Double {
    uniform(range.lowerBound, range.upperBound)
  }
}

enum LawKey: String, FieldKey {
  case uniform
  case logUniform = "log uniform"
  case choice, circle, disc
  case oneZero = "one zero"
}

enum CircleKey: String, FieldKey {
  case radius, degrees
}

extension ParameterLaw {
  private static let limits = -1e6...1e6

  init(_ field: Field) throws(TaskError) {
    let keys = try field.object(LawKey.self)
    var shapes: [Shape] = []
    if let field = keys[.uniform] { shapes.append(.uniform(try field.range(in: Self.limits))) }
    if let field = keys[.logUniform] { shapes.append(.logUniform(try field.range(in: 1e-9...1e6))) }
    if let field = keys[.choice] {
      var values: [Double] = []
      for entry in try field.list() { values.append(try entry.number(in: Self.limits)) }
      guard !values.isEmpty, values.count <= 1000 else {
        throw field.error("has \(values.count) values", "give 1 … 1000")
      }
      shapes.append(.choice(values))
    }
    if let field = keys[.circle] { shapes.append(try Self.circle(field)) }
    if let field = keys[.disc] { shapes.append(.disc(radius: try field.number(in: 1e-9...1e6))) }
    guard shapes.count == 1 else {
      throw field.error("is \(shapes.count) laws", "give one of uniform, log uniform, choice, circle, disc")
    }
    shape = shapes[0]
    if let share = keys[.oneZero] {
      guard !isPlanar else { throw share.error("means nothing for a point in the plane", "leave it out") }
      oneZero = try share.number(in: 0...1)
    }
  }

  private static func circle(_ field: Field) throws(TaskError) -> Shape {
    let keys = try field.object(CircleKey.self)
    let radius = try keys.required(.radius)
    let lengths: ClosedRange<Double>
    if case .list = radius.value {
      lengths = try radius.range(in: 0...1e6)
    } else {
      let length = try radius.number(in: 0...1e6)
      lengths = length...length
    }
    let degrees = try keys[.degrees]?.range(in: -360...720) ?? 0...360
    return .circle(radius: lengths, turns: degrees.lowerBound / 360...degrees.upperBound / 360)
  }
}
