// A learned model of one step, dynamics, reward or value, with the gradient of its output with respect to its input.

import CKernels

/// What the passes of world models work on, `[rows][width]` each. Models may share it, one after the other.
struct PerceptronWorkspace {
  /// Activations, and on the way back gradients.
  let hidden: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>)
  /// Slopes of the activations.
  let slope: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>)

  init(_ arena: inout Arena, rows: Int) {
    let size = rows * PlannerShape.worldModelWidth
    hidden = (arena.carve(Float.self, size), arena.carve(Float.self, size))
    slope = (arena.carve(Float.self, size), arena.carve(Float.self, size))
  }

  /// The same without the first `rows` rows.
  @_noAllocation @_noLocks
  func dropping(_ rows: Int) -> PerceptronWorkspace {
    let start = rows * PlannerShape.worldModelWidth
    return PerceptronWorkspace(
      hidden: (hidden.0 + start, hidden.1 + start), slope: (slope.0 + start, slope.1 + start))
  }

  @_noAllocation @_noLocks
  private init(
    hidden: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>),
    slope: (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>)
  ) {
    self.hidden = hidden
    self.slope = slope
  }
}

/// An MLP with two hidden SiLU layers over rows [state, action] (value: [state]), conditioned on the context.
///
/// The context is the same for all rows of a plan: its share of the first layer is folded into that layer's bias.
struct MultilayerPerceptron {
  /// Outputs per row: the normalised change of state, the normalised reward, or the value.
  let outputs: Int
  private let inputs: Int
  private let first: Product, second: Product, third: Product
  /// The first layer without a context: the same weights, a bias of zeros.
  private let unbiased: Product
  /// Context to first layer; its bias is that of the first layer as trained.
  private let fromContext: Product
  /// The transposed layers, for the gradient.
  private let thirdBack: Product, secondBack: Product, firstBack: Product, contextBack: Product
  /// The third layer's weights for the first output, `[width]`.
  private let firstOutput: UnsafeMutablePointer<Float>

  init(_ arena: inout Arena, shape: PlannerShape, inputs: Int, outputs: Int) {
    let width = PlannerShape.worldModelWidth
    self.outputs = outputs
    self.inputs = inputs
    first = Product(&arena, columns: width, depth: inputs)
    second = Product(&arena, columns: width, depth: width)
    third = Product(&arena, columns: outputs, depth: width)
    fromContext = Product(&arena, columns: width, depth: shape.contextSize)
    thirdBack = Product(&arena, columns: width, depth: outputs)
    secondBack = Product(&arena, columns: width, depth: width)
    firstBack = Product(&arena, columns: inputs, depth: width)
    contextBack = Product(&arena, columns: shape.contextSize, depth: width)
    firstOutput = arena.carve(Float.self, width)
    unbiased = first.unbiased(&arena)
  }

  func load(_ weights: PlannerWeights, _ name: String) {
    let firstWeights = weights.weight(LayerName.perceptron(name, 0))
    let secondWeights = weights.weight(LayerName.perceptron(name, 1))
    let thirdWeights = weights.weight(LayerName.perceptron(name, 2))
    let stride = inputs + fromContext.depth
    let width = first.columns
    first.load(firstWeights, stride: stride, bias: weights.bias(LayerName.perceptron(name, 0)))
    second.load(secondWeights, bias: weights.bias(LayerName.perceptron(name, 1)))
    third.load(thirdWeights, bias: weights.bias(LayerName.perceptron(name, 2)))
    fromContext.load(firstWeights, offset: inputs, stride: stride, bias: weights.bias(LayerName.perceptron(name, 0)))
    for index in 0..<third.depth { firstOutput[index] = Float(thirdWeights[index]) }
    func transposed(_ values: [Float16], rows: Int, stride: Int, columns: Int) -> [Float16] {
      (0..<columns).flatMap { column in (0..<rows).map { values[$0 * stride + column] } }
    }
    thirdBack.load(transposed(thirdWeights, rows: outputs, stride: third.depth, columns: third.depth))
    secondBack.load(transposed(secondWeights, rows: second.columns, stride: second.depth, columns: second.depth))
    let firstTransposed = transposed(firstWeights, rows: first.columns, stride: stride, columns: stride)
    firstBack.load(Array(firstTransposed.prefix(inputs * width)))
    contextBack.load(Array(firstTransposed.dropFirst(inputs * width)))
  }

  /// Conditions all later predictions on `context`, `[contextSize]`.
  @_noAllocation @_noLocks
  func setContext(_ kernels: Kernels, _ context: UnsafePointer<Float>) {
    fromContext.run(kernels, context, first.bias)
  }

  /// The hidden layers for rows [state, action, …] of `input`, `batch × times` of them, and their slopes.
  @_noAllocation @_noLocks
  func forward(_ kernels: Kernels, _ input: ck_rows, _ workspace: PerceptronWorkspace, batch: Int, times: Int) {
    let width = first.columns
    let count = batch * times * width
    let (hidden, slope) = (workspace.hidden, workspace.slope)
    first.run(
      kernels, input, ck_rows(base: hidden.0, time_stride: width, batch_stride: times * width), batch: batch,
      times: times)
    ck_silu(kernels, hidden.0, hidden.0, slope.0, count)
    second.run(kernels, hidden.0, hidden.1, rows: batch * times)
    ck_silu(kernels, hidden.1, hidden.1, slope.1, count)
  }

  /// `prediction`, `[rows][outputs]`, from what `forward` left.
  @_noAllocation @_noLocks
  func predict(
    _ kernels: Kernels, _ workspace: PerceptronWorkspace, _ prediction: UnsafeMutablePointer<Float>, rows: Int
  ) {
    third.run(kernels, workspace.hidden.1, prediction, rows: rows)
  }

  /// `inputGradient`, `[rows][inputs]` = the gradient of Σ gradient · prediction with respect to the rows of the last
  /// `forward`, with `gradient` `[rows][outputs]`; nil: that of Σ of each row's first output.
  @_noAllocation @_noLocks
  func backward(
    _ kernels: Kernels, _ workspace: PerceptronWorkspace, _ gradient: UnsafePointer<Float>?,
    _ inputGradient: UnsafeMutablePointer<Float>, rows: Int
  ) {
    let width = first.columns
    let (hidden, slope) = (workspace.hidden, workspace.slope)
    if let gradient {
      thirdBack.run(kernels, gradient, hidden.1, rows: rows)
      ck_multiply(kernels, hidden.1, slope.1, hidden.1, rows * width)
    } else {
      // The same for all rows.
      for row in 0..<rows {
        ck_multiply(kernels, slope.1 + row * width, firstOutput, hidden.1 + row * width, width)
      }
    }
    secondBack.run(kernels, hidden.1, hidden.0, rows: rows)
    ck_multiply(kernels, hidden.0, slope.0, hidden.0, rows * width)
    firstBack.run(kernels, hidden.0, inputGradient, rows: rows)
  }

  /// The first layer's share of `context`, bias included, `[width]`.
  @_noAllocation @_noLocks
  func contextShare(_ kernels: Kernels, _ context: UnsafePointer<Float>, _ share: UnsafeMutablePointer<Float>) {
    fromContext.run(kernels, context, share)
  }

  /// The prediction's derivatives with respect to the context, `[outputs][contextSize]`, for one row [state, action, …]
  /// under the context of `share`, and the prediction itself, `[outputs]`. `unit` is the unit matrix of
  /// `[outputs][outputs]` or, for one output, of any size; `shared`, `[width]`, is scratch, and the workspace has room
  /// for `outputs` rows.
  @_noAllocation @_noLocks
  func contextJacobian(
    _ kernels: Kernels, _ input: UnsafePointer<Float>, share: UnsafePointer<Float>, _ unit: UnsafePointer<Float>,
    _ shared: UnsafeMutablePointer<Float>, _ workspace: PerceptronWorkspace, _ prediction: UnsafeMutablePointer<Float>,
    _ jacobian: UnsafeMutablePointer<Float>
  ) {
    let width = first.columns
    let (hidden, slope) = (workspace.hidden, workspace.slope)
    unbiased.run(kernels, input, shared)
    for index in 0..<width { hidden.0[index] = shared[index] + share[index] }
    ck_silu(kernels, hidden.0, hidden.0, slope.0, width)
    second.run(kernels, hidden.0, hidden.1)
    ck_silu(kernels, hidden.1, hidden.1, slope.1, width)
    third.run(kernels, hidden.1, prediction)
    thirdBack.run(kernels, unit, hidden.1, rows: outputs)
    for row in 0..<outputs { ck_multiply(kernels, hidden.1 + row * width, slope.1, hidden.1 + row * width, width) }
    secondBack.run(kernels, hidden.1, hidden.0, rows: outputs)
    for row in 0..<outputs { ck_multiply(kernels, hidden.0 + row * width, slope.0, hidden.0 + row * width, width) }
    contextBack.run(kernels, hidden.0, jacobian, rows: outputs)
  }

  /// Predictions for one row [state, action, …] under many contexts, `[rows][outputs]`, from their `shares`,
  /// `[rows][width]`; `shared`, `[width]`, is scratch.
  @_noAllocation @_noLocks
  func predict(
    _ kernels: Kernels, _ input: UnsafePointer<Float>, shares: UnsafePointer<Float>,
    _ shared: UnsafeMutablePointer<Float>, _ workspace: PerceptronWorkspace, _ prediction: UnsafeMutablePointer<Float>,
    rows: Int
  ) {
    let width = first.columns
    let hidden = workspace.hidden
    unbiased.run(kernels, input, shared)
    for row in 0..<rows {
      let target = hidden.0 + row * width
      let share = shares + row * width
      for index in 0..<width { target[index] = shared[index] + share[index] }
    }
    ck_silu(kernels, hidden.0, hidden.0, nil, rows * width)
    second.run(kernels, hidden.0, hidden.1, rows: rows)
    ck_silu(kernels, hidden.1, hidden.1, nil, rows * width)
    third.run(kernels, hidden.1, prediction, rows: rows)
  }
}
