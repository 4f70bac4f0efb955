// A model's channels as link and failsafe take them.

import Failsafe
import Foundations
import PlannerModel
import RobotLink

extension LinkChannel {
  /// The channel as the link tells it: what it has no room for is cut off. Real-time: no.
  public init(_ channel: Channel) {
    self.init(
      name: channel.name, unit: channel.unit, lower: channel.lower, upper: channel.upper, slew: channel.slew)
  }
}

extension ChannelTable {
  /// The channels of a model or a robot. Real-time: no.
  public init(observation: [Channel], action: [Channel]) {
    self.init(observation: observation.map { LinkChannel($0) }, action: action.map { LinkChannel($0) })
  }
}

extension ChannelTable {
  /// The channels that a model was trained with. Real-time: no.
  init(_ model: ModelDescription) {
    self.init(observation: model.observationChannels, action: model.actionChannels)
  }
}

extension CommandLimits {
  /// The limits of an action's channel. Real-time: no.
  public init(_ channel: Channel) {
    self.init(lower: channel.lower, upper: channel.upper, slewPerSecond: channel.slew)
  }
}
