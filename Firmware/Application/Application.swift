// The firmware's application: link, sensors, failsafe and drives in one cycle, without hardware; the clock is an
// argument.

#if !hasFeature(Embedded)  // There everything is one module.
  import ActuatorBus
  import Failsafe
  import RobotLink
#endif

/// Everything between the two serial lines. Bytes and times go in, bytes come out. Real-time: yes, `init` excepted.
public struct Application: ~Copyable {
  public let robot: RobotConfiguration
  /// Command, limits and failsafe.
  public private(set) var gate: CommandGate
  /// What was commanded last.
  public private(set) var choice = CommandChoice.idle
  /// What the drives are told about the firmware; `choice` and the command go with it.
  public var drive = BusDrive()
  /// Requests that the sensors did not answer, and answers that were no sound measurement.
  public private(set) var missedSamples: UInt32 = 0
  public private(set) var refusedSamples: UInt32 = 0
  /// Actions refused by the gate, and answers to observations that are no longer known.
  public private(set) var refusedActions: UInt32 = 0

  private var link: LinkLine
  private var toBus = ByteQueue(capacity: 2048)
  private var reader: BusReader
  private let writer: BusWriter
  private var watch: StuckWatch
  /// The button was seen released since it was last pressed: one that is stuck or held lifts one latch at most.
  private var isButtonReleased = false
  private var observation = ObservationMessage()
  private var sent = SentObservations()
  /// The command in force when the last interval ended, `[actionSize]`.
  private let applied: UnsafeMutablePointer<Float>
  /// Of what the command drives, as measured last, `[actionSize]`.
  private let velocities: UnsafeMutablePointer<Float>
  private var request = BusRequest(counter: 0, isDriven: false)
  private var requestTime: UInt64
  /// Sample time of the last observation whose answer was followed.
  private var followedTime: UInt64
  private var awaitsSensors = false
  private var nextSample: UInt64
  private var nextDecision: UInt64

  /// - Parameter wasAtWork: the processor was reset and `isAtWork` before that: a person must have a look.
  public init(robot: RobotConfiguration, now: UInt64, wasAtWork: Bool = false) {
    self.robot = robot
    let rest = takeStorage(repeating: Float(0), count: robot.actionSize)
    for index in 0..<robot.actionSize { rest[index] = robot.rest[index] }
    let limits = takeStorage(repeating: CommandLimits(within: 1), count: robot.actionSize)
    for index in 0..<robot.actionSize { limits[index] = robot.limits[index] }
    gate = CommandGate(
      times: robot.failsafeTimes, size: robot.actionSize, laterEntries: robot.laterEntries, limits: limits,
      reaction: robot.reaction, rest: rest,
      memory: takeStorage(
        repeating: Float(0), count: CommandGate.memoryCount(size: robot.actionSize, laterEntries: robot.laterEntries)))
    let profile = RobotProfile(
      family: FixedText(fixed: robot.family), observationSize: robot.observationSize, actionSize: robot.actionSize,
      periodNanoseconds: robot.periodNanoseconds, schema: robot.schema)
    let channels = ChannelTable(observationCount: robot.observationSize, actionCount: robot.actionSize)
    for index in 0..<robot.observationSize {
      channels[observation: index].name = FixedText(fixed: robot.sensors[index])
    }
    for index in 0..<robot.actionSize {
      channels[action: index] = LinkChannel(
        name: FixedText(fixed: robot.drives[index]), lower: limits[index].lower, upper: limits[index].upper,
        slew: limits[index].slewPerSecond)
    }
    link = LinkLine(
      description: RobotDescription(
        profile: profile, name: FixedText(fixed: robot.name), actionLimit: 1, episodeLength: robot.episodeLength,
        lockstep: false),
      channels: channels)
    reader = BusReader(memory: takeStorage(repeating: UInt64(0), count: BusReader.memoryBytes / 8 + 1))
    writer = BusWriter(memory: takeStorage(repeating: UInt64(0), count: BusWriter.memoryBytes / 8 + 1))
    applied = takeStorage(repeating: Float(0), count: robot.actionSize)
    velocities = takeStorage(repeating: Float(0), count: robot.actionSize)
    watch = StuckWatch(
      observationSize: robot.observationSize, actionSize: robot.actionSize, limits: limits,
      memory: takeStorage(
        repeating: Float(0),
        count: StuckWatch.memoryCount(observationSize: robot.observationSize, actionSize: robot.actionSize)))
    requestTime = now
    followedTime = now
    nextSample = now
    nextDecision = now
    if wasAtWork { gate.failsafe.goSafe(.reset) }
  }

  /// The robot is driven by plans, on its way to SAFE, or there: what a reset must not wipe out.
  public var isAtWork: Bool { @_noAllocation @_noLocks get { !choice.isIdle || gate.failsafe.isSafe } }

  public var isDriven: Bool { @_noAllocation @_noLocks get { link.isDriven } }

  /// Bytes for the robot link; `linkTook` tells how many of them it took.
  public var linkOutput: UnsafeRawBufferPointer { @_noAllocation @_noLocks get { link.output.waiting } }

  @_noAllocation @_noLocks
  public mutating func linkTook(_ count: Int) { link.took(count) }

  /// Bytes for the bus; `busTook` tells how many of them it took.
  public var busOutput: UnsafeRawBufferPointer { @_noAllocation @_noLocks get { toBus.waiting } }

  @_noAllocation @_noLocks
  public mutating func busTook(_ count: Int) { toBus.drop(count) }

  /// Frames for which a line had no room.
  public var droppedFrames: UInt32 { @_noAllocation @_noLocks get { toBus.dropped &+ link.output.dropped } }

  // MARK: The link

  /// Takes in bytes that the controller sent.
  @_noAllocation @_noLocks
  public mutating func receiveFromLink(_ bytes: UnsafeRawBufferPointer, now: UInt64) {
    for index in 0..<bytes.count {
      switch link.push(bytes[index], now: now) {
      case .action: follow(now: now)
      case .goodbye, .refused: gate.failsafe.standDown()
      // A hand-shake comes by itself: it lifts no latch, and the last plan runs out as it would have.
      // Nor does a request for a task mean anything: the session refuses it, as there is one task.
      case .connected, .task, .none: break
      }
    }
  }

  /// Offers the action that has come to the gate.
  @_noAllocation @_noLocks
  private mutating func follow(now: UInt64) {
    guard let answered = sent.find(link.action.observationSequence) else {
      refusedActions &+= 1
      return
    }
    // In the answer to what told of this very latch: a person has seen it. What moves the robot comes after that.
    if link.action.rearms, gate.failsafe.isSafe, answered.latch == drive.latches {
      gate.failsafe.rearm()
      return
    }
    let entry: Int
    switch link.action.mode {
    case .plan: entry = 0
    case .earlierPlan: entry = Int(truncatingIfNeeded: link.action.planEntry)
    case .idle:
      if sent.isNewest(answered) { gate.failsafe.standDown() }
      return
    case .hold, .ramp, .safe:
      // The controller has no plan; what follows is the failsafe's own, and it has begun.
      return
    }
    // The answer to an episode's last observation is a heartbeat.
    if answered.isLast {
      gate.failsafe.standDown()
      return
    }
    let verdict = gate.offer(
      link.action.command, later: link.action.laterCommands, count: link.action.laterEntries, now: now,
      observationTime: answered.time, entry: entry)
    guard verdict == .accepted else {
      refusedActions &+= 1
      return
    }
    followedTime = answered.time
    drive.latencyMicroseconds = UInt32(truncatingIfNeeded: (now &- answered.time) / 1000)
    decide(now: now)
  }

  // MARK: The bus

  /// Takes in bytes that the sensors sent.
  @_noAllocation @_noLocks
  public mutating func receiveFromBus(_ bytes: UnsafeRawBufferPointer, now: UInt64) {
    for index in 0..<bytes.count {
      guard case .sensors(let sensors) = reader.push(bytes[index]) else { continue }
      guard awaitsSensors, sensors.counter == request.counter, reader.count == robot.observationSize, isPlausible()
      else {
        refusedSamples &+= 1
        continue
      }
      awaitsSensors = false
      take(sensors, now: now)
      if link.isDriven { report(sensors) }
    }
  }

  @_noAllocation @_noLocks
  private func isPlausible() -> Bool {
    for index in 0..<reader.count where abs(reader.values[index]) > robot.plausibleState { return false }
    return true
  }

  /// Looks at the button, and at whether the sensors live.
  @_noAllocation @_noLocks
  private mutating func take(_ sensors: BusSensors, now: UInt64) {
    if sensors.isButtonPressed, isButtonReleased { gate.failsafe.rearm() }
    isButtonReleased = !sensors.isButtonPressed
    for index in 0..<robot.actionSize { velocities[index] = reader.values[robot.firstVelocity + index] }
    gate.measure(velocities, now: now)
    if watch.note(reader.values, command: applied), !gate.failsafe.isSafe {
      gate.failsafe.goSafe(.stuckSensors)
      decide(now: now)
    }
  }

  /// Sends the measurement to the controller.
  @_noAllocation @_noLocks
  private mutating func report(_ sensors: BusSensors) {
    for index in 0..<robot.observationSize { observation.state[index] = reader.values[index] }
    for index in 0..<robot.actionSize { observation.appliedAction[index] = applied[index] }
    observation.reward = sensors.step == 0 ? nil : sensors.reward
    observation.episode = sensors.episode
    observation.step = sensors.step
    observation.terminated = sensors.terminated
    observation.truncated = sensors.truncated
    observation.sampleTimeNanoseconds = requestTime
    observation.latch = gate.failsafe.latch.map { $0.told }
    let sequence = link.send(observation)
    sent.append(
      SentObservation(
        sequence: sequence, time: requestTime, isLast: observation.isLast,
        latch: gate.failsafe.isSafe ? drive.latches : 0))
  }

  // MARK: Time

  /// What time alone brings. Call it at least every millisecond.
  @_noAllocation @_noLocks
  public mutating func poll(now: UInt64) {
    if now >= nextSample {
      // Overruns keep phase: ticks that have passed are left out.
      nextSample = Self.tick(after: now, from: nextSample, every: robot.periodNanoseconds)
      sample(now: now)
    }
    if now >= nextDecision {
      nextDecision = Self.tick(after: now, from: nextDecision, every: robot.decisionNanoseconds)
      decide(now: now)
    }
    link.poll(now: now)
  }

  /// The first of the ticks from `first`, which has passed, on that lies after `now`. At once, whatever the clock has
  /// done.
  @_noAllocation @_noLocks
  private static func tick(after now: UInt64, from first: UInt64, every interval: UInt64) -> UInt64 {
    let (tick, overflow) = now.addingReportingOverflow(interval - (now - first) % interval)
    return overflow ? .max : tick
  }

  @_noAllocation @_noLocks
  private mutating func sample(now: UInt64) {
    if awaitsSensors { missedSamples &+= 1 }
    // Not its mean: what a command costs is mostly quadratic, and a mean would make the robot's rewards look too low
    // for it.
    for index in 0..<robot.actionSize { applied[index] = gate.output[index] }
    request.counter &+= 1
    request.isDriven = link.isDriven
    requestTime = now
    awaitsSensors = true
    toBus.append(writer.encode(request))
  }

  /// Moves the command on and tells the drives.
  @_noAllocation @_noLocks
  private mutating func decide(now: UInt64) {
    let before = choice
    choice = gate.update(now: now)
    if choice.mode.isLapse, !before.mode.isLapse { drive.lapses &+= 1 }
    if choice.isLatched, !before.isLatched {
      drive.latches &+= 1
      drive.latchMicroseconds = UInt32(truncatingIfNeeded: (now &- followedTime) / 1000)
    }
    drive.mode = choice.mode
    drive.latchReason = gate.failsafe.latch.map { $0.code } ?? 0
    drive.counter &+= 1
    drive.timeMicroseconds = UInt32(truncatingIfNeeded: now / 1000)
    toBus.append(writer.encode(drive, command: gate.output, count: robot.actionSize))
    drive.latencyMicroseconds = 0
  }
}

// As switches: the comparison of enums of another module is nothing that `@_noAllocation` knows.
extension CommandChoice {
  var isLatched: Bool {
    @_noAllocation @_noLocks get {
      switch self {
      case .safe: true
      case .plan, .earlierPlan, .idle, .hold, .ramp: false
      }
    }
  }

  var isIdle: Bool {
    @_noAllocation @_noLocks get {
      switch self {
      case .idle: true
      case .plan, .earlierPlan, .hold, .ramp, .safe: false
      }
    }
  }
}

extension LatchReason {
  /// As the drives are told it.
  var code: UInt8 {
    @_noAllocation @_noLocks get {
      switch self {
      case .silence: 1
      case .stuckSensors: 2
      case .reset: 3
      }
    }
  }

  /// As the controller is told it.
  var told: RobotLatch {
    @_noAllocation @_noLocks get {
      switch self {
      case .silence: .silence
      case .stuckSensors: .stuckSensors
      case .reset: .reset
      }
    }
  }
}
