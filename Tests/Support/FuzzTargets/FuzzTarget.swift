// Every parser that faces the outside, with what must hold whatever it is given. The fuzzer and `make test` call the same code.

import Glibc
import OfflineData
import PlannerModel

/// A parser and its invariants. `check` returns normally for any input, or the process has failed.
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// Any bytes on a serial line, and as a datagram, to both ends.
  case frames
  /// Any bytes with a right checksum, to both ends of a link that is being driven.
  case messages
  /// Any bytes as a datagram to both ends of a sealed link, and any bytes in a hand-shake or a frame made with the key.
  case sealed
  case model, warmStart, dataset

  public func check(_ bytes: UnsafeRawBufferPointer) {
    switch self {
    case .frames: LinkFuzzing.checkStream(bytes)
    case .messages: LinkFuzzing.checkMessage(bytes)
    case .sealed: SealFuzzing.check(bytes)
    case .model: withFile(bytes) { _ = try? LoadedModel(path: $0) }
    case .warmStart: withFile(bytes) { Self.checkWarmStart($0) }
    case .dataset:
      // Files without a seal are trusted (Docs/security.md): in some damaged ones libhdf5 crashes, or turns for ever.
      let mark = "metadiffuser data set, HDF5 from byte 512 on, FNV-1a "
      if bytes.starts(with: mark.utf8) { withFile(bytes) { _ = try? Dataset.load(path: $0) } }
    }
  }

  /// What is read has the sizes that it states and no value that a planner could choke on.
  private static func checkWarmStart(_ path: String) {
    guard let start = try? WarmStart(path: path) else { return }
    precondition(start.observations.count == start.count * start.observationSize)
    precondition(start.actions.count == start.count * start.actionSize)
    precondition(start.nextObservations.count == start.observations.count)
    for values in [start.observations, start.actions, start.rewards, start.nextObservations] {
      precondition(values.allSatisfy(\.isFinite))
    }
  }

  /// The parsers read files by name; this one lies in memory.
  private func withFile(_ bytes: UnsafeRawBufferPointer, _ body: (String) -> Void) {
    let path = "/dev/shm/fuzz-\(rawValue)-\(getpid())"
    let file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0o600)
    precondition(file >= 0, "cannot write \(path)")
    let written = write(file, bytes.baseAddress, bytes.count)
    close(file)
    precondition(written == bytes.count)
    body(path)
    unlink(path)
  }
}
