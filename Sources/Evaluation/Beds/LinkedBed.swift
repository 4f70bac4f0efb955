// The tasks of a robot at the end of a link, one after the other.

import OfflineData
import PlannerModel
import RobotLink
import Tasks

/// One robot, which takes its tasks on request. One evaluation at a time uses it, on one thread at a time.
package final class LinkedBed: TestBed, @unchecked Sendable {
  private let linked: LinkedRobot
  private let address: LinkAddress
  private var choice: ReferenceChoice
  /// Why returns are held against nothing though nobody asked for that; nil: they are, or somebody did.
  package private(set) var missingReference: String?

  /// Connects to the robot, and where the choice is automatic finds out whether it knows an expert.
  package init(
    at address: LinkAddress, key: LinkKey?, for model: LoadedModel, reference: ReferenceChoice, seconds: Double = 10,
    patience: Double = 30,
    isCancelled: @escaping @Sendable () -> Bool = { false }
  ) throws {
    linked = try LinkedRobot(
      at: address, key: key, for: model, seconds: seconds, patience: patience, isCancelled: isCancelled)
    self.address = address
    choice = reference
    guard reference == .automatic else { return }
    choice = .robot
    do {
      for behaviour in ["expert", "random"] { try linked.begin(seed: 0, behaviour: behaviour) }
    } catch LinkedRobotError.taskRefused(_, _, _, let reason) {
      choice = .none
      missingReference = reason
    }
  }

  package var family: String { linked.description.profile.family.description }
  package var split: String { "link" }
  package var episodeLength: Int { linked.description.episodeLength }
  package var taskCount: Int { Int(linked.description.taskCount) }
  package var mostThreads: Int { 1 }
  package var isRealTime: Bool { !linked.description.lockstep }
  package var parameterNames: [String] { ["number"] }
  package func parameters(of task: Int) -> [Double] { [Double(task)] }
  package func twin(of task: Int) -> (any ControlTask)? { nil }

  package func robot(task: Int) throws -> any TestRobot {
    guard task < taskCount else { throw LinkedRobotError.unknownTask(address, task: task, count: taskCount) }
    linked.task = task
    return linked
  }

  package func reference(task: Int) throws -> Reference? {
    switch choice {
    case .none: return nil
    case .automatic, .robot: return .driven(expert: SelfDriver("expert"), random: SelfDriver("random"))
    case .stated(let returns): return .stated(returns)
    case .table(let table):
      guard let returns = table[task] else { throw ReferenceError.missing(task: task) }
      return .stated(returns)
    }
  }

  package func warmStart(of robot: any TestRobot, from source: WarmStartSource, seed: UInt64) throws -> WarmStart {
    let profile = linked.description.profile
    var warmStart = WarmStart(
      family: family, observationSize: profile.observationSize, actionSize: profile.actionSize,
      behaviour: source.rawValue)
    let drivers = source == .mixed ? ["random", "medium", "expert"] : [source.rawValue]
    for (index, name) in drivers.enumerated() {
      let driver = SelfDriver(name)
      try driver.begin(robot, seed: seed)
      for number in 0..<episodeLength {
        let observation = robot.observation
        let step = try driver.step(robot)
        // Evenly from all of them.
        if let action = step.action, number % drivers.count == index {
          warmStart.append(
            observation: observation, action: action, reward: Float(step.reward), next: robot.observation)
        }
        if step.isLast { break }
      }
    }
    return warmStart
  }
}

/// The robot itself, by one of its behaviours.
private final class SelfDriver: Demonstrator {
  private let behaviour: String

  init(_ behaviour: String) { self.behaviour = behaviour }

  func begin(_ robot: any TestRobot, seed: UInt64) throws {
    try (robot as! LinkedRobot).begin(seed: seed, behaviour: behaviour)
  }

  func step(_ robot: any TestRobot) throws -> TestStep {
    try robot.step(action: [Float](repeating: 0, count: (robot as! LinkedRobot).description.profile.actionSize))
  }
}
