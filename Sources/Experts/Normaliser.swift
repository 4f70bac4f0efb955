// Mean and standard deviation of each channel, so that networks see numbers of about one.

import Learning

/// Statistics of `[rows][channels]`, and the map to normalised units.
public struct Normaliser: Equatable, Sendable {
  public var mean: [Float]
  public var deviation: [Float]
  /// Deviations below this count as this, so that a constant channel stays finite.
  static let smallestDeviation: Float = 1e-3

  /// From given statistics, both `[channels]`.
  public init(mean: [Float], deviation: [Float]) {
    precondition(mean.count == deviation.count)
    self.mean = mean
    self.deviation = deviation.map { max($0, Self.smallestDeviation) }
  }

  /// Measures `rows` rows of `channels` numbers; `row(i)` points at the i-th.
  init(rows: Int, channels: Int, row: (Int) -> UnsafePointer<Float>) {
    var sum = [Double](repeating: 0, count: channels)
    var squares = sum
    for r in 0..<rows {
      let values = row(r)
      for c in 0..<channels {
        sum[c] += Double(values[c])
        squares[c] += Double(values[c]) * Double(values[c])
      }
    }
    let mean = sum.map { $0 / Double(rows) }
    let variance = zip(squares, mean).map { max($0 / Double(rows) - $1 * $1, 0) }
    self.init(mean: mean.map { Float($0) }, deviation: variance.map { Float($0.squareRoot()) })
  }

  /// target = (values − mean) / deviation, `[channels]` each.
  func normalise(_ values: UnsafePointer<Float>, into target: UnsafeMutablePointer<Float>) {
    for c in mean.indices { target[c] = (values[c] - mean[c]) / deviation[c] }
  }
}
