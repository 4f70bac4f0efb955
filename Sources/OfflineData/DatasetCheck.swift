// The health of a data set: what training may take for granted once these checks have passed.

import Foundations
import PlannerModel

extension Dataset {
  /// Throws unless sizes, lengths and limits fit together and every number is finite. Errors name `file`.
  public func check(file: String) throws(DataError) {
    func fail(_ place: String, _ field: String, _ problem: String, _ cure: String) -> DataError {
      .invalid(file: file, place: place, field: field, problem: problem, cure: cure)
    }
    // A model of other data could be trained, and then nobody could load it.
    if let defect = ModelDescription.defect(ofName: family) {
      throw fail("", "family", defect, "give the robot a name of at most \(ModelDescription.longestName) bytes")
    }
    for (field, size, sizes) in [
      ("observation_size", observationSize, ModelDescription.observationSizes),
      ("action_size", actionSize, ModelDescription.actionSizes),
    ] where !sizes.contains(size) {
      throw fail("", field, "is \(size)", "a model can have \(sizes.lowerBound) ... \(sizes.upperBound)")
    }
    for (kind, channels) in [("observation", observationChannels), ("action", actionChannels)] {
      guard let defect = channels.defect(ofActions: kind == "action") else { continue }
      let name = channels[defect.number].label(defect.number)
      throw fail("", "\(kind) channel \(name): \(defect.field)", defect.problem, defect.cure)
    }
    let periods = ModelDescription.periodsNanoseconds
    guard Int(exactly: periodNanoseconds).map({ periods.contains($0) }) ?? false else {
      throw fail(
        "", "period_nanoseconds", "is \(periodNanoseconds)",
        "give the control period of the recording, \(periods.lowerBound) ... \(periods.upperBound)")
    }
    guard !episodes.isEmpty else { throw fail("", "the data set", "has no episodes", "record at least one") }

    for (number, episode) in episodes.enumerated() {
      let place = "episode_\(number)"
      let steps = episode.length
      guard steps > 0 else { throw fail(place, "rewards", "is empty", "leave episodes without a step out") }
      guard episode.task >= 0 else { throw fail(place, "task", "is \(episode.task)", "number the tasks from 0") }
      if let bad = episode.parameters.firstIndex(where: { !$0.isFinite }) {
        throw fail(
          place, "parameters[\(bad)]", "is \(episode.parameters[bad])",
          "give the task's numbers, or leave the field out")
      }
      for (field, values, count) in [
        ("observations", episode.observations, (steps + 1) * observationSize),
        ("actions", episode.actions, steps * actionSize),
        ("rewards", episode.rewards, steps),
      ] {
        guard values.count == count else {
          throw fail(place, field, "has \(values.count) values", "\(steps) steps need \(count)")
        }
        if let bad = values.firstIndex(where: { !$0.isFinite }) {
          let channels = field == "actions" ? actionChannels : field == "rewards" ? [] : observationChannels
          throw fail(
            place, entry(field, bad, channels), "is \(values[bad])",
            "cut the episode before this step or leave it out")
        }
      }
      if let bad = episode.actions.indices.first(where: { !isAllowed(episode.actions[$0], in: $0 % actionSize) }) {
        let channel = actionChannels[bad % actionSize]
        let limits =
          channel.lower == -channel.upper
          ? "action_limit \(channel.upper)" : "action_lower \(channel.lower), action_upper \(channel.upper)"
        throw fail(
          place, entry("actions", bad, actionChannels), "is \(episode.actions[bad])",
          "clamp it to \(limits), or widen that to what the robot really takes")
      }
    }
  }
  /// `actions[3][1] (knee torque)`: the entry of a field at `index`; a field without channels has one a row.
  private func entry(_ field: String, _ index: Int, _ channels: [Channel]) -> String {
    let width = max(1, channels.count)
    let name = channels.isEmpty ? "" : channels[index % width].name
    return "\(field)[\(index / width)][\(index % width)]" + (name.isEmpty ? "" : " (\(name))")
  }

  /// Within the channel's limits, but for rounding.
  private func isAllowed(_ value: Float, in number: Int) -> Bool {
    let channel = actionChannels[number]
    let tolerance = 1e-4 * (channel.upper - channel.lower) / 2
    return value >= channel.lower - tolerance && value <= channel.upper + tolerance
  }
}
