// One stage of a baseline's training, as the loop that saves, resumes and logs sees it.

/// Something that is trained a step at a time. All that survives a step is in its optimisers: what is drawn at random
/// comes from a stream that belongs to the step. Real-time: no.
protocol TrainingStage: AnyObject {
  /// As the log calls it.
  var name: String { get }
  /// Steps in all.
  var total: Int { get }
  /// One step; returns one loss or two.
  func step() -> [Double]
  /// The weights trained here; the first optimiser counts the steps.
  var optimisers: [ShardedOptimiser] { get }
}

extension TrainingStage {
  /// Steps made so far.
  var done: Int { optimisers[0].adam.step }
}
