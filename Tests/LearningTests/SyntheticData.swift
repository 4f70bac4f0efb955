// Data sets of a point that moves by gain · action towards a goal; gain and goal are what a context must tell.

import OfflineData
import PlannerRuntime

/// `tasks` tasks with goals on a circle, gains 0.5 and 1.5 in turn; half of the episodes seek the goal, half wander.
func pointDataset(tasks: Int = 6, episodesPerTask: Int = 6, length: Int = 20, seed: UInt64 = 1) -> Dataset {
  var random = RandomSource(seed: seed)
  var dataset = Dataset(
    family: "point", observationSize: 2, actionSize: 2, actionLimit: 1, periodNanoseconds: 100_000_000)
  for task in 0..<tasks {
    // Points on the unit circle from a rational parametrisation, so that no library function is needed.
    let t = Float(task) / Float(tasks) * 2 - 1
    let goal = [(1 - t * t) / (1 + t * t), 2 * t / (1 + t * t)]
    let gain: Float = task % 2 == 0 ? 0.5 : 1.5
    for episode in 0..<episodesPerTask {
      var state: [Float] = [0, 0]
      var observations = state
      var actions: [Float] = []
      var rewards: [Float] = []
      for _ in 0..<length {
        let action = (0..<2).map { i in
          let aim = episode % 2 == 0 ? goal[i] - state[i] + 0.2 * random.normal() : 0.7 * random.normal()
          return max(-1, min(1, aim))
        }
        for i in 0..<2 { state[i] = max(-3, min(3, state[i] + 0.3 * gain * action[i])) }
        let distance = (0..<2).reduce(Float(0)) { $0 + (state[$1] - goal[$1]) * (state[$1] - goal[$1]) }
        actions += action
        observations += state
        rewards.append(-distance.squareRoot())
      }
      dataset.episodes.append(
        Episode(
          task: 10 * task, parameters: [], behaviour: episode % 2 == 0 ? "seeks" : "wanders",
          observations: observations, actions: actions, rewards: rewards, terminated: false))
    }
  }
  return dataset
}
