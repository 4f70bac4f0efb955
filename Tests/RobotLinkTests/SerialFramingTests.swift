// Framing on a serial line: held against COBS as its paper states it, and against streams damaged in every way.

import CRobotProtocol
import Testing

@Suite("Serial framing") struct SerialFramingTests {
  /// What travels for `bytes`.
  static func line(_ bytes: [UInt8]) -> [UInt8] {
    var line = [UInt8](repeating: 0xEE, count: bytes.count + bytes.count / 254 + 3)
    let count = bytes.withUnsafeBufferPointer { source in
      rp_line_encode(source.baseAddress ?? UnsafePointer(bitPattern: 8)!, source.count, &line)
    }
    return Array(line[..<count])
  }

  /// Takes a stream apart with a decoder for frames of at most `capacity` bytes: frames, and how many were broken or
  /// long.
  static func takeApart(
    _ stream: [UInt8], capacity: Int = 1000
  ) -> (frames: [[UInt8]], broken: Int, tooLong: Int) {
    var memory = [UInt8](repeating: 0, count: capacity)
    var result: (frames: [[UInt8]], broken: Int, tooLong: Int) = ([], 0, 0)
    memory.withUnsafeMutableBufferPointer { memory in
      var decoder = rp_line_decoder()
      decoder.bytes = memory.baseAddress
      decoder.capacity = capacity
      for byte in stream {
        switch rp_line_push(&decoder, byte) {
        case RP_LINE_FRAME: result.frames.append(Array(memory[..<decoder.count]))
        case RP_LINE_BROKEN: result.broken += 1
        case RP_LINE_TOO_LONG: result.tooLong += 1
        default: break
        }
      }
    }
    return result
  }

  /// The decoding as the paper states it: split at the lengths, put a zero after each block but full ones and the last.
  static func oracle(_ piece: ArraySlice<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = piece
    while let code = rest.popFirst() {
      guard rest.count >= Int(code) - 1 else { return nil }
      bytes += rest.prefix(Int(code) - 1)
      rest = rest.dropFirst(Int(code) - 1)
      if code < 255, !rest.isEmpty { bytes.append(0) }
    }
    return bytes.isEmpty ? nil : bytes
  }

  @Test(
    arguments: [
      ([0x00], [0, 1, 1, 0]), ([0x00, 0x00], [0, 1, 1, 1, 0]),
      ([0x11, 0x22, 0x00, 0x33], [0, 3, 0x11, 0x22, 2, 0x33, 0]),
      ([0x11, 0x22, 0x33, 0x44], [0, 5, 0x11, 0x22, 0x33, 0x44, 0]), ([0x11, 0x00], [0, 2, 0x11, 1, 0]),
      (Array(1...254), [0, 255] + Array(1...254) + [0]), ([0] + Array(1...254), [0, 1, 255] + Array(1...254) + [0]),
      (Array(1...255), [0, 255] + Array(1...254) + [2, 255, 0]),
      (Array(2...255) + [0], [0, 255] + Array(2...255) + [1, 1, 0]),
    ] as [([UInt8], [UInt8])])
  func `frames travel as the paper's examples say`(bytes: [UInt8], line: [UInt8]) {
    #expect(Self.line(bytes) == line)
  }

  @Test func `whatever is sent comes out again, in no more bytes than the bound, with zeros only at the ends`() {
    var generator = FuzzTests.Generator(state: 11)
    for count in Array(1...600) + [4096] {
      let dense = Bool.random(using: &generator)
      let bytes = (0..<count).map { _ in UInt8.random(in: dense ? 1...255 : 0...2, using: &generator) }
      let line = Self.line(bytes)
      #expect(line.count <= count + count / 254 + 3)
      #expect(line.first == 0 && line.last == 0)
      #expect(!line.dropFirst().dropLast().contains(0))
      #expect(Self.takeApart(line, capacity: count).frames == [bytes])
      #expect(Self.oracle(line.dropFirst().dropLast()) == bytes)
    }
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `any stream is taken apart as the paper says, each piece counted once`(seed: UInt64) {
    var generator = FuzzTests.Generator(state: seed)
    let stream = (0..<20_000).map { _ in UInt8.random(in: 0...9, using: &generator) }
    let result = Self.takeApart(stream + [0])
    let pieces = stream.split(separator: 0)
    #expect(result.frames == pieces.compactMap(Self.oracle))
    #expect(result.frames.count + result.broken + result.tooLong == pieces.count)
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `after any damage the very next whole frame is read`(seed: UInt64) {
    var generator = FuzzTests.Generator(state: seed)
    let good: [UInt8] = [7, 0, 9, 0, 0, 3]
    for _ in 0..<2_000 {
      var damaged = Self.line((0..<40).map { _ in UInt8.random(in: 0...255, using: &generator) })
      damaged.removeLast(.random(in: 0...damaged.count, using: &generator))
      damaged += (0..<Int.random(in: 0...9, using: &generator)).map { _ in .random(in: 0...255, using: &generator) }
      #expect(Self.takeApart(damaged + Self.line(good)).frames.last == good)
    }
  }

  @Test func `a frame longer than the buffer is counted, never written beyond it, and the next one is read`() {
    let (frames, broken, tooLong) = Self.takeApart(Self.line(Array(1...100)) + Self.line([5, 6]), capacity: 99)
    #expect(frames == [[5, 6]])
    #expect((broken, tooLong) == (0, 1))
  }

  @Test func `the checksum at the end is known, and one flipped bit anywhere is noticed`() {
    var bytes: [UInt8] = Array("123456789".utf8) + [0, 0, 0, 0]
    #expect(rp_seal(&bytes, 9) == 13)
    #expect(bytes[9...] == [0x83, 0x92, 0x06, 0xE3])
    #expect(rp_is_sealed(bytes, 13) == 1)
    for bit in 0..<13 * 8 {
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(rp_is_sealed(bytes, 13) == 0)
      bytes[bit / 8] ^= 1 << UInt8(bit % 8)
    }
    #expect(rp_is_sealed(bytes, 3) == 0)
  }
}
