// Millions of frames through every damage, judged by an account of its own: what arrives whole is predicted one by one.

import CRobotProtocol
import Foundations
import RobotLink

/// What a damage run sent and what the receiver made of it.
public struct DamageAccount: Equatable, Sendable, Encodable {
  public var frames = 0
  /// Pieces that reached the receiver: datagrams, or what lies between zeros on a line.
  public var pieces = 0
  /// Of these, predicted from the pieces that are whole and their order, and found in the receiver's counters.
  public var expectedAccepted = 0, accepted = 0
  public var expectedDuplicate = 0, duplicate = 0
  public var expectedStale = 0, stale = 0
  public var expectedLost: UInt64 = 0, lost: UInt64 = 0
  /// Pieces that are no whole frame, and the receiver's count of them under all its reasons.
  public var expectedDamaged = 0, damaged = 0
  /// Accepted frames whose values are not those that were sent.
  public var wrongPayloads = 0
  /// Whole, new frames that were not accepted at once.
  public var notResynchronised = 0

  public init() {}

  /// Whether everything adds up.
  public var isExact: Bool {
    accepted == expectedAccepted && duplicate == expectedDuplicate && stale == expectedStale && lost == expectedLost
      && damaged == expectedDamaged && pieces == accepted + duplicate + stale + damaged && wrongPayloads == 0
      && notResynchronised == 0
  }
}

/// A robot's observations through a damaged link to a controller, in batches.
public struct DamageRun: ~Copyable {
  public enum Link: String, CaseIterable, Sendable {
    case udp, serial
  }

  private static let batch = 64
  private static let observationSize = 17

  public private(set) var account = DamageAccount()
  private let link: Link
  private var random: RandomSource
  private var robot: RobotSession
  private var controller: ControllerSession
  private var outgoing = ObservationMessage()
  private var incoming = ObservationMessage()
  private var decoder = rp_line_decoder()
  private let memory: UnsafeMutableRawBufferPointer
  /// Sequence number of each whole frame under way, by a hash of its bytes as they travel.
  private var whole: [UInt64: UInt32] = [:]
  private var last: UInt32
  /// Rejections from before the run.
  private let lostBefore: UInt64

  /// Joins a robot and a controller, not through the link under test.
  public init(_ link: Link, seed: UInt64) {
    self.link = link
    random = RandomSource(seed: seed)
    let profile = RobotProfile(
      family: "damage", observationSize: Self.observationSize, actionSize: 6, periodNanoseconds: 50_000_000)
    robot = RobotSession(
      description: RobotDescription(profile: profile, name: "", actionLimit: 1, episodeLength: 0, lockstep: false),
      epoch: 0x1234_5678, silenceNanoseconds: 1_000_000_000)
    controller = ControllerSession(
      profile: profile, model: "", epoch: 0x8765_4321, silenceNanoseconds: 1_000_000_000)
    var action = ActionMessage()
    _ = controller.poll(now: 1)
    _ = robot.receive(controller.reply, from: .line, now: 1, action: &action)
    _ = controller.receive(robot.reply, now: 1, observation: &incoming)
    last = robot.sequence
    lostBefore = controller.counters.lost
    memory = .allocate(byteCount: LinkLimits.datagramBytes, alignment: 16)
    decoder.bytes = memory.baseAddress?.assumingMemoryBound(to: UInt8.self)
    decoder.capacity = memory.count
  }

  deinit { memory.deallocate() }

  /// Sends `frames` more frames and adds the receiver's counters up.
  public mutating func run(frames: Int) {
    var left = frames
    while left > 0 {
      let count = min(left, Self.batch)
      left -= count
      account.frames += count
      receive(damage(batch(count)))
    }
    let counters = controller.counters
    account.lost = counters.lost - lostBefore
    account.duplicate = Int(counters[.duplicate])
    account.stale = Int(counters[.stale])
    // The hand-shake's Description was accepted before.
    account.damaged = Int(counters.rejected) - account.duplicate - account.stale
  }

  /// The value of an observation's entry that was sent in the frame of this sequence number.
  private static func value(_ sequence: UInt32, _ entry: Int) -> Float {
    Float(Int32(truncatingIfNeeded: (UInt64(sequence) &* 0x9E37_79B9 &+ UInt64(entry)) & 0xFFFF)) / 256
  }

  /// Frames as they travel.
  private mutating func batch(_ count: Int) -> [[UInt8]] {
    whole.removeAll(keepingCapacity: true)
    return (0..<count).map { _ in
      let next = robot.sequence + 1
      for entry in 0..<Self.observationSize { outgoing.state[entry] = Self.value(next, entry) }
      outgoing.step = next % 200
      outgoing.reward = outgoing.isFirst ? nil : Float(next % 7)
      let frame = robot.encode(outgoing)
      var bytes = Array(frame)
      if link == .serial {
        bytes = Array(unsafeUninitializedCapacity: frame.count + frame.count / 254 + 3) { target, size in
          size = rp_line_encode(frame.bindMemory(to: UInt8.self).baseAddress!, frame.count, target.baseAddress!)
        }
        whole[Self.hash(bytes[1..<bytes.count - 1])] = next
      } else {
        whole[Self.hash(bytes[...])] = next
      }
      return bytes
    }
  }

  /// FNV-1a (Fowler, Noll and Vo).
  private static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }

  private mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }
  private mutating func index(below count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

  /// Flips, cuts, inserts, merges, duplicates and reorders; about half the frames are hit by something.
  private mutating func damage(_ frames: [[UInt8]]) -> [[UInt8]] {
    var result: [[UInt8]] = []
    for frame in frames {
      var frame = frame
      if chance(0.1) {
        for _ in 0...index(below: 8) { frame[index(below: frame.count)] ^= 1 << UInt8(index(below: 8)) }
      }
      if chance(0.1) {
        let start = index(below: frame.count)
        frame.removeSubrange(start..<start + 1 + index(below: frame.count - start))
      }
      if chance(0.1) {
        let noise = (0...index(below: 20)).map { _ in UInt8.random(in: 0...255, using: &random) }
        frame.insert(contentsOf: noise, at: index(below: frame.count + 1))
      }
      if chance(0.1), let before = result.popLast() {
        // On a line the delimiters between the two are gone as well.
        frame = link == .serial ? before.dropLast() + frame.dropFirst() : before + frame
      }
      if chance(0.1) { result.append(frame) }
      result.append(frame)
    }
    for _ in 0..<result.count / 16 {
      let taken = result.remove(at: index(below: result.count))
      result.insert(taken, at: index(below: result.count + 1))
    }
    // An empty datagram is none.
    return result.filter { !$0.isEmpty }
  }

  private mutating func receive(_ damaged: [[UInt8]]) {
    switch link {
    case .udp:
      for piece in damaged {
        let expected = predict(piece[...])
        piece.withUnsafeBytes { deliver($0, expected) }
      }
    case .serial:
      // The account knows the pieces by the zeros alone; the decoder sees the stream. A zero ends the batch.
      let stream = damaged.joined() + [0]
      var pieces = stream.split(separator: 0)[...]
      for byte in stream {
        let event = rp_line_push(&decoder, byte)
        if event == RP_LINE_NOTHING { continue }
        let expected = pieces.popFirst().flatMap { predict($0) }
        switch event {
        case RP_LINE_FRAME: deliver(UnsafeRawBufferPointer(start: memory.baseAddress, count: decoder.count), expected)
        case RP_LINE_TOO_LONG:
          deliver(UnsafeRawBufferPointer(start: memory.baseAddress, count: memory.count + 1), expected)
        default:
          controller.receiveRejected(.broken)
          if expected != nil { account.notResynchronised += 1 }
        }
      }
      // A piece that the decoder did not see is a damaged one that was never counted: the account does not add up.
      for piece in pieces { _ = predict(piece) }
    }
  }

  /// Adds a piece to the account; its sequence number if it must be accepted.
  private mutating func predict(_ piece: ArraySlice<UInt8>) -> UInt32? {
    account.pieces += 1
    guard let sequence = whole[Self.hash(piece)] else {
      account.expectedDamaged += 1
      return nil
    }
    guard sequence > last else {
      if sequence == last { account.expectedDuplicate += 1 } else { account.expectedStale += 1 }
      return nil
    }
    account.expectedAccepted += 1
    account.expectedLost += UInt64(sequence - last - 1)
    last = sequence
    return sequence
  }

  private mutating func deliver(_ frame: UnsafeRawBufferPointer, _ expected: UInt32?) {
    let event = controller.receive(frame, now: 1, observation: &incoming)
    guard event == .observation else {
      if expected != nil { account.notResynchronised += 1 }
      return
    }
    account.accepted += 1
    let isRight = (0..<Self.observationSize).allSatisfy { entry in
      incoming.state[entry] == Self.value(incoming.sequence, entry)
    }
    if !isRight || incoming.sequence != expected { account.wrongPayloads += 1 }
  }
}

extension DamageAccount {
  package var text: String {
    """
    \(frames) frames sent, \(pieces) pieces came
      accepted \(accepted) (predicted \(expectedAccepted)), duplicate \(duplicate) (\(expectedDuplicate)), \
    stale \(stale) (\(expectedStale)), damaged \(damaged) (\(expectedDamaged)), lost \(lost) (\(expectedLost))
      wrong payloads accepted \(wrongPayloads), whole frames not taken at once \(notResynchronised)
    """
  }
}
