// A family of tasks from its description.

import Foundations

extension TaskFamily {
  init(_ definition: FamilyDefinition) {
    let reward = definition.reward
    self.init(
      name: definition.name, summary: definition.summary,
      observationChannels: definition.observation.map(\.quantity.channel),
      actionChannels: definition.actions.channels, periodNanoseconds: definition.periodNanoseconds,
      episodeLength: definition.episodeLength, parameterNames: definition.groups.flatMap(\.fullNames),
      parameterRanges: definition.groups.flatMap { group in group.names.map { _ in group.range } },
      parametersChange: definition.changes.isEmpty ? .reward : .dynamics,
      drivenVelocities: definition.drivenVelocities, outcomeSize: reward.measures.count,
      watched: Watched(reward.terms.first { !$0.entries.isEmpty }), lists: definition.lists,
      rewardLaw: { outcome, parameters in reward.value(outcome, parameters) },
      make: { RobotTask($0, definition, parameters: $1) }, definition: definition)
  }
}

extension TaskFamily.Watched {
  /// What a reward's first term measures: of a distance how far the target is, otherwise the number and its target.
  fileprivate init(_ term: RewardTerm?) {
    guard let term else {
      self.init(name: "reward", unit: "", target: { _ in nil }, value: { _, _ in 0 })
      return
    }
    if term.along.isEmpty, term.entries.count == 1 {
      self.init(
        name: term.name, unit: term.unit, target: { parameters in term.target.first?.value(parameters) },
        value: { outcome, _ in outcome[term.entries.lowerBound] })
    } else {
      let isDistance = term.along.isEmpty
      self.init(
        name: term.name, unit: term.unit, target: { _ in isDistance ? 0 : nil },
        value: { outcome, parameters in term.measured(outcome, parameters) })
    }
  }
}
