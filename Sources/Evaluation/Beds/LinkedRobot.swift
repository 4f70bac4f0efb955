// Somebody's own robot or simulator under test: it takes tasks over a link, and keeps the protocol in any language.

import ControlRuntime
import Foundation
import OfflineData
import PlannerModel
import RobotLink

/// The controller's end of a link to a robot that takes tasks; see TaskRequest in robot.proto. Real-time: no.
package final class LinkedRobot: TestRobot {
  package let description: RobotDescription
  package private(set) var observation: [Float]
  package private(set) var misses = 0
  /// The task that `reset` begins, and the one that goes on.
  package var task = 0
  private let address: LinkAddress
  private let isCancelled: @Sendable () -> Bool
  private var endpoint: ControllerEndpoint
  private var message = ActionMessage()
  /// Of the last request; a random start keeps the requests of two runs apart.
  private var number = UInt32.random(in: 1...UInt32.max / 2)
  /// The robot drives itself by it; empty: it follows commands.
  private var behaviour = ""
  private var episode: UInt32 = 0
  private var stepNumber: UInt32 = 0
  private var arrival: UInt64 = 0
  /// What a change of the task in mid-episode has brought beside the new task.
  private var pendingReward = 0.0

  /// For an answer of a robot that keeps no time, and for a task to begin: somebody's simulator may compile something.
  private let patienceNanoseconds: UInt64
  private static let repeatNanoseconds: UInt64 = 250_000_000
  private static let stopNanoseconds: UInt64 = 20_000_000

  /// Connects to the robot at `address`, within `seconds`, for `model`, and has this patience with its answers.
  package init(
    at address: LinkAddress, key: LinkKey?, for model: LoadedModel, seconds: Double, patience: Double,
    isCancelled: @escaping @Sendable () -> Bool
  ) throws {
    let shape = model.description.shape
    let profile = RobotProfile(
      family: model.description.family, observationSize: shape.observationSize, actionSize: shape.actionSize,
      periodNanoseconds: model.description.periodNanoseconds)
    self.address = address
    self.isCancelled = isCancelled
    patienceNanoseconds = UInt64(patience * 1e9)
    endpoint = try ControllerEndpoint(
      connectingTo: address, profile: profile, model: (model.path as NSString).lastPathComponent,
      silenceNanoseconds: patienceNanoseconds, key: key,
      channels: ChannelTable(
        observation: model.description.observationChannels, action: model.description.actionChannels))
    let end = monotonicNanoseconds() + UInt64(seconds * 1e9)
    while !endpoint.session.isConnected {
      guard monotonicNanoseconds() < end else { throw LinkedRobotError.absent(address, seconds: seconds) }
      if isCancelled() { throw DataError.cancelled }
      if case .link(.refused) = endpoint.next(until: monotonicNanoseconds() + Self.stopNanoseconds) {
        throw LinkedRobotError.unfit(address, reason: endpoint.session.peerText.description)
      }
    }
    guard let description = endpoint.session.robot else {
      throw LinkedRobotError.absent(address, seconds: seconds)
    }
    self.description = description
    observation = [Float](repeating: 0, count: shape.observationSize)
    guard description.taskCount > 0 else { throw LinkedRobotError.noTasks(address) }
    guard description.episodeLength > 0 else { throw LinkedRobotError.endless(address) }
  }

  deinit { endpoint.sayGoodbye() }

  package var parameters: [Double] { [Double(task)] }

  /// Half of the period from the observation on: the other half is for the way there and back.
  package var budgetNanoseconds: UInt64 {
    guard !description.lockstep else { return .max }
    let end = arrival + description.profile.periodNanoseconds / 2
    let now = monotonicNanoseconds()
    return end > now ? end - now : 0
  }

  package func reset(seed: UInt64) throws { try begin(seed: seed, behaviour: "") }

  /// Starts an episode in which the robot drives itself by `behaviour`, unless that is empty.
  package func begin(seed: UInt64, behaviour: String) throws {
    self.behaviour = behaviour
    try ask(seed: seed, keepsState: false)
    pendingReward = 0
  }

  package func change(to task: Int) throws {
    self.task = task
    try ask(seed: 0, keepsState: true)
  }

  package func step(action: [Float]) throws -> TestStep {
    let isLate = monotonicNanoseconds() - arrival > description.profile.periodNanoseconds
    if !description.lockstep, isLate { misses += 1 }
    send(action)
    var step = TestStep(reward: pendingReward, isLast: false, action: nil)
    pendingReward = 0
    let silence =
      description.lockstep
      ? patienceNanoseconds : max(500_000_000, 10 * description.profile.periodNanoseconds)
    let end = monotonicNanoseconds() + silence
    while true {
      guard try awaitObservation(until: end) else {
        throw LinkedRobotError.silent(address, task: task, milliseconds: silence / 1_000_000)
      }
      guard endpoint.observation.taskRequest == number else { continue }
      guard endpoint.observation.episode == episode else {
        // Its last observation is lost, and what it earned.
        misses += 1
        return TestStep(reward: step.reward, isLast: true, action: nil)
      }
      // In lockstep: the answer is lost, or slow.
      if endpoint.observation.step == stepNumber { send(action) }
      if endpoint.observation.step > stepNumber { break }
    }
    let isWhole = endpoint.observation.step - stepNumber == 1
    try take(into: &step)
    if isWhole { step.action = (0..<action.count).map { endpoint.observation.appliedAction[$0] } }
    // Whoever was late looks at the newest.
    while !description.lockstep, !step.isLast, try awaitObservation(until: 0),
      endpoint.observation.taskRequest == number, endpoint.observation.episode == episode
    {
      step.action = nil
      misses += 1
      try take(into: &step)
    }
    if step.isLast { sendIdle() }
    return step
  }

  /// Takes over the observation that has come.
  private func take(into step: inout TestStep) throws {
    let sensed = endpoint.observation.step
    // A robot may send any number.
    if sensed > stepNumber { misses += Int(sensed - stepNumber) - 1 }
    guard let reward = endpoint.observation.reward else { throw LinkedRobotError.noReward(address) }
    step.reward += Double(reward)
    step.isLast = endpoint.observation.isLast
    try look()
  }

  private func look() throws {
    if endpoint.observation.latch != nil { throw LinkedRobotError.latched(address) }
    (episode, stepNumber, arrival) = (endpoint.observation.episode, endpoint.observation.step, monotonicNanoseconds())
    for index in observation.indices { observation[index] = endpoint.observation.state[index] }
  }

  /// Asks until the robot has obeyed.
  private func ask(seed: UInt64, keepsState: Bool) throws {
    number += 1
    let request = TaskRequest(
      task: UInt32(task), seed: seed, number: number, keepsState: keepsState, behaviour: FixedText(behaviour))
    let end = monotonicNanoseconds() + patienceNanoseconds
    var next: UInt64 = 0
    while monotonicNanoseconds() < end {
      if endpoint.session.isConnected, monotonicNanoseconds() >= next {
        endpoint.send(request)
        next = monotonicNanoseconds() + Self.repeatNanoseconds
      }
      guard try awaitObservation(until: min(end, max(next, monotonicNanoseconds() + Self.stopNanoseconds))),
        endpoint.observation.taskRequest == number
      else { continue }
      if keepsState, endpoint.observation.step != stepNumber {
        pendingReward += endpoint.observation.reward.map(Double.init) ?? 0
      }
      return try look()
    }
    throw LinkedRobotError.unanswered(address, task: task, seconds: Double(patienceNanoseconds) * 1e-9)
  }

  /// False when time is up.
  private func awaitObservation(until nanoseconds: UInt64) throws -> Bool {
    while true {
      let now = monotonicNanoseconds()
      switch endpoint.next(until: min(nanoseconds, now + Self.stopNanoseconds)) {
      case .link(.observation): return true
      case .link(.taskRefused):
        throw LinkedRobotError.taskRefused(
          address, task: task, behaviour: behaviour, reason: endpoint.session.peerText.description)
      case .link(.goodbye): throw LinkedRobotError.ended(address)
      case .link(.refused): throw LinkedRobotError.unfit(address, reason: endpoint.session.peerText.description)
      case .link(.contradiction):
        throw LinkedRobotError.contradiction(address, reason: endpoint.session.peerText.description)
      case .timeout where now + Self.stopNanoseconds >= nanoseconds: return false
      case .timeout, .silent, .link(.none), .link(.connected), .link(.busy): break
      }
      if isCancelled() { throw DataError.cancelled }
    }
  }

  private func send(_ action: [Float]) {
    // Nothing moves on what is no number.
    guard behaviour.isEmpty, action.allSatisfy(\.isFinite) else { return sendIdle() }
    message.answer(endpoint.observation)
    message.mode = .plan
    for (index, value) in action.enumerated() { message.command[index] = description.limits[index].clamped(value) }
    endpoint.send(message)
  }

  /// An answer that commands nothing: what stands for zero.
  private func sendIdle() {
    message.answer(endpoint.observation)
    message.mode = .idle
    for index in 0..<description.profile.actionSize { message.command[index] = description.limits[index].neutral }
    endpoint.send(message)
  }
}

/// What can go wrong with a robot at the end of a link. Exit status 69.
package enum LinkedRobotError: Error, CustomStringConvertible {
  case absent(LinkAddress, seconds: Double)
  case unfit(LinkAddress, reason: String)
  case noTasks(LinkAddress)
  case endless(LinkAddress)
  case unknownTask(LinkAddress, task: Int, count: Int)
  case taskRefused(LinkAddress, task: Int, behaviour: String, reason: String)
  case unanswered(LinkAddress, task: Int, seconds: Double)
  case silent(LinkAddress, task: Int, milliseconds: UInt64)
  case ended(LinkAddress)
  case contradiction(LinkAddress, reason: String)
  case noReward(LinkAddress)
  case latched(LinkAddress)

  package var description: String {
    switch self {
    case .absent(let address, let seconds):
      "no robot answers at \(address) within \(seconds) s: start it there, or give its --link"
    case .unfit(let address, let reason): "the robot at \(address) and the model do not fit: \(reason)"
    case .noTasks(let address):
      "the robot at \(address) takes no tasks: have it say Description.task_count and obey TaskRequest "
        + "(Docs/link-protocol.md), or drive it with metadiffuserd"
    case .endless(let address):
      "the robot at \(address) says no Description.episode_length: an evaluation needs episodes that end"
    case .unknownTask(let address, let task, let count):
      "the robot at \(address) has tasks 0 to \(count - 1), not \(task): give others by --tasks"
    case .taskRefused(let address, let task, let behaviour, let reason):
      "the robot at \(address) refuses task \(task)"
        + (behaviour.isEmpty
          ? ": \(reason)"
          : " driven by its own '\(behaviour)': \(reason); "
            + "give --reference numbers or none, and --warm-start own")
    case .unanswered(let address, let task, let seconds):
      "the robot at \(address) has not begun task \(task) within \(seconds) s: it must say the request's number in "
        + "Observation.task_request"
    case .silent(let address, let task, let milliseconds):
      "the robot at \(address) fell silent for \(milliseconds) ms in task \(task): look whether it has stopped, then "
        + "start again"
    case .ended(let address): "the robot at \(address) said goodbye before the evaluation was over: start it again"
    case .contradiction(let address, let reason):
      "the robot at \(address) contradicts itself: \(reason); it must describe itself alike in every answer"
    case .noReward(let address):
      "the robot at \(address) sends no reward: nothing can be scored; have it set Observation.reward"
    case .latched(let address):
      "the robot at \(address) is latched at its safe command: lift the latch at the robot, then start again"
    }
  }
}
