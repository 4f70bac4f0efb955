// A small, seedable random source whose state is a plain value: the same seed gives the same numbers on every machine.

import CKernels

/// xoshiro256** (Blackman and Vigna, 2018), seeded through SplitMix64.
///
/// Used for everything that draws at random: task lists, resets, training batches and the planner's noise.
/// Real-time: yes. The state is 48 bytes inside the value; nothing is allocated.
public struct RandomSource: RandomNumberGenerator, Sendable {
  // The whole state is visible inside the package so that training checkpoints can hold it.
  package var s0, s1, s2, s3: UInt64
  /// The second normal number of the last pair, when one is left.
  package var spare: Float = 0
  package var hasSpare = false

  /// Starts the sequence that belongs to `seed`; different seeds give unrelated sequences. Real-time: yes.
  @_noAllocation @_noLocks
  public init(seed: UInt64) {
    var mix = seed
    @_noAllocation @_noLocks func next(_ mix: inout UInt64) -> UInt64 {
      mix &+= 0x9E37_79B9_7F4A_7C15
      var word = mix
      word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      return word ^ (word >> 31)
    }
    s0 = next(&mix)
    s1 = next(&mix)
    s2 = next(&mix)
    s3 = next(&mix)
  }

  /// A stream of its own for each `stream`, so that parallel work draws the same numbers in any order of execution.
  /// Real-time: yes.
  public init(seed: UInt64, stream: UInt64) {
    var parent = RandomSource(seed: seed)
    self.init(seed: parent.next() ^ (stream &* 0xD134_2543_DE82_EF95 &+ 0x2545_F491_4F6C_DD1D))
  }

  /// The next 64 random bits. Real-time: yes.
  @inlinable @_noAllocation @_noLocks
  public mutating func next() -> UInt64 { nextWord() }

  @usableFromInline @inline(__always) @_noAllocation @_noLocks
  mutating func nextWord() -> UInt64 {
    let product = s1 &* 5
    let result = ((product << 7) | (product >> 57)) &* 9
    let shifted = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= shifted
    s3 = (s3 << 45) | (s3 >> 19)
    return result
  }

  /// Uniform in [0, 1), 24 random bits. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func uniform() -> Float {
    Float(nextWord() >> 40) * 0x1p-24
  }

  /// Uniform in [low, high), 53 random bits. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * (Double(nextWord() >> 11) * 0x1p-53)
  }

  /// Uniform in 0..<count; `count` must be positive and below 2³². Bias is below count / 2³² (Lemire's multiply-shift).
  /// Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func index(below count: Int) -> Int {
    Int(((nextWord() >> 32) &* UInt64(truncatingIfNeeded: count)) >> 32)
  }

  /// Standard normal (the Box-Muller transform: two uniforms make a pair, the second is kept for the next call).
  /// Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func normal() -> Float {
    if hasSpare {
      hasSpare = false
      return spare
    }
    // 1 - u lies in (0, 1], so that the logarithm is finite.
    let radius = ck_sqrt(-2 * ck_log(1 - uniform()))
    let angle = 2 * Float.pi * uniform()
    spare = radius * ck_sin(angle)
    hasSpare = true
    return radius * ck_cos(angle)
  }
}
