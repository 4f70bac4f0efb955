// Returns of expert and random that somebody knows already: on the command line, or in a file with a line a task.

import Foundation

/// What an expert and random actions earn in an episode.
package struct StatedReturns: Equatable, Sendable, Decodable {
  package var expert: Double
  package var random: Double

  package init(expert: Double, random: Double) {
    self.expert = expert
    self.random = random
  }
}

/// What `--reference` says returns are held against.
package enum ReferenceChoice: Equatable, Sendable {
  /// The robot, if it knows an expert, and otherwise nothing.
  case automatic
  /// The robot: it drives itself as `expert` and as `random`.
  case robot
  case none
  /// For every task.
  case stated(StatedReturns)
  /// By number of the task.
  case table([Int: StatedReturns])

  /// `robot`, `none`, `expert=…,random=…`, or a file: JSON `{"0": {"expert": …, "random": …}, …}`, or CSV with
  /// columns task, expert and random.
  package init(_ text: String) throws(ReferenceError) {
    switch text {
    case "robot": self = .robot
    case "none": self = .none
    default:
      if text.contains("="), let returns = Self.pair(text) {
        self = .stated(returns)
        return
      }
      guard let data = FileManager.default.contents(atPath: text) else { throw .unknown(text) }
      self = .table(try text.hasSuffix(".json") ? Self.json(data, text) : Self.csv(data, text))
    }
  }

  private static func pair(_ text: String) -> StatedReturns? {
    var values: [String: Double] = [:]
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let sides = part.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
      guard sides.count == 2, let value = number(sides[1]), values.updateValue(value, forKey: sides[0]) == nil else {
        return nil
      }
    }
    guard values.count == 2, let expert = values["expert"], let random = values["random"] else { return nil }
    return StatedReturns(expert: expert, random: random)
  }

  private static func number(_ text: some StringProtocol) -> Double? {
    Double(text.trimmingCharacters(in: .whitespaces)).flatMap { $0.isFinite ? $0 : nil }
  }

  private static func json(_ data: Data, _ file: String) throws(ReferenceError) -> [Int: StatedReturns] {
    guard let object = try? JSONDecoder().decode([String: StatedReturns].self, from: data) else {
      throw .damaged(file, problem: #"is not an object such as {"0": {"expert": -4.1, "random": -40}}"#)
    }
    var table: [Int: StatedReturns] = [:]
    for (name, returns) in object {
      guard let task = Int(name), task >= 0 else { throw .damaged(file, problem: "has the task '\(name)'") }
      table[task] = returns
    }
    return table
  }

  private static func csv(_ data: Data, _ file: String) throws(ReferenceError) -> [Int: StatedReturns] {
    let lines = String(decoding: data, as: UTF8.self).split(whereSeparator: \.isNewline)
    let columns = lines.first?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
    guard let task = columns.firstIndex(of: "task"), let expert = columns.firstIndex(of: "expert"),
      let random = columns.firstIndex(of: "random")
    else { throw .damaged(file, problem: "has no columns task, expert and random") }
    var table: [Int: StatedReturns] = [:]
    for (index, line) in lines.enumerated().dropFirst() {
      let cells = line.split(separator: ",", omittingEmptySubsequences: false)
      guard cells.count == columns.count, let place = number(cells[task]).flatMap({ Int(exactly: $0) }), place >= 0,
        let best = number(cells[expert]), let worst = number(cells[random])
      else { throw .damaged(file, problem: "line \(index + 1) is '\(line)', give a task and two numbers") }
      table[place] = StatedReturns(expert: best, random: worst)
    }
    return table
  }
}

/// What can be wrong with `--reference`.
package enum ReferenceError: Error, Equatable, CustomStringConvertible {
  case unknown(String)
  case damaged(String, problem: String)
  case missing(task: Int)

  package var description: String {
    switch self {
    case .unknown(let text):
      "--reference is '\(text)', give robot, none, expert=NUMBER,random=NUMBER, or a JSON or CSV file that exists"
    case .damaged(let file, let problem): "\(file): \(problem)"
    case .missing(let task): "--reference has no task \(task): add it to the file, or leave the task out of --tasks"
    }
  }
}
