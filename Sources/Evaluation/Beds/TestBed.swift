// What an evaluation asks of its robots, wherever they are: simulated here, or somebody's own at the end of a link.

import OfflineData
import PlannerModel
import Tasks

/// What one step of a robot under test brought.
package struct TestStep {
  package var reward: Double
  /// The episode is over.
  package var isLast: Bool
  /// What the robot did, `[actionSize]`; nil where not all of the step was seen: then nobody can learn from it.
  package var action: [Float]?

  package init(reward: Double, isLast: Bool, action: [Float]?) {
    self.reward = reward
    self.isLast = isLast
    self.action = action
  }
}

/// A robot with one of its bed's tasks. One thread an instance. Real-time: no.
package protocol TestRobot: AnyObject {
  /// Where it is now, `[observationSize]`.
  var observation: [Float] { get }
  /// The task's true parameters, for those who are told.
  var parameters: [Double] { get }
  /// How long the next action may take to choose.
  var budgetNanoseconds: UInt64 { get }
  /// Intervals so far in which it had to do without the driver's command.
  var misses: Int { get }
  /// Starts an episode; the same seed gives the same start.
  func reset(seed: UInt64) throws
  /// Applies `action`, `[actionSize]`, for one control period.
  func step(action: [Float]) throws -> TestStep
  /// Takes another of the bed's tasks, and goes on from where it is.
  func change(to task: Int) throws
}

/// Somebody other than the driver under test: who its returns are held against, or who drives a warm start. One thread
/// an instance.
package protocol Demonstrator: AnyObject {
  func begin(_ robot: any TestRobot, seed: UInt64) throws
  func step(_ robot: any TestRobot) throws -> TestStep
}

/// What returns are held against.
package enum Reference {
  case driven(expert: any Demonstrator, random: any Demonstrator)
  /// Returns of an episode, as somebody has said.
  case stated(StatedReturns)

  /// The returns of expert and random from the same start.
  func returns(of robot: any TestRobot, episodeLength: Int, seed: UInt64) throws -> StatedReturns {
    switch self {
    case .stated(let returns): return returns
    case .driven(let expert, let random):
      func total(_ demonstrator: any Demonstrator) throws -> Double {
        try demonstrator.begin(robot, seed: seed)
        var total = 0.0
        for _ in 0..<episodeLength {
          let step = try demonstrator.step(robot)
          total += step.reward
          if step.isLast { break }
        }
        return total
      }
      return StatedReturns(expert: try total(expert), random: try total(random))
    }
  }
}

/// Where an evaluation's robots come from. Real-time: no.
package protocol TestBed: Sendable {
  var family: String { get }
  /// Which of the family's tasks, for reports.
  var split: String { get }
  var episodeLength: Int { get }
  /// Tasks that there are, numbered from 0.
  var taskCount: Int { get }
  /// Tasks at a time that it can take.
  var mostThreads: Int { get }
  /// The robots keep time: their returns depend on how fast they are answered.
  var isRealTime: Bool { get }
  /// Names of the numbers that tell tasks apart.
  var parameterNames: [String] { get }
  func parameters(of task: Int) -> [Double]
  func robot(task: Int) throws -> any TestRobot
  /// What plans are checked against, open loop; nil where nobody can put a robot into a state.
  func twin(of task: Int) throws -> (any ControlTask)?
  /// Nil: nobody says how expert and random do.
  func reference(task: Int) throws -> Reference?
  /// One episode's worth of transitions of `robot`, driven as `source` says. Precondition: not `own`.
  func warmStart(of robot: any TestRobot, from source: WarmStartSource, seed: UInt64) throws -> WarmStart
}
