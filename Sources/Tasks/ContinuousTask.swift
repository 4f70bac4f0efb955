// Tasks whose physics runs on between the control ticks: what a bench needs, where commands change at any time.

/// A task that is advanced a physics step at a time. What happened since the last `observe` is one interval. Real-time:
/// no.
public protocol ContinuousTask: ControlTask {
  /// Physics steps in a control period.
  var physicsSteps: Int { get }
  /// Applies `action`, `[family.actionSize]`, for one physics step; checked and clamped as in `step`.
  func advance(action: [Float])
  /// Ends the interval and begins the next. Its reward is that of its mean speed and mean cost; nil if no time has
  /// passed.
  func endInterval() -> StepResult?
}
