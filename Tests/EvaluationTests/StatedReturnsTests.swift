// What `--reference` says, and what it refuses.

import Evaluation
import Foundation
import Testing

@Suite struct StatedReturnsTests {
  private func file(_ name: String, _ text: String) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appending(path: "reference-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = folder.appending(path: name)
    try Data(text.utf8).write(to: file)
    return file.path
  }

  @Test func `words and numbers are read`() throws {
    #expect(try ReferenceChoice("robot") == .robot && ReferenceChoice("none") == .none)
    #expect(try ReferenceChoice("expert=-4.1,random=-40") == .stated(StatedReturns(expert: -4.1, random: -40)))
    #expect(try ReferenceChoice("random=1e2,expert=200") == .stated(StatedReturns(expert: 200, random: 100)))
  }

  @Test func `a file says it for each task`() throws {
    let table = ReferenceChoice.table([
      0: StatedReturns(expert: -4, random: -40), 12: StatedReturns(expert: 3, random: 1),
    ])
    #expect(
      try ReferenceChoice(
        file("a.json", #"{"0": {"expert": -4, "random": -40}, "12": {"expert": 3, "random": 1}}"#)) == table)
    #expect(try ReferenceChoice(file("a.csv", "random,task,expert,note\n-40, 0 ,-4,a\n1,12,3,\n")) == table)
  }

  @Test(arguments: [
    "", "robots", "expert=1", "expert=1,random=x", "expert=nan,random=1", "expert=1,expert=2", "/none.csv",
  ])
  func `other words are refused`(text: String) {
    #expect(throws: ReferenceError.unknown(text)) { try ReferenceChoice(text) }
  }

  @Test func `a damaged file is refused by name and line`() throws {
    for (name, text, words) in [
      ("a.json", "[1, 2]", "is not an object"), ("b.json", #"{"x": {"expert": 1, "random": 0}}"#, "has the task 'x'"),
      ("a.csv", "task,expert\n0,1\n", "no columns task, expert and random"),
      ("b.csv", "task,expert,random\n0,1,2\n1,2\n", "line 3 is '1,2'"),
      ("c.csv", "task,expert,random\n-1,1,2\n", "line 2"), ("d.csv", "task,expert,random\n0.5,1,2\n", "line 2"),
    ] {
      let path = try file(name, text)
      let error = #expect(throws: ReferenceError.self) { try ReferenceChoice(path) }
      #expect(error.map { "\($0)".hasPrefix(path) && "\($0)".contains(words) } == true, "\(name)")
    }
  }

  @Test func `numbers of tasks are single ones and ranges`() throws {
    #expect(try TaskNumbers.read("0-3,9,5", below: 10) == [0, 1, 2, 3, 9, 5])
    for text in ["", "10", "3-1", "a", "1-", "-1", "1-2-3", "2-10", "0,,1"] {
      #expect(throws: TaskNumbersError.self) { try TaskNumbers.read(text, below: 10) }
    }
  }
}
