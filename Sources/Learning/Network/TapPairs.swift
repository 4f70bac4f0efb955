// Which instants meet in a convolution over time: one table says it for stride, padding and transposition alike.

import CLearningKernels

/// How a convolution moves over time.
package enum ConvolutionGeometry: Sendable {
  /// Odd kernel, stride 1, zero padding that keeps the length.
  case same(taps: Int)
  /// Kernel 3, stride 2, padding 1: half the length.
  case downsampling
  /// Transposed, kernel 4, stride 2, padding 1: twice the length.
  case upsampling

  var taps: Int {
    switch self {
    case .same(let taps): taps
    case .downsampling: 3
    case .upsampling: 4
    }
  }

  func outputTime(_ inputTime: Int) -> Int {
    switch self {
    case .same: inputTime
    case .downsampling: inputTime / 2
    case .upsampling: 2 * inputTime
    }
  }

  /// All (output instant, tap, input instant) that meet; padding meets nothing.
  func tapPairs(inputTime: Int) -> [(output: Int, tap: Int, input: Int)] {
    var all: [(output: Int, tap: Int, input: Int)] = []
    for input in 0..<inputTime {
      for tap in 0..<taps {
        let output: Int
        switch self {
        case .same(let taps):
          output = input - tap + taps / 2
        case .downsampling:
          // input = 2 output + tap - 1
          guard (input + 1 - tap) % 2 == 0 else { continue }
          output = (input + 1 - tap) / 2
        case .upsampling:
          output = 2 * input + tap - 1
        }
        if output >= 0 && output < outputTime(inputTime) { all.append((output, tap, input)) }
      }
    }
    return all
  }
}

/// A table for the kernels: for each block of a result, which blocks of the two factors it sums over. Immutable.
final class TapPairs: @unchecked Sendable {
  private let storage: UnsafeMutablePointer<Int32>
  let table: lk_tap_pairs

  /// `entries` are (result, source, tap) in any order.
  init(count: Int, _ entries: [(result: Int, source: Int, tap: Int)]) {
    let sorted = entries.sorted { ($0.result, $0.tap, $0.source) < ($1.result, $1.tap, $1.source) }
    storage = .allocate(capacity: count + 1 + 2 * sorted.count)
    let sources = storage + count + 1
    let taps = sources + sorted.count
    for (index, entry) in sorted.enumerated() {
      sources[index] = Int32(entry.source)
      taps[index] = Int32(entry.tap)
    }
    for result in 0...count {
      storage[result] = Int32(sorted.firstIndex { $0.result >= result } ?? sorted.count)
    }
    table = lk_tap_pairs(count: count, starts: storage, sources: sources, taps: taps)
  }

  deinit { storage.deallocate() }
}
