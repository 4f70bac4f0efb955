// Models, budgets and lines that are too slow are named with figures, before and while the robot stands still.

import ControlCore
import ControlRuntime
import PlannerModel
import PlannerRuntime
import RobotLink
import Testing

@Suite("Pace") struct PaceTests {
  private func warnings(link: String, budget: UInt64? = nil) throws -> [PaceWarning] {
    var options = ControlOptions()
    options.budgetNanoseconds = budget
    return try ControlLoop(model: makeModel(), options: options, address: LinkAddress(link)).paceWarnings
  }

  @Test func `a budget smaller than a plan says how many steps are left`() throws {
    #expect(try warnings(link: "udp://127.0.0.1:5600", budget: 10_000_000_000).isEmpty)
    let found = try warnings(link: "udp://127.0.0.1:5600", budget: 1)
    guard found.count == 1, case .plansCutShort(let plan, budgetNanoseconds: 1, steps: 1, of: 3) = found[0] else {
      Issue.record("\(found)")
      return
    }
    #expect(plan > 1)
  }

  @Test func `a line that takes more than half of the period says which rate would do`() throws {
    let budget: UInt64 = 10_000_000_000
    #expect(try warnings(link: "serial:///dev/none?baud=115200", budget: budget).isEmpty)
    let found = try warnings(link: "serial:///dev/none?baud=1200", budget: budget)
    guard found.count == 1,
      case .slowLine(let load, let time, periodNanoseconds: rigPeriod, let baud) = found[0]
    else {
      Issue.record("\(found)")
      return
    }
    #expect(time == LineLoad.nanoseconds(load.observationBytes + load.actionBytes, baud: 1200))
    #expect(time > rigPeriod / 2)
    #expect(LineLoad.nanoseconds(load.observationBytes + load.actionBytes, baud: UInt32(baud)) <= rigPeriod / 2)
  }

  @Test func `an observation that comes too late, and plans that fail, are why no plan was made`() throws {
    let rig = try Rig(lockstep: false)
    rig.connect()
    #expect(rig.exchange(step: 0, of: 100) == .plan)
    #expect(rig.loop.status.missedPlan == .none)
    rig.lag = 5_000_000_000
    _ = rig.exchange(step: 1, of: 100)
    guard case .late(let microseconds) = rig.loop.status.missedPlan else {
      Issue.record("\(rig.loop.status.missedPlan)")
      return
    }
    // Half of the period is the budget.
    #expect(microseconds >= 50_000)
    rig.lag = 0
    _ = rig.exchange(step: 2, of: 100, state: (1e30, 0))
    #expect(rig.loop.status.missedPlan == .failed)
  }

  @Test func `why a plan was missed is read whole by another thread`() {
    let all: [MissedPlan] = [.none, .late(microseconds: 0), .late(microseconds: .max), .slow(microseconds: 7), .failed]
    for missed in all { #expect(MissedPlan(word: missed.word) == missed) }
  }
}
