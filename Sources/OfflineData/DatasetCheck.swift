// The health of a data set: what training may take for granted once these checks have passed.

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
    guard observationNames.isEmpty || observationNames.count == observationSize else {
      throw fail(
        "", "observation_names", "has \(observationNames.count) names",
        "give one for each of \(observationSize) channels")
    }
    let limits = ModelDescription.actionLimits
    guard limits.contains(Double(actionLimit)) else {
      throw fail(
        "", "action_limit", "is \(actionLimit)",
        "give the largest magnitude of an action, in a unit in which it is "
          + "\(limits.lowerBound) ... \(limits.upperBound)"
      )
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
          let width = count == steps ? 1 : field == "actions" ? actionSize : observationSize
          throw fail(
            place, "\(field)[\(bad / width)][\(bad % width)]", "is \(values[bad])",
            "cut the episode before this step or leave it out")
        }
      }
      if let bad = episode.actions.firstIndex(where: { abs($0) > actionLimit * 1.0001 }) {
        throw fail(
          place, "actions[\(bad / actionSize)][\(bad % actionSize)]", "is \(episode.actions[bad])",
          "clamp it to action_limit \(actionLimit), or raise that to what the robot really takes")
      }
    }
  }
}
