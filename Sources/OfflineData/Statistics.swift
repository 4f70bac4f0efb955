// What normalisation needs to know of a data set: mean, spread and range of every channel.

/// Mean, standard deviation and range of some channels, each `[channel]`, in the channels' own units.
public struct ChannelStatistics: Sendable, Equatable {
  public var mean: [Float]
  /// Above 0. A channel that stands still gets its magnitude in place of its spread, or 1 where it is 0, so that it
  /// still is about nothing when it moves by its sensor's noise one day.
  public var deviation: [Float]
  public var minimum: [Float]
  public var maximum: [Float]

  /// Whether channel `channel` never moves.
  public func standsStill(_ channel: Int) -> Bool {
    Self.standsStill(minimum: minimum[channel], maximum: maximum[channel])
  }

  /// Whether a channel with this range never moves: by no more than fp32 rounds it. This knows no unit: a recording in
  /// metres and the same one in micrometres have the same channels that move.
  public static func standsStill(minimum: Float, maximum: Float) -> Bool {
    let range = Double(maximum) - Double(minimum)
    return range <= 1e-6 * Double(max(abs(minimum), abs(maximum))) || range <= noUnit
  }

  /// Numbers below this are what is left of a computation, in every unit that anybody measures in.
  static let noUnit = 1e-12

  /// What to divide a channel by, given its true standard deviation.
  package static func divisor(_ deviation: Double, minimum: Float, maximum: Float) -> Float {
    guard standsStill(minimum: minimum, maximum: maximum) else { return Float(deviation) }
    let magnitude = max(abs(minimum), abs(maximum))
    return Double(magnitude) > noUnit ? magnitude : 1
  }
}

/// Statistics of a data set's transitions. Real-time: no.
public struct Statistics: Sendable, Equatable {
  public var observation: ChannelStatistics
  public var action: ChannelStatistics
  /// Next observation minus observation; its deviation is at least a thousandth of the observation's.
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
    for channel in 0..<width {
      // One that hardly moves at a time moves by its sensor's noise too; one that stands still does by that alone.
      let spread = observation.deviation[channel]
      let isStill = observation.standsStill(channel)
      let own = difference.standsStill(channel) ? 0 : difference.deviation[channel]
      difference.deviation[channel] = isStill ? spread : max(own, 1e-3 * spread)
    }
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
      deviation: (0..<width).map {
        ChannelStatistics.divisor((variance[$0] / rows).squareRoot(), minimum: minimum[$0], maximum: maximum[$0])
      },
      minimum: minimum,
      maximum: maximum)
  }
}
