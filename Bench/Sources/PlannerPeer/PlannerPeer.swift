// Our side for peers in Python: a C interface over denoiser and planner, so that one process times both in turn.

import PlannerModel
import PlannerRuntime

/// A model file with a denoiser and a planner, as a handle.
private final class Peer {
  let weights: PlannerWeights
  let denoiser: StandaloneDenoiser
  var planner: Planner

  init(path: String, batch: Int, options: PlannerOptions) throws {
    let weights = try LoadedModel(path: path).weights
    self.weights = weights
    denoiser = try StandaloneDenoiser(weights: weights, batch: batch)
    planner = try Planner(weights: weights, options: options)
  }
}

/// A handle for `batch` plans at a time of the denoiser, and for a planner of these settings and the dual guide; NULL,
/// after a message, if the model cannot be used.
@c(peer_open)
public func peerOpen(
  _ path: UnsafePointer<CChar>, _ batch: Int, _ steps: Int, _ candidates: Int, _ guideRounds: Int, _ temperature: Float
) -> UnsafeMutableRawPointer? {
  var options = PlannerOptions()
  options.coldSteps = steps
  options.candidates = candidates
  options.guideRounds = guideRounds
  options.temperature = temperature
  options.guide = .dual
  do {
    let peer = try Peer(path: String(cString: path), batch: batch, options: options)
    return Unmanaged.passRetained(peer).toOpaque()
  } catch {
    print("error: \(error)")
    return nil
  }
}

@c(peer_close)
public func peerClose(_ handle: UnsafeMutableRawPointer) { Unmanaged<Peer>.fromOpaque(handle).release() }

private func peer(_ handle: UnsafeMutableRawPointer) -> Peer {
  Unmanaged<Peer>.fromOpaque(handle).takeUnretainedValue()
}

/// Conditions the denoiser on `context`, `[contextSize]`, and the normalised `state`, `[observationSize]`.
@c(peer_set_condition)
public func peerSetCondition(
  _ handle: UnsafeMutableRawPointer, _ context: UnsafePointer<Float>, _ state: UnsafePointer<Float>
) {
  peer(handle).denoiser.setCondition(context: context, state: state)
}

/// output = the clean estimates of input, both `[batch][horizon][rowSize]`, at noise level `step`.
@c(peer_denoise)
public func peerDenoise(
  _ handle: UnsafeMutableRawPointer, _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, _ step: Int
) {
  let peer = peer(handle)
  let size = peer.weights.shape.horizon * peer.weights.shape.rowSize
  for plan in 0..<peer.denoiser.batch { peer.denoiser.input(plan).update(from: input + plan * size, count: size) }
  peer.denoiser.run(step: step, conditioned: true)
  for plan in 0..<peer.denoiser.batch { (output + plan * size).update(from: peer.denoiser.output(plan), count: size) }
}

/// Infers the planner's context from `count` rows [observation, action, reward, next observation], physical units, and
/// writes it to `context`, `[contextSize]`.
@c(peer_infer)
public func peerInfer(
  _ handle: UnsafeMutableRawPointer, _ rows: UnsafePointer<Float>, _ count: Int, _ context: UnsafeMutablePointer<Float>
) {
  let peer = peer(handle)
  let shape = peer.weights.shape
  peer.planner.clearContext()
  for index in 0..<count {
    let row = rows + index * shape.transitionSize
    let action = row + shape.observationSize
    _ = peer.planner.addTransition(
      observation: row, action: action, reward: action[shape.actionSize], next: action + shape.actionSize + 1)
  }
  peer.planner.updateContext()
  for index in 0..<shape.contextSize { context[index] = peer.planner.context(index) }
}

/// One plan from `observation`, physical units, as the first of an episode: actions `[horizon][actionSize]`; returns
/// the predicted return.
@c(peer_plan)
public func peerPlan(
  _ handle: UnsafeMutableRawPointer, _ observation: UnsafePointer<Float>, _ actions: UnsafeMutablePointer<Float>
) -> Float {
  let peer = peer(handle)
  peer.planner.reset(seed: 1)
  let result = peer.planner.plan(observation: observation, budgetNanoseconds: .max)
  actions.update(from: peer.planner.action(0), count: peer.planner.horizon * peer.planner.actionSize)
  return result.predictedReturn
}
