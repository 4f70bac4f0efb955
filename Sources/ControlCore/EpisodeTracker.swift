// Where an observation stands among the robot's starts and episodes; frames may be lost, repeated, or of another start.

import RobotLink

/// How an observation follows the one before. Real-time: yes.
struct EpisodePassage: Equatable {
  /// It is of another start of a robot, which may be another robot.
  var isOtherStart = false
  /// The episode before has ended, though its last observation was lost or superseded.
  var endsEpisode = false
  var beginsEpisode = false
  /// It is the step after the last one: both make a transition.
  var isNextStep = false
}

/// Follows the episodes of a robot. Real-time: yes.
struct EpisodeTracker {
  /// Of the last observation.
  private(set) var episode: UInt32 = 0
  private(set) var step: UInt32 = 0
  /// The robot's last start that was seen, and whether its present episode is under way.
  private var epoch: UInt32 = 0
  private var isRunning = false

  /// Takes note of an observation.
  @_noAllocation @_noLocks
  mutating func note(epoch: UInt32, episode: UInt32, step: UInt32, isLast: Bool) -> EpisodePassage {
    var passage = EpisodePassage()
    if epoch != self.epoch {
      passage.isOtherStart = true
      self.epoch = epoch
      isRunning = false
    }
    if isRunning, episode != self.episode {
      passage.endsEpisode = true
      isRunning = false
    }
    // A gap or, in lockstep, a repeat ends no episode, but is no transition either.
    passage.isNextStep = isRunning && step == self.step &+ 1
    let isNew = !isRunning || (step == 0 && self.step != 0)
    if isNew, !isLast {
      passage.beginsEpisode = true
      isRunning = true
    }
    self.episode = episode
    self.step = step
    return passage
  }

  /// The episode is over, by its last observation or with the link; true if one was under way.
  @_noAllocation @_noLocks
  mutating func end() -> Bool {
    defer { isRunning = false }
    return isRunning
  }
}
