// Where a meta-test's warm starts come from: behaviours of stated quality, or the driver's own driving.

import OfflineData
import PlannerModel
import Tasks

/// Who drives the episode that the context is inferred from.
public enum WarmStartSource: String, CaseIterable, Sendable {
  case random, medium, expert, mixed
  /// The driver itself, from no context at first, as `metadiffuserd --warm-start-episodes 1` does it on a robot.
  case own

  /// Shows `driver` one warm start of `robot` and lets it infer the context; an oracle is told the task. Returns the
  /// episode where the driver drove it itself. Real-time: no.
  @discardableResult
  package func show(
    _ robot: any TestRobot, of bed: any TestBed, to driver: any EpisodeDriver, seed: UInt64
  ) throws -> PlannedEpisode? {
    guard driver.inference.infers else {
      driver.inference.tell(parameters: robot.parameters)
      return nil
    }
    // A belief draws what it starts from with the episode's seed: reset first, or it would be that of the task before.
    driver.reset(seed: seed)
    driver.inference.clearContext()
    if self == .own {
      let episode = try PlannedEpisode.drive(
        robot, driver: GatheringDriver(driver), seed: seed, steps: bed.episodeLength)
      driver.inference.updateContext()
      return episode
    }
    try bed.warmStart(of: robot, from: self, seed: seed).show(to: driver.inference)
    return nil
  }
}
