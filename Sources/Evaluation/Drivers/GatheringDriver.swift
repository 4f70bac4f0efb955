// A driver in the episode that is its warm start: the inference of any driver is shown what came of every step.

/// Drives as `driver` does, and lets its inference learn meanwhile: a first episode goes the way of every other one.
final class GatheringDriver: EpisodeDriver {
  private let driver: any EpisodeDriver

  init(_ driver: any EpisodeDriver) { self.driver = driver }

  var inference: any TaskInference { driver.inference }
  func reset(seed: UInt64) { driver.reset(seed: seed) }
  func act(_ observation: [Float]) -> [Float] { driver.act(observation) }
  func act(_ observation: [Float], budgetNanoseconds: UInt64) -> [Float] {
    driver.act(observation, budgetNanoseconds: budgetNanoseconds)
  }
  var isComplete: Bool { driver.isComplete }
  func prepare() { driver.prepare() }
  func intention(steps count: Int) -> IntendedSteps? { driver.intention(steps: count) }
  var changesNoticed: Int { driver.changesNoticed }

  /// In place of the driver's own: one that follows the robot by itself would count the transition twice.
  func experience(observation: [Float], action: [Float], reward: Float, next: [Float]) {
    inference.addTransition(observation: observation, action: action, reward: reward, next: next)
    inference.updateContextIfDue()
  }
}
