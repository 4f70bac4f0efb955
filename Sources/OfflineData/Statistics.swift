// What normalisation needs to know of a data set: mean, spread and range of every channel.

/// Mean, standard deviation and range of some channels, each `[channel]`, in the channels' own units.
public struct ChannelStatistics: Sendable, Equatable {
  public var mean: [Float]
  /// At least `Statistics.smallestDeviation`, so that nobody divides by less.
  public var deviation: [Float]
  public var minimum: [Float]
  public var maximum: [Float]
}

/// Statistics of a data set's transitions. Real-time: no.
public struct Statistics: Sendable, Equatable {
  public static let smallestDeviation: Float = 1e-3

  public var observation: ChannelStatistics
  public var action: ChannelStatistics
  /// Next observation minus observation.
  public var difference: ChannelStatistics
  /// One channel.
  public var reward: ChannelStatistics

  /// Over all transitions of `dataset`, which must have passed its check (`load` and `save` do that).
  public init(_ dataset: Dataset) {
    let width = dataset.observationSize
    observation = Self.channels(width, dataset.episodes.map(\.observations))
    action = Self.channels(dataset.actionSize, dataset.episodes.map(\.actions))
    difference = Self.channels(
      width,
      dataset.episodes.map { zip($0.observations.dropFirst(width), $0.observations).map { $0 - $1 } })
    reward = Self.channels(1, dataset.episodes.map(\.rewards))
  }

  /// Over rows of `width` channels, accumulated in double precision, in two passes against cancellation.
  private static func channels(_ width: Int, _ blocks: [[Float]]) -> ChannelStatistics {
    let rows = Double(blocks.reduce(0) { $0 + $1.count } / width)
    precondition(rows > 0, "statistics of an empty data set")
    var mean = [Double](repeating: 0, count: width)
    var minimum = [Float](repeating: .infinity, count: width)
    var maximum = [Float](repeating: -.infinity, count: width)
    for block in blocks {
      for (index, value) in block.enumerated() {
        let channel = index % width
        mean[channel] += Double(value)
        minimum[channel] = min(minimum[channel], value)
        maximum[channel] = max(maximum[channel], value)
      }
    }
    for channel in 0..<width { mean[channel] /= rows }
    var variance = [Double](repeating: 0, count: width)
    for block in blocks {
      for (index, value) in block.enumerated() {
        let deviation = Double(value) - mean[index % width]
        variance[index % width] += deviation * deviation
      }
    }
    return ChannelStatistics(
      mean: mean.map { Float($0) },
      deviation: variance.map { max(Float(($0 / rows).squareRoot()), smallestDeviation) },
      minimum: minimum,
      maximum: maximum)
  }
}
