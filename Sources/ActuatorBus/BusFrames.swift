// What travels on the actuator bus, between the microcontroller and the drives and sensors of its robot.

#if !hasFeature(Embedded)  // There everything is one module.
  import Failsafe
#endif

/// Sizes of the bus. Real-time: yes, constants.
public enum BusLimits {
  /// Most entries of a state or a command. Real-time: yes.
  public static var entries: Int { 64 }
  /// Most bytes of a frame, checksum included. Real-time: yes.
  public static var frameBytes: Int { BusLayout.driveHeader + 4 * entries + 4 }
  /// Most bytes of a frame on the line. Real-time: yes.
  public static var lineBytes: Int { frameBytes + 5 }
}

/// Bytes of the frames' heads. All numbers are little endian; floats follow; a CRC-32C ends a frame.
enum BusLayout {
  static var requestBytes: Int { 8 }  // kind, flags, 0, 0, counter
  static var sensorsHeader: Int { 20 }  // kind, flags, entries, 0, counter, episode, step, reward
  // kind, mode, entries, reason, counter, time, latency, lapses, latches, stack, latch
  static var driveHeader: Int { 32 }
}

/// Microcontroller to sensors: "what do you measure now?" Real-time: yes, a value.
public struct BusRequest: Equatable, Sendable {
  /// Grows by one with each request.
  public var counter: UInt32
  /// A controller drives the robot: a bench may start an episode.
  public var isDriven: Bool

  /// A request of these parts. Real-time: yes.
  @_noAllocation @_noLocks
  public init(counter: UInt32, isDriven: Bool) {
    self.counter = counter
    self.isDriven = isDriven
  }
}

/// Sensors to microcontroller, the answer to a request. The floats lie beside it. Real-time: yes, a value.
public struct BusSensors: Equatable, Sendable {
  /// Echo of the request.
  public var counter: UInt32 = 0
  /// Number of the episode.
  public var episode: UInt32 = 0
  /// Number of the sample in the episode, 0 for the first.
  public var step: UInt32 = 0
  /// Reward since the sample before, where the bench knows it.
  public var reward: Float? = nil
  /// The task has ended, with the episode.
  public var terminated = false
  /// The episode's time was up.
  public var truncated = false
  /// The re-arm button, which a person presses to lift a latched SAFE.
  public var isButtonPressed = false

  /// A first sample without a reward. Real-time: yes.
  @_noAllocation @_noLocks
  public init() {}
}

/// Microcontroller to drives. The floats of the command lie beside it. Real-time: yes, a value.
public struct BusDrive: Equatable, Sendable {
  /// What the failsafe chose.
  public var mode = CommandMode.idle
  /// Why SAFE is latched: 1 silence, 2 stuck sensors, 3 a reset; 0 while it is not.
  public var latchReason: UInt8 = 0
  /// Grows by one with each drive frame.
  public var counter: UInt32 = 0
  /// Microseconds on the microcontroller's clock, modulo 2^32.
  public var timeMicroseconds: UInt32 = 0
  /// From a sample to this frame, if it is the first to carry the action that answers it; 0 in all other frames.
  public var latencyMicroseconds: UInt32 = 0
  /// How often no fresh action was there in time since the microcontroller's start.
  public var lapses: UInt32 = 0
  /// How often SAFE has latched since then.
  public var latches: UInt32 = 0
  /// When SAFE latched last: microseconds since the sample of the last observation whose answer had been followed.
  public var latchMicroseconds: UInt32 = 0
  /// Most bytes of stack ever used.
  public var stackBytes: UInt32 = 0

  /// An idle command. Real-time: yes.
  @_noAllocation @_noLocks
  public init() {}
}
