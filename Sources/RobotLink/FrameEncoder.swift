// Message to datagram: fills protobuf-c's structures, serialises them to one fixed buffer and adds the checksum.

import CRobotProtocol

/// Makes the datagrams of one end of a link; each call returns the same buffer. Real-time: yes, `init` excepted.
struct FrameEncoder: ~Copyable {
  private(set) var epoch: UInt32
  /// The last Description has no channels although there are any.
  private(set) var hasLeftOut = false
  /// Sequence of the last frame to the peer.
  private(set) var sequence: UInt32 = 0

  private let frame = takeStorage(repeating: rp_frame(), count: 1)
  private let hello = takeStorage(repeating: rp_hello(), count: 1)
  private let robot = takeStorage(repeating: rp_description(), count: 1)
  private let sensed = takeStorage(repeating: rp_observation(), count: 1)
  private let answer = takeStorage(repeating: rp_action(), count: 1)
  private let notice = takeStorage(repeating: rp_status(), count: 1)
  private let request = takeStorage(repeating: rp_task_request(), count: 1)
  private let times = takeStorage(repeating: rp_clock(), count: 1)
  private let texts = takeStorage(repeating: CChar(0), count: 320)
  private let padding = takeStorage(repeating: UInt8(0), count: LinkLimits.datagramBytes)
  private let bytes = takeStorage(repeating: UInt8(0), count: LinkLimits.datagramBytes)

  /// `epoch` is not 0 and differs from that of the last start.
  init(epoch: UInt32) {
    self.epoch = epoch
  }

  deinit {
    returnStorage(frame)
    returnStorage(hello)
    returnStorage(robot)
    returnStorage(sensed)
    returnStorage(answer)
    returnStorage(notice)
    returnStorage(request)
    returnStorage(times)
    returnStorage(texts)
    returnStorage(padding)
    returnStorage(bytes)
  }

  /// From now on frames carry `epoch`.
  @_noAllocation @_noLocks
  mutating func begin(epoch: UInt32) { self.epoch = epoch }

  @_noAllocation @_noLocks
  mutating func encode(hello profile: RobotProfile, model: FixedText, bytes: Int) -> UnsafeRawBufferPointer {
    model.copy(to: texts)
    profile.family.copy(to: texts + 160)
    hello.pointee = rp_hello()
    hello.pointee.protocol = LinkLimits.protocolVersion
    hello.pointee.model = texts
    hello.pointee.family = texts + 160
    hello.pointee.observation_size = UInt32(profile.observationSize)
    hello.pointee.action_size = UInt32(profile.actionSize)
    hello.pointee.period_ns = profile.periodNanoseconds
    hello.pointee.schema = profile.schema
    hello.pointee.reads_channels = profile.observationSize > 0 ? 1 : 0
    frame.pointee = rp_frame()
    frame.pointee.body_case = ROBOT__FRAME__BODY_HELLO
    frame.pointee.hello = hello
    if bytes > 0 {
      // Beside its tag and length; where that is known to the byte, also beside the sequence number.
      let missing = bytes - finish(sequenced: false).count - (bytes > LinkLimits.helloBytes ? 8 : 2)
      hello.pointee.padding.len = max(0, missing)
      hello.pointee.padding.data = padding
    }
    return finish(sequenced: true)
  }

  @_noAllocation @_noLocks
  mutating func encode(
    description: RobotDescription, channels: borrowing EncodedChannels, wholeBytes: Int, answering epoch: UInt32,
    toPeer: Bool, limit: Int
  ) -> UnsafeRawBufferPointer {
    description.name.copy(to: texts)
    description.profile.family.copy(to: texts + 160)
    robot.pointee = rp_description()
    robot.pointee.protocol = LinkLimits.protocolVersion
    robot.pointee.hello_epoch = epoch
    robot.pointee.name = texts
    robot.pointee.family = texts + 160
    robot.pointee.observation_size = UInt32(description.profile.observationSize)
    robot.pointee.action_size = UInt32(description.profile.actionSize)
    robot.pointee.period_ns = description.profile.periodNanoseconds
    robot.pointee.schema = description.profile.schema
    robot.pointee.action_limit = description.actionLimit
    robot.pointee.episode_length = UInt32(truncatingIfNeeded: description.episodeLength)
    robot.pointee.lockstep = description.lockstep ? 1 : 0
    robot.pointee.task_count = description.taskCount
    frame.pointee = rp_frame()
    frame.pointee.body_case = ROBOT__FRAME__BODY_DESCRIPTION
    frame.pointee.description = robot
    hasLeftOut = false
    if channels.actionCount > 0 {
      channels.fill(&robot.pointee)
      let whole = finish(sequenced: toPeer, limit: limit)
      if whole.count > 0 { return whole }
      hasLeftOut = true
      robot.pointee.n_observation_channels = 0
      robot.pointee.n_action_channels = 0
      robot.pointee.channel_hash = channels.hash
      robot.pointee.whole_bytes = UInt32(truncatingIfNeeded: wholeBytes)
    }
    let short = finish(sequenced: toPeer, limit: limit)
    if short.count > 0 { return short }
    // What is for people, and a hint, may be left out.
    texts[0] = 0
    robot.pointee.episode_length = 0
    robot.pointee.task_count = 0
    return finish(sequenced: toPeer, limit: limit)
  }

  @_noAllocation @_noLocks
  mutating func encode(
    observation: borrowing ObservationMessage, of profile: RobotProfile, obeying request: UInt32
  ) -> UnsafeRawBufferPointer {
    sensed.pointee = rp_observation()
    sensed.pointee.n_state = profile.observationSize
    sensed.pointee.state = observation.state
    if let reward = observation.reward {
      sensed.pointee.reward_if_known_case = ROBOT__OBSERVATION__REWARD_IF_KNOWN_REWARD
      sensed.pointee.reward = reward
    }
    sensed.pointee.sample_time_ns = observation.sampleTimeNanoseconds
    if !observation.isFirst {
      sensed.pointee.n_applied_action = profile.actionSize
      sensed.pointee.applied_action = observation.appliedAction
    }
    sensed.pointee.episode = observation.episode
    sensed.pointee.step = observation.step
    sensed.pointee.terminated = observation.terminated ? 1 : 0
    sensed.pointee.truncated = observation.truncated ? 1 : 0
    sensed.pointee.latch = Robot__Latch(rawValue: observation.latch.map { UInt32($0.rawValue) } ?? 0)
    frame.pointee = rp_frame()
    sensed.pointee.task_request = request
    frame.pointee.body_case = ROBOT__FRAME__BODY_OBSERVATION
    frame.pointee.observation = sensed
    return finish(sequenced: true)
  }

  @_noAllocation @_noLocks
  mutating func encode(action: borrowing ActionMessage, for profile: RobotProfile) -> UnsafeRawBufferPointer {
    answer.pointee = rp_action()
    answer.pointee.n_command = profile.actionSize
    answer.pointee.command = action.command
    answer.pointee.mode = Robot__Mode(rawValue: UInt32(action.mode.rawValue))
    answer.pointee.rearm = action.rearms ? 1 : 0
    answer.pointee.observation_epoch = action.observationEpoch
    answer.pointee.observation_sequence = action.observationSequence
    answer.pointee.sample_time_ns = action.sampleTimeNanoseconds
    answer.pointee.plan = action.plan
    answer.pointee.plan_entry = action.planEntry
    answer.pointee.plan_us = action.planMicroseconds
    answer.pointee.denoising_steps = action.denoisingSteps
    answer.pointee.deadline_misses = action.deadlineMisses
    if let predictedReturn = action.predictedReturn {
      answer.pointee.predicted_return_if_known_case = ROBOT__ACTION__PREDICTED_RETURN_IF_KNOWN_PREDICTED_RETURN
      answer.pointee.predicted_return = predictedReturn
    }
    let later = action.laterEntries * profile.actionSize
    answer.pointee.n_later_commands = later
    answer.pointee.later_commands = action.laterCommands
    // What moves the robot goes first where not all fits: the prediction is only for people who look on.
    if action.hasPredictedState, profile.actionSize + later + profile.observationSize <= LinkLimits.frameFloats {
      answer.pointee.n_predicted_state = profile.observationSize
      answer.pointee.predicted_state = action.predictedState
    }
    if let belief = action.belief {
      answer.pointee.confidence_if_known_case = ROBOT__ACTION__CONFIDENCE_IF_KNOWN_CONFIDENCE
      answer.pointee.confidence = belief.confidence
      answer.pointee.n_believed_parameters = belief.parameterCount
      answer.pointee.believed_parameters = action.believedParameters
      answer.pointee.unexplained = belief.isUnexplained ? 1 : 0
    }
    frame.pointee = rp_frame()
    frame.pointee.body_case = ROBOT__FRAME__BODY_ACTION
    frame.pointee.action = answer
    return finish(sequenced: true)
  }

  /// A Status to the peer, or, outside the sequence, to another sender.
  @_noAllocation @_noLocks
  mutating func encode(
    status code: StatusCode, text: FixedText, answering epoch: UInt32, refusing request: UInt32, toPeer: Bool,
    limit: Int
  ) -> UnsafeRawBufferPointer {
    text.copy(to: texts)
    notice.pointee = rp_status()
    notice.pointee.code = Robot__StatusCode(rawValue: code.rawValue)
    notice.pointee.text = texts
    notice.pointee.answered_epoch = epoch
    notice.pointee.task_request = request
    frame.pointee = rp_frame()
    frame.pointee.body_case = ROBOT__FRAME__BODY_STATUS
    frame.pointee.status = notice
    // A sequence number takes five bytes. What is too much of the text goes, whole characters of it.
    let excess = finish(sequenced: false).count + (toPeer ? 5 : 0) - limit
    var end = max(0, text.count - max(0, excess))
    while end > 0, end < text.count, text.bytes[end] & 0xC0 == 0x80 { end -= 1 }
    texts[end] = 0
    return finish(sequenced: toPeer, limit: limit)
  }

  @_noAllocation @_noLocks
  mutating func encode(request asked: TaskRequest, isPadded: Bool) -> UnsafeRawBufferPointer {
    asked.behaviour.copy(to: texts)
    request.pointee = rp_task_request()
    request.pointee.task = asked.task
    request.pointee.seed = asked.seed
    request.pointee.number = asked.number
    request.pointee.keep_state = asked.keepsState ? 1 : 0
    request.pointee.behaviour = texts
    frame.pointee = rp_frame()
    frame.pointee.body_case = ROBOT__FRAME__BODY_TASK_REQUEST
    frame.pointee.task_request = request
    if isPadded {
      // The sequence number takes five bytes, the padding's tag and length two.
      let missing = LinkLimits.helloBytes - finish(sequenced: false).count - 7
      request.pointee.padding.len = max(0, missing)
      request.pointee.padding.data = padding
    }
    return finish(sequenced: true)
  }

  @_noAllocation @_noLocks
  mutating func encode(clock stamps: ClockStamps, limit: Int) -> UnsafeRawBufferPointer {
    times.pointee = rp_clock()
    times.pointee.asked_ns = stamps.asked
    times.pointee.received_ns = stamps.received
    times.pointee.answered_ns = stamps.answered
    frame.pointee = rp_frame()
    frame.pointee.body_case = ROBOT__FRAME__BODY_CLOCK
    frame.pointee.clock = times
    return finish(sequenced: true, limit: limit)
  }

  /// The frame as a datagram; empty, and no number used up, if that has more than `limit` bytes. The largest message
  /// that the limits of its fields allow fits into the largest datagram, a Description with long names excepted.
  @_noAllocation @_noLocks
  private mutating func finish(sequenced: Bool, limit: Int = LinkLimits.datagramBytes) -> UnsafeRawBufferPointer {
    let next = sequence == .max ? 1 : sequence + 1
    frame.pointee.epoch = epoch
    frame.pointee.sequence = sequenced ? next : 0
    let count = rp_pack(frame, bytes, LinkLimits.datagramBytes - Int(RP_SEAL_BYTES))
    guard count > 0, count + Int(RP_SEAL_BYTES) <= limit else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    if sequenced { sequence = next }
    return UnsafeRawBufferPointer(start: bytes, count: rp_seal(bytes, count))
  }
}
