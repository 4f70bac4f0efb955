// Frames in, frames out, later, changed or never: the faults of a link as a function of a clock and a seed.

import Foundations

/// A frame and when it comes out.
public struct ScheduledFrame: Equatable, Sendable {
  public var bytes: [UInt8]
  public var direction: Direction
  /// Nanoseconds of the clock that `pass` was given.
  public var due: UInt64
}

/// Lets frames of both directions pass through a set of faults. The same frames, times and seed come out the same.
public struct FaultInjector {
  public let faults: [Fault]
  /// Frames that came in, and that went out, by direction.
  public private(set) var received: [Direction: Int] = [:]
  public private(set) var delivered: [Direction: Int] = [:]
  /// How often each fault hit, as listed.
  public private(set) var hits: [Int]

  private var random: RandomSource
  private var start: UInt64?
  private var waiting: [ScheduledFrame] = []
  private let rewriter = FrameRewriter()
  /// What each fault keeps, by direction: values, a counter, when it next turns, and whether it is on.
  private var states: [[Direction: State]]
  /// When the last frame in order comes out; the next does not overtake it.
  private var lastDue: [Direction: UInt64] = [:]

  private struct State {
    var values: [Float] = []
    var count = 0
    var turns: UInt64 = 0
    var isOff = false
  }

  public init(_ faults: [Fault], seed: UInt64) {
    self.faults = faults
    hits = Array(repeating: 0, count: faults.count)
    random = RandomSource(seed: seed)
    states = Array(repeating: [:], count: faults.count)
  }

  /// When the next frame comes out; nil if none waits.
  public var nextDue: UInt64? { waiting.map(\.due).min() }

  /// Takes a frame in at `now`; what becomes of it is told by `takeDue`.
  public mutating func pass(_ frame: [UInt8], toward direction: Direction, now: UInt64) {
    let start = start ?? now
    self.start = start
    received[direction, default: 0] += 1
    let seconds = Double(now - start) * 1e-9
    var (bytes, copies) = (frame, 1)
    var (delay, overtaken): (UInt64, UInt64) = (0, 0)
    for (index, fault) in faults.enumerated() where fault.directions.contains(direction) {
      guard seconds >= fault.start, seconds < fault.start + fault.duration else {
        states[index][direction] = nil
        continue
      }
      guard Double.random(in: 0..<1, using: &random) < fault.rate else { continue }
      hits[index] += 1
      switch fault.kind {
      case .off, .drop: copies = 0
      case .slow:
        let count = states[index][direction, default: State()].count
        states[index][direction, default: State()].count = count + 1
        if count % max(1, Int(fault.amount)) != 0 { copies = 0 }
      case .intermittent: if isOff(index, direction, now) { copies = 0 }
      case .duplicate: copies *= 2
      case .stuck, .wrong, .garbage: bytes = falsify(bytes, index, direction)
      case .corrupt:
        for _ in 0..<Int.random(in: 1...8, using: &random) where !bytes.isEmpty {
          bytes[Int.random(in: bytes.indices, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
        }
      case .delayed:
        let jitter = fault.jitter > 0 ? Double.random(in: -fault.jitter...fault.jitter, using: &random) : 0
        delay += UInt64(max(0, fault.amount + jitter) * 1e6)
      case .reorder: overtaken += UInt64(fault.amount * 1e6)
      }
    }
    if copies == 0 { return }
    let inOrder = max(now + delay, lastDue[direction] ?? 0)
    if overtaken == 0 { lastDue[direction] = inOrder }
    let scheduled = ScheduledFrame(bytes: bytes, direction: direction, due: inOrder + overtaken)
    waiting += Array(repeating: scheduled, count: copies)
  }

  /// The frames that come out by `now`, in order.
  public mutating func takeDue(now: UInt64) -> [ScheduledFrame] {
    // Stable: frames of the same time stay in the order they came in.
    let due = waiting.enumerated().filter { $0.element.due <= now }.sorted {
      ($0.element.due, $0.offset) < ($1.element.due, $1.offset)
    }.map(\.element)
    waiting.removeAll { $0.due <= now }
    for frame in due { delivered[frame.direction, default: 0] += 1 }
    return due
  }

  private mutating func isOff(_ index: Int, _ direction: Direction, _ now: UInt64) -> Bool {
    var state = states[index][direction] ?? State()
    while now >= state.turns {
      state.isOff.toggle()
      let mean = max(1, faults[index].amount) * 1e6
      state.turns = max(state.turns, now) + UInt64(Double.random(in: 0.5...1.5, using: &random) * mean)
    }
    states[index][direction] = state
    return state.isOff
  }

  private mutating func falsify(_ frame: [UInt8], _ index: Int, _ direction: Direction) -> [UInt8] {
    let fault = faults[index]
    var kept = states[index][direction, default: State()].values
    var random = random
    let changed = rewriter.rewrite(frame) { values in
      switch fault.kind {
      case .stuck:
        // The values, or how far they are off, are those of the first frame that had so many.
        kept += values.dropFirst(kept.count)
        for entry in values.indices { values[entry] = kept[entry] }
      case .wrong:
        let bound = Float(fault.amount)
        while kept.count < values.count { kept.append(.random(in: -bound...bound, using: &random)) }
        for entry in values.indices { values[entry] += kept[entry] }
      default:
        for entry in values.indices { values[entry] = Float(bitPattern: .random(in: 0 ... .max, using: &random)) }
      }
    }
    self.random = random
    states[index][direction, default: State()].values = kept
    return changed
  }
}
