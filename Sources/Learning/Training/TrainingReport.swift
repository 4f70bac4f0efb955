// What a finished training says about itself, for people and for scripts.

/// The figures of a training run. Errors are shares of the variance: 0 is perfect, 1 as good as guessing the mean.
public struct TrainingReport: Codable, Equatable, Sendable {
  /// Mean squared errors of the world model in normalised units.
  public struct WorldModelErrors: Codable, Equatable, Sendable {
    public var dynamics: Double
    public var reward: Double

    init(_ errors: WorldModel.Errors) {
      dynamics = errors.dynamics
      reward = errors.reward
    }
  }

  public var family: String
  public var episodes: Int
  public var transitions: Int
  public var tasks: Int
  /// Tasks kept out of all training.
  public var heldOutTasks: Int
  /// Episodes that windows were cut from.
  public var windowedEpisodes: Int
  public var parameters: Int
  public var training: WorldModelErrors
  /// On episodes kept out of training; absent when the tasks have too few to keep any.
  public var heldOut: WorldModelErrors?
  /// Weighted mean squared error of the averaged weights, over all noise levels.
  public var denoiserLoss: Double
  /// Of this run, not of those it was resumed from.
  public var denoiserMsPerStep: Double
  public var seconds: Double
}
