// A context between those of the bank: moved along the way to its neighbours by what the models get wrong.

import CKernels

/// An extended Kalman filter on z = origin + Σ x_k (neighbour_k − centre), x small.
///
/// The denoiser knows contexts like those of the bank. In the span of a hypothesis' neighbours, within `reach` of it,
/// the filter finds what lies between them and never leaves what the denoiser was trained on. Each output of a model
/// that was measured is a scalar measurement; how it depends on x follows from the model's derivatives with respect to
/// the context. A plain value of pointers into the arena.
struct ContextRefinement {
  private let contextSize: Int, outputs: Int
  /// Numbers in x.
  private let size: Int

  // Memory.
  private let origin: UnsafeMutablePointer<Float>  // [contextSize]
  private let directions: UnsafeMutablePointer<Float>  // [size][contextSize]
  private let x: UnsafeMutablePointer<Float>  // [size]
  private let covariance: UnsafeMutablePointer<Float>  // [size][size]

  // Workspace.
  /// Derivatives of a model's outputs with respect to the context, filled by the caller, `[outputs][contextSize]`.
  let jacobian: UnsafeMutablePointer<Float>
  /// The unit matrix, `[outputs][outputs]`: each row selects an output.
  private let unit: UnsafeMutablePointer<Float>
  private let slope: UnsafeMutablePointer<Float>  // [size]
  private let gain: UnsafeMutablePointer<Float>  // [size]

  /// Variance of each entry of x at the beginning, and what it grows by per transition.
  private static var variance: Float { @_noAllocation @_noLocks get { 0.05 } }
  private static var growth: Float { @_noAllocation @_noLocks get { 0.002 * variance } }
  /// Entries of x stay within ±reach.
  private static var reach: Float { @_noAllocation @_noLocks get { 1 } }

  init(_ arena: inout Arena, contextSize: Int, outputs: Int, directions count: Int) {
    self.contextSize = contextSize
    self.outputs = outputs
    size = count
    origin = arena.carve(Float.self, contextSize)
    directions = arena.carve(Float.self, count * contextSize)
    x = arena.carve(Float.self, count)
    covariance = arena.carve(Float.self, count * count)
    jacobian = arena.carve(Float.self, outputs * contextSize)
    unit = arena.carve(Float.self, outputs * outputs)
    slope = arena.carve(Float.self, count)
    gain = arena.carve(Float.self, count)
  }

  func load() {
    for output in 0..<outputs { unit[output * outputs + output] = 1 }
  }

  /// What selects each of a model's outputs; see `MultilayerPerceptron.contextJacobian`.
  var selectors: UnsafePointer<Float> { @_noAllocation @_noLocks get { UnsafePointer(unit) } }

  /// Starts over at `z`, `[contextSize]`, in the span of `neighbours`, `[size]`, the centre first, of `contexts`.
  @_noAllocation @_noLocks
  func begin(at z: UnsafePointer<Float>, contexts: UnsafePointer<Float>, neighbours: UnsafePointer<Int>) {
    ck_copy(origin, z, contextSize)
    let centre = contexts + neighbours[0] * contextSize
    for direction in 0..<size {
      let other = contexts + neighbours[direction] * contextSize
      for entry in 0..<contextSize { directions[direction * contextSize + entry] = other[entry] - centre[entry] }
      x[direction] = 0
      for column in 0..<size { covariance[direction * size + column] = direction == column ? Self.variance : 0 }
    }
  }

  /// A period passes, in which the task may have moved a little.
  @_noAllocation @_noLocks
  func drift() {
    for index in 0..<size {
      let at = index * (size + 1)
      covariance[at] = min(covariance[at] + Self.growth, 4 * Self.variance)
    }
  }

  /// Corrects x by one output's `innovation`, what was measured less what was predicted, of this `variance`; `jacobian`
  /// holds the derivatives.
  @_noAllocation @_noLocks
  func correct(output: Int, innovation: Float, variance: Float) {
    let derivatives = jacobian + output * contextSize
    for direction in 0..<size {
      slope[direction] = 0
      for entry in 0..<contextSize {
        slope[direction] += derivatives[entry] * directions[direction * contextSize + entry]
      }
    }
    var spread: Float = 0
    for row in 0..<size {
      gain[row] = 0
      for column in 0..<size { gain[row] += covariance[row * size + column] * slope[column] }
      spread += gain[row] * slope[row]
    }
    // The heavier an outlier, the larger its variance: what Student's t with 3 degrees of freedom makes of it.
    let expected = max(spread, 0) + variance
    let total = max(spread, 0) + variance * max(1, (3 + innovation * innovation / expected) / 4)
    guard ck_is_finite(total) != 0, total > 0 else { return }
    for row in 0..<size {
      let share = gain[row] / total
      x[row] = min(max(x[row] + share * innovation, -Self.reach), Self.reach)
      for column in 0..<size { covariance[row * size + column] -= share * gain[column] }
    }
  }

  /// Writes the refined context, `[contextSize]`.
  @_noAllocation @_noLocks
  func place(_ z: UnsafeMutablePointer<Float>) {
    for entry in 0..<contextSize {
      var value = origin[entry]
      for direction in 0..<size { value += x[direction] * directions[direction * contextSize + entry] }
      z[entry] = min(max(value, -1), 1)
    }
  }
}
