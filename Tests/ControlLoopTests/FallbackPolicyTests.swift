// The fallback state machine, observation by observation.

import ControlLoop
import Testing

@Suite("Fallback policy") struct FallbackPolicyTests {
  @Test("before the first plan the command is zero")
  func idle() {
    var policy = FallbackPolicy(usableEntries: 2)
    #expect(policy.step(hasPlan: false) == .idle)
    #expect(policy.step(hasPlan: false) == .idle)
    #expect(policy.step(hasPlan: true) == .plan)
  }

  @Test("without new plans: entries of the last one, hold, an even ramp to zero, SAFE")
  func degradation() {
    var policy = FallbackPolicy(usableEntries: 3, holdPeriods: 2, rampPeriods: 4)
    _ = policy.step(hasPlan: true)
    for entry in 1...3 { #expect(policy.step(hasPlan: false) == .earlierPlan(entry: entry)) }
    #expect(policy.step(hasPlan: false) == .hold)
    #expect(policy.step(hasPlan: false) == .hold)
    var command: Float = 1
    for expected in [0.75, 0.5, 0.25] as [Float] {
      guard case .ramp(let factor) = policy.step(hasPlan: false) else {
        Issue.record("no ramp")
        return
      }
      command *= factor
      #expect(abs(command - expected) < 1e-6)
    }
    #expect(policy.step(hasPlan: false) == .safe)
  }

  @Test("a new plan ends every fallback but SAFE, which only the robot's restart leaves")
  func recovery() {
    for failures in 1...5 {
      var policy = FallbackPolicy(usableEntries: 2, holdPeriods: 1, rampPeriods: 4)
      _ = policy.step(hasPlan: true)
      for _ in 0..<failures { _ = policy.step(hasPlan: false) }
      #expect(policy.step(hasPlan: true) == .plan)
      #expect(policy.step(hasPlan: false) == .earlierPlan(entry: 1))
    }
    var policy = FallbackPolicy(usableEntries: 0, holdPeriods: 0, rampPeriods: 1)
    _ = policy.step(hasPlan: true)
    #expect(policy.step(hasPlan: false) == .safe)
    #expect(policy.step(hasPlan: true) == .safe)
    policy.startEpisode()
    #expect(policy.step(hasPlan: true) == .safe)
    policy.restart()
    #expect(policy.step(hasPlan: true) == .plan)
  }

  @Test("observations that were lost age the plan: entry, hold, ramp and SAFE are those of the present period")
  func lostObservations() {
    func choice(after periods: Int, _ more: Int...) -> CommandChoice {
      var policy = FallbackPolicy(usableEntries: 3, holdPeriods: 2, rampPeriods: 4)
      _ = policy.step(hasPlan: true)
      var choice = policy.step(hasPlan: false, periods: periods)
      for periods in more { choice = policy.step(hasPlan: false, periods: periods) }
      return choice
    }
    #expect(choice(after: 3) == .earlierPlan(entry: 3))
    #expect(choice(after: 1, 2) == .earlierPlan(entry: 3))
    #expect(choice(after: 4) == .hold)
    #expect(choice(after: 6) == .ramp(factor: 0.75))
    #expect(choice(after: 8) == .ramp(factor: 0.25))
    // From three quarters to one.
    #expect(choice(after: 6, 2) == .ramp(factor: 1 / 3))
    #expect(choice(after: 9) == .safe)
  }

  @Test("a plan of the episode before is not used in the next")
  func newEpisode() {
    var policy = FallbackPolicy(usableEntries: 8)
    _ = policy.step(hasPlan: true)
    policy.startEpisode()
    #expect(policy.step(hasPlan: false) == .idle)
  }
}
