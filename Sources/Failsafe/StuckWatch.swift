// Sensors that stand still while commands move: the loop is open, whether sensors, drives or power have failed.

/// Compares each observation with the last, bit for bit. Memory is the caller's. Real-time: yes.
///
/// Standing still is no fault by itself: a robot at rest under a steady command may measure the same forever. What
/// counts is an observation in which no bit has changed although the command has moved since the last one. An alarm
/// takes `samples` of these in a row, in which one entry of the command swept half of its reach. A robot that is alive
/// answers that with at least one bit of one of its sensors.
///
/// Single channels are not judged: a joint at its stop, a velocity clipped at its range, or a contact stays the same
/// for long, and rightly.
public struct StuckWatch {
  /// Unchanged observations under a moving command, in a row, that make an alarm. Real-time: yes.
  public static var samples: Int { @_noAllocation @_noLocks get { 10 } }
  /// How far a command has to move between two observations to count as moving, share of its channel's reach.
  /// Real-time: yes.
  public static var movement: Float { @_noAllocation @_noLocks get { 0.02 } }
  /// What one entry of it has to sweep for an alarm, share of its channel's reach. Real-time: yes.
  public static var sweep: Float { @_noAllocation @_noLocks get { 0.5 } }

  private let observationSize: Int
  private let actionSize: Int
  private let limits: UnsafePointer<CommandLimits>
  /// The last observation, `[observationSize]`.
  private let state: UnsafeMutablePointer<Float>
  /// The command at the last observation, and the least and the most of it in this row, `[actionSize]`.
  private let last: UnsafeMutablePointer<Float>
  private let least: UnsafeMutablePointer<Float>
  private let most: UnsafeMutablePointer<Float>
  private var hasState = false
  private var count = 0

  /// Floats of memory that a watch needs. Real-time: yes.
  @_noAllocation @_noLocks
  public static func memoryCount(observationSize: Int, actionSize: Int) -> Int { observationSize + 3 * actionSize }

  /// A watch that has seen nothing yet. Real-time: yes.
  ///
  /// - Parameters:
  ///   - observationSize: entries of an observation.
  ///   - actionSize: entries of a command.
  ///   - limits: of each entry of a command, `[actionSize]`; they live as long as this does.
  ///   - memory: `memoryCount` floats, which live as long as this does.
  @_noAllocation @_noLocks
  public init(
    observationSize: Int, actionSize: Int, limits: UnsafePointer<CommandLimits>, memory: UnsafeMutablePointer<Float>
  ) {
    self.observationSize = observationSize
    self.actionSize = actionSize
    self.limits = limits
    state = memory
    last = memory + observationSize
    least = last + actionSize
    most = least + actionSize
  }

  /// Takes note of an observation, `[observationSize]`, and of the command in force when it was sampled,
  /// `[actionSize]`; true while the sensors are stuck. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func note(_ observation: UnsafePointer<Float>, command: UnsafePointer<Float>) -> Bool {
    guard hasState, isUnchanged(observation), hasMoved(command) else {
      hasState = true
      count = 0
      for index in 0..<observationSize { state[index] = observation[index] }
      for index in 0..<actionSize {
        last[index] = command[index]
        least[index] = command[index]
        most[index] = command[index]
      }
      return false
    }
    count = min(count + 1, Self.samples)
    var hasSwept = false
    for index in 0..<actionSize {
      last[index] = command[index]
      least[index] = min(least[index], command[index])
      most[index] = max(most[index], command[index])
      if most[index] - least[index] >= Self.sweep * limits[index].reach { hasSwept = true }
    }
    return count >= Self.samples && hasSwept
  }

  @_noAllocation @_noLocks
  private func hasMoved(_ command: UnsafePointer<Float>) -> Bool {
    for index in 0..<actionSize
    where abs(command[index] - last[index]) >= Self.movement * limits[index].reach { return true }
    return false
  }

  @_noAllocation @_noLocks
  private func isUnchanged(_ observation: UnsafePointer<Float>) -> Bool {
    for index in 0..<observationSize where observation[index].bitPattern != state[index].bitPattern { return false }
    return true
  }
}
