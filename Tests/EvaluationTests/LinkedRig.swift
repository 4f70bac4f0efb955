// A robot in this process, at the far end of a real socket: a point in the plane that takes tasks as its settings say.

import Evaluation
import Foundation
import PlannerModel
import RobotLink

/// Walks in the plane towards the goal (cos, sin) of a third of its task's number; 20 steps an episode.
final class LinkedRig: Sendable {
  /// How the robot deviates from what is good.
  struct Settings: Sendable {
    var taskCount: UInt32 = 20
    var lockstep = true
    var periodNanoseconds: UInt64 = 100_000_000
    var behaviours = ["expert", "random"]
    /// From this observation on, counted since its start, it does so.
    var silentFrom = Int.max, goodbyeAt = Int.max, latchedFrom = Int.max
    /// Every so many answers one is lost: the robot asks again.
    var losesEvery = Int.max
    var knowsReward = true
    var episodeLength = 20
  }

  let address: LinkAddress

  init(_ settings: Settings = Settings()) throws {
    let profile = RobotProfile(
      family: "point-robot", observationSize: 2, actionSize: 2, periodNanoseconds: settings.periodNanoseconds)
    let robot = PointOnLink(
      try RobotEndpoint(
        listeningAt: LinkAddress(host: "127.0.0.1", port: 0),
        description: RobotDescription(
          profile: profile, name: "rig", actionLimit: 0.1, episodeLength: settings.episodeLength,
          lockstep: settings.lockstep, taskCount: settings.taskCount),
        silenceNanoseconds: 10_000_000_000), settings)
    address = LinkAddress(host: "127.0.0.1", port: robot.port)
    nonisolated(unsafe) let captured = robot
    Thread { captured.run() }.start()
  }

  /// A bed of this robot.
  func bed(_ reference: ReferenceChoice = .automatic, patience: Double = 30) throws -> LinkedBed {
    try LinkedBed(at: address, key: nil, for: pointModel(), reference: reference, patience: patience)
  }
}

private final class PointOnLink {
  private var endpoint: RobotEndpoint
  private let settings: LinkedRig.Settings
  private var message = ObservationMessage()
  private var goal = SIMD2<Float>(1, 0), position = SIMD2<Float>()
  private var behaviour = ""
  private var sent = 0, answers = 0
  private var first: UInt32 = 0, last: UInt32 = 0

  init(_ endpoint: consuming RobotEndpoint, _ settings: LinkedRig.Settings) {
    self.endpoint = endpoint
    self.settings = settings
  }

  var port: UInt16 { endpoint.port }

  /// Longer than any test.
  func run() {
    let deadline = monotonicNanoseconds() + 120_000_000_000
    var tick = monotonicNanoseconds()
    while monotonicNanoseconds() < deadline {
      if endpoint.session.peer == nil {
        _ = endpoint.next(until: monotonicNanoseconds() + 20_000_000)
        if endpoint.session.peer != nil { begin() }
        tick = monotonicNanoseconds()
        continue
      }
      tick += settings.periodNanoseconds
      let end = settings.lockstep ? monotonicNanoseconds() + 20_000_000 : tick
      var answered = false
      var begun = false
      waiting: while true {
        switch endpoint.next(until: end) {
        case .action where endpoint.action.observationSequence &- first <= last &- first:
          answers += 1
          if answers % settings.losesEvery == 0 { break waiting }
          answered = true
          if settings.lockstep { break waiting }
        case .task:
          if !take() { continue }
          begun = true
          break waiting
        case .action, .connected: break
        case .goodbye, .refused, .none: break waiting
        }
      }
      if begun { continue }
      if settings.lockstep, !answered {
        send(again: true)
        continue
      }
      step(answered)
    }
  }

  /// True when a new episode has begun.
  private func take() -> Bool {
    let request = endpoint.session.taskRequest
    let name = request.behaviour.description
    guard name.isEmpty || settings.behaviours.contains(name) else {
      endpoint.refuseTaskRequest(FixedText("it knows \(settings.behaviours.joined(separator: ", "))"))
      return false
    }
    goal = LinkedRig.goal(Int(request.task))
    behaviour = name
    endpoint.obeyTaskRequest()
    if request.keepsState {
      send(again: true)
    } else {
      begin()
    }
    return !request.keepsState
  }

  private func begin() {
    position = SIMD2()
    message.episode += 1
    (message.step, message.reward, message.truncated) = (0, nil, false)
    send(again: false)
  }

  private func step(_ answered: Bool) {
    if message.truncated { return begin() }
    let towards = goal - position
    let command: SIMD2<Float> =
      switch behaviour {
      case "expert": towards
      case "random": SIMD2(-0.02, -0.02)
      default: answered ? SIMD2(endpoint.action.command[0], endpoint.action.command[1]) : SIMD2()
      }
    let applied = command.clamped(lowerBound: SIMD2(repeating: -0.1), upperBound: SIMD2(repeating: 0.1))
    position += applied
    (message.appliedAction[0], message.appliedAction[1]) = (applied.x, applied.y)
    let left = goal - position
    message.reward = settings.knowsReward ? -(left * left).sum().squareRoot() : nil
    message.step += 1
    message.truncated = message.step == 20
    send(again: false)
  }

  private func send(again: Bool) {
    sent += 1
    if sent >= settings.silentFrom { return }
    if sent == settings.goodbyeAt { return endpoint.sayGoodbye() }
    message.latch = sent >= settings.latchedFrom ? .stuckSensors : nil
    (message.state[0], message.state[1]) = (position.x, position.y)
    message.sampleTimeNanoseconds = monotonicNanoseconds()
    last = endpoint.send(message)
    if !again { first = last }
  }
}

extension LinkedRig {
  static func goal(_ task: Int) -> SIMD2<Float> { SIMD2(cos(Float(task) / 3), sin(Float(task) / 3)) }

  /// What an episode earns that goes straight towards the goal, by hand.
  static func expertReturn(_ task: Int) -> Double {
    total(task) { (goal(task) - $0).clamped(lowerBound: SIMD2(repeating: -0.1), upperBound: SIMD2(repeating: 0.1)) }
  }

  /// A step's rewards of who goes straight towards the goal, which is another one from a step on.
  static func expertRewards(_ old: Int, then new: Int, at change: Int) -> [Double] {
    var position = SIMD2<Float>()
    return (0..<20).map { step in
      let goal = goal(step < change ? old : new)
      position += (goal - position).clamped(lowerBound: SIMD2(repeating: -0.1), upperBound: SIMD2(repeating: 0.1))
      let left = goal - position
      return -Double((left * left).sum().squareRoot())
    }
  }

  static func randomReturn(_ task: Int) -> Double { total(task) { _ in SIMD2(-0.02, -0.02) } }

  private static func total(_ task: Int, _ action: (SIMD2<Float>) -> SIMD2<Float>) -> Double {
    var position = SIMD2<Float>()
    var total = 0.0
    for _ in 0..<20 {
      position += action(position)
      let left = goal(task) - position
      total -= Double((left * left).sum().squareRoot())
    }
    return total
  }
}
