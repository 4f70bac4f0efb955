// Numbers of tasks as people write them: 0-9,12.

/// Which tasks are meant.
package enum TaskNumbers {
  /// The numbers in `text`, each below `limit`, in the order written.
  package static func read(_ text: String, below limit: Int) throws(TaskNumbersError) -> [Int] {
    var numbers: [Int] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], 0 <= first,
        first <= last, last < limit
      else { throw TaskNumbersError(part: String(part), limit: limit) }
      numbers += first...last
    }
    return numbers
  }
}

/// Exit status 64.
package struct TaskNumbersError: Error, Equatable, CustomStringConvertible {
  var part: String
  var limit: Int

  package var description: String {
    "--tasks has '\(part)', give numbers from 0 to \(limit - 1) or ranges such as 0-9, separated by commas"
  }
}
