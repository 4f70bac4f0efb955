// Why an observation got no plan of its own.

/// Why the last observation that has no plan of its own has none. Real-time: yes, a value.
public enum MissedPlan: Equatable, Sendable {
  case none
  /// It reached the planner so long after it was due.
  case late(microseconds: UInt32)
  /// A denoising step takes so long here.
  case slow(microseconds: UInt32)
  /// The plan came out non-finite.
  case failed

  /// In one word, so that another thread reads it whole.
  package var word: UInt64 {
    @_noAllocation @_noLocks get {
      switch self {
      case .none: 0
      case .late(let microseconds): 1 | UInt64(microseconds) << 32
      case .slow(let microseconds): 2 | UInt64(microseconds) << 32
      case .failed: 3
      }
    }
  }

  package init(word: UInt64) {
    let microseconds = UInt32(word >> 32)
    switch word & 3 {
    case 0: self = .none
    case 1: self = .late(microseconds: microseconds)
    case 2: self = .slow(microseconds: microseconds)
    default: self = .failed
    }
  }
}
