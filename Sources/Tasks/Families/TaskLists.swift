// Which tasks a family has: drawn from a law, or a few given ones; and the fixed lists that everybody works with.

import Foundations

/// Which of a family's fixed task lists: `train` tasks make data, `held-out` tasks settle what is not learnt, such as
/// planning settings, `test` tasks only ever evaluate, and so do the tasks `outside` the training range.
public enum TaskSplit: String, CaseIterable, Sendable {
  case train
  case heldOut = "held-out"
  case test
  case outside

  /// Stream of random numbers that the tasks are drawn from.
  fileprivate var stream: UInt64 {
    switch self {
    case .train: 0
    case .test: 1
    case .heldOut: 2
    case .outside: 3
    }
  }
}

/// The tasks of a family as lists of parameters, `[task][parameter]`. No task is in two lists, unless there are no
/// more.
struct TaskLists: Sendable {
  typealias Law = @Sendable (_ random: inout RandomSource) -> [Double]

  let train: [[Double]]
  let heldOut: [[Double]]
  let test: [[Double]]
  /// Tasks that `law` cannot draw; empty where nothing wider is said.
  let outside: [[Double]]
  /// Draws a task, which is in none of the lists if the law has more tasks than they have.
  let law: Law
  private let isFinite: Bool

  /// Lists of these lengths, drawn from `law`; each has random numbers of its own.
  static func drawn(
    train: Int, heldOut: Int, test: Int, outside: Int = 0, from law: @escaping Law, wider: Law? = nil
  ) -> TaskLists {
    TaskLists(
      train: draw(train, .train, law), heldOut: draw(heldOut, .heldOut, law), test: draw(test, .test, law),
      outside: wider.map { draw(outside, .outside, $0) } ?? [], law: law, isFinite: false)
  }

  /// There are `tasks` and no others: they are in every list but the one outside of them.
  static func only(_ tasks: [[Double]]) -> TaskLists {
    TaskLists(
      train: tasks, heldOut: tasks, test: tasks, outside: [], law: { tasks[$0.index(below: tasks.count)] },
      isFinite: true)
  }

  subscript(split: TaskSplit) -> [[Double]] {
    switch split {
    case .train: train
    case .heldOut: heldOut
    case .test: test
    case .outside: outside
    }
  }

  /// The first `count` tasks of an endless list that begins with `train`; all where there are no more.
  func train(count: Int) -> [[Double]] {
    isFinite || count <= train.count ? Array(train.prefix(count)) : Self.draw(count, .train, law)
  }

  private static func draw(_ count: Int, _ split: TaskSplit, _ law: Law) -> [[Double]] {
    var random = RandomSource(seed: 1, stream: split.stream)
    return (0..<count).map { _ in law(&random) }
  }
}

enum ListKey: String, FieldKey {
  case train
  case heldOut = "held-out"
  case test, outside
}

extension TaskLists {
  /// Reads `"tasks"`: how many of each list, or `"all"` of those that the parameters' choices make.
  init(_ field: Field, groups: [ParameterGroup]) throws(TaskError) {
    if case .text(let text) = field.value {
      guard text == "all" else { throw field.error("is '\(text)'", "give \"all\", or how many of each list") }
      self = .only(try Self.allChoices(field, groups))
      return
    }
    let keys = try field.object(ListKey.self)
    func count(_ key: ListKey) throws(TaskError) -> Int { try keys.required(key).integer(in: 1...1000) }
    let law: Law = { random in groups.flatMap { $0.law.draw($0.names.count, &random) } }
    let wider = try Self.wider(keys, groups)
    self = .drawn(
      train: try count(.train), heldOut: try count(.heldOut), test: try count(.test),
      outside: wider == nil ? 0 : try count(.outside), from: law, wider: wider)
  }

  /// Draws from the wider laws until at least one parameter is outside the range of training.
  private static func wider(_ keys: Fields<ListKey>, _ groups: [ParameterGroup]) throws(TaskError) -> Law? {
    guard groups.contains(where: { $0.outside != nil }) else {
      try keys.refuse(.outside, because: "where no parameter has \"outside\"")
      return nil
    }
    let law: Law = { random in
      for _ in 0..<attempts {
        let drawn = groups.map { ($0, ($0.outside ?? $0.law).draw($0.names.count, &random)) }
        if drawn.contains(where: { !$0.0.law.contains($0.1) }) { return drawn.flatMap(\.1) }
      }
      return []
    }
    var random = RandomSource(seed: 1, stream: TaskSplit.outside.stream)
    for _ in 0..<1000 {
      guard !law(&random).isEmpty else {
        throw keys.place.error(
          "asks for tasks outside, but \"outside\" of no parameter is wider than its \"law\"", "widen one")
      }
    }
    return law
  }

  private static var attempts: Int { 10_000 }

  private static func allChoices(_ field: Field, _ groups: [ParameterGroup]) throws(TaskError) -> [[Double]] {
    var tasks: [[Double]] = [[]]
    for group in groups {
      guard case .choice(let values) = group.law.shape, group.law.oneZero == 0, group.outside == nil else {
        throw field.error(
          "is \"all\", but '\(group.names[0])' is drawn from a law without end", "say how many: {\"train\": 20, …}")
      }
      for _ in group.names {
        tasks = tasks.flatMap { task in values.map { task + [$0] } }
        guard tasks.count <= 1000 else { throw field.error("makes more than 1000 tasks", "say how many") }
      }
    }
    return tasks
  }
}
