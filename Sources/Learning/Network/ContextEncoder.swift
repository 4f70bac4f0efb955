// The contract of context encoders: evidence of a task in, a context out, with gradients.

import PlannerRuntime

/// Makes contexts z from rows of evidence, each `shape.evidenceSize` numbers in normalised units: transitions, or for
/// the oracle the task's parameters. It has no state: parameters are passed in. Real-time: no.
package protocol ContextEncoder: Sendable {
  /// Memory for up to `contexts` contexts of up to `rows` rows of evidence together.
  func makePass(contexts: Int, rows: Int) -> any EncoderPass
}

/// One pass of an encoder through evidence and back, with its activations. One thread at a time.
package protocol EncoderPass: AnyObject {
  /// `[contexts][contextSize]`: the result, and what `backward` starts from.
  var context: UnsafeMutablePointer<Float> { get }
  var contextGradient: UnsafeMutablePointer<Float> { get }

  /// Encodes contexts that lie one after the other in `evidence`, `[sum of counts][evidenceSize]`, each of `counts[i]`
  /// ≥ 1 rows, into `context`.
  func forward(_ parameters: UnsafePointer<Float>, _ evidence: UnsafePointer<Float>, counts: [Int])

  /// From `contextGradient` (used up), adds to `gradients`; arguments as in the `forward` before.
  func backward(
    _ parameters: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, _ evidence: UnsafePointer<Float>,
    counts: [Int])
}

/// The encoder of a model of `shape`, its tensors added to `store`.
package func makeContextEncoder(_ store: ParameterStore, _ shape: PlannerShape) -> any ContextEncoder {
  switch shape.contextKind {
  case .pool: PoolEncoder(store, shape)
  case .recurrent: RecurrentEncoder(store, shape)
  case .oracle: OracleEncoder(store, shape)
  }
}
