// What can be wrong with a link or what lies behind it, and how a user writes it down: one fault a line.

/// Which way a frame travels.
public enum Direction: String, CaseIterable, Sendable {
  case toRobot = "robot"
  case toController = "controller"
}

/// Kinds of faults. The first seven are those of sensors and actuators, the others of the wire.
public enum FaultKind: String, CaseIterable, Sendable {
  /// Nothing passes.
  case off
  /// States and commands keep the values they had when the fault began; the frames around them are fresh.
  case stuck
  /// States and commands are any bits, NaN and infinities among them, in whole frames.
  case garbage
  /// Each entry of states and commands is off by a constant of its own, up to `by` (default 1).
  case wrong
  /// Only every `by`-th frame passes (default 4).
  case slow
  /// Frames come `by` milliseconds late (default 20), give or take `jitter`; their order stays.
  case delayed
  /// Off and on by turns, each for a random time around `by` milliseconds (default 500).
  case intermittent
  /// Frames are lost.
  case drop
  /// Frames come twice.
  case duplicate
  /// Frames come `by` milliseconds late (default 20), behind those sent after them.
  case reorder
  /// One to eight bits of a frame are flipped.
  case corrupt

  var defaultAmount: Double {
    switch self {
    case .slow: 4
    case .delayed, .reorder: 20
    case .intermittent: 500
    default: 1
    }
  }
}

/// A fault, from when, for how long, and how often.
public struct Fault: Equatable, Sendable {
  public var kind: FaultKind
  public var directions: [Direction] = Direction.allCases
  /// Share of the frames that it hits, 0 … 1.
  public var rate = 1.0
  /// Seconds after the start.
  public var start = 0.0
  public var duration = Double.infinity
  public var amount: Double
  public var jitter = 0.0

  public init(_ kind: FaultKind) {
    self.kind = kind
    amount = kind.defaultAmount
  }

  /// Reads `KIND [toward=robot|controller] [rate=0…1] [at=SECONDS] [for=SECONDS] [by=AMOUNT] [jitter=MILLISECONDS]`.
  public init(_ text: String) throws(FaultError) {
    let words = text.split(whereSeparator: \.isWhitespace)
    guard let first = words.first, let kind = FaultKind(rawValue: String(first)) else {
      let kinds = FaultKind.allCases.map(\.rawValue).joined(separator: ", ")
      throw .badFault(text, reason: "it does not start with one of \(kinds)")
    }
    self.init(kind)
    for word in words.dropFirst() {
      let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { throw .badFault(text, reason: "\"\(word)\" is not KEY=VALUE") }
      if parts[0] == "toward" {
        guard let direction = Direction(rawValue: String(parts[1])) else {
          throw .badFault(text, reason: "toward is \"\(parts[1])\", give robot or controller")
        }
        directions = [direction]
        continue
      }
      guard let number = Double(parts[1]), number >= 0, number.isFinite else {
        throw .badFault(text, reason: "\(parts[0]) is \"\(parts[1])\", give a number of 0 or more")
      }
      switch parts[0] {
      case "rate" where number <= 1: rate = number
      case "rate": throw .badFault(text, reason: "rate is \(parts[1]), give 0 … 1")
      case "at": start = number
      case "for": duration = number
      case "by": amount = number
      case "jitter": jitter = number
      default: throw .badFault(text, reason: "\"\(parts[0])\" is none of toward, rate, at, for, by, jitter")
      }
    }
  }

  /// Reads a scenario: a fault a line, # starts a comment.
  public static func scenario(_ text: String) throws(FaultError) -> [Fault] {
    var faults: [Fault] = []
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let content = line.prefix { $0 != "#" }
      if content.allSatisfy(\.isWhitespace) { continue }
      do throws(FaultError) {
        faults.append(try Fault(String(content)))
      } catch {
        throw .badLine(index + 1, cause: error.description)
      }
    }
    return faults
  }
}

/// What a user wrote that is no fault, and where.
public enum FaultError: Error, Equatable, CustomStringConvertible {
  case badFault(String, reason: String)
  indirect case badLine(Int, cause: String)

  public var description: String {
    switch self {
    case .badFault(let text, let reason):
      "fault \"\(text)\": \(reason); for example: drop toward=robot rate=0.3 at=5 for=10"
    case .badLine(let number, let cause): "line \(number) of the scenario: \(cause)"
    }
  }
}
