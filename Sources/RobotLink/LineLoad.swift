// What a control period puts on a serial line: whether a line can carry a robot at all is known before it moves.

/// Bytes that each control period puts on a serial line, delimiters included. Real-time: no.
public struct LineLoad: Equatable, Sendable {
  /// Bytes of an observation on the line.
  public let observationBytes: Int
  /// Bytes of an action that takes `laterEntries` entries of its plan along.
  public let actionBytes: Int

  /// The load of a robot of `profile`, whose actions take `laterEntries`, 0…3, entries along. Real-time: no.
  public init(profile: RobotProfile, laterEntries: Int) {
    var channel = FrameChannel(epoch: .max)
    var observation = ObservationMessage()
    // Numbers as large as an hour of driving makes them.
    let (hour, steps): (UInt64, UInt32) = (3_600_000_000_000, 100_000)
    (observation.reward, observation.sampleTimeNanoseconds) = (1, hour)
    (observation.episode, observation.step) = (steps, steps)
    observationBytes = serialBytes(channel.encode(observation: observation, of: profile, obeying: 0))
    var action = ActionMessage()
    (action.observationEpoch, action.observationSequence, action.plan) = (.max, steps, steps)
    (action.sampleTimeNanoseconds, action.planMicroseconds, action.deadlineMisses) = (hour, steps, steps)
    (action.mode, action.predictedReturn, action.laterEntries) = (.plan, 1, laterEntries)
    actionBytes = serialBytes(channel.encode(action: action, for: profile))
  }

  /// How long `bytes` take at `baud` bits per second, each with a start bit and a stop bit. Real-time: no.
  public static func nanoseconds(_ bytes: Int, baud: UInt32) -> UInt64 {
    UInt64(bytes) * 10 * 1_000_000_000 / UInt64(max(1, baud))
  }

  /// The least rate at which observation and action are through in `nanoseconds`, one after the other. Real-time: no.
  public func leastBaud(nanoseconds: UInt64) -> UInt64 {
    (UInt64(observationBytes + actionBytes) * 10 * 1_000_000_000 + nanoseconds - 1) / max(1, nanoseconds)
  }
}
