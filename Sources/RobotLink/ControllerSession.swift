// The controller's end of the protocol as a state machine without socket or clock.

import CRobotProtocol

/// What a datagram meant to the controller.
public enum ControllerEvent: Sendable {
  /// Nothing to act on; the counters may have changed.
  case none
  /// A robot has answered and fits; observations follow. Also after a restart of the robot.
  case connected
  /// An observation has come; it lies in the message handed over.
  case observation
  /// The robot has restarted or does not know this controller any more: Hello is being said again.
  case disconnected
  /// Model and robot do not fit; `peerText` says why.
  case refused
  /// Another controller drives the robot; Hello is being said again.
  case busy
  /// The robot ends on purpose.
  case goodbye
}

/// Controller's side: says Hello until a fitting robot answers, checks its observations, notices silence and restarts.
///
/// Two states: *seeking* (Hello every 100 ms) and *connected* (Hello only while nothing is heard). Real-time: yes, `init`
/// excepted.
public struct ControllerSession: ~Copyable {
  public static var helloNanoseconds: UInt64 { 100_000_000 }
  /// Between questions for the robot's clock.
  public static var clockNanoseconds: UInt64 { 250_000_000 }

  /// What the model was trained for.
  public let profile: RobotProfile
  public let model: FixedText
  /// A robot that has not been heard for this long is gone.
  public let silenceNanoseconds: UInt64
  /// The robot's description, of the last that was accepted.
  public private(set) var robot: RobotDescription? = nil
  public private(set) var isConnected = false
  /// The robot's clock and this controller's, since the last hand-shake.
  public private(set) var clock = ClockEstimate()
  /// Why the peers do not fit, or the last text the robot sent.
  public private(set) var peerText = FixedText()
  /// Datagram to send now, set by `receive`, `poll` and `askForTime`; empty if there is none. Valid until the next call.
  public private(set) var reply = UnsafeRawBufferPointer(start: nil, count: 0)

  var channel: FrameChannel
  private var robotEpoch: UInt32 = 0
  private var lastHeard: UInt64 = 0
  private var nextHello: UInt64 = 0
  private var nextQuestion: UInt64 = 0

  /// - Parameters:
  ///   - model: its name for the robot's user; what the link has no room for is cut off.
  ///   - epoch: not 0, and another one after each start.
  public init(profile: RobotProfile, model: String, epoch: UInt32, silenceNanoseconds: UInt64) {
    self.profile = profile
    self.model = FixedText(model, cutTo: LinkLimits.nameBytes)
    self.silenceNanoseconds = silenceNanoseconds
    channel = FrameChannel(epoch: epoch)
  }

  public var counters: LinkCounters { channel.counters }

  /// Takes a datagram in. With `.observation` it lies in `observation`; else `observation` is unchanged.
  @_noAllocation @_noLocks
  public mutating func receive(
    _ datagram: UnsafeRawBufferPointer, now: UInt64, observation: inout ObservationMessage
  ) -> ControllerEvent {
    reply = UnsafeRawBufferPointer(start: nil, count: 0)
    switch channel.decode(datagram) {
    case .rejected(let reason): return drop(reason)
    case .frame(let frame):
      switch take(frame, now: now, observation: &observation) {
      case .success(let event): return event
      case .failure(let reason): return drop(reason)
      }
    }
  }

  /// What time alone brings: sets `reply` to a Hello when one is due. True if the robot has just been found silent.
  @_noAllocation @_noLocks
  public mutating func poll(now: UInt64) -> Bool {
    reply = UnsafeRawBufferPointer(start: nil, count: 0)
    let silent = isConnected && now > lastHeard && now - lastHeard >= silenceNanoseconds
    if silent { seek() }
    if now >= nextHello, !isConnected || now >= quietFrom() {
      nextHello = now + Self.helloNanoseconds
      reply = channel.encode(hello: profile, model: model)
    }
    return silent
  }

  /// When `poll` has something to do next.
  @_noAllocation @_noLocks
  public func nextPoll() -> UInt64 {
    isConnected ? min(lastHeard + silenceNanoseconds, max(nextHello, quietFrom())) : nextHello
  }

  /// Sets `reply` to a question for the robot's clock, when one is due. To be called when the answer can be awaited: one that
  /// lies in a queue meanwhile tells nothing.
  @_noAllocation @_noLocks
  public mutating func askForTime(now: UInt64) {
    reply = UnsafeRawBufferPointer(start: nil, count: 0)
    guard isConnected, now >= nextQuestion else { return }
    nextQuestion = now + Self.clockNanoseconds
    reply = channel.encode(clock: ClockStamps(asked: now))
  }

  /// Counts what the transport did not let through.
  @_noAllocation @_noLocks
  public mutating func receiveRejected(_ reason: Rejection) { channel.counters[reason] += 1 }

  /// The datagram that carries `action` to the robot. Valid until the next call.
  @_noAllocation @_noLocks
  public mutating func encode(_ action: borrowing ActionMessage) -> UnsafeRawBufferPointer {
    channel.encode(action: action, for: profile)
  }

  /// The datagram that says goodbye to the robot.
  @_noAllocation @_noLocks
  public mutating func encodeGoodbye() -> UnsafeRawBufferPointer { channel.encodeGoodbye("the controller ends") }

  /// From when a connected robot is asked by Hello whether it has restarted: it knows nobody then and sends nothing. One that
  /// has not answers with its Description, and nothing changes.
  @_noAllocation @_noLocks
  private func quietFrom() -> UInt64 {
    lastHeard + Self.quietNanoseconds(periodNanoseconds: profile.periodNanoseconds)
  }

  /// A robot that was not heard for so long may have restarted.
  @_noAllocation @_noLocks
  static func quietNanoseconds(periodNanoseconds: UInt64) -> UInt64 { max(helloNanoseconds, 2 * periodNanoseconds) }

  /// Back to saying Hello, at once unless the last one is younger than the interval: two ends must never chase each other.
  @_noAllocation @_noLocks
  private mutating func seek() { isConnected = false }

  @_noAllocation @_noLocks
  private mutating func drop(_ reason: Rejection) -> ControllerEvent {
    channel.counters[reason] += 1
    return .none
  }

  @_noAllocation @_noLocks
  private mutating func take(
    _ frame: UnsafePointer<Robot__Frame>, now: UInt64, observation: inout ObservationMessage
  ) -> Result<ControllerEvent, Rejection> {
    switch frame.pointee.body_case {
    case ROBOT__FRAME__BODY_DESCRIPTION: receiveDescription(frame, now: now)
    case ROBOT__FRAME__BODY_OBSERVATION: receiveObservation(frame, now: now, observation: &observation)
    case ROBOT__FRAME__BODY_STATUS: receiveStatus(frame, now: now)
    case ROBOT__FRAME__BODY_CLOCK: receiveClock(frame, now: now)
    default: .failure(.unexpected)
    }
  }

  @_noAllocation @_noLocks
  private mutating func receiveDescription(
    _ frame: UnsafePointer<Robot__Frame>, now: UInt64
  ) -> Result<ControllerEvent, Rejection> {
    let message = frame.pointee.description.pointee
    // Without a sequence number it answers an inquiry, which a session never makes.
    if frame.pointee.sequence == 0 { return .failure(.malformed) }
    guard message.hello_epoch == channel.epoch else { return .failure(.otherEpoch) }
    let known = isConnected && frame.pointee.epoch == robotEpoch
    if known, let reason = channel.objection(to: frame) { return .failure(reason) }
    guard let description = RobotDescription(message) else {
      let text = FixedText(fixed: "a field of the robot's Description is outside its documented range")
      return .success(refuse(text, frame.pointee.epoch))
    }
    if let objection = description.profile.objection(to: profile) {
      return .success(refuse(objection, frame.pointee.epoch))
    }
    channel.accept()
    lastHeard = now
    robot = description
    if known { return .success(.none) }
    channel.startCounting(at: frame)
    if frame.pointee.epoch != robotEpoch { clock = ClockEstimate() }
    robotEpoch = frame.pointee.epoch
    isConnected = true
    return .success(.connected)
  }

  @_noAllocation @_noLocks
  private mutating func refuse(_ text: FixedText, _ epoch: UInt32) -> ControllerEvent {
    peerText = text
    isConnected = false
    reply = channel.encode(status: .refused, text: text, answering: epoch, toPeer: true)
    channel.counters[.unexpected] += 1
    return .refused
  }

  @_noAllocation @_noLocks
  private mutating func receiveObservation(
    _ frame: UnsafePointer<Robot__Frame>, now: UInt64, observation: inout ObservationMessage
  ) -> Result<ControllerEvent, Rejection> {
    guard isConnected, let robot else { return .failure(.unexpected) }
    guard frame.pointee.epoch == robotEpoch else {
      channel.counters[.otherEpoch] += 1
      seek()
      return .success(.disconnected)
    }
    if let reason = channel.objection(to: frame) { return .failure(reason) }
    if let reason = observation.load(frame.pointee.observation.pointee, of: robot) { return .failure(reason) }
    observation.epoch = frame.pointee.epoch
    observation.sequence = frame.pointee.sequence
    channel.accept()
    lastHeard = now
    return .success(.observation)
  }

  @_noAllocation @_noLocks
  private mutating func receiveStatus(
    _ frame: UnsafePointer<Robot__Frame>, now: UInt64
  ) -> Result<ControllerEvent, Rejection> {
    let status = frame.pointee.status.pointee
    guard let text = FixedText(status.text, limit: LinkLimits.textBytes) else { return .failure(.outOfRange) }
    if frame.pointee.sequence == 0 {
      // An answer to a frame of this start, or it means nothing here.
      guard status.answered_epoch == channel.epoch else { return .failure(.otherEpoch) }
    } else {
      guard isConnected, frame.pointee.epoch == robotEpoch else { return .failure(.otherEpoch) }
      if let reason = channel.objection(to: frame) { return .failure(reason) }
    }
    channel.accept()
    peerText = text
    switch StatusCode(rawValue: status.code.rawValue) {
    case .refused:
      isConnected = false
      return .success(.refused)
    case .busy:
      return .success(.busy)
    case .unknownPeer:
      // Late answers to frames from before the last hand-shake mean nothing: the robot would not send observations.
      guard isConnected else { return .success(.none) }
      seek()
      return .success(.disconnected)
    case .goodbye:
      guard isConnected else { return .success(.none) }
      seek()
      return .success(.goodbye)
    default:
      lastHeard = now
      return .success(.none)
    }
  }

  @_noAllocation @_noLocks
  private mutating func receiveClock(
    _ frame: UnsafePointer<Robot__Frame>, now: UInt64
  ) -> Result<ControllerEvent, Rejection> {
    guard isConnected, frame.pointee.epoch == robotEpoch else { return .failure(.otherEpoch) }
    if let reason = channel.objection(to: frame) { return .failure(reason) }
    let message = frame.pointee.clock.pointee
    let stamps = ClockStamps(asked: message.asked_ns, received: message.received_ns, answered: message.answered_ns)
    guard clock.take(stamps, heard: now) else { return .failure(.outOfRange) }
    channel.accept()
    return .success(.none)
  }
}
