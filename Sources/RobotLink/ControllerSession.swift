// The controller's end of the protocol as a state machine without socket or clock.

import CRobotProtocol

/// What a datagram meant to the controller. Real-time: yes, a value.
public enum ControllerEvent: Sendable {
  /// Nothing to act on; the counters may have changed.
  case none
  /// A robot has answered and fits; observations follow. Also after a restart of the robot.
  case connected
  /// An observation has come; it lies in the message handed over.
  case observation
  /// Model and robot do not fit, as several answers in a row have said; `peerText` says why. Hello is being said again.
  case refused
  /// The robot has contradicted itself: its description has changed, or it refuses the controller that it follows.
  /// `peerText` says in what; nothing else has changed.
  case contradiction
  /// The robot does not take the task that was asked for; `peerText` says why. Nothing else has changed.
  case taskRefused
  /// Another controller drives the robot; Hello is being said again.
  case busy
  /// The robot ends on purpose.
  case goodbye
}

/// Controller's side: says Hello until a fitting robot answers, checks its observations, notices silence and restarts.
///
/// Two states: *seeking* (Hello every 100 ms) and *connected* (Hello only while nothing is heard, or the robot asks who
/// speaks). Only silence and a goodbye end a connection, and only the answer to a Hello begins one: no single frame can
/// take a robot that is heard away. Real-time: yes, `init` excepted.
public struct ControllerSession: ~Copyable {
  /// Between two Hellos, 100 ms. Real-time: yes.
  public static var helloNanoseconds: UInt64 { 100_000_000 }
  /// Between two questions for the robot's clock, 250 ms. Real-time: yes.
  public static var clockNanoseconds: UInt64 { 250_000_000 }
  /// Hellos in a row whose answer was a refusal, until it is believed. Real-time: yes.
  public static var refusalsBelieved: Int { 3 }

  /// What the model was trained for.
  public let profile: RobotProfile
  /// The model's name, for the robot's user.
  public let model: FixedText
  /// A robot that has not been heard for this long is gone.
  public let silenceNanoseconds: UInt64
  /// The robot's description, of the last that was accepted.
  public private(set) var robot: RobotDescription? = nil
  /// Whether a robot has answered and fits.
  public private(set) var isConnected = false
  /// The robot's clock and this controller's, since the last hand-shake.
  public private(set) var clock = ClockEstimate()
  /// Why the peers do not fit, or the last text the robot sent.
  public private(set) var peerText = FixedText()
  /// Datagram to send now, set by `receive`, `poll` and `askForTime`; empty if there is none. Valid until the next
  /// call.
  public private(set) var reply = UnsafeRawBufferPointer(start: nil, count: 0)

  var channel: FrameChannel
  private var robotEpoch: UInt32 = 0
  private var lastHeard: UInt64 = 0
  private var nextHello: UInt64 = 0
  private var nextQuestion: UInt64 = 0
  /// What the model knows of the channels, and the number of their names.
  private let channels: ChannelTable
  private let channelHash: UInt32
  /// What Hello is padded to. A serial line has no room for padding, and nobody at its end who could be flooded.
  private var helloBytes: Int
  private var refusals = 0
  private var requestNumber: UInt32 = 0
  /// No refusal has answered the last Hello yet.
  private var isHelloOpen = false
  /// The robot has said that it does not know this controller.
  private var isUnknown = false

  /// A controller that seeks a robot. Real-time: no.
  ///
  /// - Parameters:
  ///   - profile: what the model was trained for.
  ///   - model: its name for the robot's user; what the link has no room for is cut off.
  ///   - epoch: not 0, and another one after each start.
  ///   - silenceNanoseconds: a robot that has not been heard for this long is gone.
  ///   - isOnLine: the link is a serial line, or one of your own: Hello is not padded.
  ///   - channels: what the entries were that the model was trained on; a robot whose channels differ is refused.
  public init(
    profile: RobotProfile, model: String, epoch: UInt32, silenceNanoseconds: UInt64, isOnLine: Bool = false,
    channels: consuming ChannelTable = ChannelTable()
  ) {
    self.profile = profile
    channelHash = channels.hash()
    self.channels = channels
    helloBytes = isOnLine ? 0 : LinkLimits.helloBytes
    self.model = FixedText(model, cutTo: LinkLimits.nameBytes)
    self.silenceNanoseconds = silenceNanoseconds
    channel = FrameChannel(epoch: epoch)
  }

  /// What the link has seen since its start. Real-time: yes.
  public var counters: LinkCounters { channel.counters }

  /// Takes a datagram in. With `.observation` it lies in `observation`; else `observation` is unchanged.
  /// Real-time: yes.
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
  /// Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func poll(now: UInt64) -> Bool {
    reply = UnsafeRawBufferPointer(start: nil, count: 0)
    let silent = isConnected && now > lastHeard && now - lastHeard >= silenceNanoseconds
    if silent { seek() }
    if now >= nextHello, !isConnected || isUnknown || isQuiet(now) {
      isUnknown = false
      sayHello(now: now)
    }
    return silent
  }

  /// The time at which `poll` has something to do next. Real-time: yes.
  @_noAllocation @_noLocks
  public func nextPoll() -> UInt64 {
    if !isConnected { return nextHello }
    return min(lastHeard + silenceNanoseconds, isUnknown ? nextHello : max(nextHello, quietFrom()))
  }

  /// Sets `reply` to a question for the robot's clock, when one is due. To be called when the answer can be awaited:
  /// one that lies in a queue meanwhile tells nothing. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func askForTime(now: UInt64) {
    reply = UnsafeRawBufferPointer(start: nil, count: 0)
    guard isConnected, now >= nextQuestion else { return }
    nextQuestion = now + Self.clockNanoseconds
    // As long as its answer will be.
    reply = channel.encode(clock: ClockStamps(asked: now, received: now, answered: now))
  }

  /// Counts what the transport did not let through. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func receiveRejected(_ reason: Rejection) { channel.counters[reason] += 1 }

  /// The datagram that carries `action` to the robot. Valid until the next call. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func encode(_ action: borrowing ActionMessage) -> UnsafeRawBufferPointer {
    channel.encode(action: action, for: profile)
  }

  /// The datagram that asks the robot for a task. To be sent again until an observation's `taskRequest` is its number,
  /// or `.taskRefused` comes. Valid until the next call. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func encode(_ request: TaskRequest) -> UnsafeRawBufferPointer {
    requestNumber = request.number
    return channel.encode(request: request, isPadded: helloBytes > 0)
  }

  /// The datagram that says goodbye to the robot. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func encodeGoodbye() -> UnsafeRawBufferPointer { channel.encodeGoodbye("the controller ends") }

  /// From when a connected robot is asked by Hello whether it has restarted: it knows nobody then and sends nothing.
  /// One that has not answers with its Description, and nothing changes.
  @_noAllocation @_noLocks
  private func quietFrom() -> UInt64 {
    lastHeard + Self.quietNanoseconds(periodNanoseconds: profile.periodNanoseconds)
  }

  @_noAllocation @_noLocks
  private func isQuiet(_ now: UInt64) -> Bool { now >= quietFrom() }

  /// A robot that was not heard for so long may have restarted.
  @_noAllocation @_noLocks
  static func quietNanoseconds(periodNanoseconds: UInt64) -> UInt64 { max(helloNanoseconds, 2 * periodNanoseconds) }

  @_noAllocation @_noLocks
  private mutating func sayHello(now: UInt64) {
    nextHello = now + Self.helloNanoseconds
    reply = channel.encode(hello: profile, model: model, bytes: helloBytes)
    isHelloOpen = true
  }

  /// Back to saying Hello, at once unless the last one is younger than the interval: two ends must never chase each
  /// other.
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
    if frame.pointee.sequence == 0 { return receiveUnnumbered(message, now: now) }
    guard message.hello_epoch == channel.epoch else { return .failure(.otherEpoch) }
    let description = RobotDescription(message)
    if isConnected, frame.pointee.epoch == robotEpoch {
      if let reason = channel.objection(to: frame, isQuiet: isQuiet(now)) { return .failure(reason) }
      // What a robot says of itself holds as long as it drives.
      guard let description, let robot, description == robot else {
        return .success(contradiction(FixedText(fixed: "it describes itself otherwise than when it was connected")))
      }
      channel.accept(frame)
      lastHeard = now
      return .success(.none)
    }
    // A robot that is heard has not restarted.
    if isConnected, !isQuiet(now) { return .failure(.otherEpoch) }
    guard let description else {
      return .success(
        refuse(FixedText(fixed: "a field of the robot's Description is outside its documented range"), frame))
    }
    if let objection = description.profile.objection(to: profile) { return .success(refuse(objection, frame)) }
    if let objection = channels.objection(to: message, hash: channelHash) {
      return .success(refuse(objection, frame))
    }
    // Whatever was taken for the robot before: a hand-shake starts over.
    if frame.pointee.epoch != robotEpoch { clock = ClockEstimate() }
    robot = description
    robotEpoch = frame.pointee.epoch
    lastHeard = now
    channel.acceptUnnumbered()
    channel.startCounting(at: frame)
    isConnected = true
    isUnknown = false
    refusals = 0
    return .success(.connected)
  }

  /// Without a sequence number it answers an inquiry, which a session never makes; or a Hello that was too short for
  /// the robot's channels: the next one is as long as that. Numbers that only grow end at the longest.
  @_noAllocation @_noLocks
  private mutating func receiveUnnumbered(
    _ message: Robot__Description, now: UInt64
  ) -> Result<ControllerEvent, Rejection> {
    let whole = Int(truncatingIfNeeded: min(message.whole_bytes, UInt32(LinkLimits.datagramBytes)))
    guard helloBytes > 0, whole > helloBytes, whole <= LinkLimits.longestHelloBytes else { return .failure(.malformed) }
    guard message.hello_epoch == channel.epoch else { return .failure(.otherEpoch) }
    helloBytes = whole
    channel.acceptUnnumbered()
    sayHello(now: now)
    return .success(.none)
  }

  /// This side's refusal, of what the robot says about itself.
  @_noAllocation @_noLocks
  private mutating func refuse(_ text: FixedText, _ frame: UnsafePointer<Robot__Frame>) -> ControllerEvent {
    reply = channel.encode(status: .refused, text: text, answering: frame.pointee.epoch, toPeer: true)
    return refused(text)
  }

  /// Counts a refusal by either side. One alone may be a stray or forged: a robot that does not fit answers each Hello
  /// so.
  @_noAllocation @_noLocks
  private mutating func refused(_ text: FixedText) -> ControllerEvent {
    peerText = text
    channel.counters[.unexpected] += 1
    guard isHelloOpen else { return .none }
    isHelloOpen = false
    refusals = min(refusals + 1, Self.refusalsBelieved)
    return refusals == Self.refusalsBelieved ? .refused : .none
  }

  @_noAllocation @_noLocks
  private mutating func contradiction(_ text: FixedText) -> ControllerEvent {
    peerText = text
    channel.counters[.unexpected] += 1
    return .contradiction
  }

  @_noAllocation @_noLocks
  private mutating func receiveObservation(
    _ frame: UnsafePointer<Robot__Frame>, now: UInt64, observation: inout ObservationMessage
  ) -> Result<ControllerEvent, Rejection> {
    guard isConnected, let robot else { return .failure(.unexpected) }
    // A robot that has restarted falls silent, and is found by the Hello that follows.
    guard frame.pointee.epoch == robotEpoch else { return .failure(.otherEpoch) }
    if let reason = channel.objection(to: frame, isQuiet: isQuiet(now)) { return .failure(reason) }
    if let reason = observation.load(frame.pointee.observation.pointee, of: robot) { return .failure(reason) }
    observation.epoch = frame.pointee.epoch
    observation.sequence = frame.pointee.sequence
    channel.accept(frame)
    lastHeard = now
    return .success(.observation)
  }

  @_noAllocation @_noLocks
  private mutating func receiveStatus(
    _ frame: UnsafePointer<Robot__Frame>, now: UInt64
  ) -> Result<ControllerEvent, Rejection> {
    let status = frame.pointee.status.pointee
    guard let text = FixedText(status.text, limit: LinkLimits.textBytes) else { return .failure(.outOfRange) }
    let code = StatusCode(rawValue: status.code.rawValue)
    if frame.pointee.sequence == 0 {
      // An answer to a frame of this start, or it means nothing here.
      guard status.answered_epoch == channel.epoch else { return .failure(.otherEpoch) }
      switch code {
      case .refused where isConnected:
        return .success(contradiction(FixedText(fixed: "it refuses the controller that drives it")))
      case .refused: return .success(refused(text))
      case .busy:
        channel.acceptUnnumbered()
        peerText = text
        return .success(.busy)
      // It has restarted, has let go of this side, or has taken another for it: the answer to a Hello tells.
      case .unknownPeer:
        channel.acceptUnnumbered()
        peerText = text
        isUnknown = true
        return .success(.none)
      default: return .failure(.unexpected)
      }
    }
    guard isConnected, frame.pointee.epoch == robotEpoch else { return .failure(.otherEpoch) }
    if let reason = channel.objection(to: frame, isQuiet: isQuiet(now)) { return .failure(reason) }
    if code == .refused, status.task_request != 0 {
      guard status.task_request == requestNumber else { return .failure(.stale) }
      channel.accept(frame)
      lastHeard = now
      peerText = text
      return .success(.taskRefused)
    }
    if code == .refused {
      return .success(contradiction(FixedText(fixed: "it refuses the controller that drives it")))
    }
    channel.accept(frame)
    lastHeard = now
    peerText = text
    guard code == .goodbye else { return .success(.none) }
    seek()
    return .success(.goodbye)
  }

  @_noAllocation @_noLocks
  private mutating func receiveClock(
    _ frame: UnsafePointer<Robot__Frame>, now: UInt64
  ) -> Result<ControllerEvent, Rejection> {
    guard isConnected, frame.pointee.epoch == robotEpoch else { return .failure(.otherEpoch) }
    if let reason = channel.objection(to: frame, isQuiet: isQuiet(now)) { return .failure(reason) }
    let message = frame.pointee.clock.pointee
    let stamps = ClockStamps(asked: message.asked_ns, received: message.received_ns, answered: message.answered_ns)
    guard clock.take(stamps, heard: now) else { return .failure(.outOfRange) }
    channel.accept(frame)
    return .success(.none)
  }
}
