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
/// Two states: *seeking* (Hello every 100 ms) and *connected*. Real-time: yes, `init` excepted.
public struct ControllerSession: ~Copyable {
  public static var helloNanoseconds: UInt64 { 100_000_000 }

  /// What the model was trained for.
  public let profile: RobotProfile
  public let model: FixedText
  /// A robot that has not been heard for this long is gone.
  public let silenceNanoseconds: UInt64
  public private(set) var counters = LinkCounters()
  /// The robot's description, of the last that was accepted.
  public private(set) var robot: RobotDescription? = nil
  public private(set) var isConnected = false
  /// Why the peers do not fit, or the last text the robot sent.
  public private(set) var peerText = FixedText()
  /// Datagram to send now, set by `receive` and `poll`; empty if there is none. Valid until the next call.
  public private(set) var reply = UnsafeRawBufferPointer(start: nil, count: 0)

  private var encoder: FrameEncoder
  private var decoder = FrameDecoder()
  private var filter = SequenceFilter(startingAt: 0)
  private var robotEpoch: UInt32 = 0
  private var lastHeard: UInt64 = 0
  private var nextHello: UInt64 = 0

  /// - Parameters:
  ///   - model: its name for the robot's user; what the link has no room for is cut off.
  ///   - epoch: not 0, and another one after each start.
  public init(profile: RobotProfile, model: String, epoch: UInt32, silenceNanoseconds: UInt64) {
    self.profile = profile
    self.model = FixedText(model, cutTo: LinkLimits.nameBytes)
    self.silenceNanoseconds = silenceNanoseconds
    encoder = FrameEncoder(epoch: epoch)
  }

  /// Takes a datagram in. With `.observation` it lies in `observation`; else `observation` is unchanged.
  @_noAllocation @_noLocks
  public mutating func receive(
    _ datagram: UnsafeRawBufferPointer, now: UInt64, observation: inout ObservationMessage
  ) -> ControllerEvent {
    reply = UnsafeRawBufferPointer(start: nil, count: 0)
    switch decoder.decode(datagram) {
    case .rejected(let reason):
      return reject(reason)
    case .frame(let frame):
      switch frame.pointee.body_case {
      case ROBOT__FRAME__BODY_DESCRIPTION: return receiveDescription(frame, now: now)
      case ROBOT__FRAME__BODY_OBSERVATION: return receiveObservation(frame, now: now, observation: &observation)
      case ROBOT__FRAME__BODY_STATUS: return receiveStatus(frame, now: now)
      default: return reject(.unexpected)
      }
    }
  }

  /// What time alone brings: sets `reply` to a Hello when one is due. True if the robot has just been found silent.
  @_noAllocation @_noLocks
  public mutating func poll(now: UInt64) -> Bool {
    reply = UnsafeRawBufferPointer(start: nil, count: 0)
    let silent = isConnected && now > lastHeard && now - lastHeard >= silenceNanoseconds
    if silent { seek() }
    if !isConnected, now >= nextHello {
      nextHello = now + Self.helloNanoseconds
      reply = encoder.encode(hello: profile, model: model)
      counters.sent += 1
    }
    return silent
  }

  /// When `poll` has something to do next.
  @_noAllocation @_noLocks
  public func nextPoll() -> UInt64 { isConnected ? lastHeard + silenceNanoseconds : nextHello }

  /// The datagram that carries `action` to the robot. Valid until the next call.
  @_noAllocation @_noLocks
  public mutating func encode(_ action: borrowing ActionMessage) -> UnsafeRawBufferPointer {
    counters.sent += 1
    return encoder.encode(action: action, for: profile)
  }

  /// The datagram that says goodbye to the robot.
  @_noAllocation @_noLocks
  public mutating func encodeGoodbye() -> UnsafeRawBufferPointer {
    counters.sent += 1
    return encoder.encode(status: .goodbye, text: FixedText(fixed: "the controller ends"), answering: 0, toPeer: true)
  }

  /// Notes that the system did not take a frame.
  @_noAllocation @_noLocks
  mutating func sendFailed() { counters.sendFailures += 1 }

  /// Notes that a piece of a frame has come.
  @_noAllocation @_noLocks
  mutating func receivedBroken() { counters[.broken] += 1 }

  @_noAllocation @_noLocks
  private mutating func reject(_ reason: Rejection) -> ControllerEvent {
    counters[reason] += 1
    return .none
  }

  /// Back to saying Hello, at once unless the last one is younger than the interval: two ends must never chase each other.
  @_noAllocation @_noLocks
  private mutating func seek() { isConnected = false }

  @_noAllocation @_noLocks
  private mutating func receiveDescription(_ frame: UnsafePointer<Robot__Frame>, now: UInt64) -> ControllerEvent {
    let message = frame.pointee.description.pointee
    guard message.hello_epoch == encoder.epoch else { return reject(.otherEpoch) }
    let known = isConnected && frame.pointee.epoch == robotEpoch
    if known, let reason = filter.admit(frame.pointee.sequence, lost: &counters.lost) { return reject(reason) }
    guard let description = RobotDescription(message) else {
      let text = FixedText(fixed: "a field of the robot's Description is outside its documented range")
      return refuse(text, frame.pointee.epoch)
    }
    if let objection = description.profile.objection(to: profile) { return refuse(objection, frame.pointee.epoch) }
    counters.accepted += 1
    lastHeard = now
    robot = description
    if known { return .none }
    filter = SequenceFilter(startingAt: frame.pointee.sequence)
    robotEpoch = frame.pointee.epoch
    isConnected = true
    return .connected
  }

  @_noAllocation @_noLocks
  private mutating func refuse(_ text: FixedText, _ epoch: UInt32) -> ControllerEvent {
    peerText = text
    isConnected = false
    reply = encoder.encode(status: .refused, text: text, answering: epoch, toPeer: true)
    counters.sent += 1
    counters[.unexpected] += 1
    return .refused
  }

  @_noAllocation @_noLocks
  private mutating func receiveObservation(
    _ frame: UnsafePointer<Robot__Frame>, now: UInt64, observation: inout ObservationMessage
  ) -> ControllerEvent {
    guard isConnected, let robot else { return reject(.unexpected) }
    guard frame.pointee.epoch == robotEpoch else {
      counters[.otherEpoch] += 1
      seek()
      return .disconnected
    }
    if let reason = filter.admit(frame.pointee.sequence, lost: &counters.lost) { return reject(reason) }
    if let reason = observation.load(frame.pointee.observation.pointee, of: robot) { return reject(reason) }
    observation.epoch = frame.pointee.epoch
    observation.sequence = frame.pointee.sequence
    counters.accepted += 1
    lastHeard = now
    return .observation
  }

  @_noAllocation @_noLocks
  private mutating func receiveStatus(_ frame: UnsafePointer<Robot__Frame>, now: UInt64) -> ControllerEvent {
    let status = frame.pointee.status.pointee
    guard let text = FixedText(status.text, limit: LinkLimits.textBytes) else { return reject(.outOfRange) }
    if frame.pointee.sequence == 0 {
      // An answer to a frame of this start, or it means nothing here.
      guard status.answered_epoch == encoder.epoch else { return reject(.otherEpoch) }
    } else {
      guard isConnected, frame.pointee.epoch == robotEpoch else { return reject(.otherEpoch) }
      if let reason = filter.admit(frame.pointee.sequence, lost: &counters.lost) { return reject(reason) }
    }
    counters.accepted += 1
    peerText = text
    switch StatusCode(rawValue: status.code.rawValue) {
    case .refused:
      isConnected = false
      return .refused
    case .busy:
      return .busy
    case .unknownPeer:
      // Late answers to frames from before the last hand-shake mean nothing: the robot would not send observations.
      guard isConnected else { return .none }
      seek()
      return .disconnected
    case .goodbye:
      guard isConnected else { return .none }
      seek()
      return .goodbye
    default:
      lastHeard = now
      return .none
    }
  }
}
