// What the entries of observation and command are, in fixed memory, as a robot tells it and a model knows it.

import CRobotProtocol

#if !hasFeature(Embedded)  // There everything is one module.
  import Failsafe
#endif

/// One entry of an observation or a command. Real-time: yes, a value.
public struct LinkChannel: Sendable, Equatable {
  /// At most 31 bytes; empty: the entry has a number only.
  public var name: FixedText
  /// At most 15 bytes; empty: not stated.
  public var unit: FixedText
  /// The least that the entry can be; infinite: not stated. A command's is finite.
  public var lower: Float
  /// The most that the entry can be; infinite: not stated. A command's is finite.
  public var upper: Float
  /// The most that an entry of a command changes by per second; infinite: not stated.
  public var slew: Float

  /// An entry of these parts, unchecked. Real-time: yes.
  @_noAllocation @_noLocks
  public init(
    name: FixedText = FixedText(), unit: FixedText = FixedText(), lower: Float = -.infinity, upper: Float = .infinity,
    slew: Float = .infinity
  ) {
    self.name = name
    self.unit = unit
    self.lower = lower
    self.upper = upper
    self.slew = slew
  }

  /// What a peer says; nil where it breaks a rule of robot.proto.
  @_noAllocation @_noLocks
  init?(_ message: Robot__Channel, ofCommand isCommand: Bool) {
    guard let name = FixedText(message.name, limit: LinkLimits.channelNameBytes),
      let unit = FixedText(message.unit, limit: LinkLimits.unitBytes),
      message.lower.isFinite, message.upper.isFinite, message.slew.isFinite, message.slew >= 0
    else { return nil }
    let isBounded = message.lower != 0 || message.upper != 0
    guard isBounded ? message.lower < message.upper : !isCommand else { return nil }
    self.init(
      name: name, unit: unit, lower: isBounded ? message.lower : -.infinity,
      upper: isBounded ? message.upper : .infinity, slew: message.slew > 0 ? message.slew : .infinity)
  }
}

/// The channels of a robot or a model; none, or all. Its memory is taken in `init` and freed at the end.
/// Real-time: yes, these two excepted.
public struct ChannelTable: ~Copyable {
  /// Entries of an observation; 0: nothing is known of any channel.
  public let observationCount: Int
  /// Entries of a command; 0: nothing is known of any channel.
  public let actionCount: Int
  /// Observation first, `[observationCount + actionCount]`.
  private let entries: UnsafeMutablePointer<LinkChannel>

  /// A table of channels of which nothing is known yet; of none by default. Real-time: no.
  public init(observationCount: Int = 0, actionCount: Int = 0) {
    self.observationCount = observationCount
    self.actionCount = actionCount
    entries = takeStorage(repeating: LinkChannel(), count: max(1, observationCount + actionCount))
  }

  deinit { returnStorage(entries) }

  /// Nothing is known of any channel. Real-time: yes.
  public var isEmpty: Bool { @_noAllocation @_noLocks get { observationCount == 0 && actionCount == 0 } }

  /// The observation's entry of this number. Real-time: yes.
  public subscript(observation number: Int) -> LinkChannel {
    @_noAllocation @_noLocks get { entries[number] }
    @_noAllocation @_noLocks nonmutating set { entries[number] = newValue }
  }

  /// The command's entry of this number. Real-time: yes.
  public subscript(action number: Int) -> LinkChannel {
    @_noAllocation @_noLocks get { entries[observationCount + number] }
    @_noAllocation @_noLocks nonmutating set { entries[observationCount + number] = newValue }
  }

  /// Description.channel_hash; 0: a channel has no name. Real-time: no (it takes memory).
  func hash() -> UInt32 {
    let count = observationCount + actionCount
    let text = takeStorage(repeating: UInt8(0), count: max(1, count * (LinkLimits.channelNameBytes + 1)))
    defer { returnStorage(text) }
    var length = 0
    for number in 0..<count {
      let name = entries[number].name
      if name.isEmpty { return 0 }
      for index in 0..<name.count { text[length + index] = name.bytes[index] }
      text[length + name.count] = 10
      length += name.count + 1
    }
    return length == 0 ? 0 : rp_crc32c(text, length)
  }

  /// Why a controller with this table of its model's cannot drive the robot that says `message`, whose sizes are the
  /// model's; nil if it can. The first channel that differs is named.
  @_noAllocation @_noLocks
  func objection(to message: Robot__Description, hash: UInt32) -> FixedText? {
    if isEmpty { return nil }
    for number in 0..<message.n_observation_channels {
      guard let told = message.observation_channels[number] else { continue }
      guard let robot = LinkChannel(told.pointee, ofCommand: false) else { continue }
      if let text = Self.difference("observation channel ", number, model: self[observation: number], robot: robot) {
        return text
      }
    }
    for number in 0..<message.n_action_channels {
      guard let told = message.action_channels[number] else { continue }
      guard let robot = LinkChannel(told.pointee, ofCommand: true) else { continue }
      if let text = Self.difference("action channel ", number, model: self[action: number], robot: robot) {
        return text
      }
    }
    guard message.n_observation_channels == 0, message.channel_hash != 0, hash != 0, message.channel_hash != hash else {
      return nil
    }
    return FixedText(fixed: "the channels' names or their order are not those that the model was trained with")
  }

  @_noAllocation @_noLocks
  private static func difference(
    _ kind: StaticString, _ number: Int, model: LinkChannel, robot: LinkChannel
  ) -> FixedText? {
    var text = FixedText(fixed: kind)
    text.append(rp_wide(UInt32(truncatingIfNeeded: number)))
    if !model.name.isEmpty, !robot.name.isEmpty, model.name != robot.name {
      text.append(": the model has ")
      text.append(quoted: model.name)
      text.append(", the robot ")
      text.append(quoted: robot.name)
      return text
    }
    guard !model.unit.isEmpty, !robot.unit.isEmpty, model.unit != robot.unit else { return nil }
    if !model.name.isEmpty {
      text.append(" (")
      text.append(model.name)
      text.append(")")
    }
    text.append(": the model's unit is ")
    text.append(quoted: model.unit)
    text.append(", the robot's ")
    text.append(quoted: robot.unit)
    return text
  }
}

/// A robot's channels as protobuf-c takes them, made once.
struct EncodedChannels: ~Copyable {
  let observationCount: Int
  let actionCount: Int
  let hash: UInt32
  /// `[observationCount + actionCount]`
  let pointers: UnsafeMutablePointer<UnsafeMutablePointer<Robot__Channel>?>
  private let messages: UnsafeMutablePointer<Robot__Channel>
  private let texts: UnsafeMutablePointer<CChar>
  /// Of a name and a unit with their zero bytes.
  private static var textBytes: Int { LinkLimits.channelNameBytes + LinkLimits.unitBytes + 2 }

  init(_ table: borrowing ChannelTable) {
    observationCount = table.observationCount
    actionCount = table.actionCount
    hash = table.hash()
    let count = observationCount + actionCount
    pointers = takeStorage(repeating: nil, count: max(1, count))
    messages = takeStorage(repeating: rp_channel(), count: max(1, count))
    texts = takeStorage(repeating: 0, count: max(1, count * Self.textBytes))
    for number in 0..<count {
      let channel =
        number < observationCount ? table[observation: number] : table[action: number - observationCount]
      let name = texts + number * Self.textBytes
      let unit = name + LinkLimits.channelNameBytes + 1
      channel.name.copy(to: name, bytes: LinkLimits.channelNameBytes)
      channel.unit.copy(to: unit, bytes: LinkLimits.unitBytes)
      messages[number].name = name
      messages[number].unit = unit
      if channel.lower.isFinite, channel.upper.isFinite {
        messages[number].lower = channel.lower
        messages[number].upper = channel.upper
      }
      if channel.slew.isFinite { messages[number].slew = channel.slew }
      pointers[number] = messages + number
    }
  }

  deinit {
    returnStorage(pointers)
    returnStorage(messages)
    returnStorage(texts)
  }

  /// Adds them to `message`.
  @_noAllocation @_noLocks
  func fill(_ message: inout Robot__Description) {
    message.n_observation_channels = observationCount
    message.observation_channels = pointers
    message.n_action_channels = actionCount
    message.action_channels = pointers + observationCount
  }
}
