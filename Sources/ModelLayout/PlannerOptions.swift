// What can be set about planning without training again. Settings are a value; they travel in the model file.

/// Which gradients bend a plan while it is denoised. Real-time: yes in a `switch`; `==` may compare the raw values,
/// which are strings.
public enum Guide: String, CaseIterable, Sendable {
  /// Neither; plans are only chosen by return and discrepancy.
  case none
  /// Towards reward alone, as in Diffuser.
  case reward
  /// Towards reward and towards obeying the dynamics.
  case dual

  // The compiler's own comparison goes through the raw values, which are strings and unfit for the cycle.
  /// Whether the reward's gradient bends plans. Real-time: yes.
  public var usesReward: Bool {
    @_noAllocation @_noLocks
    get {
      switch self {
      case .none: false
      case .reward, .dual: true
      }
    }
  }
  /// Whether the gradient of the dynamics' discrepancy bends plans. Real-time: yes.
  public var usesDynamics: Bool {
    @_noAllocation @_noLocks
    get {
      switch self {
      case .none, .reward: false
      case .dual: true
      }
    }
  }
}

/// What the context comes from. Real-time: yes in a `switch`; `==` may compare the raw values, which are strings.
public enum ContextInference: String, CaseIterable, Sendable {
  /// The encoder alone: it is of all transitions shown since the last `clearContext`, and changes with `updateContext`.
  case encoder
  /// Hypotheses, among them the encoder's estimate, weighed by what the models predict of every transition.
  case belief
}

/// Settings of a planner. The defaults are what did best on the training tasks of cheetah-vel (Docs/results.md).
/// Real-time: yes, a value.
public struct PlannerOptions: Equatable, Sendable {
  /// Plans drawn side by side; the best is executed; 1…1024.
  public var candidates = 8
  /// Denoising steps of a plan that starts from noise; 1…denoisingSteps of the model.
  public var coldSteps = 3
  /// Denoising steps of a plan that starts from the last one.
  public var warmSteps = 2
  /// How far the last plan is noised to be the next one's start: a share of the noise levels, 0…1. 0: every plan starts
  /// from noise.
  public var warmLevel: Float = 0
  /// Standard deviation of the noise, 0…1; below 1 plans vary less and obey the dynamics better (low-temperature
  /// sampling).
  public var temperature: Float = 0.3
  /// Which gradients bend a plan.
  public var guide = Guide.dual
  /// Guidance strength α of a plan that starts from noise, ≥ 0.
  public var guideStrength: Float = 0.3
  /// α of a plan that starts from the last one: there guidance accumulates from plan to plan, so it must be smaller.
  public var warmGuideStrength: Float = 0.03
  /// Rounds of guidance per step, 0…16.
  public var guideRounds = 2
  /// Weight λ of the discrepancy against the return, in guide and selection, ≥ 0.
  public var discrepancyWeight: Float = 3
  /// Weight of the value of a plan's last state against the rewards before it, in guide and selection, ≥ 0; of models
  /// that have a value.
  public var valueWeight: Float = 1
  /// Classifier-free guidance on the context, w: 1 is the conditional model as trained; other values cost a second
  /// pass.
  public var conditionWeight: Float = 1
  /// What the context comes from; a belief takes a model with a bank of contexts. Not a setting of a model.
  public var contextInference = ContextInference.encoder
  /// How far actions are moved to learn more while a belief is in doubt, as a share of the action limit, 0…1.
  public var exploration: Float = 0

  /// The defaults. Real-time: yes.
  public init() {}

  /// The first setting that cannot be used with a model of `shape`, or nil. Real-time: no.
  public func defect(for shape: PlannerShape) -> (field: String, found: String, expected: String)? {
    for setting in Self.all where !setting.holds(for: self) {
      return (setting.name, setting.text(of: self), setting.range)
    }
    // More steps than levels would visit a level twice: the sampler would stand still there.
    let levels = shape.denoisingSteps
    let warmLevels = max(1, Self.warmLevels(warmLevel, of: levels))
    if coldSteps > levels { return ("cold_steps", "\(coldSteps)", "1...\(levels)") }
    if warmLevel > 0, warmSteps > warmLevels { return ("warm_steps", "\(warmSteps)", "1...\(warmLevels)") }
    return nil
  }

  /// Noise levels between a warm start and a clean plan: `share`, 0…1, of `levels`. Real-time: yes.
  @_noAllocation @_noLocks
  public static func warmLevels(_ share: Float, of levels: Int) -> Int {
    // Half up, by truncation.
    Int(share * Float(levels) + 0.5)
  }
}

extension PlannerOptions {
  /// Every setting that travels in a model file, in the order in which people read them.
  public static let settings: [Setting<PlannerOptions>] = [
    Setting("candidates", .whole(\.candidates, 1...1024), "Plans drawn side by side, of which the best is executed."),
    Setting(
      "cold_steps", .whole(\.coldSteps, PlannerShape.levelCounts), "Denoising steps of a plan that starts from noise."),
    Setting(
      "warm_steps", .whole(\.warmSteps, PlannerShape.levelCounts),
      "Denoising steps of a plan that starts from the last one."),
    Setting(
      "warm_level", .real(\.warmLevel, .from(0, to: 1)),
      "Share of the noise levels that the last plan is noised to, to be the next one's start; 0: never."),
    Setting("temperature", .real(\.temperature, .from(0, to: 1)), "Standard deviation of the noise."),
    Setting(
      "guide",
      .word(Guide.allCases.map(\.rawValue), get: { $0.guide.rawValue }) { $0.guide = Guide(rawValue: $1) ?? .none },
      "Which gradients bend a plan: none, reward, or dual (reward and dynamics)."),
    Setting(
      "guide_strength", .real(\.guideStrength, .from(0, to: 100)), "Guidance strength of a plan that starts from noise."
    ),
    Setting(
      "warm_guide_strength", .real(\.warmGuideStrength, .from(0, to: 100)),
      "Guidance strength of a plan that starts from the last one."),
    Setting("guide_rounds", .whole(\.guideRounds, 0...16), "Rounds of guidance per denoising step."),
    Setting(
      "discrepancy_weight", .real(\.discrepancyWeight, .from(0, to: 1000)),
      "Weight of the dynamics discrepancy against the return, in guide and selection."),
    Setting(
      "value_weight", .real(\.valueWeight, .from(0, to: 1000)),
      "Weight of the value at a plan's end against its rewards, in guide and selection."),
    Setting(
      "condition_weight", .real(\.conditionWeight, .from(0, to: 10)),
      "Classifier-free guidance on the context; 1 is the conditional model as trained."),
  ]

  /// Not in files: how much a controller may learn by moving is the user's choice.
  public static let exploration = Setting<PlannerOptions>(
    "exploration", .real(\.exploration, .from(0, to: 1)),
    "How far actions are moved to learn more while a belief is in doubt, as a share of the limit.")

  /// Every setting, in files or not. Real-time: no.
  public static var all: [Setting<PlannerOptions>] { settings + [exploration] }

  /// The setting called `name`. Traps where there is none: names are written in code. Real-time: no.
  public static func setting(_ name: String) -> Setting<PlannerOptions> { all.setting(name) }
}
