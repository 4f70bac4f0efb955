// What the control thread shows to the main thread while it runs: numbers and news, without a lock.

import ControlCore
import RobotLink
import Synchronization

/// What the loop shows: written by the control thread, read by any other. Each value is true on its own; together they
/// may be of two cycles. Real-time: yes, where a member does not say otherwise: every value is an atomic.
public final class LoopStatus: Sendable {
  package let isStopRequested = Atomic(false)
  private let isRearmRequested = Atomic(false)
  private let hasEnded = Atomic(false)
  private let isConnectedNow = Atomic(false)
  private let reachWord = Atomic<UInt64>(0)
  private let missedWord = Atomic<UInt64>(0)
  private let numbers = Atomic<UInt64>(0)  // episode in the upper half, step in the lower
  private let rewardBits = Atomic<UInt32>(0)
  private let plan = Atomic<UInt32>(0)
  private let misses = Atomic<UInt64>(0)
  /// 0: no belief. Otherwise from the lowest bit on: 1, unexplained, hypothesis in 30 bits, the confidence's 32.
  private let beliefBits = Atomic<UInt64>(0)
  private let newsCount = Atomic<Int>(0)
  /// The last eight news, a byte each, the newest lowest.
  private let newsBytes = Atomic<UInt64>(0)

  /// Before the loop runs. Real-time: no.
  public init() {}

  /// Asks the loop to end after the present cycle. Real-time: yes.
  public func stop() { isStopRequested.store(true, ordering: .relaxed) }

  /// Lifts a SAFE that is latched now, the robot's or the loop's own, after a person has had a look. Real-time: yes.
  public func rearm() { isRearmRequested.store(true, ordering: .relaxed) }

  /// Whether that was asked for since the last call.
  @_noAllocation @_noLocks
  func takeRearm() -> Bool { isRearmRequested.exchange(false, ordering: .relaxed) }

  /// Whether `run` has ended. Real-time: yes.
  public var isOver: Bool { hasEnded.load(ordering: .acquiring) }
  /// Whether a robot is connected. Real-time: yes.
  public var isConnected: Bool { isConnectedNow.load(ordering: .relaxed) }
  /// How far frames get towards the robot. Real-time: yes.
  public var reach: LinkReach { LinkReach(word: reachWord.load(ordering: .relaxed)) }
  /// Number of the last observation's episode. Real-time: yes.
  public var episode: Int { Int(numbers.load(ordering: .relaxed) >> 32) }
  /// The last observation's step in its episode. Real-time: yes.
  public var step: Int { Int(numbers.load(ordering: .relaxed) & 0xFFFF_FFFF) }
  /// Reward of the last observation; 0 where there is none. Real-time: yes.
  public var reward: Float { Float(bitPattern: rewardBits.load(ordering: .relaxed)) }
  /// What the last plan took; 0 where the last answer had none of its own. Real-time: yes.
  public var planMicroseconds: UInt32 { plan.load(ordering: .relaxed) }
  /// Observations that no plan of their own answered in time. Real-time: yes.
  public var deadlineMisses: UInt64 { misses.load(ordering: .relaxed) }
  /// Why the last observation that has no plan of its own has none. Real-time: yes.
  public var missedPlan: MissedPlan { MissedPlan(word: missedWord.load(ordering: .relaxed)) }

  /// What is believed about the robot, all of one cycle; nil where the controller has no belief. Real-time: yes.
  public var belief: ShownBelief? {
    let bits = beliefBits.load(ordering: .relaxed)
    guard bits & 1 != 0 else { return nil }
    return ShownBelief(
      hypothesis: Int(bits >> 2 & 0x3FFF_FFFF), confidence: Float(bitPattern: UInt32(bits >> 32)),
      isUnexplained: bits & 2 != 0)
  }

  /// News since `count`, oldest first; `count` is moved on. Of more than eight the oldest are forgotten. Real-time: no
  /// (an array).
  public func news(since count: inout Int) -> [LoopEvent] {
    let total = newsCount.load(ordering: .acquiring)
    let fresh = min(total - count, 8)
    count = total
    let bytes = newsBytes.load(ordering: .relaxed)
    return (0..<max(0, fresh)).reversed().compactMap {
      LoopEvent(rawValue: UInt8(truncatingIfNeeded: bytes >> (8 * $0)))
    }
  }

  @_noAllocation @_noLocks
  func post(_ news: LoopEvent) {
    // One writer: loading and storing apart loses nothing.
    let bytes = newsBytes.load(ordering: .relaxed) << 8 | UInt64(news.rawValue)
    newsBytes.store(bytes, ordering: .relaxed)
    newsCount.store(newsCount.load(ordering: .relaxed) + 1, ordering: .releasing)
  }

  @_noAllocation @_noLocks
  func show(isConnected: Bool) { isConnectedNow.store(isConnected, ordering: .relaxed) }

  @_noAllocation @_noLocks
  func show(reach: LinkReach) { reachWord.store(reach.word, ordering: .relaxed) }

  @_noAllocation @_noLocks
  func show(missed: MissedPlan) { missedWord.store(missed.word, ordering: .relaxed) }

  @_noAllocation @_noLocks
  func show(episode: UInt32, step: UInt32, reward: Float, planMicroseconds: UInt32, misses count: UInt64) {
    numbers.store(UInt64(episode) << 32 | UInt64(step), ordering: .relaxed)
    rewardBits.store(reward.bitPattern, ordering: .relaxed)
    plan.store(planMicroseconds, ordering: .relaxed)
    misses.store(count, ordering: .relaxed)
  }

  @_noAllocation @_noLocks
  func show(_ belief: ShownBelief) {
    let flags: UInt64 = belief.isUnexplained ? 3 : 1
    let hypothesis = UInt64(truncatingIfNeeded: belief.hypothesis) & 0x3FFF_FFFF
    beliefBits.store(UInt64(belief.confidence.bitPattern) << 32 | hypothesis << 2 | flags, ordering: .relaxed)
  }

  func end() { hasEnded.store(true, ordering: .releasing) }
}
