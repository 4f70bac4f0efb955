// Which tasks a family has: drawn from a law, or a few given ones; and the fixed lists that everybody works with.

import Foundations

/// Which of a family's fixed task lists: `train` tasks make data, `held-out` tasks settle what is not learnt, such as
/// planning settings, `test` tasks only ever evaluate.
public enum TaskSplit: String, CaseIterable, Sendable {
  case train
  case heldOut = "held-out"
  case test

  /// Stream of random numbers that the tasks are drawn from.
  fileprivate var stream: UInt64 {
    switch self {
    case .train: 0
    case .test: 1
    case .heldOut: 2
    }
  }
}

/// The tasks of a family as lists of parameters, `[task][parameter]`. No task is in two lists, unless there are no
/// more.
struct TaskLists: Sendable {
  let train: [[Double]]
  let heldOut: [[Double]]
  let test: [[Double]]
  /// Draws a task, which is in none of the lists if the law has more tasks than they have.
  let law: @Sendable (_ random: inout RandomSource) -> [Double]
  private let isFinite: Bool

  /// Lists of these lengths, drawn from `law`; each has random numbers of its own.
  static func drawn(
    train: Int, heldOut: Int, test: Int, from law: @escaping @Sendable (_ random: inout RandomSource) -> [Double]
  ) -> TaskLists {
    TaskLists(
      train: draw(train, .train, law), heldOut: draw(heldOut, .heldOut, law), test: draw(test, .test, law), law: law,
      isFinite: false)
  }

  /// There are `tasks` and no others: they are in every list.
  static func only(_ tasks: [[Double]]) -> TaskLists {
    TaskLists(
      train: tasks, heldOut: tasks, test: tasks, law: { tasks[$0.index(below: tasks.count)] }, isFinite: true)
  }

  /// The first `count` tasks of an endless list that begins with `train`; all where there are no more.
  func train(count: Int) -> [[Double]] {
    isFinite || count <= train.count ? Array(train.prefix(count)) : Self.draw(count, .train, law)
  }

  private static func draw(
    _ count: Int, _ split: TaskSplit, _ law: (inout RandomSource) -> [Double]
  ) -> [[Double]] {
    var random = RandomSource(seed: 1, stream: split.stream)
    return (0..<count).map { _ in law(&random) }
  }
}
