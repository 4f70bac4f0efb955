// What a slew limit costs: returns of planner and expert behind the gate as the firmware runs it, by limit.

import ArgumentParser
import Experts
import Failsafe
import Tasks

struct SlewCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "slew",
    abstract: "Returns of the shipped planner and the expert by slew limit.",
    discussion: """
      The gate decides once a physics step, as the firmware does every 10 ms for the half-cheetah. Limits are given as \
      shares of the action limit a second: 2 is the whole range in a second.
      """)

  @Option(help: "Folder of the models.")
  var models = "Models"

  @Option(help: "Folder of the experts.")
  var experts = "Models/experts"

  @Option(help: "Family.")
  var family = "cheetah-vel"

  @Option(help: "Robots of the test list.")
  var robots = 6

  @Option(help: "Limits, shares of the action limit a second; may be given more than once.")
  var limit: [Float] = [1000, 200, 100, 60, 40, 20, 10]

  @Option(help: "Seed of the starts.")
  var seed: UInt64 = 1

  func run() throws {
    let family = try TaskFamily.named(family)
    let pilot = try Pilot(folder: models, family: family)
    let expert = try ExpertPolicy(path: "\(experts)/\(family.name).safetensors")
    print("\(family.name), \(robots) robots: mean returns by slew limit [action limits / s]")
    for limit in limit {
      var planned = 0.0
      var shown = 0.0
      for (index, parameters) in family.testTasks.prefix(robots).enumerated() {
        guard let task = try family.task(parameters: parameters) as? any ContinuousTask else {
          throw ValidationError("\(family.name) has no physics that runs on between control ticks")
        }
        let start = seed &+ UInt64(index)
        pilot.forget()
        for episode in 0..<2 as Range<UInt64> {
          pilot.begin(seed: start)
          let total = drive(task, slew: limit * family.actionLimit, seed: start &+ 1000 * episode) {
            let plan = pilot.plan($0)
            pilot.prepare()
            return plan[0]
          } learn: {
            pilot.experience($0, $1, $2, $3)
          }
          // The first is the warm start.
          if episode > 0 { planned += total / Double(robots) }
        }
        shown +=
          drive(task, slew: limit * family.actionLimit, seed: start &+ 1000) {
            expert.meanAction(observation: $0, parameters: parameters)
          } learn: { _, _, _, _ in
          } / Double(robots)
      }
      print("  \(padded("\(Int(limit))"))   planner \(rounded(planned, 1))   expert \(rounded(shown, 1))")
    }
  }

  /// One episode; its return.
  private func drive(
    _ task: any ContinuousTask, slew: Float, seed: UInt64, act: ([Float]) -> [Float],
    learn: ([Float], [Float], Double, [Float]) -> Void
  ) -> Double {
    let family = task.family
    let tick = family.periodNanoseconds / UInt64(task.physicsSteps)
    let times = FailsafeTimes(
      periodNanoseconds: family.periodNanoseconds, usableEntries: 0, answerNanoseconds: family.periodNanoseconds,
      decisionNanoseconds: tick)
    let gate = RobotGate(family, times: times, laterEntries: 0, slewPerSecond: slew)
    task.reset(seed: seed)
    var now: UInt64 = 0
    var total = 0.0
    for _ in 0..<family.episodeLength {
      let state = task.observation
      gate.offer([act(state)], later: 0, now: now)
      var applied: [Float] = []
      for _ in 0..<task.physicsSteps {
        applied = gate.command(now: now)
        task.advance(action: applied)
        now += tick
      }
      guard let result = task.endInterval() else { break }
      total += result.reward
      learn(state, applied, result.reward, task.observation)
      if result.terminated { break }
    }
    return total
  }
}
