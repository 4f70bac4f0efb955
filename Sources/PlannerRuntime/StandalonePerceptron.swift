// The dynamics and reward models without a planner around them: for other ways of planning with them, and for tests.

import CKernels

/// The learned models of one step, with memory of their own for a fixed number of rows. Normalised units. Not
/// thread-safe. Real-time: yes, where a member does not say otherwise.
public struct StandalonePerceptron: ~Copyable {
  /// Rows that `run` can take at a time.
  public let rows: Int
  private let arena: Arena
  private let parts: Parts
  private let kernels: Kernels
  private let rowSize: Int, observationSize: Int

  private struct Parts {
    let dynamics: MultilayerPerceptron, reward: MultilayerPerceptron
    let workspace: PerceptronWorkspace
    let input: UnsafeMutablePointer<Float>  // [rows][rowSize]
    let changes: UnsafeMutablePointer<Float>  // [rows][observationSize]
    let rewards: UnsafeMutablePointer<Float>  // [rows]

    init(_ arena: inout Arena, _ shape: PlannerShape, rows: Int) {
      dynamics = MultilayerPerceptron(&arena, shape: shape, inputs: shape.rowSize, outputs: shape.observationSize)
      reward = MultilayerPerceptron(&arena, shape: shape, inputs: shape.rowSize, outputs: 1)
      workspace = PerceptronWorkspace(&arena, rows: rows)
      input = arena.carve(Float.self, rows * shape.rowSize)
      changes = arena.carve(Float.self, rows * shape.observationSize)
      rewards = arena.carve(Float.self, rows)
    }
  }

  /// Takes all memory and loads the weights, for a context of zeros. Real-time: no.
  ///
  /// - Parameters:
  ///   - weights: every tensor of `weights.shape.tensors`, finite.
  ///   - rows: pairs of state and action predicted at a time, 1 or more.
  ///   - name: instruction set by name, or nil for the best one.
  ///
  /// - Throws: `PlannerError` where a size is out of range or there are no such kernels.
  public init(weights: PlannerWeights, rows: Int, kernels name: String? = nil) throws(PlannerError) {
    if let defect = weights.shape.defect {
      throw .invalid(field: defect.field, found: defect.found, expected: defect.expected)
    }
    guard rows >= 1 else { throw .invalid(field: "rows", found: "\(rows)", expected: "1 or more") }
    guard let kernels = ck_kernels_select(name) else { throw .kernels(name: name ?? "default") }
    var measured = Arena()
    _ = Parts(&measured, weights.shape, rows: rows)
    var arena = Arena(capacity: measured.used)
    parts = Parts(&arena, weights.shape, rows: rows)
    parts.dynamics.load(weights, LayerName.dynamics)
    parts.reward.load(weights, LayerName.reward)
    arena.seal()
    self.arena = arena
    self.kernels = kernels
    self.rows = rows
    rowSize = weights.shape.rowSize
    observationSize = weights.shape.observationSize
    setContext([Float](repeating: 0, count: weights.shape.contextSize))
  }

  /// Conditions later runs on `context`, `[contextSize]`. Real-time: yes.
  @_noAllocation @_noLocks
  public func setContext(_ context: UnsafePointer<Float>) {
    parts.dynamics.setContext(kernels, context)
    parts.reward.setContext(kernels, context)
  }

  /// Row `index` of the input, `[rowSize]`: state, then action. Real-time: yes.
  public func input(_ index: Int) -> UnsafeMutablePointer<Float> { parts.input + index * rowSize }

  /// The change of state after row `index`, `[observationSize]`, in the units of the difference statistics.
  /// Real-time: yes.
  public func change(_ index: Int) -> UnsafePointer<Float> {
    UnsafePointer(parts.changes + index * observationSize)
  }

  /// The reward of row `index`, normalised units. Real-time: yes.
  public func reward(_ index: Int) -> Float { parts.rewards[index] }

  /// Predicts the first `count` rows. Real-time: yes.
  @_noAllocation @_noLocks
  public func run(rows count: Int) {
    precondition(count <= rows)
    let input = ck_rows(base: parts.input, time_stride: rowSize, batch_stride: 0)
    parts.dynamics.forward(kernels, input, parts.workspace, batch: 1, times: count)
    parts.dynamics.predict(kernels, parts.workspace, parts.changes, rows: count)
    parts.reward.forward(kernels, input, parts.workspace, batch: 1, times: count)
    parts.reward.predict(kernels, parts.workspace, parts.rewards, rows: count)
  }
}
