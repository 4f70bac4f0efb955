// Drives a robot over a transport of its own: both ends in one program, joined by a pair of local sockets.

import ControlRuntime
import Glibc
import PlannerModel
import RobotLink

/// One end of a pair of sockets that keep the bounds of frames.
final class SocketPairEnd: FrameTransport {
  let name: String
  private let descriptor: Int32

  static func pair() -> (SocketPairEnd, SocketPairEnd) {
    var ends: [Int32] = [0, 0]
    guard socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0, &ends) == 0 else { fatalError("socketpair: \(errno)") }
    return (SocketPairEnd("controller's end", ends[0]), SocketPairEnd("robot's end", ends[1]))
  }

  init(_ name: String, _ descriptor: Int32) { (self.name, self.descriptor) = (name, descriptor) }
  deinit { close(descriptor) }

  func receive(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    max(0, recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT | MSG_TRUNC)))
  }

  func send(_ frame: UnsafeRawBufferPointer) -> Bool {
    Glibc.send(descriptor, frame.baseAddress, frame.count, Int32(MSG_DONTWAIT)) == frame.count
  }

  func wait(until nanoseconds: UInt64) {
    let now = monotonicNanoseconds()
    guard nanoseconds > now else { return }
    let rest = min(nanoseconds - now, 1_000_000_000)
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    // In whole milliseconds, of which the last is not waited for.
    poll(&entry, 1, Int32(rest / 1_000_000))
  }
}

let path = CommandLine.arguments.dropFirst().first ?? "Models/point-robot.safetensors"
let model = try LoadedModel(path: path)
let (near, far) = SocketPairEnd.pair()

// The controller, on a thread of its own.
var options = ControlOptions()
options.exitsWithRobot = true
let thread = ControlThread(loop: try ControlLoop(model: model, options: options, transport: near), options: options)
try thread.start()

// The robot: a point on a plane that is paid for being near a goal, which nobody tells the controller.
let goal: (Float, Float) = (0.6, 0.8)
let shape = model.description.shape
let profile = RobotProfile(
  family: model.description.family, observationSize: shape.observationSize, actionSize: shape.actionSize,
  periodNanoseconds: model.description.periodNanoseconds)
var robot = RobotEndpoint(
  over: far,
  description: RobotDescription(
    profile: profile, name: "example", actionLimit: model.description.actionLimit, episodeLength: 20, lockstep: true),
  silenceNanoseconds: 5_000_000_000)
@MainActor func wait(for event: RobotEvent) {
  let happened = robot.next(until: monotonicNanoseconds() + 5_000_000_000)
  guard happened == event else { fatalError("the controller is silent") }
}
wait(for: .connected)
var observation = ObservationMessage()
for episode in 0..<3 as Range<UInt32> {
  var (x, y): (Float, Float) = (0, 0)
  observation.episode = episode
  for step in 0...20 as ClosedRange<UInt32> {
    (observation.step, observation.truncated) = (step, step == 20)
    observation.reward = step == 0 ? nil : -((x - goal.0) * (x - goal.0) + (y - goal.1) * (y - goal.1)).squareRoot()
    observation.sampleTimeNanoseconds = monotonicNanoseconds()
    (observation.state[0], observation.state[1]) = (x, y)
    robot.send(observation)
    wait(for: .action)
    (observation.appliedAction[0], observation.appliedAction[1]) = (robot.action.command[0], robot.action.command[1])
    x += robot.action.command[0]
    y += robot.action.command[1]
  }
  print("episode \(episode): ended at \(x), \(y), reward \(observation.reward ?? 0)")
}
robot.sayGoodbye()
thread.join()
