// The control loop on a real socket, driven by a lockstep robot, with the sanitizer watching its thread from first to last.
//
// With --violate the thread allocates once instead: a run that the sanitizer must stop.

import CRealtimeSanitizer
import ControlLoop
import Foundation
import PlannerModel
import PlannerRuntime
import RobotLink

let episodes = 50
let episodeLength: UInt32 = 20
let period: UInt64 = 100_000_000

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
func drive(_ robot: inout RobotEndpoint) -> Int {
  var observation = ObservationMessage()
  var plans = 0
  while robot.next(until: monotonicNanoseconds() + 10_000_000_000) != .connected {}
  for episode in 0..<UInt32(episodes) {
    observation.episode = episode
    for step in 0...episodeLength {
      observation.step = step
      observation.reward = step == 0 ? nil : -1
      observation.truncated = step == episodeLength
      observation.sampleTimeNanoseconds = monotonicNanoseconds()
      observation.state[0] = Float(step) / 10
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

if CommandLine.arguments.contains("--violate") {
  __rtsan_realtime_enter()
  let memory = UnsafeMutablePointer<Float>.allocate(capacity: 1000)
  memory.initialize(repeating: 1, count: 1000)
  __rtsan_realtime_exit()
  print("the sanitizer let \(memory[999]) allocation pass")
  memory.deallocate()
  exit(0)
}

let profile = RobotProfile(family: "sanitizer", observationSize: 2, actionSize: 2, periodNanoseconds: period)
// With a key, so that sealing is under the sanitizer too.
let key = try LinkKey.random()
var robot = try RobotEndpoint(
  listeningAt: LinkAddress(host: "127.0.0.1", port: 0),
  description: RobotDescription(
    profile: profile, name: "sanitizer", actionLimit: 1, episodeLength: Int(episodeLength), lockstep: true),
  silenceNanoseconds: 10_000_000_000, key: key)
var options = ControlOptions()
options.key = key
options.exitsWithRobot = true
let loop = try ControlLoop(
  model: makeModel(), options: options, address: LinkAddress(host: "127.0.0.1", port: robot.port))
nonisolated(unsafe) let running = loop
let done = DispatchSemaphore(value: 0)
Thread.detachNewThread {
  __rtsan_realtime_enter()
  running.run()
  __rtsan_realtime_exit()
  done.signal()
}
let plans = drive(&robot)
done.wait()
let expected = episodes * Int(episodeLength)
print("\(loop.statistics.cycles) cycles, \(plans) plans, context \(loop.hasContext ? "used" : "missing"): no violation")
exit(plans == expected && loop.hasContext ? 0 : 1)
