// Whether this machine and this line keep a model's pace: said with figures at the start, and when a robot stands still.

import RobotLink

/// Why the last observation that has no plan of its own has none.
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

/// What keeps a model from driving at its pace, known before it drives.
public enum PaceWarning: Equatable, Sendable {
  /// A denoising step alone takes longer than the period: no plan can be in time.
  case noPlanInTime(stepNanoseconds: UInt64, periodNanoseconds: UInt64)
  /// A whole plan takes longer than its budget, which cuts it to so many of its denoising steps.
  case plansCutShort(planNanoseconds: UInt64, budgetNanoseconds: UInt64, steps: Int, of: Int)
  /// Observation and action take so long on the line, of a period; a rate of `leastBaud` would leave half of it.
  case slowLine(load: LineLoad, nanoseconds: UInt64, periodNanoseconds: UInt64, leastBaud: UInt64)
}

extension ControlLoop {
  /// What is known to be too slow, measured in rehearsal and reckoned from the line's rate.
  public var paceWarnings: [PaceWarning] {
    var warnings: [PaceWarning] = []
    let (plan, steps) = (rehearsedNanoseconds, max(1, rehearsedSteps))
    let step = plan / UInt64(steps)
    if step >= periodNanoseconds {
      warnings.append(.noPlanInTime(stepNanoseconds: step, periodNanoseconds: periodNanoseconds))
    } else if plan > budgetNanoseconds {
      // The first step is taken whatever the budget.
      let taken = max(1, Int(clamping: budgetNanoseconds / max(1, step)))
      warnings.append(
        .plansCutShort(planNanoseconds: plan, budgetNanoseconds: budgetNanoseconds, steps: taken, of: steps))
    }
    if case .serial(_, let baud) = address {
      let load = LineLoad(profile: endpoint.session.profile, laterEntries: laterEntries)
      let time = LineLoad.nanoseconds(load.observationBytes + load.actionBytes, baud: baud)
      if time > periodNanoseconds / 2 {
        warnings.append(
          .slowLine(
            load: load, nanoseconds: time, periodNanoseconds: periodNanoseconds,
            leastBaud: load.leastBaud(nanoseconds: periodNanoseconds / 2)))
      }
    }
    return warnings
  }
}
