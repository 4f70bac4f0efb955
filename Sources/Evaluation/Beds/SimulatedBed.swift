// Robots that are simulated here, one a task, each as fast as it goes.

import DataCollection
import OfflineData
import PlannerModel
import PlannerRuntime
import Tasks

/// The tasks of one of a family's splits.
package struct SimulatedBed: TestBed {
  let tasks: TaskFamily
  let taskSplit: TaskSplit
  /// What drives warm starts, by level.
  let behaviours: [BehaviourLevel: Behaviour]
  /// The yardstick: the expert's mean action.
  let yardstick: Behaviour

  package init(
    _ family: TaskFamily, _ split: TaskSplit, behaviours: [BehaviourLevel: Behaviour], yardstick: Behaviour
  ) {
    tasks = family
    taskSplit = split
    self.behaviours = behaviours
    self.yardstick = yardstick
  }

  package var family: String { tasks.name }
  package var split: String { taskSplit.rawValue }
  package var episodeLength: Int { tasks.episodeLength }
  package var taskCount: Int { tasks.tasks(taskSplit).count }
  package var mostThreads: Int { .max }
  package var isRealTime: Bool { false }
  package var parameterNames: [String] { tasks.parameterNames }
  package func parameters(of task: Int) -> [Double] { tasks.tasks(taskSplit)[task] }
  package func robot(task: Int) throws -> any TestRobot { try SimulatedTestRobot(self, task: task) }
  package func twin(of task: Int) throws -> (any ControlTask)? { try tasks.task(parameters: parameters(of: task)) }

  package func reference(task: Int) throws -> Reference? {
    .driven(
      expert: PolicyDemonstrator(try yardstick.makePolicy()),
      random: PolicyDemonstrator(try Behaviour.random(tasks).makePolicy()))
  }

  package func warmStart(of robot: any TestRobot, from source: WarmStartSource, seed: UInt64) throws -> WarmStart {
    let levels = Quality(rawValue: source.rawValue)?.levels ?? []
    return try WarmStart.record(
      (robot as! SimulatedTestRobot).task, behaviours: levels.compactMap { behaviours[$0] }, label: source.rawValue,
      seed: seed)
  }
}

/// A simulated task under test.
final class SimulatedTestRobot: TestRobot {
  private(set) var task: any ControlTask
  private let bed: SimulatedBed

  init(_ bed: SimulatedBed, task number: Int) throws {
    self.bed = bed
    task = try bed.tasks.task(parameters: bed.parameters(of: number))
  }

  var observation: [Float] { task.observation }
  var parameters: [Double] { task.parameters }
  var budgetNanoseconds: UInt64 { .max }
  var misses: Int { 0 }
  func reset(seed: UInt64) { task.reset(seed: seed) }

  func step(action: [Float]) -> TestStep {
    let result = task.step(action: action)
    return TestStep(reward: result.reward, isLast: result.terminated, action: action)
  }

  func change(to number: Int) throws {
    let changed = try bed.tasks.task(parameters: bed.parameters(of: number))
    changed.simulationState = task.simulationState
    task = changed
  }
}

/// A behaviour of this process.
final class PolicyDemonstrator: Demonstrator {
  private let policy: BehaviourPolicy
  private var random = RandomSource(seed: 0)

  init(_ policy: @escaping BehaviourPolicy) { self.policy = policy }

  func begin(_ robot: any TestRobot, seed: UInt64) throws {
    // The same start as the planner's: only the actions differ.
    random = RandomSource(seed: seed, stream: 1)
    try robot.reset(seed: seed)
  }

  func step(_ robot: any TestRobot) throws -> TestStep {
    try robot.step(action: policy(&random, robot.observation, robot.parameters))
  }
}
