// The robot's end of the protocol as a state machine without socket or clock: datagrams and times go in, events come out.

import CRobotProtocol

/// Who sent a frame: IPv4 address and port in host byte order, or `line`.
public struct PeerAddress: Sendable, Equatable {
  public var host: UInt32
  public var port: UInt16

  /// Whoever sits at the other end of a serial line.
  public static var line: PeerAddress { @_noAllocation @_noLocks get { PeerAddress(host: 0, port: 0) } }

  @_noAllocation @_noLocks
  public init(host: UInt32, port: UInt16) {
    self.host = host
    self.port = port
  }

  @_noAllocation @_noLocks
  public static func == (left: PeerAddress, right: PeerAddress) -> Bool {
    left.host == right.host && left.port == right.port
  }
}

/// What a datagram meant to the robot.
public enum RobotEvent: Sendable {
  /// Nothing to act on; the counters may have changed.
  case none
  /// A controller has been accepted, or the present one has restarted: begin anew.
  case connected
  /// A command has come; it lies in the message handed over.
  case action
  /// The controller says goodbye, or refuses this robot (`peerText` says why). Waiting for a Hello again.
  case goodbye, refused
}

/// Robot's side: waits for Hello, sticks to one controller while that is alive, checks its actions.
///
/// Two states: *waiting* (no controller) and *driven*. Real-time: yes, `init` excepted.
public struct RobotSession: ~Copyable {
  public let description: RobotDescription
  /// A controller that has not answered for this long is gone.
  public let silenceNanoseconds: UInt64
  public private(set) var counters = LinkCounters()
  /// Where observations go; nil while waiting.
  public private(set) var peer: PeerAddress? = nil
  /// Name of the model that drives or last asked to.
  public private(set) var model = FixedText()
  /// Last text that a controller sent in a Status.
  public private(set) var peerText = FixedText()
  /// Datagram to send now and whom to, set by `receive`; empty if there is none. Valid until the next call.
  public private(set) var reply = UnsafeRawBufferPointer(start: nil, count: 0)
  public private(set) var replyAddress = PeerAddress(host: 0, port: 0)

  private var encoder: FrameEncoder
  private var decoder = FrameDecoder()
  private var filter = SequenceFilter(startingAt: 0)
  private var peerEpoch: UInt32 = 0
  private var lastHeard: UInt64 = 0

  /// - Parameter epoch: not 0, and another one after each start.
  public init(description: RobotDescription, epoch: UInt32, silenceNanoseconds: UInt64) {
    self.description = description
    self.silenceNanoseconds = silenceNanoseconds
    encoder = FrameEncoder(epoch: epoch)
  }

  /// Sequence number of the last frame sent to the controller.
  public var sequence: UInt32 { encoder.sequence }

  /// Takes a datagram in. With `.action` the command lies in `action`; else `action` is unchanged.
  @_noAllocation @_noLocks
  public mutating func receive(
    _ datagram: UnsafeRawBufferPointer, from sender: PeerAddress, now: UInt64, action: inout ActionMessage
  ) -> RobotEvent {
    reply = UnsafeRawBufferPointer(start: nil, count: 0)
    switch decoder.decode(datagram) {
    case .rejected(let reason):
      return reject(reason)
    case .frame(let frame):
      switch frame.pointee.body_case {
      case ROBOT__FRAME__BODY_HELLO: return receiveHello(frame, from: sender, now: now)
      case ROBOT__FRAME__BODY_ACTION: return receiveAction(frame, from: sender, now: now, action: &action)
      case ROBOT__FRAME__BODY_STATUS: return receiveStatus(frame, from: sender, now: now)
      default: return reject(.unexpected)
      }
    }
  }

  /// Whether the controller has just been found silent; the session then waits for a Hello.
  @_noAllocation @_noLocks
  public mutating func hasFallenSilent(now: UInt64) -> Bool {
    guard peer != nil, now > lastHeard, now - lastHeard >= silenceNanoseconds else { return false }
    peer = nil
    return true
  }

  /// The datagram that carries `observation` to the controller. Valid until the next call.
  @_noAllocation @_noLocks
  public mutating func encode(_ observation: borrowing ObservationMessage) -> UnsafeRawBufferPointer {
    counters.sent += 1
    return encoder.encode(observation: observation, of: description.profile)
  }

  /// The datagram that says goodbye to the controller.
  @_noAllocation @_noLocks
  public mutating func encodeGoodbye() -> UnsafeRawBufferPointer {
    counters.sent += 1
    return encoder.encode(status: .goodbye, text: FixedText(fixed: "the robot ends"), answering: 0, toPeer: true)
  }

  /// Notes that the system did not take a frame.
  @_noAllocation @_noLocks
  mutating func sendFailed() { counters.sendFailures += 1 }

  /// Notes that a piece of a frame has come.
  @_noAllocation @_noLocks
  mutating func receivedBroken() { counters[.broken] += 1 }

  @_noAllocation @_noLocks
  private mutating func reject(_ reason: Rejection) -> RobotEvent {
    counters[reason] += 1
    return .none
  }

  @_noAllocation @_noLocks
  private mutating func answer(_ code: StatusCode, _ text: FixedText, to sender: PeerAddress, epoch: UInt32) {
    reply = encoder.encode(status: code, text: text, answering: epoch, toPeer: false)
    replyAddress = sender
    counters.sent += 1
  }

  @_noAllocation @_noLocks
  private mutating func receiveHello(
    _ frame: UnsafePointer<Robot__Frame>, from sender: PeerAddress, now: UInt64
  ) -> RobotEvent {
    let epoch = frame.pointee.epoch
    let hello = frame.pointee.hello.pointee
    guard hello.protocol == LinkLimits.protocolVersion else {
      var text = FixedText(fixed: "the robot speaks version ")
      text.append(rp_wide(LinkLimits.protocolVersion))
      text.append(" of the protocol, the controller version ")
      text.append(rp_wide(hello.protocol))
      answer(.refused, text, to: sender, epoch: epoch)
      return reject(.outOfRange)
    }
    guard let family = FixedText(hello.family, limit: LinkLimits.nameBytes),
      let model = FixedText(hello.model, limit: LinkLimits.nameBytes),
      let profile = RobotProfile(
        protocol: hello.protocol, family: family, observationSize: hello.observation_size,
        actionSize: hello.action_size, period: hello.period_ns, schema: hello.schema)
    else {
      let text = FixedText(fixed: "a field of the Hello is outside its documented range")
      answer(.refused, text, to: sender, epoch: epoch)
      return reject(.outOfRange)
    }
    if let objection = description.profile.objection(to: profile) {
      answer(.refused, objection, to: sender, epoch: epoch)
      return reject(.unexpected)
    }
    if let peer, peer != sender {
      answer(.busy, FixedText(fixed: "another controller drives the robot"), to: sender, epoch: epoch)
      return reject(.stranger)
    }
    let known = peer != nil && epoch == peerEpoch
    if known, let reason = filter.admit(frame.pointee.sequence, lost: &counters.lost) { return reject(reason) }
    if !known {
      filter = SequenceFilter(startingAt: frame.pointee.sequence)
      peer = sender
      peerEpoch = epoch
      self.model = model
    }
    counters.accepted += 1
    lastHeard = now
    reply = encoder.encode(description: description, answering: epoch)
    replyAddress = sender
    counters.sent += 1
    return known ? .none : .connected
  }

  /// Checks that a frame is from the present controller, of its present epoch, and newer than the last.
  @_noAllocation @_noLocks
  private mutating func objection(to frame: UnsafePointer<Robot__Frame>, from sender: PeerAddress) -> Rejection? {
    guard let peer, peer == sender else { return .stranger }
    guard frame.pointee.epoch == peerEpoch else { return .otherEpoch }
    return filter.admit(frame.pointee.sequence, lost: &counters.lost)
  }

  @_noAllocation @_noLocks
  private mutating func receiveAction(
    _ frame: UnsafePointer<Robot__Frame>, from sender: PeerAddress, now: UInt64, action: inout ActionMessage
  ) -> RobotEvent {
    if let reason = objection(to: frame, from: sender) {
      if reason == .stranger || reason == .otherEpoch {
        answer(.unknownPeer, FixedText(fixed: "say Hello first"), to: sender, epoch: frame.pointee.epoch)
      }
      return reject(reason)
    }
    let message = frame.pointee.action.pointee
    guard message.observation_epoch == encoder.epoch else { return reject(.otherEpoch) }
    if let reason = action.load(message, for: description) { return reject(reason) }
    counters.accepted += 1
    lastHeard = now
    return .action
  }

  @_noAllocation @_noLocks
  private mutating func receiveStatus(
    _ frame: UnsafePointer<Robot__Frame>, from sender: PeerAddress, now: UInt64
  ) -> RobotEvent {
    // Without a sequence number a Status is an answer to somebody unknown, which only the robot gives.
    if frame.pointee.sequence == 0 { return reject(.malformed) }
    if let reason = objection(to: frame, from: sender) { return reject(reason) }
    let status = frame.pointee.status.pointee
    guard let text = FixedText(status.text, limit: LinkLimits.textBytes) else { return reject(.outOfRange) }
    counters.accepted += 1
    lastHeard = now
    peerText = text
    let code = StatusCode(rawValue: status.code.rawValue)
    guard code == .goodbye || code == .refused else { return .none }
    peer = nil
    return code == .goodbye ? .goodbye : .refused
  }
}
