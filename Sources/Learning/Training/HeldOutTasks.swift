// Whole tasks that training never sees: what is measured on them holds for robots and goals that are new.

import OfflineData
import PlannerModel
import PlannerRuntime

extension Dataset {
  /// Fewer tasks than this say nothing, and are not kept out.
  static let fewestHeldOutTasks = 3

  /// The numbers of the tasks that a training with these settings keeps out, ascending: a share of them, drawn by the
  /// seed; none where that would be too few to say anything.
  package func heldOutTasks(_ configuration: TrainingConfiguration) -> [Int] {
    let tasks = Set(episodes.map(\.task)).sorted()
    let count = Int(Double(tasks.count) * configuration.heldOutTasks)
    guard count >= Self.fewestHeldOutTasks else { return [] }
    var random = RandomSource(seed: configuration.seed, stream: Stream.heldOutTasks)
    return tasks.shuffled(using: &random).prefix(count).sorted()
  }

  /// The episodes of tasks that `isIncluded` holds for.
  package func restricted(toTasks isIncluded: (Int) -> Bool) -> Dataset {
    var part = self
    part.episodes = episodes.filter { isIncluded($0.task) }
    return part
  }
}

extension ModelDescription {
  /// Key of the provenance that lists the tasks kept out of the training.
  static let heldOutTasksKey = "heldOutTasks"

  /// The tasks that this model's training kept out, if it kept any and `dataset` is what it was trained on; nil: those
  /// of `dataset` have nothing to do with it.
  package func heldOutTasks(of dataset: Dataset) -> [Int]? {
    guard provenance["dataset.check"] == dataset.check else { return nil }
    return (provenance[Self.heldOutTasksKey] ?? "").split(separator: " ").compactMap { Int($0) }
  }
}

extension Dataset {
  /// A hash of the recorded numbers, whatever a training makes of them.
  package var check: String {
    var hash = Fingerprint()
    for episode in episodes {
      hash.add(word: UInt64(bitPattern: Int64(episode.task)))
      for values in [episode.observations, episode.actions, episode.rewards] {
        for value in values { hash.add(word: UInt64(value.bitPattern)) }
      }
    }
    return hash.text
  }
}
