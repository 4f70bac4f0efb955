// Datagrams that nobody in his right mind sends: junk, old ones, damaged ones, and rightly made ones that say wrong
// things.

import CRobotProtocol

/// A seeded source of chance (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

/// What a hostile session consists of.
enum HostileStyle: CaseIterable {
  case junk, replay, damage, fields, words, flood, everything
}

/// One field of a protobuf message: its number, how its value is written, and the value's bytes.
struct WireField {
  var number: Int, type: Int
  var value: [UInt8]

  /// The fields of a message; nil if it is none.
  static func parse(_ bytes: ArraySlice<UInt8>) -> [WireField]? {
    var (rest, fields) = (bytes, [WireField]())
    while !rest.isEmpty {
      guard let tag = number(&rest) else { return nil }
      let before = rest
      var length = 0
      switch tag & 7 {
      case 0:
        guard number(&rest) != nil else { return nil }
        fields.append(WireField(number: Int(tag >> 3), type: 0, value: Array(before.prefix(before.count - rest.count))))
        continue
      case 1: length = 8
      case 5: length = 4
      case 2:
        guard let count = number(&rest), count <= 4096 else { return nil }
        length = Int(count)
      default: return nil
      }
      guard length <= rest.count else { return nil }
      fields.append(WireField(number: Int(tag >> 3), type: Int(tag & 7), value: Array(rest.prefix(length))))
      rest = rest.dropFirst(length)
    }
    return fields
  }

  static func write(_ fields: [WireField]) -> [UInt8] {
    fields.flatMap { field in
      varint(UInt64(field.number << 3 | field.type)) + (field.type == 2 ? varint(UInt64(field.value.count)) : [])
        + field.value
    }
  }

  static func varint(_ number: UInt64) -> [UInt8] {
    var (rest, bytes) = (number, [UInt8]())
    while rest > 127 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  private static func number(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
    var result: UInt64 = 0
    for shift in stride(from: 0, to: 63, by: 7) {
      guard let byte = bytes.popFirst() else { return nil }
      result |= UInt64(byte & 127) << shift
      if byte < 128 { return result }
    }
    return nil
  }
}

/// Makes hostile datagrams out of nothing and out of what was on the wire.
struct HostileFrames {
  var generator: SeededGenerator

  mutating func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &generator)] }

  /// - Parameters:
  ///   - records: what was on the wire, either way.
  ///   - same: of these, what went the way that this datagram will.
  mutating func make(_ style: HostileStyle, records: [[UInt8]], same: [[UInt8]]) -> [UInt8] {
    guard !records.isEmpty, !same.isEmpty else { return junk() }
    switch style {
    case .junk: return junk()
    case .replay: return pick(Bool.random(using: &generator) ? records : same)
    case .damage: return damaged(pick(records))
    case .fields: return altered(pick(same))
    case .words: return status(like: pick(same), answering: pick(records))
    case .flood, .everything:
      return make(pick([.junk, .replay, .damage, .fields, .words]), records: records, same: same)
    }
  }

  private mutating func junk() -> [UInt8] {
    let count = pick([0, 1, 9, 33, 49, 58, 200, 1_400, 4_153, 9_000])
    let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    return Bool.random(using: &generator) && count < 4_000 ? sealed(bytes) : bytes
  }

  private mutating func damaged(_ record: [UInt8]) -> [UInt8] {
    var bytes = record
    for _ in 0..<Int.random(in: 1...8, using: &generator) where !bytes.isEmpty {
      bytes[.random(in: 0..<bytes.count, using: &generator)] ^= 1 << UInt8.random(in: 0...7, using: &generator)
    }
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: return sealed(Array(bytes.dropLast(4)))
    case 1: return Array(bytes.prefix(.random(in: 0...bytes.count, using: &generator)))
    case 2: return bytes + junk()
    default: return bytes
    }
  }

  /// A frame that was on the wire with one of its values changed: epoch, sequence, or anything in its body.
  private mutating func altered(_ record: [UInt8]) -> [UInt8] {
    guard var frame = WireField.parse(record.dropLast(4)), !frame.isEmpty else { return damaged(record) }
    let index = Int.random(in: 0..<frame.count, using: &generator)
    if frame[index].type == 2, var body = WireField.parse(frame[index].value[...]), !body.isEmpty {
      alter(&body)
      frame[index].value = WireField.write(body)
      // New enough to be looked at.
      if let number = frame.firstIndex(where: { $0.number == 2 }) { raise(&frame[number], by: pick([1, 2, 3, 50])) }
    } else {
      alter(&frame[index])
    }
    return sealed(WireField.write(frame))
  }

  private mutating func alter(_ body: inout [WireField]) {
    let index = Int.random(in: 0..<body.count, using: &generator)
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: body.remove(at: index)
    case 1: body.append(body[index])
    default: alter(&body[index])
    }
  }

  private mutating func alter(_ field: inout WireField) {
    switch field.type {
    case 0: field.value = WireField.varint(pick([0, 1, 2, 3, 100, 1 << 20, 1 << 31, 1 << 32 - 1, 1 << 40]))
    case 1: field.value = bytes(field.value.reversed().reduce(0) { $0 << 8 | UInt64($1) } &+ pick(Self.jumps), 8)
    case 5:
      if Bool.random(using: &generator) {
        raise(&field, by: pick([1, 1_000, 1 << 20, 1 << 30, 1 << 31, .max, .max - 5]))
      } else {
        field.value = bytes(UInt64(pick(Self.floats).bitPattern), 4)
      }
    default:
      guard field.value.count >= 4 else { return field.value.append(0) }
      let place = Int.random(in: 0...(field.value.count / 4 - 1), using: &generator) * 4
      if Bool.random(using: &generator) {
        field.value.replaceSubrange(place..<place + 4, with: bytes(UInt64(pick(Self.floats).bitPattern), 4))
      } else {
        field.value.removeLast(pick([1, 4]))
      }
    }
  }

  private static let floats: [Float] = [.nan, .infinity, -.infinity, 0, -1, 3, 0.05, 1e-30]
  /// Nanoseconds.
  private static let jumps: [UInt64] = [
    30_000_000, 1_000_000_000, 60_000_000_000, 1 << 62, 1 << 63, 0 &- 30_000_000, 0 &- 1_000_000_000,
    0 &- 60_000_000_000,
  ]

  private mutating func raise(_ field: inout WireField, by amount: UInt32) {
    let value = field.value.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    field.value = bytes(UInt64(value &+ amount), 4)
  }

  /// A Status in the name of whoever sent `record`, now and then outside its sequence, to who sent `answered`.
  private mutating func status(like record: [UInt8], answering answered: [UInt8]) -> [UInt8] {
    guard var frame = WireField.parse(record.dropLast(4)), let other = WireField.parse(answered.dropLast(4)),
      let epoch = other.first(where: { $0.number == 1 })
    else { return damaged(record) }
    let words = [
      WireField(number: 1, type: 0, value: [pick([1, 2, 3, 4, 5])]), WireField(number: 3, type: 5, value: epoch.value),
    ]
    frame.removeAll { $0.number > 2 || ($0.number == 2 && Bool.random(using: &generator)) }
    if let number = frame.firstIndex(where: { $0.number == 2 }) { raise(&frame[number], by: pick([1, 2, 50])) }
    return sealed(WireField.write(frame + [WireField(number: 7, type: 2, value: WireField.write(words))]))
  }

  private func bytes(_ number: UInt64, _ count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * $0)) }
  }

  /// With the checksum at the end.
  private func sealed(_ bytes: [UInt8]) -> [UInt8] {
    var whole = bytes + [0, 0, 0, 0]
    _ = rp_seal(&whole, bytes.count)
    return whole
  }
}
