// The tasks of a model's bank in numbers, for people who look on, in memory that the cycle may read.

import PlannerRuntime
import RobotLink

/// The true parameters of a bank's tasks, `[count][size]`; none where nobody has named them or the link has no room.
struct BankParameters: ~Copyable {
  /// Numbers that name a task, 0 … `LinkLimits.parameterEntries`.
  let size: Int
  private let count: Int
  private let values: UnsafeMutablePointer<Float>

  init(_ bank: ContextBank?) {
    let parameterCount = bank?.parameterCount ?? 0
    size = parameterCount <= LinkLimits.parameterEntries ? parameterCount : 0
    count = size > 0 ? bank?.count ?? 0 : 0
    values = .allocate(capacity: size * count)
    for index in 0..<size * count { values[index] = bank?.parameters[index] ?? 0 }
  }

  deinit { values.deallocate() }

  /// Parameter `index`, below `size`, of the task of `hypothesis`. Real-time: yes.
  @_noAllocation @_noLocks
  func value(_ hypothesis: Int, _ index: Int) -> Float {
    precondition(hypothesis >= 0 && hypothesis < count && index >= 0 && index < size)
    return values[hypothesis * size + index]
  }
}
