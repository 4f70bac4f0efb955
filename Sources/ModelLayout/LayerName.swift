// The names of a model's layers, as files have them: spelt here and nowhere else.

/// Names of layers. A layer's two tensors are called its name with `.weight` and `.bias` behind.
public enum LayerName {
  public static func weight(_ layer: String) -> String { layer + ".weight" }
  public static func bias(_ layer: String) -> String { layer + ".bias" }

  // The context encoder.
  public static let encoderTransitions = "encoder.transition"
  public static func encoderTransition(_ index: Int) -> String { perceptron(encoderTransitions, index) }
  public static let encoderInputGates = "encoder.gates.input"
  public static let encoderStateGates = "encoder.gates.state"
  public static let encoderOutput = "encoder.output"

  /// A layer of a perceptron.
  public static func perceptron(_ name: String, _ index: Int) -> String { "\(name).\(index)" }

  // The models of one step, each a perceptron.
  public static let dynamics = "dynamics"
  public static let reward = "reward"
  public static let value = "value"

  // The denoiser; `time` and `condition` are perceptrons.
  public static let time = "denoiser.time"
  public static let condition = "denoiser.condition"
  public static func down(_ level: Int, block: Int) -> String { "denoiser.down.\(level).block.\(block)" }
  public static func downsample(_ level: Int) -> String { "denoiser.down.\(level).downsample" }
  public static func middle(block: Int) -> String { "denoiser.middle.block.\(block)" }
  public static func up(_ index: Int, block: Int) -> String { "denoiser.up.\(index).block.\(block)" }
  public static func upsample(_ index: Int) -> String { "denoiser.up.\(index).upsample" }
  public static let headConvolution = "denoiser.head.convolution"
  public static let headNorm = "denoiser.head.norm"
  public static let headOutput = "denoiser.head.output"

  // Within a residual block of the denoiser.
  public static func convolution(_ index: Int, of block: String) -> String { "\(block).convolution.\(index)" }
  public static func norm(_ index: Int, of block: String) -> String { "\(block).norm.\(index)" }
  public static func embedding(of block: String) -> String { "\(block).embedding" }
  public static func skip(of block: String) -> String { "\(block).skip" }

  /// The residual blocks of a denoiser of so many levels, in order of execution.
  public static func blocks(levels: Int) -> [String] {
    (0..<levels).flatMap { [down($0, block: 0), down($0, block: 1)] } + [middle(block: 0), middle(block: 1)]
      + (0..<(levels - 1)).flatMap { [up($0, block: 0), up($0, block: 1)] }
  }
}
