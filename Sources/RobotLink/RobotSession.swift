// The robot's end of the protocol as a state machine without socket or clock: datagrams and times go in, events come
// out.

import CRobotProtocol

/// Who sent a frame: IPv4 address and port in host byte order, or `line`. Real-time: yes, a value.
public struct PeerAddress: Sendable, Equatable {
  /// IPv4 address in host byte order; 0 on a line.
  public var host: UInt32
  /// UDP port in host byte order; 0 on a line.
  public var port: UInt16

  /// The peer at the other end of a serial line. Real-time: yes.
  public static var line: PeerAddress { @_noAllocation @_noLocks get { PeerAddress(host: 0, port: 0) } }

  /// A peer at an address. Real-time: yes.
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

/// What a datagram meant to the robot. Real-time: yes, a value.
public enum RobotEvent: Sendable {
  /// Nothing to act on; the counters may have changed.
  case none
  /// A controller has been accepted, or the present one has restarted: start over.
  case connected
  /// A command has come; it lies in the message handed over.
  case action
  /// Another task is asked for; `taskRequest` says which. The robot obeys it or refuses it.
  case task
  /// The controller says goodbye, or refuses this robot (`peerText` says why). Waiting for a Hello again.
  case goodbye, refused
}

/// Robot's side: waits for Hello, sticks to one controller while that is alive, checks its actions.
///
/// Two states: *waiting* (no controller) and *driven*. Real-time: yes, `init` excepted.
public struct RobotSession: ~Copyable {
  /// What the robot says about itself.
  public let description: RobotDescription
  /// A controller that has not answered for this long is gone.
  public let silenceNanoseconds: UInt64
  /// Where observations go; nil while waiting.
  public private(set) var peer: PeerAddress? = nil
  /// Name of the model that drives or last asked to.
  public private(set) var model = FixedText()
  /// Last text that a controller sent in a Status.
  public private(set) var peerText = FixedText()
  /// The last request for a task that kept the rules.
  public private(set) var taskRequest = TaskRequest(
    task: 0, seed: 0, number: 0, keepsState: false, behaviour: FixedText())
  /// Number of the last request that the robot has obeyed; 0: none of this controller's.
  public private(set) var obeyedRequest: UInt32 = 0
  /// Datagram to send to `replyAddress` now, set by `receive`; empty if there is none. Valid until the next call.
  public private(set) var reply = UnsafeRawBufferPointer(start: nil, count: 0)
  /// Where `reply` goes.
  public private(set) var replyAddress = PeerAddress(host: 0, port: 0)

  var channel: FrameChannel
  private let channels: EncodedChannels
  /// Of the Description with the channels; 0: there are none, or no Hello has room for them.
  private let wholeBytes: Int
  private var peerEpoch: UInt32 = 0
  private var lastHeard: UInt64 = 0
  /// Most bytes that may answer the datagram at hand.
  private var answerLimit = LinkLimits.datagramBytes

  /// A robot that waits for a controller. Real-time: no.
  ///
  /// - Parameters:
  ///   - description: what the robot says about itself.
  ///   - epoch: not 0, and another one after each start.
  ///   - silenceNanoseconds: a controller that has not answered for this long is gone.
  ///   - channels: what the entries of observation and command are; the limits of a command are then theirs.
  public init(
    description: RobotDescription, epoch: UInt32, silenceNanoseconds: UInt64,
    channels: borrowing ChannelTable = ChannelTable()
  ) {
    var description = description
    description.take(channels)
    self.description = description
    self.silenceNanoseconds = silenceNanoseconds
    let encoded = EncodedChannels(channels)
    channel = FrameChannel(epoch: epoch)
    wholeBytes = channel.wholeBytes(description, encoded)
    self.channels = encoded
  }

  /// What the link has seen since its start. Real-time: yes.
  public var counters: LinkCounters { channel.counters }

  /// Sequence number of the last frame sent to the controller. Real-time: yes.
  public var sequence: UInt32 { @_noAllocation @_noLocks get { channel.encoder.sequence } }

  /// Takes a datagram in. With `.action` the command lies in `action`; else `action` is unchanged. Real-time: yes.
  ///
  /// - Parameters:
  ///   - datagram: what came, untrusted.
  ///   - sender: where it says that it comes from.
  ///   - now: the clock that observations' sample times are of, when the datagram came.
  ///   - action: the last action; changed by `.action` alone.
  @_noAllocation @_noLocks
  public mutating func receive(
    _ datagram: UnsafeRawBufferPointer, from sender: PeerAddress, now: UInt64, action: inout ActionMessage
  ) -> RobotEvent {
    reply = UnsafeRawBufferPointer(start: nil, count: 0)
    // A datagram's sender may be forged: the address that it names is sent no more bytes than came in its name. A line
    // has only one other end.
    answerLimit = sender == .line ? LinkLimits.datagramBytes : datagram.count
    switch channel.decode(datagram) {
    case .rejected(let reason): return drop(reason)
    case .frame(let frame):
      switch take(frame, from: sender, now: now, action: &action) {
      case .success(let event): return event
      case .failure(let reason): return drop(reason)
      }
    }
  }

  /// Whether the controller has just been found silent; the session then waits for a Hello. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func hasFallenSilent(now: UInt64) -> Bool {
    guard peer != nil, silence(at: now) >= silenceNanoseconds else { return false }
    peer = nil
    return true
  }

  /// Takes `epoch` for that of this start: for a robot that has no random number before it is first spoken to.
  /// Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func begin(epoch: UInt32) { channel.begin(epoch: epoch) }

  /// Counts what the transport did not let through. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func receiveRejected(_ reason: Rejection) { channel.counters[reason] += 1 }

  /// The datagram that carries `observation` to the controller. Valid until the next call. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func encode(_ observation: borrowing ObservationMessage) -> UnsafeRawBufferPointer {
    channel.encode(observation: observation, of: description.profile, obeying: obeyedRequest)
  }

  /// From now on observations say that `taskRequest` is obeyed. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func obeyTaskRequest() { obeyedRequest = taskRequest.number }

  /// The datagram that refuses `taskRequest`, right after it has come; empty where the question was too short for it.
  /// Valid until the next call. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func encodeRefusal(_ text: FixedText) -> UnsafeRawBufferPointer {
    encodeRefusal(of: taskRequest.number, text)
  }

  @_noAllocation @_noLocks
  private mutating func encodeRefusal(of request: UInt32, _ text: FixedText) -> UnsafeRawBufferPointer {
    channel.encode(
      status: .refused, text: text, answering: peerEpoch, refusing: request, toPeer: true, limit: answerLimit)
  }

  /// The datagram that says goodbye to the controller. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func encodeGoodbye() -> UnsafeRawBufferPointer { channel.encodeGoodbye("the robot ends") }

  /// A controller that has missed this long may be replaced by another, or by its own next start. In lockstep nobody
  /// keeps time, and only silence tells.
  @_noAllocation @_noLocks
  private func takeoverNanoseconds() -> UInt64 { description.lockstep ? silenceNanoseconds : quietNanoseconds() }

  /// After so long without a valid frame the counting of frames starts over.
  @_noAllocation @_noLocks
  private func quietNanoseconds() -> UInt64 {
    min(silenceNanoseconds, max(250_000_000, 2 * description.profile.periodNanoseconds))
  }

  @_noAllocation @_noLocks
  private func isQuiet(_ now: UInt64) -> Bool { silence(at: now) >= quietNanoseconds() }

  @_noAllocation @_noLocks
  private func silence(at now: UInt64) -> UInt64 { now > lastHeard ? now - lastHeard : 0 }

  @_noAllocation @_noLocks
  private mutating func answer(_ code: StatusCode, _ text: FixedText, to sender: PeerAddress, epoch: UInt32) {
    reply = channel.encode(status: code, text: text, answering: epoch, toPeer: false, limit: answerLimit)
    replyAddress = sender
  }

  /// False if the Hello is too short for it; then it is refused.
  @_noAllocation @_noLocks
  private mutating func describe(to sender: PeerAddress, epoch: UInt32, toPeer: Bool) -> Bool {
    reply = channel.encode(
      description: description, channels: channels, wholeBytes: wholeBytes, answering: epoch, toPeer: toPeer,
      limit: answerLimit)
    replyAddress = sender
    if reply.count > 0 { return true }
    answer(.refused, FixedText(fixed: "Hello is too short: pad it"), to: sender, epoch: epoch)
    return false
  }

  @_noAllocation @_noLocks
  private mutating func drop(_ reason: Rejection) -> RobotEvent {
    channel.counters[reason] += 1
    return .none
  }

  @_noAllocation @_noLocks
  private mutating func take(
    _ frame: UnsafePointer<Robot__Frame>, from sender: PeerAddress, now: UInt64, action: inout ActionMessage
  ) -> Result<RobotEvent, Rejection> {
    switch frame.pointee.body_case {
    case ROBOT__FRAME__BODY_HELLO: receiveHello(frame, from: sender, now: now)
    case ROBOT__FRAME__BODY_ACTION: receiveAction(frame, from: sender, now: now, action: &action)
    case ROBOT__FRAME__BODY_TASK_REQUEST: receiveTaskRequest(frame, from: sender, now: now)
    case ROBOT__FRAME__BODY_STATUS: receiveStatus(frame, from: sender, now: now)
    case ROBOT__FRAME__BODY_CLOCK: receiveClock(frame, from: sender, now: now)
    default: .failure(.unexpected)
    }
  }

  @_noAllocation @_noLocks
  private mutating func receiveHello(
    _ frame: UnsafePointer<Robot__Frame>, from sender: PeerAddress, now: UInt64
  ) -> Result<RobotEvent, Rejection> {
    let epoch = frame.pointee.epoch
    let hello = frame.pointee.hello.pointee
    guard hello.protocol == LinkLimits.protocolVersion else {
      var text = FixedText(fixed: "the robot speaks version ")
      text.append(rp_wide(LinkLimits.protocolVersion))
      text.append(" of the protocol, the controller version ")
      text.append(rp_wide(hello.protocol))
      answer(.refused, text, to: sender, epoch: epoch)
      return .failure(.outOfRange)
    }
    if hello.observation_size == 0, hello.action_size == 0 {
      guard describe(to: sender, epoch: epoch, toPeer: false) else { return .failure(.tooShort) }
      channel.acceptUnnumbered()
      return .success(.none)
    }
    guard let family = FixedText(hello.family, limit: LinkLimits.nameBytes),
      let model = FixedText(hello.model, limit: LinkLimits.nameBytes),
      let profile = RobotProfile(
        protocol: hello.protocol, family: family, observationSize: hello.observation_size,
        actionSize: hello.action_size, period: hello.period_ns, schema: hello.schema)
    else {
      let text = FixedText(fixed: "a field of the Hello is outside its documented range")
      answer(.refused, text, to: sender, epoch: epoch)
      return .failure(.outOfRange)
    }
    if let objection = description.profile.objection(to: profile) {
      answer(.refused, objection, to: sender, epoch: epoch)
      return .failure(.unexpected)
    }
    let known = peer == sender && epoch == peerEpoch
    // On a line only the same controller can have come back.
    if peer != nil, !known, sender != .line, silence(at: now) < takeoverNanoseconds() {
      answer(.busy, FixedText(fixed: "another controller drives the robot"), to: sender, epoch: epoch)
      return .failure(.stranger)
    }
    if known, let reason = channel.objection(to: frame, isQuiet: isQuiet(now)) { return .failure(reason) }
    // Who reads channels asks again, with room for them: until then it does not drive.
    if !known, hello.reads_channels != 0, answerLimit < wholeBytes {
      guard describe(to: sender, epoch: epoch, toPeer: false) else { return .failure(.tooShort) }
      channel.acceptUnnumbered()
      return .success(.none)
    }
    guard describe(to: sender, epoch: epoch, toPeer: true) else { return .failure(.tooShort) }
    lastHeard = now
    if known {
      channel.accept(frame)
      return .success(.none)
    }
    channel.acceptUnnumbered()
    channel.startCounting(at: frame)
    peer = sender
    peerEpoch = epoch
    obeyedRequest = 0
    self.model = model
    return .success(.connected)
  }

  /// Why a frame is not from the present controller, of its present epoch, and newer than the last; nil if it is.
  @_noAllocation @_noLocks
  private func objection(
    to frame: UnsafePointer<Robot__Frame>, from sender: PeerAddress, now: UInt64
  ) -> Rejection? {
    guard let peer, peer == sender else { return .stranger }
    guard frame.pointee.epoch == peerEpoch else { return .otherEpoch }
    return channel.objection(to: frame, isQuiet: isQuiet(now))
  }

  @_noAllocation @_noLocks
  private mutating func receiveAction(
    _ frame: UnsafePointer<Robot__Frame>, from sender: PeerAddress, now: UInt64, action: inout ActionMessage
  ) -> Result<RobotEvent, Rejection> {
    if let reason = objection(to: frame, from: sender, now: now) {
      if reason == .stranger || reason == .otherEpoch {
        answer(.unknownPeer, FixedText(fixed: "say Hello first"), to: sender, epoch: frame.pointee.epoch)
      }
      return .failure(reason)
    }
    let message = frame.pointee.action.pointee
    guard message.observation_epoch == channel.epoch else { return .failure(.otherEpoch) }
    if let reason = action.load(message, for: description) { return .failure(reason) }
    channel.accept(frame)
    lastHeard = now
    return .success(.action)
  }

  /// A request that is repeated because the observation that obeys it has been lost is obeyed already.
  @_noAllocation @_noLocks
  private mutating func receiveTaskRequest(
    _ frame: UnsafePointer<Robot__Frame>, from sender: PeerAddress, now: UInt64
  ) -> Result<RobotEvent, Rejection> {
    if let reason = objection(to: frame, from: sender, now: now) { return .failure(reason) }
    guard let request = TaskRequest(frame.pointee.task_request.pointee) else { return .failure(.outOfRange) }
    lastHeard = now
    if request.number == obeyedRequest {
      channel.accept(frame)
      return .success(.none)
    }
    guard request.task < description.taskCount else {
      channel.note(frame)
      reply = encodeRefusal(of: request.number, taskObjection(request))
      replyAddress = sender
      return .failure(.outOfRange)
    }
    channel.accept(frame)
    taskRequest = request
    return .success(.task)
  }

  @_noAllocation @_noLocks
  private func taskObjection(_ request: TaskRequest) -> FixedText {
    if description.taskCount == 0 { return FixedText(fixed: "the robot has one task and takes no requests") }
    var text = FixedText(fixed: "the robot has tasks 0 to ")
    text.append(rp_wide(description.taskCount - 1))
    text.append(", not ")
    text.append(rp_wide(request.task))
    return text
  }

  @_noAllocation @_noLocks
  private mutating func receiveStatus(
    _ frame: UnsafePointer<Robot__Frame>, from sender: PeerAddress, now: UInt64
  ) -> Result<RobotEvent, Rejection> {
    // Without a sequence number a Status is an answer to an unknown peer, which only the robot gives.
    if frame.pointee.sequence == 0 { return .failure(.malformed) }
    if let reason = objection(to: frame, from: sender, now: now) { return .failure(reason) }
    let status = frame.pointee.status.pointee
    guard let text = FixedText(status.text, limit: LinkLimits.textBytes) else { return .failure(.outOfRange) }
    channel.accept(frame)
    lastHeard = now
    peerText = text
    let code = StatusCode(rawValue: status.code.rawValue)
    guard code == .goodbye || code == .refused else { return .success(.none) }
    peer = nil
    return .success(code == .goodbye ? .goodbye : .refused)
  }

  /// Answers a question for the time. That a controller asks does not mean that it drives: no heartbeat.
  @_noAllocation @_noLocks
  private mutating func receiveClock(
    _ frame: UnsafePointer<Robot__Frame>, from sender: PeerAddress, now: UInt64
  ) -> Result<RobotEvent, Rejection> {
    if let reason = objection(to: frame, from: sender, now: now) { return .failure(reason) }
    channel.accept(frame)
    reply = channel.encode(
      clock: ClockStamps(asked: frame.pointee.clock.pointee.asked_ns, received: now, answered: now), limit: answerLimit)
    replyAddress = sender
    return .success(.none)
  }
}
