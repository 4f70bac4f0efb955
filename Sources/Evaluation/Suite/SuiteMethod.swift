// What drives the episodes of the suite: the planner under each guide, and the baselines.

import DataCollection
import Learning
import PlannerModel
import PlannerRuntime

/// A method of the suite, in the order of its tables.
public enum SuiteMethod: String, CaseIterable, Codable, Sendable {
  /// The planner, by its guide; selection among candidates is the same for all three.
  case dual, reward, none
  /// Diffuser: the denoiser without its context, the reward guide with a context of zeros.
  case diffuser
  /// Sampling model-predictive control through the planner's models, at the planner's plan time.
  case mppi
  /// Behaviour cloning with the planner's context.
  case cloning = "bc"
  /// FOCAL's recipe.
  case focal

  /// Heading in tables.
  public var title: String {
    switch self {
    case .dual: "dual guide"
    case .reward: "reward guide"
    case .none: "no guide"
    case .diffuser: "Diffuser"
    case .mppi: "MPPI"
    case .cloning: "BC"
    case .focal: "FOCAL"
    }
  }

  /// The trained baseline that the method needs, if any.
  public var baseline: BaselineMethod? {
    switch self {
    case .cloning: .cloning
    case .focal: .focal
    case .dual, .reward, .none, .diffuser, .mppi: nil
    }
  }
}

extension PlannerOptions {
  /// These settings as `method` uses them.
  func adapted(to method: SuiteMethod) -> PlannerOptions {
    var options = self
    switch method {
    case .dual: options.guide = .dual
    case .reward: options.guide = .reward
    case .none: options.guide = .none
    case .diffuser:
      options.guide = .reward
      // The denoiser's estimate with the context counts nothing; and Diffuser knows no dynamics model to select by.
      options.conditionWeight = 0
      options.discrepancyWeight = 0
      options.contextInference = .encoder
    // Told the encoder's context: a belief is the planner's own.
    case .mppi, .cloning, .focal: options.contextInference = .encoder
    }
    return options
  }
}
