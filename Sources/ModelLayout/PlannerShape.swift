// The sizes of a model, from which everything else about its memory and its tensors follows.

/// How a model makes its context. Real-time: yes in a `switch`; `==` may compare the raw values, which are strings.
public enum ContextKind: String, CaseIterable, Sendable {
  /// From the mean of the transitions' embeddings.
  case pool
  /// From the state of a recurrent unit that reads the transitions in their order.
  case recurrent
  /// From the task's true parameters: an upper bound, for evaluation only.
  case oracle
}

/// Sizes of a trained model. Real-time: no (it holds an array); a planner keeps the sizes that its cycle needs.
public struct PlannerShape: Equatable, Sendable {
  /// Channels of the robot's state, s.
  public var observationSize: Int
  /// Channels of its command, a.
  public var actionSize: Int
  /// Numbers in the context z.
  public var contextSize: Int
  /// Rows of a plan, H: the current state and action first.
  public var horizon: Int
  /// Channels of the denoiser's levels, coarser to the right; each level halves the horizon.
  public var channels: [Int]
  /// Noise levels the denoiser was trained on, K.
  public var denoisingSteps: Int
  /// How the context is made.
  public var contextKind: ContextKind
  /// Numbers that describe a task to the oracle; 0 for all others.
  public var parameterCount: Int
  /// Whether the model estimates the rewards beyond a plan's end: V(s, z).
  public var hasValue: Bool

  /// Sizes as given; `defect` says whether they are sound. Real-time: no.
  public init(
    observationSize: Int, actionSize: Int, contextSize: Int, horizon: Int, channels: [Int], denoisingSteps: Int,
    contextKind: ContextKind = .pool, parameterCount: Int = 0, hasValue: Bool = false
  ) {
    self.observationSize = observationSize
    self.actionSize = actionSize
    self.contextSize = contextSize
    self.horizon = horizon
    self.channels = channels
    self.denoisingSteps = denoisingSteps
    self.contextKind = contextKind
    self.parameterCount = parameterCount
    self.hasValue = hasValue
  }

  /// Channels of a plan's row: state, then action. Real-time: no.
  public var rowSize: Int { observationSize + actionSize }
  /// Numbers that describe a transition to the context encoder: state, action, reward, change of state. Real-time: no.
  public var transitionSize: Int { 2 * observationSize + actionSize + 1 }
  /// Numbers in a row of what the context encoder is shown: a transition, or the task's parameters. Real-time: no.
  public var evidenceSize: Int { contextKind == .oracle ? parameterCount : transitionSize }
  /// Numbers of the step embedding. Real-time: no.
  public var embeddingSize: Int { channels[0] }
  /// Numbers that condition the denoiser beside the step: context, then current state. Real-time: no.
  public var conditionSize: Int { contextSize + observationSize }
  /// Hidden width of the condition's network, and numbers of its embedding. Wide, because the first action is a
  /// function of the current state that this network can compute to itself, undisturbed by the noise of the plan.
  /// Real-time: no.
  public var conditionWidths: (hidden: Int, embedding: Int) { (8 * embeddingSize, 4 * embeddingSize) }

  /// Taps of the residual blocks' convolutions. Real-time: yes.
  public static var kernelSize: Int { @_noAllocation @_noLocks get { 5 } }
  /// Groups of the group norms. Real-time: yes.
  public static var normGroups: Int { @_noAllocation @_noLocks get { 8 } }
  /// Hidden width of the context encoder, and that of what it pools or of its recurrent state.
  public static let encoderWidths = (hidden: 128, pooled: 64)
  /// Hidden width of the dynamics, reward and value models.
  public static let worldModelWidth = 200

  /// What sizes may be.
  public static let observationSizes = 1...1024, actionSizes = 1...256, contextSizes = 1...256, horizons = 2...256
  /// Allowed numbers of task parameters of an oracle; all other models have 0.
  public static let parameterCounts = 1...1024
  /// Levels of the denoiser, and channels of one, a multiple of `normGroups`.
  public static let depths = 1...6, widths = 16...1024
  /// Noise levels.
  public static let levelCounts = 1...1000

  /// What is wrong with the sizes, or nil: field, value, and what would be right. Real-time: no.
  public var defect: (field: String, found: String, expected: String)? {
    func check(_ field: String, _ value: Int, _ range: ClosedRange<Int>) -> (String, String, String)? {
      range.contains(value) ? nil : (field, "\(value)", "\(range.lowerBound)...\(range.upperBound)")
    }
    if let bad = check("observation_size", observationSize, Self.observationSizes)
      ?? check("action_size", actionSize, Self.actionSizes) ?? check("context_size", contextSize, Self.contextSizes)
      ?? check("horizon", horizon, Self.horizons) ?? check("channels", channels.count, Self.depths)
      ?? check("denoising_steps", denoisingSteps, Self.levelCounts)
    {
      return bad
    }
    let parameters = contextKind == .oracle ? Self.parameterCounts : 0...0
    if let bad = check("parameter_count", parameterCount, parameters) { return bad }
    for channel in channels where !Self.widths.contains(channel) || channel % Self.normGroups != 0 {
      return (
        "channels", "\(channels)",
        "multiples of \(Self.normGroups) from \(Self.widths.lowerBound) to \(Self.widths.upperBound)"
      )
    }
    let multiple = 1 << (channels.count - 1)
    guard horizon % multiple == 0 else {
      return ("horizon", "\(horizon)", "a multiple of \(multiple), for \(channels.count) levels")
    }
    return nil
  }

  /// Every weight tensor of a model of these sizes. Real-time: no.
  public var tensors: [TensorShape] {
    let (hidden, pooled) = Self.encoderWidths
    let width = Self.worldModelWidth
    let embedding = embeddingSize
    let kernel = Self.kernelSize
    var list: [TensorShape] = []
    func layer(_ name: String, _ shape: [Int]) {
      list.append(TensorShape(name: LayerName.weight(name), shape: shape))
      list.append(TensorShape(name: LayerName.bias(name), shape: [shape[0]]))
    }
    func norm(_ name: String, _ size: Int) {
      layer(name, [size])
    }
    func block(_ name: String, from input: Int, to output: Int) {
      layer(LayerName.convolution(0, of: name), [output, kernel, input])
      norm(LayerName.norm(0, of: name), output)
      layer(LayerName.convolution(1, of: name), [output, kernel, output])
      norm(LayerName.norm(1, of: name), output)
      layer(LayerName.embedding(of: name), [output, embedding + conditionWidths.embedding])
      if input != output { layer(LayerName.skip(of: name), [output, 1, input]) }
    }
    switch contextKind {
    case .pool:
      layer(LayerName.encoderTransition(0), [hidden, transitionSize])
      layer(LayerName.encoderTransition(1), [pooled, hidden])
      layer(LayerName.encoderOutput, [contextSize, pooled])
    case .recurrent:
      layer(LayerName.encoderTransition(0), [hidden, transitionSize])
      layer(LayerName.encoderInputGates, [3 * pooled, hidden])
      layer(LayerName.encoderStateGates, [3 * pooled, pooled])
      layer(LayerName.encoderOutput, [contextSize, pooled])
    case .oracle:
      layer(LayerName.encoderOutput, [contextSize, parameterCount])
    }
    func perceptron(_ name: String, from input: Int, to output: Int) {
      layer(LayerName.perceptron(name, 0), [width, input + contextSize])
      layer(LayerName.perceptron(name, 1), [width, width])
      layer(LayerName.perceptron(name, 2), [output, width])
    }
    perceptron(LayerName.dynamics, from: rowSize, to: observationSize)
    perceptron(LayerName.reward, from: rowSize, to: 1)
    if hasValue { perceptron(LayerName.value, from: observationSize, to: 1) }
    layer(LayerName.perceptron(LayerName.time, 0), [4 * embedding, embedding])
    layer(LayerName.perceptron(LayerName.time, 1), [embedding, 4 * embedding])
    layer(LayerName.perceptron(LayerName.condition, 0), [conditionWidths.hidden, conditionSize])
    layer(LayerName.perceptron(LayerName.condition, 1), [conditionWidths.embedding, conditionWidths.hidden])
    let last = channels.count - 1
    for (level, output) in channels.enumerated() {
      block(LayerName.down(level, block: 0), from: level == 0 ? rowSize : channels[level - 1], to: output)
      block(LayerName.down(level, block: 1), from: output, to: output)
      if level < last { layer(LayerName.downsample(level), [output, 3, output]) }
    }
    block(LayerName.middle(block: 0), from: channels[last], to: channels[last])
    block(LayerName.middle(block: 1), from: channels[last], to: channels[last])
    for index in 0..<last {
      let level = last - index
      block(LayerName.up(index, block: 0), from: 2 * channels[level], to: channels[level - 1])
      block(LayerName.up(index, block: 1), from: channels[level - 1], to: channels[level - 1])
      layer(LayerName.upsample(index), [channels[level - 1], 4, channels[level - 1]])
    }
    layer(LayerName.headConvolution, [channels[0], kernel, channels[0]])
    norm(LayerName.headNorm, channels[0])
    layer(LayerName.headOutput, [rowSize, 1, channels[0]])
    return list
  }
}

/// Name and row-major shape of one weight tensor. Real-time: no (strings).
public struct TensorShape: Equatable, Sendable {
  /// Name in the file.
  public let name: String
  /// Size of each dimension, the slowest first.
  public let shape: [Int]
  /// Numbers in the tensor. Real-time: no.
  public var count: Int { shape.reduce(1, *) }
}
