// An expert of a robot whose actions have limits of their own: a servo's, which are not symmetric.

import Experts
import Foundation
import PlannerRuntime
import Tasks
import Testing

@Suite final class ActionLimitTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("servo-\(UUID().uuidString)").path

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  @Test func `an expert's actions lie in each entry's own range, also from its file`() throws {
    let family = try makeFamily()
    var options = ExpertOptions()
    options.updates = 100
    options.batchSize = 32
    options.hiddenSize = 16
    options.warmUpSteps = 200
    options.replayCapacity = 2_000
    options.evaluationInterval = 50
    let trainer = try ExpertTrainer(family: family, options: options, threads: 1)
    while !trainer.isFinished { _ = try trainer.round() }
    let path = "\(folder)/expert.safetensors"
    try trainer.export(path: path, command: "a test")
    let expert = try ExpertPolicy(path: path)
    #expect(expert.actionLower == [1, -0.5] && expert.actionUpper == [2, 3] && expert.actionLimit == 3)
    var random = RandomSource(seed: 3)
    let actions = (0..<500).map { _ in
      expert.sampledAction(observation: [random.normal(), 0, 0, 0], parameters: [1], random: &random)
    }
    for entry in 0..<2 {
      let (lower, upper) = (expert.actionLower[entry], expert.actionUpper[entry])
      let values = actions.map { $0[entry] }
      #expect(values.allSatisfy { lower <= $0 && $0 <= upper })
      // It has hardly learnt anything: nearly all of the range is drawn.
      #expect(values.min()! < lower + 0.2 * (upper - lower) && values.max()! > upper - 0.2 * (upper - lower))
    }
  }

  private func makeFamily() throws -> TaskFamily {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let joints = ["a", "b"].map { name in
      """
      <body name="\(name)"><joint name="\(name)" type="hinge" damping="1"/><geom type="sphere" size="0.1"/></body>
      """
    }
    try """
    <mujoco><option gravity="0 0 0"/><worldbody>\(joints.joined())</worldbody><actuator>
      <position name="a" joint="a" kp="5" ctrllimited="true" ctrlrange="1 2"/>
      <position name="b" joint="b" kp="5" ctrllimited="true" ctrlrange="-0.5 3"/>
    </actuator></mujoco>
    """.write(toFile: "\(folder)/robot.xml", atomically: true, encoding: .utf8)
    try """
    {
      "name": "servos", "summary": "two servos", "period": "20 ms", "episode length": 20,
      "observation": [{ "quantity": "joint position", "of": "*" }, { "quantity": "joint velocity", "of": "*" }],
      "actions": [{ "of": "*" }],
      "reward": [
        {
          "name": "angle", "quantity": "joint position", "of": "a", "target": ["angle"], "as": "distance",
          "weight": -1
        }
      ],
      "parameters": [{ "name": "angle", "law": { "uniform": [1, 2] } }],
      "tasks": { "train": 4, "held-out": 2, "test": 2 }
    }
    """.write(toFile: "\(folder)/family.json", atomically: true, encoding: .utf8)
    return try TaskFamily.named(folder)
  }
}
