// The robot's cycle: sample, send, wait for the answer, move; on its own clock or in lockstep with the controller.

import ControlRuntime
import Failsafe
import Foundations
import Histogram
import RobotLink
import Tasks

/// What one step brought.
package struct StepRecord {
  package var episode: Int, step: Int
  /// Seconds since the episode's start, at the step's end.
  package var time: Double
  /// What `SimulationView` shows and plots, from the step's outcome.
  package var outcome: [Double]
  package var reward: Double
  package var planMilliseconds: Double?
  /// The controller's mode, or what the robot did without an answer: `plan`, `robot_hold`.
  package var mode: String
  /// Misses in the episode so far.
  package var misses: Int
  /// What the controller said last; nil if it has said nothing of the kind in this episode.
  package var belief: ReportedBelief?
}

package enum EpisodeEnd: Equatable {
  case terminated, truncated
  /// The controller has asked for another task.
  case newTask
  /// The controller is gone, or another one has come.
  case silent, goodbye, refused, newController, interrupted

  package var isComplete: Bool { self == .terminated || self == .truncated }
}

/// What one episode brought.
package struct EpisodeRecord {
  /// The task that it ended in.
  package var task: any ControlTask
  package var end = EpisodeEnd.truncated
  package var totalReward = 0.0
  package var outcomes: [[Double]] = []
  package var misses = 0
  /// Misses after the episode's first second.
  package var lateMisses = 0
  /// Steps by mode.
  package var modes: [String: Int] = [:]
  /// What the controller believed last, and steps in which it said that nothing it knows explains the robot.
  package var belief: ReportedBelief? = nil
  package var unexplainedSteps = 0

  package var steps: Int { outcomes.count }

  package init(task: any ControlTask) { self.task = task }
}

/// A simulated robot and its end of the link.
///
/// At tick k it sends observation k. The physics of interval k is computed when the answer to observation k comes.
/// Without one it is computed at tick k + 1, and the firmware's failsafe chooses, on a clock that counts intervals. An
/// answer that comes too late for its own interval still brings what follows. Nobody can be hurt here: any fresh action
/// leads out of SAFE.
package final class SimulatedRobot {
  /// The present one.
  package private(set) var task: any ControlTask
  /// What the controller may ask for; nil: there is the one task.
  private let requested: RequestedTasks?
  /// A task has been asked for that begins with the next episode.
  private var hasNewTask = false
  /// How the robot drives itself; nil: by the controller's commands.
  private var behaviour: RequestedTasks.Policy?
  private var random = RandomSource(seed: 0)
  private let lockstep: Bool
  private let seed: UInt64
  private let isCancelled: () -> Bool
  private var endpoint: RobotEndpoint
  private var message = ObservationMessage()
  private var startedEpisodes: UInt32 = 0
  private var command: [Float]
  private var gate: CommandGate
  private let gateMemory: UnsafeMutablePointer<Float>
  private let gateLimits: UnsafeMutablePointer<CommandLimits>
  /// Where commands are forces, the velocities of what they drive.
  private var velocities: [Float] { task.family.drivenVelocities.map { message.state[$0] } }
  /// The present interval on the gate's clock, and the frames that carried the last observations, with their intervals.
  private var gateTime: UInt64 = 0
  private var sentFrames: [(sequence: UInt32, time: UInt64)] = []
  /// Frames that carried the present observation: more than one only if it was repeated in lockstep.
  private var sentFirst: UInt32 = 0, sentLast: UInt32 = 0, sentAt: UInt64 = 0
  /// The present tick of the robot's clock.
  private var tick: UInt64 = 0

  /// A controller has taken over in the middle of an episode.
  private var hasNewController = false
  package private(set) var isNewController = false
  /// Actions that came after their interval had ended.
  package private(set) var lateActions = 0
  /// Ticks left out because this machine was too slow to keep them.
  package private(set) var overruns = 0
  /// Microseconds: planning as the controller reports it, and from sending an observation to its answer.
  package private(set) var planTimes = Histogram<UInt64>(highestTrackableValue: 60_000_000)
  package private(set) var roundTrips = Histogram<UInt64>(highestTrackableValue: 60_000_000)

  /// In lockstep an observation that is not answered is sent again after this time: the datagram may be lost.
  private static let repeatNanoseconds: UInt64 = 200_000_000

  /// How long a stop may find it waiting.
  private static let stopNanoseconds: UInt64 = 20_000_000

  package init(
    task: any ControlTask, requested: RequestedTasks? = nil, address: LinkAddress, key: LinkKey?, lockstep: Bool,
    seed: UInt64,
    safe: (reaction: SafeReaction, rest: [Float]), isCancelled: @escaping () -> Bool
  ) throws(LinkError) {
    self.task = task
    self.requested = requested
    self.lockstep = lockstep
    self.seed = seed
    self.isCancelled = isCancelled
    let family = task.family
    command = safe.rest
    let profile = RobotProfile(
      family: family.name, observationSize: family.observationSize, actionSize: family.actionSize,
      periodNanoseconds: family.periodNanoseconds)
    let description = RobotDescription(
      profile: profile, name: "simulated \(family.name)", actionLimit: family.actionLimit,
      episodeLength: family.episodeLength, lockstep: lockstep, taskCount: UInt32(requested?.tasks.count ?? 0))
    // Nobody's clock runs in lockstep: only a controller that has ended is silent for so long.
    let silence = lockstep ? 10_000_000_000 : max(500_000_000, 10 * family.periodNanoseconds)
    endpoint = try RobotEndpoint(
      listeningAt: address, description: description, silenceNanoseconds: silence, key: key,
      channels: ChannelTable(observation: family.observationChannels, action: family.actionChannels))
    let (size, later) = (family.actionSize, LinkLimits.laterEntries)
    gateMemory = takeStorage(repeating: 0, count: size + CommandGate.memoryCount(size: size, laterEntries: later))
    for (index, value) in safe.rest.enumerated() { gateMemory[index] = value }
    gateLimits = takeStorage(repeating: CommandLimits(within: 1), count: size)
    for (index, limits) in family.commandLimits.enumerated() { gateLimits[index] = limits }
    gate = CommandGate(
      times: FailsafeTimes(periodNanoseconds: family.periodNanoseconds, usableEntries: later), size: size,
      laterEntries: later, limits: gateLimits, reaction: safe.reaction, rest: gateMemory,
      memory: gateMemory + size)
    _ = gate.update(now: gateTime)
  }

  deinit {
    returnStorage(gateMemory)
    returnStorage(gateLimits)
  }

  package var modelName: String { endpoint.session.model.description }
  package var counters: LinkCounters { endpoint.session.counters }
  package var isLinkOpen: Bool { endpoint.isOpen }

  /// Waits for a Hello that fits, or returns at once when a controller is there; false after `seconds` or when
  /// cancelled.
  package func waitForController(seconds: Double?) -> Bool {
    isNewController = hasNewController || endpoint.session.peer == nil
    hasNewController = false
    let limit = seconds.map { monotonicNanoseconds() + UInt64($0 * 1e9) } ?? .max
    while endpoint.session.peer == nil {
      let now = monotonicNanoseconds()
      if now >= limit || isCancelled() { return false }
      _ = endpoint.next(until: min(limit, now + Self.stopNanoseconds))
    }
    if isNewController { tick = monotonicNanoseconds() }
    return true
  }

  package func sayGoodbye() { endpoint.sayGoodbye() }

  package func explain(_ end: EpisodeEnd) -> String {
    switch end {
    case .terminated, .truncated: "complete"
    case .silent: "the controller is silent since \(endpoint.session.silenceNanoseconds / 1_000_000) ms"
    case .goodbye: "the controller said goodbye"
    case .refused: "the controller refuses this robot (\(endpoint.session.peerText))"
    case .newController: "the controller has restarted"
    case .newTask: "the controller has asked for another task"
    case .interrupted: "interrupted"
    }
  }

  /// Runs one episode with the connected controller; `number` chooses its start.
  package func runEpisode(number: Int, onStep: (StepRecord) -> Void) -> EpisodeRecord {
    let start = beginTask() ?? seed &+ UInt64(number)
    var record = EpisodeRecord(task: task)
    task.reset(seed: start)
    random = RandomSource(seed: start, stream: 1)
    gate.failsafe.standDown()
    sentFrames.removeAll(keepingCapacity: true)
    for index in command.indices { command[index] = gate.output[index] }
    message.episode = startedEpisodes
    startedEpisodes += 1
    observe(step: 0, result: nil)

    let family = task.family
    for step in 0..<family.episodeLength {
      let answered: Bool
      switch awaitAnswer() {
      case .success(let value): answered = value
      case .failure(let loss):
        record.end = loss.end
        return record
      }
      let mode = behaviour == nil ? chooseCommand(answered: answered) : chooseOwnCommand()
      let result = task.step(action: command)
      record.task = task
      record.totalReward += result.reward
      record.outcomes.append(result.outcome)
      record.modes[mode, default: 0] += 1
      let time = Double(step + 1) * Double(family.periodNanoseconds) * 1e-9
      if !answered {
        record.misses += 1
        if time > 1 { record.lateMisses += 1 }
      } else {
        record.belief = ReportedBelief(endpoint.action)
        if record.belief?.unexplained == true { record.unexplainedSteps += 1 }
      }
      let planned = answered && endpoint.action.mode == .plan ? Double(endpoint.action.planMicroseconds) / 1000 : nil
      onStep(
        StepRecord(
          episode: number + 1, step: step, time: time, outcome: result.outcome, reward: result.reward,
          planMilliseconds: planned, mode: mode, misses: record.misses,
          belief: record.belief))
      if case .failure(let loss) = endInterval() {
        record.end = loss.end
        return record
      }
      message.terminated = result.terminated
      message.truncated = !result.terminated && step + 1 == family.episodeLength
      observe(step: UInt32(step + 1), result: result)
      if result.terminated {
        record.end = .terminated
        break
      }
    }
    // The answer to the last observation is a heartbeat; the next episode starts with the next tick.
    if case .success(let answered) = awaitAnswer() {
      if answered { record.belief = ReportedBelief(endpoint.action) }
      _ = endInterval()
    }
    return record
  }

  /// The link is lost in the middle of an episode.
  private struct Loss: Error { var end: EpisodeEnd }

  /// Samples and sends.
  private func observe(step: UInt32, result: StepResult?) {
    for (index, value) in task.observation.enumerated() { message.state[index] = value }
    for (index, value) in command.enumerated() { message.appliedAction[index] = value }
    message.reward = result.map { Float($0.reward) }
    message.step = step
    if result == nil { (message.terminated, message.truncated) = (false, false) }
    message.sampleTimeNanoseconds = monotonicNanoseconds()
    sentAt = message.sampleTimeNanoseconds
    gateTime += task.family.periodNanoseconds
    if case .damping = gate.reaction { gate.measure(velocities, now: gateTime) }
    sentFirst = endpoint.send(message)
    sentLast = sentFirst
    sentFrames.append((sentFirst, gateTime))
    if sentFrames.count > LinkLimits.laterEntries + 1 { sentFrames.removeFirst() }
  }

  /// What comes until then or until cancelled.
  private func next(until nanoseconds: UInt64) -> RobotEvent {
    while true {
      let now = monotonicNanoseconds()
      let event = endpoint.next(until: min(nanoseconds, now + Self.stopNanoseconds))
      if event != .none || now + Self.stopNanoseconds >= nanoseconds || isCancelled() { return event }
    }
  }

  /// True when the present observation's answer has come, false when its interval has ended without.
  private func awaitAnswer() -> Result<Bool, Loss> {
    let end = tick + task.family.periodNanoseconds
    while true {
      if isCancelled() { return .failure(Loss(end: .interrupted)) }
      let until = lockstep ? monotonicNanoseconds() + Self.repeatNanoseconds : end
      switch next(until: until) {
      case .action where endpoint.action.observationSequence &- sentFirst <= sentLast &- sentFirst:
        roundTrips.record((monotonicNanoseconds() - sentAt) / 1000)
        if endpoint.action.mode == .plan { planTimes.record(UInt64(endpoint.action.planMicroseconds)) }
        offer(at: gateTime)
        return .success(true)
      case .action: takeLate()
      case .task:
        if takeRequest() { return .failure(Loss(end: .newTask)) }
        if lockstep, !hasNewTask { sentLast = endpoint.send(message) }
      case .connected:
        hasNewController = true
        return .failure(Loss(end: .newController))
      case .goodbye: return .failure(Loss(end: .goodbye))
      case .refused: return .failure(Loss(end: .refused))
      case .none:
        if isCancelled() { continue }
        if endpoint.hasFallenSilent() { return .failure(Loss(end: .silent)) }
        if !lockstep { return .success(false) }
        sentLast = endpoint.send(message)
      }
    }
  }

  /// True where the task that is asked for begins with the next episode; one that goes on is there at once.
  private func takeRequest() -> Bool {
    guard let requested else { return false }
    let request = endpoint.session.taskRequest
    if let objection = requested.objection(to: request) {
      endpoint.refuseTaskRequest(objection)
      return false
    }
    guard request.keepsState else {
      hasNewTask = true
      tick = monotonicNanoseconds()
      return true
    }
    let state = task.simulationState
    take(request)
    task.simulationState = state
    return false
  }

  /// The seed of the episode that was asked for, if one was.
  private func beginTask() -> UInt64? {
    guard hasNewTask else { return nil }
    hasNewTask = false
    take(endpoint.session.taskRequest)
    return endpoint.session.taskRequest.seed
  }

  private func take(_ request: TaskRequest) {
    guard let requested, let new = try? task.family.task(parameters: requested.tasks[Int(request.task)]) else { return }
    task = new
    behaviour = requested.behaviours[request.behaviour.description]
    endpoint.obeyTaskRequest()
  }

  private func chooseOwnCommand() -> String {
    guard let behaviour else { return "robot_safe" }
    command = task.family.clamped(behaviour(&random, task.observation, task.parameters))
    return "robot_itself"
  }

  /// Offers the action that came to the gate, as the answer to the observation of an interval. Whatever its mode, it is
  /// followed: that a controller holds or ramps is its own failsafe's choice.
  private func offer(at time: UInt64) {
    if gate.failsafe.isSafe { gate.failsafe.rearm() }
    _ = gate.offer(
      endpoint.action.command, later: endpoint.action.laterCommands, count: endpoint.action.laterEntries, now: gateTime,
      observationTime: time, entry: 0)
  }

  /// An action came after its interval.
  private func takeLate() {
    lateActions += 1
    if let sent = sentFrames.first(where: { $0.sequence == endpoint.action.observationSequence }) {
      offer(at: sent.time)
    }
  }

  /// Sets `command` for the present interval; the mode for reports.
  private func chooseCommand(answered: Bool) -> String {
    let choice = gate.update(now: gateTime)
    for index in command.indices { command[index] = gate.output[index] }
    if answered { return "\(endpoint.action.mode.name)" }
    return switch choice {
    case .plan, .earlierPlan: "robot_earlier_plan"
    case .hold: "robot_hold"
    case .ramp: "robot_ramp"
    case .safe, .idle: "robot_safe"
    }
  }

  /// Lets the rest of the interval pass, answering hand-shakes, and steps to the next tick.
  private func endInterval() -> Result<Void, Loss> {
    if lockstep { return .success(()) }
    let period = task.family.periodNanoseconds
    tick += period
    // Overruns keep phase: ticks that have passed are left out, the others stay where they are.
    while monotonicNanoseconds() > tick + period {
      tick += period
      overruns += 1
    }
    while true {
      switch next(until: tick) {
      case .action: takeLate()
      case .task: if takeRequest() { return .failure(Loss(end: .newTask)) }
      case .connected:
        hasNewController = true
        return .failure(Loss(end: .newController))
      case .goodbye: return .failure(Loss(end: .goodbye))
      case .refused: return .failure(Loss(end: .refused))
      case .none: return .success(())
      }
    }
  }
}
