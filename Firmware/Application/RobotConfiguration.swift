// What the firmware knows about its robot: sizes, limits and times, fixed when it is built.

#if !hasFeature(Embedded)  // There everything is one module.
  import Failsafe
#endif

/// A robot on the actuator bus. Real-time: yes.
public struct RobotConfiguration: Sendable {
  public let family: StaticString
  public let name: StaticString
  public let observationSize: Int
  public let actionSize: Int
  public let periodNanoseconds: UInt64
  /// What the entries mean: CRC-32C of `family|observationSize|actionSize|periodNanoseconds` (robot.proto).
  public let schema: UInt32
  /// Names of the observation's and the command's entries, as the model knows them; empty: they have numbers only. Of
  /// these the first `observationSize` and `actionSize` count.
  public var sensors = InlineArray<64, StaticString>(repeating: "")
  public var drives = InlineArray<64, StaticString>(repeating: "")
  /// What each entry of a command may be, and how fast it may change; of these the first `actionSize` count.
  public var limits: InlineArray<64, CommandLimits>
  /// What the robot does when nothing fresh is there.
  public var reaction: SafeReaction
  /// The command to begin with and, where the reaction says so, the safe one; of these the first `actionSize` count.
  public var rest: InlineArray<64, Float>
  /// The first of the state's entries that are the velocities of what the command drives, `[actionSize]` in its order.
  public let firstVelocity: Int
  /// A state beyond this is a broken sensor.
  public let plausibleState: Float
  /// The drives hear from the firmware once in this time.
  public let decisionNanoseconds: UInt64
  /// Entries of a plan after its first that the controller may send instead of a new plan.
  public let usableEntries: Int
  /// Of the entries that come along with an action, how many are driven when no further action comes.
  public let laterEntries: Int
  /// Control periods in an episode.
  public let episodeLength: Int

  /// The half-cheetah: torques in ±1, and it lies on its legs safely without any. From one end of its range to the
  /// other a joint takes 33 ms, less than a period, which costs next to nothing (Docs/failsafe.md has what other limits
  /// do).
  public static var halfCheetah: RobotConfiguration {
    @_noAllocation @_noLocks get {
      var robot = RobotConfiguration(
        family: "cheetah-vel", name: "half-cheetah behind a microcontroller", observationSize: 17, actionSize: 6,
        periodNanoseconds: 50_000_000, schema: 0xD75F_822A,
        limits: InlineArray(repeating: CommandLimits(within: 1, slewPerSecond: 60)), reaction: .rest,
        rest: InlineArray(repeating: 0), firstVelocity: 11, plausibleState: 1000, decisionNanoseconds: 10_000_000,
        usableEntries: 8, laterEntries: 1,
        episodeLength: 200)
      let sensors: InlineArray<17, StaticString> = [
        "root_z position", "pitch position", "back_hip position", "back_knee position", "back_ankle position",
        "front_hip position", "front_knee position", "front_ankle position", "root_x velocity", "root_z velocity",
        "pitch velocity", "back_hip velocity", "back_knee velocity", "back_ankle velocity", "front_hip velocity",
        "front_knee velocity", "front_ankle velocity",
      ]
      for index in 0..<17 { robot.sensors[index] = sensors[index] }
      let drives: InlineArray<6, StaticString> = [
        "back_hip", "back_knee", "back_ankle", "front_hip", "front_knee", "front_ankle",
      ]
      for index in 0..<6 { robot.drives[index] = drives[index] }
      return robot
    }
  }

  /// An answer may take one period from its observation's sample.
  public var failsafeTimes: FailsafeTimes {
    @_noAllocation @_noLocks get {
      FailsafeTimes(
        periodNanoseconds: periodNanoseconds, usableEntries: usableEntries, answerNanoseconds: periodNanoseconds,
        decisionNanoseconds: decisionNanoseconds)
    }
  }

  /// The stated time from the sample of the last observation that was answered to SAFE, whatever came along with the
  /// answer.
  public var safeAfterNanoseconds: UInt64 {
    @_noAllocation @_noLocks get { failsafeTimes.safeAfterNanoseconds(ahead: laterEntries) }
  }
}
