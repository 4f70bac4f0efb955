// The physical robot of a test stand: MuJoCo on its own absolute schedule behind the microcontroller's actuator bus.

import ActuatorBus
import Failsafe
import Histogram
import RobotLink
import Tasks

/// What one episode on the test stand brought.
package struct StandEpisode {
  package var totalReward = 0.0
  /// Physics steps so far.
  package var steps = 0
  package var outcomes: [(outcome: [Double], steps: Int)] = []
}

/// A robot that moves whether or not anybody commands it.
///
/// Physics step k of an episode is due at the episode's start + (k + ½) steps, so that samples, which the
/// microcontroller takes on its own clock, fall between steps and not on them. Steps that this process is too late for
/// are left out. An episode starts with the first sample that is asked for while a controller drives; before that a
/// clamp holds the robot.
package final class StandPlant {
  private let task: any ContinuousTask
  private let bus: BusPort
  private let seed: UInt64
  private let stepNanoseconds: UInt64
  private let safe: (reaction: SafeReaction, rest: [Float])
  private var command: [Float]
  private var commandTime: UInt64 = 0
  private var nextStep: UInt64 = 0
  private var sample: UInt32 = 0
  private var stepsAtSample = 0
  /// The episode that runs.
  private var running: StandEpisode? = nil

  package private(set) var episodes: [StandEpisode] = []
  /// Steps left out, and drive frames that came after the drives' own time limit.
  package private(set) var overruns = 0
  package private(set) var driveTimeouts = 0
  /// Drive frames by the failsafe's choice, while an episode ran.
  package private(set) var choices: [CommandMode: Int] = [:]
  /// The last drive frame.
  package private(set) var drive = BusDrive()
  /// The microcontroller's counts when the first episode started.
  private var first: BusDrive? = nil
  /// Microseconds from sample to applied action on the microcontroller's clock.
  package private(set) var latencies = Histogram<UInt64>(highestTrackableValue: 60_000_000)

  /// Without a frame for so long the drives go to their safe command by themselves.
  package static let driveTimeoutNanoseconds: UInt64 = 100_000_000

  package init(task: any ContinuousTask, bus: BusPort, seed: UInt64, safe: (reaction: SafeReaction, rest: [Float])) {
    self.task = task
    self.bus = bus
    self.seed = seed
    self.safe = safe
    stepNanoseconds = task.family.periodNanoseconds / UInt64(task.physicsSteps)
    command = safe.rest
    task.reset(seed: seed)
  }

  package var damagedFrames: Int { bus.rejected }
  /// Lapses and latches of the failsafe since the first episode's start.
  package var lapses: Int { Int(drive.lapses &- (first?.lapses ?? 0)) }
  package var latches: Int { Int(drive.latches &- (first?.latches ?? 0)) }

  /// Serves the bus until `count` episodes are complete, `limit` on CLOCK_MONOTONIC, or `isCancelled`.
  package func run(
    episodes count: Int, until limit: UInt64, isCancelled: () -> Bool, onDrive: (UInt64, BusDrive, [Float]) -> Void
  ) {
    while episodes.count < count, monotonicNanoseconds() < limit, !isCancelled() {
      let message = bus.next(until: running == nil ? monotonicNanoseconds() + 20_000_000 : nextStep)
      let now = monotonicNanoseconds()
      switch message {
      case .request(let request): answer(request, now: now)
      case .drive(let frame) where bus.values.count == command.count:
        take(frame, now: now)
        onDrive(now, frame, command)
      case .drive, .sensors, nil: break
      }
      advance(to: now)
    }
  }

  /// The drives take a command.
  private func take(_ frame: BusDrive, now: UInt64) {
    drive = frame
    command = bus.values
    commandTime = now
    if frame.latencyMicroseconds > 0 { latencies.record(UInt64(frame.latencyMicroseconds)) }
    if running != nil { choices[frame.mode, default: 0] += 1 }
  }

  /// Makes the physics steps that are due.
  private func advance(to now: UInt64) {
    guard var episode = running else { return }
    while nextStep <= now {
      if now - nextStep > 10 * stepNanoseconds {
        overruns += 1
      } else {
        if now - commandTime > Self.driveTimeoutNanoseconds {
          driveTimeouts += 1
          fallBack()
        }
        task.advance(action: command)
        episode.steps += 1
      }
      nextStep += stepNanoseconds
    }
    running = episode
  }

  /// What the drives do of their own: they know how fast their joints are.
  private func fallBack() {
    let family = task.family
    let limits = family.commandLimits
    let state = safe.reaction == .rest || safe.reaction == .hold ? [] : task.observation
    for index in command.indices {
      let velocity = state.isEmpty ? 0 : state[family.drivenVelocities[index]]
      command[index] = safe.reaction.command(
        rest: safe.rest[index], last: command[index], velocity: velocity, limits: limits[index])
    }
  }

  /// Measures.
  private func answer(_ request: BusRequest, now: UInt64) {
    advance(to: now)
    var sensors = BusSensors()
    sensors.counter = request.counter
    sensors.isButtonPressed = RearmButton.isPressed()
    sensors.episode = UInt32(episodes.count)
    if var episode = running {
      if let result = task.endInterval() {
        let steps = episode.steps - stepsAtSample
        stepsAtSample = episode.steps
        sample += UInt32(max(1, (steps + task.physicsSteps / 2) / task.physicsSteps))
        episode.totalReward += result.reward * Double(steps) / Double(task.physicsSteps)
        episode.outcomes.append((result.outcome, steps))
        sensors.reward = Float(result.reward)
        sensors.terminated = result.terminated
        sensors.truncated = !result.terminated && episode.steps >= task.family.episodeLength * task.physicsSteps
      }
      sensors.step = sample
      running = episode
      if sensors.terminated || sensors.truncated {
        episodes.append(episode)
        running = nil
      }
    } else {
      task.reset(seed: seed &+ UInt64(episodes.count))
      sample = 0
      stepsAtSample = 0
      if request.isDriven {
        if first == nil { first = drive }
        running = StandEpisode()
        nextStep = now + stepNanoseconds / 2
      }
    }
    bus.send(sensors, state: task.observation)
  }
}
