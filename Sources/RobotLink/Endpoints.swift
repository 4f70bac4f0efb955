// Session and transport together: the robot's and the controller's end of a running link.

/// A robot's end of a link. Real-time: yes, `init` excepted.
public struct RobotEndpoint: ~Copyable {
  /// The protocol's state at this end.
  public private(set) var session: RobotSession
  /// The last action that came.
  public private(set) var action = ActionMessage()
  private let transport: LinkTransport
  private let buffer: UnsafeMutableRawBufferPointer

  /// Binds `address`, or opens its serial line. With a `key` only a controller that holds it too is heard.
  /// Real-time: no.
  ///
  /// - Throws: `LinkError`, for example where the port is in use.
  public init(
    listeningAt address: LinkAddress, description: RobotDescription, silenceNanoseconds: UInt64, key: LinkKey? = nil,
    channels: borrowing ChannelTable = ChannelTable()
  ) throws(LinkError) {
    self.init(
      over: try LinkTransport(.listening, address, key: key), description: description,
      silenceNanoseconds: silenceNanoseconds, channels: channels)
  }

  /// A robot at the end of a link of your own. Real-time: no.
  public init(
    over transport: any FrameTransport, description: RobotDescription, silenceNanoseconds: UInt64,
    channels: borrowing ChannelTable = ChannelTable()
  ) {
    self.init(
      over: .own(OwnTransport(transport)), description: description, silenceNanoseconds: silenceNanoseconds,
      channels: channels)
  }

  private init(
    over transport: consuming LinkTransport, description: RobotDescription, silenceNanoseconds: UInt64,
    channels: borrowing ChannelTable
  ) {
    self.transport = transport
    session = RobotSession(
      description: description, epoch: randomEpoch(), silenceNanoseconds: silenceNanoseconds, channels: channels)
    buffer = .allocate(byteCount: LinkLimits.datagramBytes, alignment: 16)
    buffer.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { buffer.deallocate() }

  /// The UDP port it is bound to; 0 on a serial line. Real-time: no (a system call).
  public var port: UInt16 { transport.port }
  /// Whether the serial device is there; always true for UDP. Real-time: yes.
  public var isOpen: Bool { transport.isOpen }

  /// The next event, or `.none` when CLOCK_MONOTONIC shows `nanoseconds`. Answers hand-shakes by itself. Real-time: yes
  /// (it waits, and only for that).
  @_noAllocation @_noLocks
  public mutating func next(until nanoseconds: UInt64) -> RobotEvent {
    var sender = PeerAddress(host: 0, port: 0)
    while true {
      let received = transport.receive(into: buffer, from: &sender)
      switch received {
      case .frame(let count):
        // A datagram that was cut is known by its true size.
        let datagram = UnsafeRawBufferPointer(start: buffer.baseAddress, count: count)
        let event = session.receive(datagram, from: sender, now: monotonicNanoseconds(), action: &action)
        if session.reply.count > 0, !transport.send(session.reply, to: session.replyAddress) {
          session.channel.counters.sendFailures += 1
        }
        if event != .none { return event }
      case .rejected(let reason): session.receiveRejected(reason)
      case .handled: break
      case .nothing: break
      }
      // Also after a rejected frame, so that a flood of them cannot hold the loop up.
      if monotonicNanoseconds() >= nanoseconds { return .none }
      if case .nothing = received { transport.wait(until: nanoseconds) }
    }
  }

  /// Whether the controller has just been found silent. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func hasFallenSilent() -> Bool { session.hasFallenSilent(now: monotonicNanoseconds()) }

  /// Sends `observation` to the controller, if there is one; the sequence number of its frame. Real-time: yes.
  @discardableResult @_noAllocation @_noLocks
  public mutating func send(_ observation: borrowing ObservationMessage) -> UInt32 {
    if let peer = session.peer, !transport.send(session.encode(observation), to: peer) {
      session.channel.counters.sendFailures += 1
    }
    return session.sequence
  }

  /// Takes the task that was asked for: observations say so from now on. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func obeyTaskRequest() { session.obeyTaskRequest() }

  /// Refuses the task that was just asked for. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func refuseTaskRequest(_ text: FixedText) {
    let bytes = session.encodeRefusal(text)
    if let peer = session.peer, bytes.count > 0, !transport.send(bytes, to: peer) {
      session.channel.counters.sendFailures += 1
    }
  }

  /// Tells the controller that the robot ends; three times, because nobody answers and a datagram may be lost.
  /// Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func sayGoodbye() {
    guard let peer = session.peer else { return }
    for _ in 0..<3 where !transport.send(session.encodeGoodbye(), to: peer) {
      session.channel.counters.sendFailures += 1
    }
  }
}

/// A controller's end of a link. Real-time: yes, `init` excepted.
public struct ControllerEndpoint: ~Copyable {
  /// The protocol's state at this end.
  public private(set) var session: ControllerSession
  /// The last observation that came.
  public private(set) var observation = ObservationMessage()
  private let transport: LinkTransport
  private let buffer: UnsafeMutableRawBufferPointer

  /// What waiting brought. Real-time: yes, a value.
  public enum Event: Sendable, Equatable {
    case link(ControllerEvent)
    /// The robot has not been heard for too long; Hello is being said again.
    case silent
    /// Time is up.
    case timeout
  }

  /// Opens a socket or serial line towards `address`. Whether its host, its device and a robot are there is found out
  /// by `next`, at first and again whenever the robot is looked for. With a `key` only a robot that holds it too is
  /// heard. Real-time: no.
  ///
  /// - Throws: `LinkError` where the address cannot be used or the system refuses.
  public init(
    connectingTo address: LinkAddress, profile: RobotProfile, model: String, silenceNanoseconds: UInt64,
    key: LinkKey? = nil, channels: consuming ChannelTable = ChannelTable()
  ) throws(LinkError) {
    let isOnLine = if case .udp = address { false } else { true }
    self.init(
      over: try LinkTransport(
        .seeking, address, key: key,
        quietNanoseconds: ControllerSession.quietNanoseconds(periodNanoseconds: profile.periodNanoseconds)),
      profile: profile, model: model, silenceNanoseconds: silenceNanoseconds, isOnLine: isOnLine, channels: channels)
  }

  /// A controller at the end of a link of your own, with one robot at the other. Real-time: no.
  public init(
    over transport: any FrameTransport, profile: RobotProfile, model: String, silenceNanoseconds: UInt64,
    channels: consuming ChannelTable = ChannelTable()
  ) {
    self.init(
      over: .own(OwnTransport(transport)), profile: profile, model: model, silenceNanoseconds: silenceNanoseconds,
      isOnLine: true, channels: channels)
  }

  private init(
    over transport: consuming LinkTransport, profile: RobotProfile, model: String, silenceNanoseconds: UInt64,
    isOnLine: Bool, channels: consuming ChannelTable
  ) {
    self.transport = transport
    session = ControllerSession(
      profile: profile, model: model, epoch: randomEpoch(), silenceNanoseconds: silenceNanoseconds, isOnLine: isOnLine,
      channels: channels)
    buffer = .allocate(byteCount: LinkLimits.datagramBytes, alignment: 16)
    buffer.initializeMemory(as: UInt8.self, repeating: 0)
  }

  deinit { buffer.deallocate() }

  /// How far frames get towards the robot. Real-time: yes.
  public var reach: LinkReach { @_noAllocation @_noLocks get { transport.reach } }

  /// The next event, or `.timeout` when CLOCK_MONOTONIC shows `nanoseconds`. Says Hello by itself. Real-time: yes (it
  /// waits, and only for that).
  @_noAllocation @_noLocks
  public mutating func next(until nanoseconds: UInt64) -> Event {
    var sender = PeerAddress(host: 0, port: 0)
    while true {
      let received = transport.receive(into: buffer, from: &sender)
      let now = monotonicNanoseconds()
      if !session.isConnected { transport.seek(now: now) }
      switch received {
      case .frame(let count):
        let datagram = UnsafeRawBufferPointer(start: buffer.baseAddress, count: count)
        let event = session.receive(datagram, now: now, observation: &observation)
        sendReply()
        if event != .none { return .link(event) }
      case .rejected(let reason): session.receiveRejected(reason)
      case .handled: break
      case .nothing: break
      }
      // Also after a rejected frame, so that a flood of them cannot hold the loop up.
      let silent = session.poll(now: now)
      sendReply()
      if silent { return .silent }
      if now >= nanoseconds { return .timeout }
      if case .nothing = received {
        // Only while this thread waits for the answer.
        if nanoseconds - now > 1_000_000 {
          session.askForTime(now: now)
          sendReply()
        }
        transport.wait(until: min(nanoseconds, session.nextPoll()))
      }
    }
  }

  /// Sends `action` to the robot. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func send(_ action: borrowing ActionMessage) {
    if !transport.send(session.encode(action), to: nil) { session.channel.counters.sendFailures += 1 }
  }

  /// Asks the robot for a task, once; who asks repeats it. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func send(_ request: TaskRequest) {
    if !transport.send(session.encode(request), to: nil) { session.channel.counters.sendFailures += 1 }
  }

  /// Tells the robot that the controller ends; three times, because nobody answers and a datagram may be lost.
  /// Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func sayGoodbye() {
    for _ in 0..<3 where !transport.send(session.encodeGoodbye(), to: nil) {
      session.channel.counters.sendFailures += 1
    }
  }

  @_noAllocation @_noLocks
  private mutating func sendReply() {
    if session.reply.count > 0, !transport.send(session.reply, to: nil) { session.channel.counters.sendFailures += 1 }
  }
}
