// The names of a model's layers, as files have them: spelt here and nowhere else.

/// Names of layers. A layer's two tensors are called its name with `.weight` and `.bias` behind. Real-time: no
/// (strings).
public enum LayerName {
  /// Name of the weights of `layer`. Real-time: no.
  public static func weight(_ layer: String) -> String { layer + ".weight" }
  /// Name of the bias of `layer`. Real-time: no.
  public static func bias(_ layer: String) -> String { layer + ".bias" }

  // The context encoder.
  /// The perceptron that embeds a transition; in a recurrent encoder its first layer alone.
  public static let encoderTransitions = "encoder.transition"
  /// Layer `index` of the perceptron that embeds a transition. Real-time: no.
  public static func encoderTransition(_ index: Int) -> String { perceptron(encoderTransitions, index) }
  /// A recurrent unit's gates, what they take of the transition: reset, update, new.
  public static let encoderInputGates = "encoder.gates.input"
  /// A recurrent unit's gates, what they take of the last state.
  public static let encoderStateGates = "encoder.gates.state"
  /// The encoder's last layer, whose tanh is the context.
  public static let encoderOutput = "encoder.output"

  /// Layer `index` of the perceptron called `name`. Real-time: no.
  public static func perceptron(_ name: String, _ index: Int) -> String { "\(name).\(index)" }

  // The models of one step, each a perceptron.
  /// The model of the change of state.
  public static let dynamics = "dynamics"
  /// The model of the reward.
  public static let reward = "reward"
  /// The model of the value beyond a plan's end.
  public static let value = "value"

  // The denoiser; `time` and `condition` are perceptrons.
  /// The perceptron that embeds the noise level.
  public static let time = "denoiser.time"
  /// The perceptron that embeds context and current state.
  public static let condition = "denoiser.condition"
  /// Residual block `block`, 0 or 1, of a level on the way down. Real-time: no.
  public static func down(_ level: Int, block: Int) -> String { "denoiser.down.\(level).block.\(block)" }
  /// The strided convolution from a level to the next coarser one. Real-time: no.
  public static func downsample(_ level: Int) -> String { "denoiser.down.\(level).downsample" }
  /// Residual block `block`, 0 or 1, of the coarsest level. Real-time: no.
  public static func middle(block: Int) -> String { "denoiser.middle.block.\(block)" }
  /// Residual block `block`, 0 or 1, of level `index` on the way up, the coarsest first. Real-time: no.
  public static func up(_ index: Int, block: Int) -> String { "denoiser.up.\(index).block.\(block)" }
  /// The transposed convolution behind level `index` on the way up. Real-time: no.
  public static func upsample(_ index: Int) -> String { "denoiser.up.\(index).upsample" }
  /// The last convolution.
  public static let headConvolution = "denoiser.head.convolution"
  /// The group norm behind it.
  public static let headNorm = "denoiser.head.norm"
  /// The layer from the last channels to a plan's rows.
  public static let headOutput = "denoiser.head.output"

  // Within a residual block of the denoiser.
  /// Convolution `index`, 0 or 1, of a residual block. Real-time: no.
  public static func convolution(_ index: Int, of block: String) -> String { "\(block).convolution.\(index)" }
  /// The group norm behind convolution `index` of a residual block. Real-time: no.
  public static func norm(_ index: Int, of block: String) -> String { "\(block).norm.\(index)" }
  /// The layer that makes what a residual block adds of the embeddings. Real-time: no.
  public static func embedding(of block: String) -> String { "\(block).embedding" }
  /// The way around a residual block whose input and output differ in width. Real-time: no.
  public static func skip(of block: String) -> String { "\(block).skip" }

  /// The residual blocks of a denoiser with `levels` levels, in order of execution. Real-time: no.
  public static func blocks(levels: Int) -> [String] {
    (0..<levels).flatMap { [down($0, block: 0), down($0, block: 1)] } + [middle(block: 0), middle(block: 1)]
      + (0..<(levels - 1)).flatMap { [up($0, block: 0), up($0, block: 1)] }
  }
}
