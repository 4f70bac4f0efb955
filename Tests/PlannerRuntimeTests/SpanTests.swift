// The span-based calls do what those with pointers do.

import PlannerRuntime
import Testing

@Suite("Spans") struct SpanTests {
  @Test func `plans, transitions and copies through spans are those through pointers, bit for bit`() throws {
    let shape = PlannerShape(
      observationSize: 3, actionSize: 2, contextSize: 4, horizon: 8, channels: [16, 32], denoisingSteps: 10)
    let weights = PlannerWeights.random(shape, seed: 3)
    var spans = try Planner(weights: weights, options: PlannerOptions())
    var pointers = try Planner(weights: weights, options: PlannerOptions())
    let (state, next): ([Float], [Float]) = ([0.1, -0.2, 0.3], [0.2, -0.1, 0.25])
    let command: [Float] = [0.5, -0.5]
    let taken = spans.addTransition(observation: state.span, action: command.span, reward: 0.5, next: next.span)
    let takenToo = pointers.addTransition(observation: state, action: command, reward: 0.5, next: next)
    #expect(taken && takenToo)
    spans.updateContext()
    pointers.updateContext()
    let result = spans.plan(observation: next.span)
    let same = pointers.plan(observation: next, budgetNanoseconds: .max)
    #expect(result == same)
    for row in 0..<shape.horizon {
      var action = [Float](repeating: 0, count: 2)
      var actionSpan = action.mutableSpan
      spans.copyAction(row, to: &actionSpan)
      let wanted = pointers.action(row)
      #expect(action == [wanted[0], wanted[1]])
      var predicted = [Float](repeating: 0, count: 3)
      var stateSpan = predicted.mutableSpan
      spans.copyState(row, to: &stateSpan)
      let expected = pointers.state(row)
      #expect(predicted == [expected[0], expected[1], expected[2]])
    }
  }
}
