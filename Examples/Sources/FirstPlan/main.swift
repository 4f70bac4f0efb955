// Plans with a shipped model: a point on a plane finds its goal, which it is not told, by what each step pays.

import PlannerModel
import PlannerRuntime

let path = CommandLine.arguments.dropFirst().first ?? "Models/point-robot.safetensors"
let model = try LoadedModel(path: path)
var planner = try Planner(weights: model.weights, options: model.description.options)

let goal: [Float] = [0.6, 0.8]
var position: [Float] = [0, 0]
var command: [Float] = [0, 0]
for step in 1...20 {
  // Half the period for the plan, as the controller does.
  _ = planner.plan(observation: position.span, budgetNanoseconds: model.description.periodNanoseconds / 2)
  var span = command.mutableSpan
  planner.copyAction(0, to: &span)

  let next = [position[0] + command[0], position[1] + command[1]]
  let (x, y) = (next[0] - goal[0], next[1] - goal[1])
  let reward = -(x * x + y * y).squareRoot()
  _ = planner.addTransition(observation: position.span, action: command.span, reward: reward, next: next.span)
  planner.updateContextIfDue()
  position = next
  print("step \(step): at \(next[0]), \(next[1]), reward \(reward)")
}
