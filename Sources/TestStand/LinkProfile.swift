// The measurements of `link-profile`: both ends in this process, the robot on a thread of its own.

import ControlRuntime
import Glibc
import Histogram
import RobotLink
import Synchronization

package enum LinkProfile {
  package struct Bytes: Encodable {
    package var observation = 0, action = 0, observationLine = 0, actionLine = 0, sealed = 0
  }

  package struct Codec: Encodable {
    package var name: String
    /// Processor time of this thread per frame.
    package var encodeMicroseconds: Double, decodeMicroseconds: Double
  }

  package struct RoundTrips: Encodable {
    package var cycles: Int
    package var p50Microseconds: Double, p999Microseconds: Double, maxMicroseconds: Double
    /// Heap allocations during all round trips, by each end's thread.
    package var robotAllocations: UInt64, controllerAllocations: UInt64
  }

  private static let profile = RobotProfile(
    family: "cheetah-vel", observationSize: 17, actionSize: 6, periodNanoseconds: 50_000_000)

  private static var description: RobotDescription {
    RobotDescription(profile: profile, name: "link profile", actionLimit: 1, episodeLength: 200, lockstep: true)
  }

  /// A message with every optional field in use.
  private static func makeObservation() -> ObservationMessage {
    var message = ObservationMessage()
    for entry in 0..<17 { message.state[entry] = Float(entry) / 8 }
    (message.reward, message.step, message.episode) = (-0.5, 100, 1)
    message.sampleTimeNanoseconds = monotonicNanoseconds()
    return message
  }

  private static func makeAction() -> ActionMessage {
    var message = ActionMessage()
    for entry in 0..<6 { message.command[entry] = Float(entry) / 8 }
    message.mode = .plan
    message.laterEntries = LinkLimits.laterEntries
    (message.plan, message.planMicroseconds, message.denoisingSteps) = (300, 5_000, 2)
    (message.predictedReturn, message.hasPredictedState) = (-3, true)
    return message
  }

  /// Two sessions that have met.
  private struct Pair: ~Copyable {
    var robot = RobotSession(description: LinkProfile.description, epoch: 7, silenceNanoseconds: .max)
    var controller = ControllerSession(
      profile: LinkProfile.profile, model: "link profile", epoch: 8, silenceNanoseconds: .max)
    var observation = LinkProfile.makeObservation()
    var action = LinkProfile.makeAction()

    init() {
      _ = controller.poll(now: 1)
      _ = robot.receive(controller.reply, from: .line, now: 1, action: &action)
      _ = controller.receive(robot.reply, now: 1, observation: &observation)
      observation = LinkProfile.makeObservation()
      action = LinkProfile.makeAction()
    }
  }

  package static func bytes() -> Bytes {
    var pair = Pair()
    var result = Bytes()
    let observation = pair.robot.encode(pair.observation)
    (result.observation, result.observationLine) = (observation.count, serialBytes(observation))
    result.sealed = SealFormat.overhead(SealFormat.frame)
    _ = pair.controller.receive(observation, now: 1, observation: &pair.observation)
    pair.action.answer(pair.observation)
    let action = pair.controller.encode(pair.action)
    result.action = action.count
    // As the controller does on serial lines.
    pair.action.hasPredictedState = false
    pair.action.laterEntries = ControlOptions.laterEntriesOnLine
    result.actionLine = serialBytes(pair.controller.encode(pair.action))
    return result
  }

  /// Processor time of encoding, and of checking, decoding and validating; minima of ten runs.
  package static func codec(frames: Int) -> [Codec] {
    var observation = Codec(name: "observation", encodeMicroseconds: .infinity, decodeMicroseconds: .infinity)
    var action = Codec(name: "action", encodeMicroseconds: .infinity, decodeMicroseconds: .infinity)
    var pair = Pair()
    func note(_ best: inout Double, _ start: UInt64, _ count: Int) {
      best = min(best, Double(threadTime() - start) / 1e3 / Double(count))
    }
    // A batch is kept so that making and taking apart are timed alone.
    let count = frames / 10
    let kept = UnsafeMutableRawBufferPointer.allocate(byteCount: count * 256, alignment: 16)
    defer { kept.deallocate() }
    for _ in 0..<10 {
      var size = 0
      var start = threadTime()
      for index in 0..<count {
        let frame = pair.robot.encode(pair.observation)
        size = frame.count
        UnsafeMutableRawBufferPointer(rebasing: kept[index * 256..<index * 256 + size]).copyMemory(from: frame)
      }
      note(&observation.encodeMicroseconds, start, count)
      start = threadTime()
      for index in 0..<count {
        let frame = UnsafeRawBufferPointer(rebasing: kept[index * 256..<index * 256 + size])
        _ = pair.controller.receive(frame, now: 1, observation: &pair.observation)
      }
      note(&observation.decodeMicroseconds, start, count)
      pair.action.answer(pair.observation)
      start = threadTime()
      for index in 0..<count {
        let frame = pair.controller.encode(pair.action)
        size = frame.count
        UnsafeMutableRawBufferPointer(rebasing: kept[index * 256..<index * 256 + size]).copyMemory(from: frame)
      }
      note(&action.encodeMicroseconds, start, count)
      start = threadTime()
      for index in 0..<count {
        let frame = UnsafeRawBufferPointer(rebasing: kept[index * 256..<index * 256 + size])
        _ = pair.robot.receive(frame, from: .line, now: 1, action: &pair.action)
      }
      note(&action.decodeMicroseconds, start, count)
    }
    return [observation, action]
  }

  /// The same of sealing and unsealing a frame of an action's size.
  package static func seal(_ key: LinkKey, frames: Int) -> Codec {
    var result = Codec(name: "seal", encodeMicroseconds: .infinity, decodeMicroseconds: .infinity)
    var robot = RobotSeal(key: key)
    var controller = ControllerSeal(key: key, quietNanoseconds: .max / 2)
    let frame = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes().action, alignment: 16)
    defer { frame.deallocate() }
    frame.initializeMemory(as: UInt8.self, repeating: 7)
    _ = robot.receive(controller.send(UnsafeRawBufferPointer(frame), now: 1), from: .line, now: 1)
    _ = controller.receive(robot.reply, now: 1)
    _ = robot.receive(controller.reply, from: .line, now: 1)
    _ = controller.receive(robot.send(UnsafeRawBufferPointer(frame), to: .line), now: 1)
    let count = frames / 10
    let kept = UnsafeMutableRawBufferPointer.allocate(byteCount: count * 256, alignment: 16)
    defer { kept.deallocate() }
    for _ in 0..<10 {
      var size = 0
      var start = threadTime()
      for index in 0..<count {
        let sealed = controller.send(UnsafeRawBufferPointer(frame), now: 1)
        size = sealed.count
        UnsafeMutableRawBufferPointer(rebasing: kept[index * 256..<index * 256 + size]).copyMemory(from: sealed)
      }
      result.encodeMicroseconds = min(result.encodeMicroseconds, Double(threadTime() - start) / 1e3 / Double(count))
      start = threadTime()
      for index in 0..<count {
        _ = robot.receive(UnsafeRawBufferPointer(rebasing: kept[index * 256..<index * 256 + size]), from: .line, now: 1)
      }
      result.decodeMicroseconds = min(result.decodeMicroseconds, Double(threadTime() - start) / 1e3 / Double(count))
    }
    return result
  }

  /// From sending an observation to having its action, one after the other, without planning in between.
  /// `allocationCount` is the calling thread's.
  package static func roundTrips(
    _ address: LinkAddress, key: LinkKey? = nil, cycles: Int, allocationCount: @escaping @Sendable () -> UInt64
  ) throws -> RoundTrips {
    let far = try FarEnd(address, key: key, allocationCount: allocationCount)
    var controller = try ControllerEndpoint(
      connectingTo: far.controllerAddress, profile: profile, model: "link profile", silenceNanoseconds: 5_000_000_000,
      key: key
    )
    var action = makeAction()
    // The controller's thread is this one; the robot measures, because a cycle starts with it.
    let thread = try far.start(cycles: cycles)
    var allocations: UInt64 = 0
    var answered = 0
    let limit = monotonicNanoseconds() + 120_000_000_000
    while answered < cycles + FarEnd.warmUp, monotonicNanoseconds() < limit {
      guard controller.next(until: limit) == .link(.observation) else { continue }
      action.answer(controller.observation)
      controller.send(action)
      answered += 1
      if answered == FarEnd.warmUp { allocations = allocationCount() }
    }
    allocations = allocationCount() - allocations
    pthread_join(thread, nil)
    let times = far.times
    return RoundTrips(
      cycles: Int(times.totalCount), p50Microseconds: Double(times.valueAtPercentile(50)) / 1e3,
      p999Microseconds: Double(times.valueAtPercentile(99.9)) / 1e3, maxMicroseconds: Double(times.max) / 1e3,
      robotAllocations: far.allocations, controllerAllocations: allocations)
  }

  private static func threadTime() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  /// The robot and its thread. Used by one thread at a time: made here, run there, read after the join.
  private final class FarEnd {
    static let warmUp = 100
    private(set) var times = Histogram<UInt64>(highestTrackableValue: 60_000_000_000)
    private(set) var allocations: UInt64 = 0
    private var endpoint: RobotEndpoint
    private var cycles = 0
    private let allocationCount: @Sendable () -> UInt64
    let controllerAddress: LinkAddress

    init(_ address: LinkAddress, key: LinkKey?, allocationCount: @escaping @Sendable () -> UInt64) throws(LinkError) {
      self.allocationCount = allocationCount
      endpoint = try RobotEndpoint(
        listeningAt: address, description: LinkProfile.description, silenceNanoseconds: 5_000_000_000, key: key)
      controllerAddress =
        switch address {
        case .pty(let path): .serial(path: path, baud: LinkAddress.defaultBaud)
        default: .udp(host: "127.0.0.1", port: endpoint.port)
        }
    }

    func start(cycles: Int) throws -> pthread_t {
      self.cycles = cycles
      var thread = pthread_t()
      let code = pthread_create(
        &thread, nil,
        {
          Unmanaged<FarEnd>.fromOpaque($0!).takeRetainedValue().run()
          return nil
        }, Unmanaged.passRetained(self).toOpaque())
      guard code == 0 else {
        throw LinkPeerError(description: "cannot start a thread: \(String(cString: strerror(code)))")
      }
      return thread
    }

    private func run() {
      let limit = monotonicNanoseconds() + 120_000_000_000
      while endpoint.session.peer == nil, monotonicNanoseconds() < limit {
        _ = endpoint.next(until: monotonicNanoseconds() + 100_000_000)
      }
      let observation = LinkProfile.makeObservation()
      var before: UInt64 = 0
      for cycle in 0..<cycles + Self.warmUp {
        if cycle == Self.warmUp { before = allocationCount() }
        let start = monotonicNanoseconds()
        let sequence = endpoint.send(observation)
        while monotonicNanoseconds() < limit {
          guard endpoint.next(until: start + 1_000_000_000) == .action,
            endpoint.action.observationSequence == sequence
          else { continue }
          break
        }
        if cycle >= Self.warmUp { times.record(monotonicNanoseconds() - start) }
      }
      allocations = allocationCount() - before
    }
  }
}
