// Whether this machine and this line keep a model's pace: said with figures at the start, and when a robot stands
// still.

import RobotLink

/// What keeps a model from driving at its pace, known before it drives. Real-time: yes, a value.
public enum PaceWarning: Equatable, Sendable {
  /// A denoising step alone takes longer than the period: no plan can be in time.
  case noPlanInTime(stepNanoseconds: UInt64, periodNanoseconds: UInt64)
  /// A whole plan takes longer than its budget, which cuts it to `steps` of its denoising steps.
  case plansCutShort(planNanoseconds: UInt64, budgetNanoseconds: UInt64, steps: Int, of: Int)
  /// Observation and action take this much of a period on the line; a rate of `leastBaud` would leave half of it.
  case slowLine(load: LineLoad, nanoseconds: UInt64, periodNanoseconds: UInt64, leastBaud: UInt64)
}

extension ControlLoop {
  /// What is known to be too slow, measured in rehearsal and computed from the line's rate. Real-time: no.
  public var paceWarnings: [PaceWarning] {
    var warnings: [PaceWarning] = []
    let (plan, steps) = (rehearsal.shorter.nanoseconds, max(1, rehearsal.shorter.steps))
    let periodNanoseconds = cycle.periodNanoseconds
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
      let load = LineLoad(profile: endpoint.session.profile, laterEntries: cycle.laterEntries)
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
