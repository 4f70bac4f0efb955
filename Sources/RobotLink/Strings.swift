// Strings and arrays of the link's values. They need a heap: the firmware leaves this file out.

import CRobotProtocol

extension FixedText: CustomStringConvertible {
  /// `text`, cut to 159 bytes. Real-time: no.
  public init(_ text: String) {
    self.init()
    for byte in text.utf8 { append(byte) }
  }

  /// As many whole characters of `text` as `limit` bytes have room for. Real-time: no.
  public init(_ text: String, cutTo limit: Int) {
    self.init()
    for character in text {
      let bytes = character.utf8
      if count + bytes.count > limit { break }
      for byte in bytes { append(byte) }
    }
  }

  /// The text, which a peer may have sent: what is no UTF-8 or cannot be seen is shown as U+FFFD.
  public var description: String {
    var text: [UInt8] = []
    for index in 0..<count { text.append(bytes[index]) }
    var visible = String.UnicodeScalarView()
    for scalar in String(decoding: text, as: UTF8.self).unicodeScalars {
      let isVisible =
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: true
        }
      visible.append(isVisible ? scalar : "\u{FFFD}")
    }
    return String(visible)
  }
}

extension Rejection: CaseIterable {
  public static var allCases: [Rejection] { (0...).lazy.map(Rejection.init).prefix { $0 != nil }.compactMap(\.self) }
}

extension RobotProfile {
  /// The profile with the default schema: the checksum of `family|observationSize|actionSize|periodNanoseconds`.
  /// Real-time: no.
  public init(family: String, observationSize: Int, actionSize: Int, periodNanoseconds: UInt64) {
    let text = "\(family)|\(observationSize)|\(actionSize)|\(periodNanoseconds)"
    let schema = Array(text.utf8).withUnsafeBytes { rp_crc32c($0.baseAddress!, $0.count) }
    self.init(
      family: FixedText(family), observationSize: observationSize, actionSize: actionSize,
      periodNanoseconds: periodNanoseconds, schema: schema)
  }
}

extension LinkChannel {
  /// A channel of these parts; of name and unit as many whole characters as the link has room for. Real-time: no.
  public init(
    name: String, unit: String = "", lower: Float = -.infinity, upper: Float = .infinity, slew: Float = .infinity
  ) {
    self.init(
      name: FixedText(name, cutTo: LinkLimits.channelNameBytes), unit: FixedText(unit, cutTo: LinkLimits.unitBytes),
      lower: lower, upper: upper, slew: slew)
  }
}

extension ChannelTable {
  /// A table of these channels. Real-time: no.
  public init(observation: [LinkChannel], action: [LinkChannel]) {
    self.init(observationCount: observation.count, actionCount: action.count)
    for (number, channel) in observation.enumerated() { self[observation: number] = channel }
    for (number, channel) in action.enumerated() { self[action: number] = channel }
  }
}

extension RobotDescription {
  /// A description whose name is a string. Real-time: no.
  public init(
    profile: RobotProfile, name: String, actionLimit: Float, episodeLength: Int, lockstep: Bool, taskCount: UInt32 = 0
  ) {
    self.init(
      profile: profile, name: FixedText(name), actionLimit: actionLimit, episodeLength: episodeLength,
      lockstep: lockstep, taskCount: taskCount)
  }
}
