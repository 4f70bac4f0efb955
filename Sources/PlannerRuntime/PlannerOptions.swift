// What can be set about planning without training again. Settings are a value; they travel in the model file.

/// Which gradients bend a plan while it is denoised.
public enum Guide: String, CaseIterable, Sendable {
  /// Neither; plans are only chosen by return and discrepancy.
  case none
  /// Towards reward alone, as in Diffuser.
  case reward
  /// Towards reward and towards obeying the dynamics.
  case dual

  // The compiler's own comparison goes through the raw values, which are strings and unfit for the cycle.
  var usesReward: Bool {
    @_noAllocation @_noLocks
    get {
      switch self {
      case .none: false
      case .reward, .dual: true
      }
    }
  }
  var usesDynamics: Bool {
    @_noAllocation @_noLocks
    get {
      switch self {
      case .none, .reward: false
      case .dual: true
      }
    }
  }
}

/// Settings of a planner. The defaults are what did best on the training tasks of cheetah-vel (Docs/results.md).
public struct PlannerOptions: Equatable, Sendable {
  /// Plans drawn side by side, of which the best is executed; 1…1024.
  public var candidates = 8
  /// Denoising steps of a plan that starts from noise; 1…denoisingSteps of the model.
  public var coldSteps = 3
  /// Denoising steps of a plan that starts from the last one.
  public var warmSteps = 2
  /// How far the last plan is noised to be the next one's start: a share of the noise levels, 0…1. 0: every plan starts
  /// from noise.
  public var warmLevel: Float = 0
  /// Standard deviation of the noise, 0…1; below 1 plans vary less and obey the dynamics better (low-temperature sampling).
  public var temperature: Float = 0.3
  public var guide = Guide.dual
  /// Guidance strength α of a plan that starts from noise, ≥ 0.
  public var guideStrength: Float = 0.3
  /// α of a plan that starts from the last one: there guidance accumulates from plan to plan, so it must be smaller.
  public var warmGuideStrength: Float = 0.03
  /// Rounds of guidance a step, 0…16.
  public var guideRounds = 2
  /// Weight λ of the discrepancy against the return, in guide and selection, ≥ 0.
  public var discrepancyWeight: Float = 3
  /// Weight of the value of a plan's last state against the rewards before it, in guide and selection, ≥ 0; of models that
  /// have a value.
  public var valueWeight: Float = 1
  /// Classifier-free guidance on the context, w: 1 is the conditional model as trained; other values cost a second pass.
  public var conditionWeight: Float = 1
  /// What the context comes from; a belief takes a model with a bank of contexts. Not a setting of a model.
  public var contextInference = ContextInference.encoder
  /// How far actions are moved to learn more while a belief is in doubt, as a share of the action limit, 0…1.
  public var exploration: Float = 0

  public init() {}

  /// The first setting that cannot be used with a model of `shape`, or nil.
  public func defect(for shape: PlannerShape) -> (field: String, found: String, expected: String)? {
    func whole(_ field: String, _ value: Int, _ range: ClosedRange<Int>) -> (String, String, String)? {
      range.contains(value) ? nil : (field, "\(value)", "\(range.lowerBound)...\(range.upperBound)")
    }
    func real(_ field: String, _ value: Float, _ range: ClosedRange<Float>) -> (String, String, String)? {
      range.contains(value) ? nil : (field, "\(value)", "\(range.lowerBound)...\(range.upperBound)")
    }
    // More steps than levels would visit a level twice: the sampler would stand still there.
    let levels = shape.denoisingSteps
    let warmLevels = max(1, Self.warmLevels((0...1).contains(warmLevel) ? warmLevel : 0, of: levels))
    let exploring = real("exploration", exploration, 0...1)
    let sampling =
      whole("candidates", candidates, 1...1024) ?? whole("cold_steps", coldSteps, 1...levels)
      ?? real("warm_level", warmLevel, 0...1)
      ?? (warmLevel > 0 ? whole("warm_steps", warmSteps, 1...warmLevels) : nil)
      ?? real("temperature", temperature, 0...1)
    let guidance =
      real("guide_strength", guideStrength, 0...100) ?? real("warm_guide_strength", warmGuideStrength, 0...100)
      ?? whole("guide_rounds", guideRounds, 0...16) ?? real("discrepancy_weight", discrepancyWeight, 0...1000)
      ?? real("value_weight", valueWeight, 0...1000) ?? real("condition_weight", conditionWeight, 0...10)
    return sampling ?? guidance ?? exploring
  }

  /// Noise levels between a warm start and a clean plan.
  @_noAllocation @_noLocks
  static func warmLevels(_ share: Float, of levels: Int) -> Int {
    // Half up, by truncation.
    Int(share * Float(levels) + 0.5)
  }
}
