// Learned baselines as drivers: behaviour cloning is told the planner's context, FOCAL infers its own.

import Learning
import PlannerModel
import PlannerRuntime

/// A policy that acts without looking ahead.
public final class PolicyDriver: EpisodeDriver {
  public let inference: any TaskInference
  public let isComplete = true
  private let policy: BaselinePolicy
  private let context: () -> [Float]

  /// Throws, naming the field, when `baseline` was not trained beside `model`.
  public init(_ baseline: BaselineModel, beside model: LoadedModel) throws {
    try baseline.check(fits: model)
    policy = baseline.makePolicy()
    switch baseline.method {
    case .cloning:
      let planner = try PlannerDriver(inferringWith: model.weights)
      inference = planner
      context = { planner.context }
    case .focal:
      let own = PooledInference(baseline.makePolicy(), contextSize: baseline.contextSize)
      inference = own
      context = { own.context }
    }
  }

  public func reset(seed: UInt64) {}

  public func act(_ observation: [Float]) -> [Float] { policy.action(observation: observation, context: context()) }

  public func prepare() {}

  public func intention(steps count: Int) -> IntendedSteps? { nil }
}

extension PlannerDriver {
  /// The cheapest planner there is, to infer contexts with: the encoder's, on which the policies were trained.
  convenience init(inferringWith weights: PlannerWeights, kernels: String? = nil) throws(PlannerError) {
    var options = PlannerOptions()
    options.candidates = 1
    options.coldSteps = 1
    options.guide = .none
    options.contextInference = .encoder
    try self.init(weights: weights, options: options, kernels: kernels)
  }
}

/// A baseline's own encoder over all transitions shown.
private final class PooledInference: TaskInference {
  private(set) var context: [Float]
  private let encoder: BaselinePolicy
  private let contextSize: Int
  private var rows: [Float] = []
  private var shown = 0, inferred = 0

  init(_ encoder: BaselinePolicy, contextSize: Int) {
    self.encoder = encoder
    self.contextSize = contextSize
    context = [Float](repeating: 0, count: contextSize)
  }

  func clearContext() {
    rows = []
    (shown, inferred) = (0, 0)
    context = [Float](repeating: 0, count: contextSize)
  }

  func addTransition(observation: [Float], action: [Float], reward: Float, next: [Float]) {
    rows += encoder.row(observation: observation, action: action, reward: reward, next: next)
    shown += 1
  }

  func updateContext() {
    guard shown > 0 else { return }
    inferred = shown
    context = encoder.context(of: rows)
  }

  func updateContextIfDue() {
    // As often as the planner.
    if shown >= inferred + 25 { updateContext() }
  }
}
