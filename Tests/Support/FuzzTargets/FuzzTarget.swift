// Every parser and every state machine that faces the outside, with what must hold whatever it is given. The fuzzer and
// `make test` call the same code.

import Foundation

/// Something that takes input from outside, and its invariants.
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// Any bytes on a serial line, and as a datagram, to both ends.
  case frames
  /// Any bytes with a right checksum, to both ends of a link that is being driven.
  case messages
  /// Any bytes as a datagram to both ends of a sealed link, and any bytes in a hand-shake or a frame made with the key.
  case sealed
  /// Both ends of a link through any order of loss, delay, forgery and restarts.
  case sessions
  /// The controller's whole cycle under any order of what a robot and time may do.
  case loop
  /// A serial line that is written to by anybody, and unplugged.
  case serial
  case bus
  /// The firmware's application under any order of bytes on its lines.
  case firmware
  case model, warmStart, dataset, recipe, key

  /// Returns for any input, or the process has failed. True if the input was of use: a file was taken, a frame
  /// accepted, a robot driven.
  @discardableResult public func check(_ bytes: UnsafeRawBufferPointer) -> Bool {
    switch self {
    case .frames: LinkFuzzing.checkStream(bytes)
    case .messages: LinkFuzzing.checkMessage(bytes)
    case .sealed: SealFuzzing.check(bytes)
    case .sessions: SessionFuzzing.check(bytes)
    case .loop: LoopFuzzing.check(bytes)
    case .serial: SerialFuzzing.check(bytes, path: path)
    case .bus: BusFuzzing.check(bytes)
    case .firmware: FirmwareFuzzing.check(bytes)
    case .model: withFile(bytes) { ModelFuzzing.check($0) }
    case .warmStart: withFile(bytes) { WarmStartFuzzing.check($0) }
    case .dataset:
      withFile(UnsafeRawBufferPointer(start: nil, count: 0)) { DatasetFuzzing.check(bytes, path: $0) }
    case .recipe: withFile(bytes) { RecipeFuzzing.check($0) }
    case .key:
      withFile(UnsafeRawBufferPointer(rebasing: bytes.dropFirst())) {
        KeyFuzzing.check(mode: bytes.first ?? 0, Array(bytes.dropFirst()), path: $0)
      }
    }
  }

  /// Inputs to begin with, by name, each of use: what a sound peer sends, what a sound file holds.
  public func seeds() throws -> [(name: String, bytes: [UInt8])] {
    func numbered(_ seeds: [[UInt8]]) -> [(String, [UInt8])] { seeds.enumerated().map { ("seed-\($0)", $1) } }
    /// The content of a file that `write` makes.
    func content(_ write: (String) throws -> Void) throws -> [UInt8] {
      defer { unlink(path) }
      try write(path)
      return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }
    switch self {
    case .frames: return numbered(LinkFuzzing.streams)
    case .messages: return numbered(LinkFuzzing.messages)
    case .sealed: return numbered(SealFuzzing.seeds)
    case .sessions: return numbered(SessionFuzzing.seeds)
    case .loop: return numbered(LoopFuzzing.seeds)
    case .serial: return numbered(SerialFuzzing.seeds)
    case .bus: return numbered(BusFuzzing.seeds)
    case .firmware: return numbered(FirmwareFuzzing.seeds)
    case .model:
      var seeds: [(String, [UInt8])] = []
      try ModelFuzzing.writeSeeds { name, write in seeds.append((name, try content(write))) }
      return seeds
    case .warmStart: return numbered([try content(WarmStartFuzzing.writeSeed)])
    case .dataset: return numbered(DatasetFuzzing.seeds)
    case .recipe: return numbered(RecipeFuzzing.seeds)
    case .key: return numbered(KeyFuzzing.seeds)
    }
  }

  /// Of this target and thread.
  private var path: String { "/dev/shm/fuzz-\(rawValue)-\(getpid())-\(pthread_self())" }

  /// The parsers read files by name; this one lies in memory.
  private func withFile(_ bytes: UnsafeRawBufferPointer, _ body: (String) -> Bool) -> Bool {
    let file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0o600)
    precondition(file >= 0, "cannot write \(path)")
    let written = write(file, bytes.baseAddress, bytes.count)
    close(file)
    precondition(written == bytes.count)
    defer { unlink(path) }
    return body(path)
  }
}
