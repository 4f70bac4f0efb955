// The seal of UDP links: nothing passes that is changed, seen before, of an earlier start, sent back, or made without
// the key.

import CSeal
import RobotLink
import Testing

@Suite("Seal") struct SealTests {
  static let address = PeerAddress(host: 0x7F00_0001, port: 4_000)
  static let now = 1_000 * millisecond

  /// A wire whose ends have a session, begun by `frame` from the controller.
  func openWire(frame: [UInt8] = [1, 2, 3]) -> SealedWire {
    let wire = SealedWire()
    let open = wire.fromController(frame, address: Self.address, now: Self.now)
    let accept = wire.toRobot(open, from: Self.address, now: Self.now).reply
    let first = wire.toController(accept, address: Self.address, now: Self.now).reply
    #expect(wire.toRobot(first, from: Self.address, now: Self.now).frame == frame)
    let back = wire.fromRobot([0], to: Self.address)
    #expect(wire.toController(back, address: Self.address, now: Self.now).frame == [0])
    return wire
  }

  @Test
  func `frames of every size pass both ways as they were, after one exchange, and the first one waits for that`() {
    let wire = openWire()
    for count in [1, 2, 100, 1_000, LinkLimits.datagramBytes] {
      let frame = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
      let there = wire.fromController(frame, address: Self.address, now: Self.now)
      #expect(there.count == count + 29)
      #expect(wire.toRobot(there, from: Self.address, now: Self.now).frame == frame)
      let back = wire.fromRobot(frame, to: Self.address)
      #expect(back.count == count + 29)
      #expect(wire.toController(back, address: Self.address, now: Self.now).frame == frame)
    }
    #expect(wire.counts.isEmpty)
    #expect(wire.wrongs == 0)
  }

  /// A datagram of each kind that a live wire carries, with the end it was made for.
  func kinds(_ wire: SealedWire) -> [SealedWire.Record] {
    _ = wire.fromController([4, 5, 6], address: Self.address, now: Self.now)
    _ = wire.fromRobot([7, 8, 9], to: Self.address)
    return wire.records
  }

  @Test
  func `with any one bit flipped nothing passes, whatever kind of datagram it was, and what was whole still does`() {
    let wire = openWire()
    let kinds = kinds(wire)
    let frames = kinds.filter { $0.bytes[0] == SealFormat.frame }.suffix(2)
    #expect(frames.count == 2)
    var tried = 0
    for record in kinds {
      for bit in 0..<record.bytes.count * 8 {
        var bytes = record.bytes
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        let (frame, reply) =
          record.toRobot
          ? wire.toRobot(bytes, from: Self.address, now: Self.now)
          : wire.toController(bytes, address: Self.address, now: Self.now)
        #expect(frame == nil)
        #expect(reply.isEmpty)
        tried += 1
      }
    }
    #expect(wire.counts.values.reduce(0, +) == tried)
    #expect(wire.counts.keys.allSatisfy { [.unauthenticated, .forged, .replayed, .otherSession].contains($0) })
    for record in frames {
      let (frame, _) =
        record.toRobot
        ? wire.toRobot(record.bytes, from: Self.address, now: Self.now)
        : wire.toController(record.bytes, address: Self.address, now: Self.now)
      #expect(frame != nil)
    }
  }

  @Test func `cut at any length, or longer than allowed, nothing passes`() {
    let wire = openWire()
    for record in kinds(wire) {
      for count in 0..<record.bytes.count {
        let bytes = Array(record.bytes[..<count])
        #expect(wire.toRobot(bytes, from: Self.address, now: Self.now) == (nil, []))
        #expect(wire.toController(bytes, address: Self.address, now: Self.now) == (nil, []))
      }
    }
    let long = [UInt8](repeating: 3, count: LinkLimits.sealedDatagramBytes + 1)
    #expect(wire.toRobot(long, from: Self.address, now: Self.now) == (nil, []))
    #expect(wire.toController(long, address: Self.address, now: Self.now) == (nil, []))
    #expect(wire.counts[.tooLong] == 2)
  }

  @Test
  func `everything ever recorded, sent again to either end, in this start and in the next ones, passes nothing`() {
    let wire = openWire()
    var now = Self.now
    for start in 0..<4 {
      now += millisecond
      for index in 0..<20 {
        let there = wire.fromController([UInt8(index)], address: Self.address, now: now)
        _ = wire.toRobot(there, from: Self.address, now: now)
        let back = wire.fromRobot([UInt8(index)], to: Self.address)
        _ = wire.toController(back, address: Self.address, now: now)
      }
      for record in wire.records {
        #expect(wire.toRobot(record.bytes, from: record.from, now: now).frame == nil)
        #expect(wire.toController(record.bytes, address: record.from, now: now).frame == nil)
      }
      // The pair goes on as if nothing had been.
      let there = wire.fromController([99], address: Self.address, now: now)
      #expect(wire.toRobot(there, from: Self.address, now: now).frame == [99])
      let back = wire.fromRobot([98], to: Self.address)
      #expect(wire.toController(back, address: Self.address, now: now).frame == [98])
      if start % 2 == 0 { wire.restartRobot() } else { wire.restartController() }
      for record in wire.records {
        #expect(wire.toRobot(record.bytes, from: record.from, now: now).frame == nil)
        #expect(wire.toController(record.bytes, address: record.from, now: now).frame == nil)
      }
      // A robot that has restarted is noticed by its silence.
      let later = now + wire.quiet
      let open = wire.fromController([1], address: Self.address, now: later)
      let accept = wire.toRobot(open, from: Self.address, now: later).reply
      let first = wire.toController(accept, address: Self.address, now: later).reply
      #expect(wire.toRobot(first, from: Self.address, now: later).frame == [1])
      now = later
    }
    #expect(wire.wrongs == 0)
  }

  @Test
  func `openings that are sent again, from anywhere and as often as one likes, disturb no session that has begun`() {
    let wire = openWire()
    let opens = wire.records.filter { $0.bytes[0] == SealFormat.open }
    for port in UInt16(1)...300 {
      let elsewhere = PeerAddress(host: 0x0A00_0001, port: port)
      let reply = wire.toRobot(opens[0].bytes, from: elsewhere, now: Self.now + UInt64(port)).reply
      #expect(reply.count == opens[0].bytes.count)
      #expect(wire.toController(reply, address: Self.address, now: Self.now) == (nil, []))
      // Nothing is ever sent under a session that nobody has proved to know the key of.
      #expect(wire.fromRobot([1], to: elsewhere).isEmpty)
    }
    let there = wire.fromController([5], address: Self.address, now: Self.now)
    #expect(wire.toRobot(there, from: Self.address, now: Self.now).frame == [5])
  }

  @Test func `an opening whose answer was lost or comes twice is answered again, and begins one session`() {
    let wire = SealedWire()
    let open = wire.fromController([1], address: Self.address, now: Self.now)
    #expect(wire.fromController([2], address: Self.address, now: Self.now + 1).isEmpty)
    let again = wire.fromController([3], address: Self.address, now: Self.now + 100 * millisecond)
    #expect(open == again)
    let accept = wire.toRobot(open, from: Self.address, now: Self.now).reply
    let other = wire.toRobot(again, from: Self.address, now: Self.now).reply
    #expect(other != accept)
    // The newest frame is the one that waited.
    let first = wire.toController(accept, address: Self.address, now: Self.now).reply
    #expect(wire.toRobot(first, from: Self.address, now: Self.now).frame == [3])
    for late in [accept, other] { #expect(wire.toController(late, address: Self.address, now: Self.now) == (nil, [])) }
    #expect(wire.counts == [.otherSession: 2])
  }

  /// Opens with `wire`'s controller from `address` at `now`; the first datagram of the session, as far as the robot.
  func begin(_ wire: SealedWire, _ frame: [UInt8], from address: PeerAddress, now: UInt64) -> [UInt8] {
    let open = wire.fromController(frame, address: address, now: now)
    let accept = wire.toRobot(open, from: address, now: now).reply
    return wire.toController(accept, address: address, now: now).reply
  }

  @Test func `a thousand recorded openings between any two datagrams lock nobody out`() {
    let wire = openWire()
    let old = wire.records.filter { $0.bytes[0] == SealFormat.open }[0].bytes
    func attack(_ now: UInt64) {
      for port in UInt16(1)...1_000 {
        let name = port % 2 == 0 ? Self.address : PeerAddress(host: 0x0A00_0001, port: port)
        _ = wire.toRobot(old, from: name, now: now)
      }
    }
    for start in 1...3 as ClosedRange<UInt64> {
      let now = Self.now + start * 1_000 * millisecond
      wire.restartController()
      attack(now)
      let open = wire.fromController([7], address: Self.address, now: now)
      attack(now)
      let accept = wire.toRobot(open, from: Self.address, now: now).reply
      attack(now)
      let first = wire.toController(accept, address: Self.address, now: now).reply
      attack(now)
      #expect(wire.toRobot(first, from: Self.address, now: now).frame == [7])
      attack(now)
      let back = wire.fromRobot([8], to: Self.address)
      #expect(wire.toController(back, address: Self.address, now: now).frame == [8])
    }
    #expect(wire.wrongs == 0)
  }

  @Test func `the first frame of a session may be lost: the next begins it as well`() {
    let wire = SealedWire()
    _ = begin(wire, [1], from: Self.address, now: Self.now)
    let longest = [UInt8](repeating: 2, count: LinkLimits.datagramBytes)
    let second = wire.fromController(longest, address: Self.address, now: Self.now)
    #expect(second[0] == SealFormat.begin)
    #expect(second.count == LinkLimits.sealedDatagramBytes)
    #expect(wire.toRobot(second, from: Self.address, now: Self.now).frame == longest)
    let back = wire.fromRobot([3], to: Self.address)
    #expect(wire.toController(back, address: Self.address, now: Self.now).frame == [3])
    #expect(wire.fromController([4], address: Self.address, now: Self.now)[0] == SealFormat.frame)
  }

  @Test func `no session begins twice: its first frame is worth nothing later, or from elsewhere`() {
    let wire = openWire()
    let beginning = wire.records.last { $0.bytes[0] == SealFormat.begin }!
    let elsewhere = PeerAddress(host: Self.address.host, port: Self.address.port + 1)
    #expect(wire.toRobot(beginning.bytes, from: elsewhere, now: Self.now) == (nil, []))
    #expect(wire.toRobot(beginning.bytes, from: Self.address, now: Self.now) == (nil, []))
    #expect(wire.counts == [.otherSession: 1, .replayed: 1])
    // Five others make the robot forget it.
    for number in 1...5 as ClosedRange<UInt16> {
      wire.restartController()
      let other = PeerAddress(host: Self.address.host, port: 100 + number)
      let first = begin(wire, [UInt8(number)], from: other, now: Self.now + UInt64(number))
      #expect(wire.toRobot(first, from: other, now: Self.now + UInt64(number)).frame == [UInt8(number)])
    }
    #expect(wire.toRobot(beginning.bytes, from: Self.address, now: Self.now + 9) == (nil, []))
    #expect(wire.counts == [.otherSession: 2, .replayed: 1])
    #expect(wire.wrongs == 0)
  }

  @Test func `an answer to an opening is good for two seconds, and not once a later one has begun a session`() {
    let limit = RobotSeal.ticketNanoseconds
    for (delay, passes) in [(limit, true), (limit + 1, false)] {
      let wire = SealedWire()
      let first = begin(wire, [1], from: Self.address, now: Self.now)
      #expect((wire.toRobot(first, from: Self.address, now: Self.now + delay).frame == [1]) == passes)
    }
    let wire = SealedWire()
    let held = begin(wire, [1], from: Self.address, now: Self.now)
    wire.restartController()
    let later = begin(wire, [2], from: Self.address, now: Self.now)
    #expect(wire.toRobot(later, from: Self.address, now: Self.now).frame == [2])
    #expect(wire.toRobot(held, from: Self.address, now: Self.now) == (nil, []))
  }

  @Test func `another key opens nothing, and what is not sealed passes neither end`() throws {
    let wire = SealedWire(robot: testKey, controller: try LinkKey(bytes: Array(1..<33)))
    let open = wire.fromController([1], address: Self.address, now: Self.now)
    #expect(wire.toRobot(open, from: Self.address, now: Self.now) == (nil, []))
    #expect(wire.counts == [.forged: 1])
    let plain = actionDatagram(epoch: 1, sequence: 1, command: [0], answering: 1)
    #expect(wire.toRobot(plain, from: Self.address, now: Self.now) == (nil, []))
    #expect(wire.toController(plain, address: Self.address, now: Self.now) == (nil, []))
    #expect(wire.counts == [.forged: 1, .unauthenticated: 2])
  }

  @Test func `what an end has sent is nothing to itself`() {
    let wire = openWire()
    for record in kinds(wire) {
      let (frame, reply) =
        record.toRobot
        ? wire.toController(record.bytes, address: Self.address, now: Self.now)
        : wire.toRobot(record.bytes, from: Self.address, now: Self.now)
      #expect(frame == nil)
      #expect(reply.isEmpty)
    }
  }

  @Test func `a session belongs to the address it was opened from`() {
    let wire = openWire()
    let there = wire.fromController([5], address: Self.address, now: Self.now)
    let elsewhere = PeerAddress(host: 0x7F00_0001, port: 4_001)
    #expect(wire.toRobot(there, from: elsewhere, now: Self.now) == (nil, []))
    #expect(wire.counts == [.otherSession: 1])
    #expect(wire.toRobot(there, from: Self.address, now: Self.now).frame == [5])
  }

  @Test
  func `hand-shake and frames are byte for byte what Python's hashlib and OpenSSL make of the same key and nonces`() {
    let key = [UInt8](0..<32)
    let nonces = [UInt8](0x10..<0x20) + [UInt8](0xA0..<0xB0)
    func digest(_ label: UInt8, _ count: Int) -> String {
      var result = [UInt8](repeating: 0, count: count)
      seal_digest(key, [label] + nonces, 33, &result, count)
      return hexadecimal(result)
    }
    #expect(digest(SealFormat.accept, 16) == "b4fa8b8481a86185e349b7d70920d3a7")
    #expect(digest(4, 32) == "f97a2c06dea92e3ce2b4c29a6dd1e6eafcc6077cec7bf810486538e1d02a529b")
    #expect(digest(5, 32) == "5efea2d80b6e9c417fddfe921f82f8d628cf2f69607af0609f183810ba2d1382")
    var controllerKey = [UInt8](repeating: 0, count: 32)
    seal_digest(key, [4] + nonces, 33, &controllerKey, 32)
    let header: [UInt8] = [3, 0xA0, 0xA1, 0xA2, 0xA3, 1, 0, 0, 0, 0, 0, 0, 0]
    let text = Array("hello, robot".utf8)
    var sealed = [UInt8](repeating: 0, count: text.count + 16)
    seal_close(controllerKey, 1, header, header.count, text, text.count, &sealed)
    #expect(hexadecimal(sealed) == "92e2be1fa2199d34a2bb136bd450c958a4ea36ef03a74e493b7158c3")
  }

  func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

@Suite("Replay window") struct ReplayWindowTests {
  @Test func `it lets each counter pass once, in any order within 64, and none that is older: as a set of all would`() {
    var generator = FuzzTests.Generator(state: 12)
    for _ in 0..<50 {
      var window = ReplayWindow()
      var seen: Set<UInt64> = []
      var newest: UInt64 = 0
      for _ in 0..<1_000 {
        let low = newest > 100 ? newest - 100 : 0
        let isFar = Double.random(in: 0..<1, using: &generator) < 0.01
        let jump: UInt64 = isFar ? 1 << UInt64.random(in: 0...62, using: &generator) : 5
        let counter = UInt64.random(in: low...(newest &+ jump < newest ? .max : newest + jump), using: &generator)
        let admitted = counter > 0 && !seen.contains(counter) && (counter > newest || newest - counter < 64)
        #expect(window.admits(counter) == admitted)
        if admitted {
          window.note(counter)
          seen.insert(counter)
          newest = max(newest, counter)
        }
      }
    }
  }
}
