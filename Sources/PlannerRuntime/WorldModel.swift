// A learned model of one step, dynamics or reward, with the gradient of its output with respect to state and action.

import CKernels

/// An MLP with two hidden SiLU layers over rows [state, action], conditioned on the context.
///
/// The context is the same for all rows of a plan: its share of the first layer is folded into that layer's bias.
struct WorldModel {
  /// Outputs a row: the normalised change of state, or the normalised reward.
  let outputs: Int
  private let inputs: Int
  private let rowLimit: Int
  private let first: Product, second: Product, third: Product
  /// Context to first layer; its bias is that of the first layer as trained.
  private let fromContext: Product
  /// The transposed layers, for the gradient.
  private let thirdBack: Product, secondBack: Product, firstBack: Product

  // Workspace, `[rows][width]` each: activations, their slopes, and gradients.
  private let hidden: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>)
  private let slope: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>)
  /// `[rows][outputs]`, the prediction.
  let prediction: UnsafeMutablePointer<Float>
  /// `[rows][outputs]`, to be filled before `backward`.
  let predictionGradient: UnsafeMutablePointer<Float>
  /// `[rows][inputs]`, the result of `backward`.
  let inputGradient: UnsafeMutablePointer<Float>

  init(_ arena: inout Arena, shape: PlannerShape, outputs: Int, rows: Int) {
    let width = PlannerShape.worldModelWidth
    self.outputs = outputs
    inputs = shape.rowSize
    rowLimit = rows
    first = Product(&arena, columns: width, depth: inputs)
    second = Product(&arena, columns: width, depth: width)
    third = Product(&arena, columns: outputs, depth: width)
    fromContext = Product(&arena, columns: width, depth: shape.contextSize)
    thirdBack = Product(&arena, columns: width, depth: outputs)
    secondBack = Product(&arena, columns: width, depth: width)
    firstBack = Product(&arena, columns: inputs, depth: width)
    func rowsOf(_ arena: inout Arena, _ size: Int) -> UnsafeMutablePointer<Float> {
      arena.carve(Float.self, rows * size)
    }
    hidden = (rowsOf(&arena, width), rowsOf(&arena, width))
    slope = (rowsOf(&arena, width), rowsOf(&arena, width))
    prediction = rowsOf(&arena, outputs)
    predictionGradient = rowsOf(&arena, outputs)
    inputGradient = rowsOf(&arena, inputs)
  }

  func load(_ weights: PlannerWeights, _ name: String) {
    let firstWeights = weights("\(name).0.weight")
    let secondWeights = weights("\(name).1.weight")
    let thirdWeights = weights("\(name).2.weight")
    let stride = inputs + fromContext.depth
    first.load(firstWeights, stride: stride, bias: weights("\(name).0.bias"))
    second.load(secondWeights, bias: weights("\(name).1.bias"))
    third.load(thirdWeights, bias: weights("\(name).2.bias"))
    fromContext.load(firstWeights, offset: inputs, stride: stride, bias: weights("\(name).0.bias"))
    func transposed(_ values: [Float16], rows: Int, stride: Int, columns: Int) -> [Float16] {
      (0..<columns).flatMap { column in (0..<rows).map { values[$0 * stride + column] } }
    }
    thirdBack.load(transposed(thirdWeights, rows: outputs, stride: third.depth, columns: third.depth))
    secondBack.load(transposed(secondWeights, rows: second.columns, stride: second.depth, columns: second.depth))
    firstBack.load(transposed(firstWeights, rows: first.columns, stride: stride, columns: inputs))
  }

  /// Conditions all later predictions on `context`, `[contextSize]`.
  @_noAllocation @_noLocks
  func setContext(_ kernels: Kernels, _ context: UnsafePointer<Float>) {
    fromContext.run(kernels, context, first.bias)
  }

  /// `prediction` for rows [state, action, …] of `input`, `batch × times` of them; keeps the slopes for `backward`. They are
  /// rows `first` and following of the workspace: threads may work on different ones at once.
  @_noAllocation @_noLocks
  func forward(_ kernels: Kernels, _ input: ck_rows, from first: Int, batch: Int, times: Int) {
    let rows = batch * times
    precondition(first + rows <= rowLimit)
    let width = self.first.columns
    let (start, count) = (first * width, rows * width)
    let hidden = (self.hidden.0 + start, self.hidden.1 + start)
    self.first.run(
      kernels, input, ck_rows(base: hidden.0, time_stride: width, batch_stride: times * width), batch: batch,
      times: times)
    ck_silu(kernels, hidden.0, hidden.0, slope.0 + start, count)
    second.run(kernels, hidden.0, hidden.1, rows: rows)
    ck_silu(kernels, hidden.1, hidden.1, slope.1 + start, count)
    third.run(kernels, hidden.1, prediction + first * outputs, rows: rows)
  }

  /// `inputGradient` = the gradient of Σ predictionGradient · prediction with respect to the last forward's rows, for `rows`
  /// of them from `first` on.
  @_noAllocation @_noLocks
  func backward(_ kernels: Kernels, from first: Int, rows: Int) {
    let width = self.first.columns
    let (start, count) = (first * width, rows * width)
    let hidden = (self.hidden.0 + start, self.hidden.1 + start)
    let slope = (self.slope.0 + start, self.slope.1 + start)
    thirdBack.run(kernels, predictionGradient + first * outputs, hidden.1, rows: rows)
    for index in 0..<count { hidden.1[index] *= slope.1[index] }
    secondBack.run(kernels, hidden.1, hidden.0, rows: rows)
    for index in 0..<count { hidden.0[index] *= slope.0[index] }
    firstBack.run(kernels, hidden.0, inputGradient + first * inputs, rows: rows)
  }
}
