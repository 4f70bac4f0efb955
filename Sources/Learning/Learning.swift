// Everything with a gradient: the network base, experts (soft actor-critic), world model and denoiser training.

import PlannerModel

/// What can go wrong in training, with the cure in the message.
public enum LearningError: Error, CustomStringConvertible, Equatable {
  /// A file cannot be read or understood.
  case file(path: String, problem: String)
  /// A file cannot be written.
  case unwritable(path: String, reason: String)
  /// A setting has a value that training cannot work with.
  case setting(name: String, problem: String)
  /// The numbers of a training run are not finite any more.
  case diverged(what: String, step: Int)
  /// The model could not be evaluated while it was trained.
  case evaluation(step: Int, reason: String)

  public var description: String {
    switch self {
    case .file(let path, let problem): "\(path): \(problem)"
    case .unwritable(let path, let reason): "\(path): cannot be written: \(reason)"
    case .setting(let name, let problem): "\(name): \(problem)"
    case .evaluation(let step, let reason): "the model at step \(step) could not be evaluated: \(reason)"
    case .diverged(let what, let step):
      "\(what) is not finite at step \(step): lower the learning rate, or check the data with `metadiffuser inspect`"
    }
  }
}

extension LearningError {
  /// Runs `body`, which writes `path`.
  package static func writing(_ path: String, _ body: () throws(ModelError) -> Void) throws(LearningError) {
    do throws(ModelError) {
      try body()
    } catch {
      guard case .system(_, _, let reason) = error else { throw .unwritable(path: path, reason: error.description) }
      throw .unwritable(path: path, reason: reason)
    }
  }
}
