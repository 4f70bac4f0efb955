// The families and their fixed task lists.

import Tasks
import Testing

@Suite struct TaskFamilyTests {
  /// The literature's.
  private static let paper = ["point-robot", "cheetah-dir", "cheetah-vel", "ant-dir", "hopper-param", "walker-param"]

  @Test func `a family is found by its name`() throws {
    #expect(try TaskFamily.named("cheetah-vel").actionSize == 6)
    #expect(try TaskFamily.named("point-robot").observationSize == 2)
  }

  @Test func `an unknown family's error lists the families`() {
    let error = #expect(throws: TaskError.self) { try TaskFamily.named("cheetah") }
    #expect(
      error?.description
        == "there is no task family 'cheetah'; the families are: \(TaskFamily.names.joined(separator: ", ")); "
        + "a folder with a family.json in it is one, too")
    #expect(Set(TaskFamily.names).isSuperset(of: Self.paper))
  }

  @Test func `each family has the literature's numbers of tasks, all different; two directions are all there are`()
    throws
  {
    for family in try Self.paper.map(TaskFamily.named) where family.name != "cheetah-dir" {
      let isWalker = family.name == "walker-param"
      let expected = isWalker ? [16, 8, 8] : [20, 10, 20]
      #expect([.train, .heldOut, .test].map { family.tasks($0).count } == expected)
      #expect(Set(TaskSplit.allCases.flatMap(family.tasks)).count == expected.reduce(0, +))
    }
    let directions = try TaskFamily.named("cheetah-dir")
    for split in [TaskSplit.train, .heldOut, .test] { #expect(directions.tasks(split) == [[1], [-1]]) }
  }

  @Test func `more training tasks continue the list and are none of the others`() throws {
    for family in try TaskFamily.names.map(TaskFamily.named) {
      let many = family.trainTasks(count: 200)
      #expect(Array(many.prefix(family.trainTasks.count)) == family.trainTasks)
      #expect(family.trainTasks(count: 2) == Array(family.trainTasks.prefix(2)))
      guard family.name != "cheetah-dir" else { continue }
      #expect(many.count == 200)
      #expect(Set(many).isDisjoint(with: family.heldOutTasks + family.testTasks + family.tasks(.outside)))
    }
  }

  @Test func `the task lists never change, for models and data are made from them`() throws {
    #expect(try TaskFamily.named("cheetah-vel").trainTasks[0] == [1.963162647956059])
    #expect(try TaskFamily.named("cheetah-vel").testTasks[19] == [0.6967670783615335])
    #expect(TaskFamily.pointRobot.trainTasks[0] == [-0.46622852172904594, 0.8846643236427862])
    #expect(try TaskFamily.named("hopper-param").testTasks[0][0] == 2.8010181781593015)
    #expect(try TaskFamily.named("walker-param").testTasks[7][14] == 0.32712541881555346)
    #expect(try TaskFamily.named("ant-dir").testTasks[0][0] == 0.9783687271324238)
  }

  @Test func `target speeds lie between 0 and 3 m per s and goals on the upper half of the unit circle`() throws {
    for speed in try TaskSplit.allCases.flatMap(TaskFamily.named("cheetah-vel").tasks) {
      #expect((0...3).contains(speed[0]))
    }
    for goal in TaskSplit.allCases.flatMap(TaskFamily.pointRobot.tasks) {
      #expect(abs(goal[0] * goal[0] + goal[1] * goal[1] - 1) < 1e-12)
      #expect(goal[1] >= 0)
    }
  }

  @Test func `every task can be made, with the sizes that its family states`() throws {
    for family in try TaskFamily.names.map(TaskFamily.named) {
      #expect(family.parameterNames.count == family.parameterRanges.count)
      for parameters in TaskSplit.allCases.flatMap(family.tasks) {
        let task = try family.task(parameters: parameters)
        #expect(task.parameters == parameters)
        #expect(task.observation.count == family.observationSize)
      }
    }
  }

  @Test func `parameters that do not fit are refused with what would be right`() {
    let count = #expect(throws: TaskError.self) { try TaskFamily.pointRobot.task(parameters: [1]) }
    #expect(count?.description == "family point-robot takes 2 task parameters (goal x [m], goal y [m]), found 1")
    let range = #expect(throws: TaskError.self) { try TaskFamily.named("cheetah-vel").task(parameters: [11]) }
    #expect(range?.description == "family cheetah-vel: target speed [m/s] is 11.0, give a value in -10.0 ... 10.0")
    #expect(throws: TaskError.self) { try TaskFamily.named("cheetah-vel").task(parameters: [.nan]) }
  }
}
