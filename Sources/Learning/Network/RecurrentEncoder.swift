// The recurrent encoder: a gated recurrent unit reads transitions one after the other; its last state is the context.

import CLearningKernels
import Foundation
import PlannerRuntime

/// z = tanh(W h_T + b) with h_t = GRU(silu(V transition_t + c), h_{t−1}), h_0 = 0 (Cho et al., 2014, the reset gate
/// applied after the product). Gates in the order reset, update, new. Real-time: no.
package struct RecurrentEncoder: ContextEncoder {
  let transition, gatesFromInput, gatesFromState, head: Linear
  var stateSize: Int { gatesFromState.inputSize }

  package init(_ store: ParameterStore, _ shape: PlannerShape) {
    let (hidden, state) = PlannerShape.encoderWidths
    transition = Linear(store, LayerName.encoderTransition(0), shape.transitionSize, hidden)
    gatesFromInput = Linear(store, LayerName.encoderInputGates, hidden, 3 * state)
    gatesFromState = Linear(store, LayerName.encoderStateGates, state, 3 * state)
    head = Linear(store, LayerName.encoderOutput, state, shape.contextSize)
  }

  package func makePass(contexts: Int, rows: Int) -> any EncoderPass { Pass(self, contexts: contexts, rows: rows) }

  final class Pass: EncoderPass {
    let context, contextGradient: UnsafeMutablePointer<Float>
    private let encoder: RecurrentEncoder
    private let contexts: Int
    /// `[rows][…]`: embedding before and after its activation, gates from the input; and gradients.
    private let before, embedding, input, embeddingGradient, inputGradient: UnsafeMutablePointer<Float>
    /// `[time][contexts][…]`, contexts in the order of their lengths, longest first, so that at any time those that go
    /// on come first: states (one more time), gates from the state as summed, all gates as they act.
    private let states, fromState, gates: UnsafeMutablePointer<Float>
    /// `[contexts][…]`: last states and their gradient, and the gradients on the way back.
    private let last, lastGradient, stateGradient, carried, gateGradient: UnsafeMutablePointer<Float>
    private let arena = FloatArena()

    init(_ encoder: RecurrentEncoder, contexts: Int, rows: Int) {
      self.encoder = encoder
      self.contexts = contexts
      let (width, size) = (encoder.transition.outputSize, encoder.stateSize)
      context = arena.floats(contexts * encoder.head.outputSize)
      contextGradient = arena.floats(contexts * encoder.head.outputSize)
      before = arena.floats(rows * width)
      embedding = arena.floats(rows * width)
      embeddingGradient = arena.floats(rows * width)
      input = arena.floats(rows * 3 * size)
      inputGradient = arena.floats(rows * 3 * size)
      // No context is longer than all rows together.
      states = arena.floats((rows + 1) * contexts * size)
      fromState = arena.floats(rows * contexts * 3 * size)
      gates = arena.floats(rows * contexts * 3 * size)
      last = arena.floats(contexts * size)
      lastGradient = arena.floats(contexts * size)
      stateGradient = arena.floats(contexts * size)
      carried = arena.floats(contexts * size)
      gateGradient = arena.floats(contexts * 3 * size)
    }

    /// Contexts by length, the first row of each, and how many are longer than `time`.
    private struct Order {
      let contexts: [Int]
      let starts: [Int]
      let counts: [Int]
      var longest: Int { counts[contexts[0]] }

      init(_ counts: [Int]) {
        self.counts = counts
        contexts = counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
        var starts = [0]
        for count in counts { starts.append(starts[starts.count - 1] + count) }
        self.starts = starts
      }

      func active(at time: Int) -> Int { contexts.prefix { counts[$0] > time }.count }
      func row(_ place: Int, _ time: Int) -> Int { starts[contexts[place]] + time }
    }

    func forward(_ parameters: UnsafePointer<Float>, _ evidence: UnsafePointer<Float>, counts: [Int]) {
      let size = encoder.stateSize
      let rows = counts.reduce(0, +)
      let order = Order(counts)
      encoder.transition.forward(parameters, evidence, before, rows: rows)
      lk_silu_forward(rows * encoder.transition.outputSize, before, embedding)
      encoder.gatesFromInput.forward(parameters, embedding, input, rows: rows)
      states.update(repeating: 0, count: contexts * size)
      for time in 0..<order.longest {
        let active = order.active(at: time)
        let old = states + time * contexts * size
        let summed = fromState + time * contexts * 3 * size
        encoder.gatesFromState.forward(parameters, old, summed, rows: active)
        for place in 0..<active {
          let i = input + order.row(place, time) * 3 * size
          let s = summed + place * 3 * size
          let g = gates + (time * contexts + place) * 3 * size
          let new = old + (contexts + place) * size
          for k in 0..<size {
            g[k] = 1 / (1 + exp(-(i[k] + s[k])))
            g[size + k] = 1 / (1 + exp(-(i[size + k] + s[size + k])))
            g[2 * size + k] = tanh(i[2 * size + k] + g[k] * s[2 * size + k])
            new[k] = g[2 * size + k] + g[size + k] * (old[place * size + k] - g[2 * size + k])
          }
        }
      }
      for (place, index) in order.contexts.enumerated() {
        (last + index * size).update(from: states + (counts[index] * contexts + place) * size, count: size)
      }
      encoder.head.forward(parameters, last, context, rows: counts.count)
      lk_tanh_forward(counts.count * encoder.head.outputSize, context, context)
    }

    func backward(
      _ parameters: UnsafePointer<Float>, _ gradients: UnsafeMutablePointer<Float>, _ evidence: UnsafePointer<Float>,
      counts: [Int]
    ) {
      let size = encoder.stateSize
      let rows = counts.reduce(0, +)
      let order = Order(counts)
      lk_tanh_backward(counts.count * encoder.head.outputSize, context, contextGradient, contextGradient)
      encoder.head.backward(
        parameters, gradients, input: last, outputGradient: contextGradient, inputGradient: lastGradient,
        rows: counts.count)
      for time in (0..<order.longest).reversed() {
        let active = order.active(at: time)
        // Contexts that end here come in with the gradient of their last state.
        for place in order.active(at: time + 1)..<active {
          (stateGradient + place * size).update(from: lastGradient + order.contexts[place] * size, count: size)
        }
        let old = states + time * contexts * size
        for place in 0..<active {
          let s = fromState + (time * contexts + place) * 3 * size
          let g = gates + (time * contexts + place) * 3 * size
          let d = stateGradient + place * size
          let inputs = inputGradient + order.row(place, time) * 3 * size
          let sums = gateGradient + place * 3 * size
          for k in 0..<size {
            let (reset, update, new) = (g[k], g[size + k], g[2 * size + k])
            let newSum = d[k] * (1 - update) * (1 - new * new)
            inputs[k] = newSum * s[2 * size + k] * reset * (1 - reset)
            inputs[size + k] = d[k] * (old[place * size + k] - new) * update * (1 - update)
            inputs[2 * size + k] = newSum
            sums[k] = inputs[k]
            sums[size + k] = inputs[size + k]
            sums[2 * size + k] = newSum * reset
            d[k] *= update
          }
        }
        encoder.gatesFromState.backward(
          parameters, gradients, input: old, outputGradient: gateGradient, inputGradient: carried, rows: active)
        lk_add(active * size, carried, stateGradient)
      }
      encoder.gatesFromInput.backward(
        parameters, gradients, input: embedding, outputGradient: inputGradient, inputGradient: embeddingGradient,
        rows: rows)
      lk_silu_backward(rows * encoder.transition.outputSize, before, embeddingGradient, embeddingGradient)
      encoder.transition.backward(
        parameters, gradients, input: evidence, outputGradient: embeddingGradient, inputGradient: nil, rows: rows)
    }
  }
}
