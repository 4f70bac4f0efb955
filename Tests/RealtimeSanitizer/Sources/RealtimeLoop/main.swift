// The control loop on real links, driven by a robot, with the sanitizer watching its threads from first to last: over
// UDP with a key and on a serial line, with a belief and with an encoder that infers while it drives, with plans that
// fail and plans that come too late, with one thread and two.
//
// With --violate this thread allocates once instead, with --violate-helper the planner's: runs that the sanitizer must
// stop.

import CRealtimeSanitizer
import ControlRuntime
import Foundation
import PlannerModel
import PlannerRuntime
import RobotLink

let episodes = 20
let episodeLength: UInt32 = 20
let period: UInt64 = 100_000_000

/// A run of the loop, and what must come of it.
struct Scenario {
  let name: String
  var isOnLine = false
  var options = ControlOptions()
  /// What of the model's planning settings is otherwise.
  var planning: @Sendable (inout PlannerOptions) -> Void = { _ in }
  /// The robot waits for its answers.
  var isLockstep = true
  /// Of every episode the middle has no plan: its states are beyond all that was trained on, or it seems to have waited
  /// too long.
  var trouble = Trouble.none

  enum Trouble { case none, absurdStates, lateObservations }

  static let all: [Scenario] = {
    func options(_ change: (inout ControlOptions) -> Void) -> ControlOptions {
      var options = ControlOptions()
      options.exitsWithRobot = true
      change(&options)
      return options
    }
    return [
      Scenario(name: "udp with a key, belief", options: options { _ in }, planning: { $0.exploration = 0.3 }),
      Scenario(name: "serial line, belief", isOnLine: true, options: options { _ in }),
      Scenario(
        name: "udp with a key, encoder online",
        options: options { $0.warmStartEpisodes = 5 },
        planning: { $0.contextInference = .encoder }),
      Scenario(name: "plans that fail", options: options { _ in }, trouble: .absurdStates),
      Scenario(
        name: "plans too late", options: options { _ in }, isLockstep: false, trouble: .lateObservations),
      Scenario(name: "two threads", options: options { $0.threads = 2 }),
      Scenario(
        name: "serial line, two threads, plans that fail", isOnLine: true, options: options { $0.threads = 2 },
        trouble: .absurdStates),
    ]
  }()
}

/// A model of random weights for a robot of 2 observation and 2 action entries, whose context is a belief.
func makeModel() throws -> LoadedModel {
  let shape = PlannerShape(
    observationSize: 2, actionSize: 2, contextSize: 4, horizon: 8, channels: [16, 16], denoisingSteps: 10)
  let description = ModelDescription(family: "sanitizer", shape: shape, periodNanoseconds: period, actionLimit: 1)
  let weights = PlannerWeights.random(shape, seed: 5)
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("rtsan-\(UUID().uuidString)").path
  defer { try? FileManager.default.removeItem(atPath: path) }
  let bank = ContextBank.random(shape, count: 8, seed: 3)
  try LoadedModel.write(description, statistics: weights.statistics, bank: bank, to: path) { tensor in
    weights.tensors[tensor.name]!.map { Float($0) }
  }
  return try LoadedModel(path: path)
}

/// Drives `loop` for all episodes from the robot's end; returns how many observations were answered by a plan.
func drive(_ robot: inout RobotEndpoint, _ scenario: Scenario) -> Int {
  var observation = ObservationMessage()
  var plans = 0
  var waited: UInt64 = 0
  while robot.next(until: monotonicNanoseconds() + 10_000_000_000) != .connected {}
  for episode in 0..<UInt32(episodes) {
    observation.episode = episode
    for step in 0...episodeLength {
      let isTroubled = (8..<12).contains(step)
      observation.step = step
      observation.reward = step == 0 ? nil : -1
      observation.truncated = step == episodeLength
      if isTroubled, case .lateObservations = scenario.trouble { waited += 2 * period }
      observation.sampleTimeNanoseconds = monotonicNanoseconds() &- waited
      observation.state[0] = Float(step) / 10
      if isTroubled, case .absurdStates = scenario.trouble { observation.state[0] = 1e30 }
      let sequence = robot.send(observation)
      while robot.next(until: monotonicNanoseconds() + 10_000_000_000) == .action,
        robot.action.observationSequence != sequence
      {}
      if robot.action.mode == .plan { plans += 1 }
      for index in 0..<2 { observation.appliedAction[index] = robot.action.command[index] }
    }
  }
  robot.sayGoodbye()
  return plans
}

/// Runs the loop of `scenario` to its end; what is wrong with it, or nil.
func run(_ scenario: Scenario) throws -> String? {
  let line = NSTemporaryDirectory() + "rtsan-\(UUID().uuidString)"
  let profile = RobotProfile(family: "sanitizer", observationSize: 2, actionSize: 2, periodNanoseconds: period)
  // With a key, so that sealing is under the sanitizer too.
  let key = scenario.isOnLine ? nil : try LinkKey.random()
  var robot = try RobotEndpoint(
    listeningAt: scenario.isOnLine ? .pty(path: line) : LinkAddress(host: "127.0.0.1", port: 0),
    description: RobotDescription(
      profile: profile, name: "sanitizer", actionLimit: 1, episodeLength: Int(episodeLength),
      lockstep: scenario.isLockstep),
    silenceNanoseconds: 10_000_000_000, key: key)
  var options = scenario.options
  options.key = key
  let model = try makeModel()
  var settings = model.description.options
  scenario.planning(&settings)
  options.planner = settings
  let loop = try ControlLoop(
    model: model, options: options,
    address: scenario.isOnLine
      ? .serial(path: line, baud: LinkAddress.defaultBaud) : LinkAddress(host: "127.0.0.1", port: robot.port))
  nonisolated(unsafe) let running = loop
  let done = DispatchSemaphore(value: 0)
  running.onHelper({ _ in __rtsan_realtime_enter() })
  Thread.detachNewThread {
    __rtsan_realtime_enter()
    running.run()
    __rtsan_realtime_exit()
    done.signal()
  }
  let plans = drive(&robot, scenario)
  done.wait()
  running.onHelper({ _ in __rtsan_realtime_exit() })
  let statistics = loop.statistics
  let fallbacks = statistics.earlierPlans + statistics.holds + statistics.ramps + statistics.safes + statistics.idles
  print("\(scenario.name): \(statistics.cycles) cycles, \(plans) plans, \(fallbacks) fallbacks")
  if !loop.hasContext { return "has no context" }
  switch scenario.trouble {
  case .none: return plans == episodes * Int(episodeLength) ? nil : "has not planned every cycle"
  case .absurdStates: return statistics.failedPlans > 0 && fallbacks > episodes ? nil : "has failed no plan"
  case .lateObservations: return statistics.skippedPlans > 0 && fallbacks > episodes ? nil : "has left out no plan"
  }
}

/// What must not pass.
let allocate: @convention(c) (UnsafeMutableRawPointer?) -> Void = { _ in
  __rtsan_realtime_enter()
  let memory = UnsafeMutablePointer<Float>.allocate(capacity: 1000)
  memory.initialize(repeating: 1, count: 1000)
  __rtsan_realtime_exit()
  print("the sanitizer let \(memory[999]) allocation pass")
  memory.deallocate()
}

switch CommandLine.arguments.dropFirst().first {
case "--violate":
  allocate(nil)
  exit(0)
case "--violate-helper":
  let planner = try Planner(weights: makeModel().weights, options: PlannerOptions(), threads: 2)
  planner.onHelper(allocate)
  exit(0)
default: break
}

// A name picks one of the scenarios.
let chosen = Scenario.all.filter { CommandLine.arguments.count < 2 || $0.name == CommandLine.arguments[1] }
for scenario in chosen {
  if let problem = try run(scenario) {
    print("\(scenario.name): \(problem)")
    exit(1)
  }
}
print("no violation")
exit(chosen.isEmpty ? 1 : 0)
