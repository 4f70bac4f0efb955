// Episodes to draw contexts from, behaviours first: a planner may be given a warm start of any behaviour.

import PlannerRuntime

/// Episodes of one task, drawn so that each behaviour is as likely as any other, however few of its episodes there are.
package struct EpisodePool: Equatable, Sendable {
  private let episodes: [TrainingData.Episode]
  /// Where each behaviour's episodes lie.
  private let groups: [Range<Int>]

  package init(_ episodes: [TrainingData.Episode]) {
    precondition(!episodes.isEmpty, "a pool without an episode")
    let byBehaviour = Dictionary(grouping: episodes, by: \.behaviour).sorted { $0.key < $1.key }.map(\.value)
    self.episodes = byBehaviour.flatMap { $0 }
    var end = 0
    groups = byBehaviour.map { group in
      defer { end += group.count }
      return end..<end + group.count
    }
  }

  func draw(_ random: inout RandomSource) -> TrainingData.Episode {
    let group = groups[random.index(below: groups.count)]
    return episodes[group.lowerBound + random.index(below: group.count)]
  }
}
