// Recording warm starts: the few transitions from which a planner infers which robot and task it is facing.

import OfflineData
import PlannerModel
import PlannerRuntime
import Tasks

extension WarmStart {
  /// Drives `task` for one episode a behaviour and keeps one episode's worth of transitions, evenly from all of them:
  /// with three behaviours every third step of each. `label` says who drove. Real-time: no.
  public static func record(
    _ task: any ControlTask, behaviours: [Behaviour], label: String, seed: UInt64
  ) throws(DataError) -> WarmStart {
    let family = task.family
    var warmStart = WarmStart(
      family: family.name, observationSize: family.observationSize, actionSize: family.actionSize, behaviour: label)
    for (index, behaviour) in behaviours.enumerated() {
      let policy: BehaviourPolicy
      do {
        policy = try behaviour.makePolicy()
      } catch {
        throw .behaviour(name: behaviour.name, reason: "\(error)")
      }
      var random = RandomSource(seed: seed, stream: UInt64(index))
      let episode = Episode.record(task, number: 0, behaviour: behaviour.name, policy: policy, random: &random)
      for step in stride(from: index, to: episode.length, by: behaviours.count) {
        warmStart.append(episode, step: step)
      }
    }
    return warmStart
  }

  private mutating func append(_ episode: Episode, step: Int) {
    func row(_ values: [Float], _ index: Int, _ width: Int) -> [Float] {
      Array(values[index * width..<(index + 1) * width])
    }
    append(
      observation: row(episode.observations, step, observationSize), action: row(episode.actions, step, actionSize),
      reward: episode.rewards[step], next: row(episode.observations, step + 1, observationSize))
  }
}
