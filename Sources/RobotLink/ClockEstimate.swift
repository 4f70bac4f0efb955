// How far the robot's clock is from the controller's: four stamps per question, and only questions with a short round
// trip.

/// The times of one question and its answer, nanoseconds; the robot's two are 0 in a question.
struct ClockStamps: Sendable {
  /// Controller's clock when it asked.
  var asked: UInt64
  /// Robot's clock when the question came and when the answer left.
  var received: UInt64 = 0, answered: UInt64 = 0
}

/// The difference of two clocks, from the round trip that bounds it best (Cristian, 1989).
///
/// The answer's true offset lies within half its round trip of the estimate, whatever way the delay is shared between
/// there and back. A new answer is taken if its bound is tighter than the present one, which widens with the time
/// since, as clocks drift apart: that is the gate, and it needs no threshold that fits all links. Real-time: yes.
public struct ClockEstimate: Equatable, Sendable {
  /// Clocks drift apart by at most this many nanoseconds in a second (300 ppm). Real-time: yes.
  public static var driftNanosecondsPerSecond: UInt64 { @_noAllocation @_noLocks get { 300_000 } }

  /// Robot's clock minus controller's, modulo 2^64.
  private var offset: UInt64 = 0
  private var takenAt: UInt64 = 0
  /// Answers taken.
  public private(set) var taken: UInt64 = 0
  /// Answers whose round trip was too long to tell anything new.
  public private(set) var gated: UInt64 = 0
  /// Round trip of the answer the estimate rests on, without the robot's share; 0 before the first.
  public private(set) var roundTripNanoseconds: UInt64 = 0

  /// No estimate yet. Real-time: yes.
  @_noAllocation @_noLocks
  public init() {}

  /// Nanoseconds by which the estimate may be off at `now`; nil before the first answer. Real-time: yes.
  @_noAllocation @_noLocks
  public func uncertainty(now: UInt64) -> UInt64? {
    if taken == 0 { return nil }
    let age = now > takenAt ? now - takenAt : 0
    return roundTripNanoseconds / 2 + age / 1_000_000 * Self.driftNanosecondsPerSecond / 1_000
  }

  /// A time of the robot's clock on the controller's; nil before the first answer. Real-time: yes.
  @_noAllocation @_noLocks
  public func controllerTime(ofRobot time: UInt64) -> UInt64? { taken == 0 ? nil : time &- offset }

  /// Takes an answer that came at `heard` in; false if its stamps contradict each other.
  @_noAllocation @_noLocks
  mutating func take(_ stamps: ClockStamps, heard: UInt64) -> Bool {
    let away = heard &- stamps.asked
    let within = stamps.answered &- stamps.received
    // A minute: differences of stamps in the wrong order are far more.
    guard away < 60_000_000_000, within <= away else { return false }
    let roundTrip = away - within
    if let present = uncertainty(now: heard), roundTrip / 2 > present {
      gated += 1
      return true
    }
    // Mean of there and back, (received − asked + answered − heard) / 2, written so that nothing overflows.
    offset = stamps.received &- stamps.asked &- roundTrip / 2
    roundTripNanoseconds = roundTrip
    takenAt = heard
    taken += 1
    return true
  }
}
