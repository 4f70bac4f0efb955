// The check of a family finds what is sound in those that ship, and a parameter that changes nothing.

import Foundation
import Tasks
import Testing
import Workbench

@Suite struct FamilyCheckTests {
  @Test(arguments: TaskFamily.names)
  func `every family that ships is sound, and each of its parameters matters`(name: String) throws {
    let family = try TaskFamily.named(name)
    let check = try FamilyCheck(family, seed: 1)
    #expect(check.faults.isEmpty, "\(check.faults)")
    #expect(check.isFinite && check.stepsPerSecond > 0)
    #expect(check.observation.count == family.observationSize && check.action.count == family.actionSize)
    #expect(check.rewardTerms.allSatisfy { $0.least <= $0.mean + 1e-12 && $0.mean <= $0.greatest + 1e-12 })
  }

  @Test func `a parameter that changes nothing is named`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("check-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try """
    <mujoco><worldbody><body name="wheel">
      <joint name="axle" type="hinge" damping="1"/><geom name="rim" type="sphere" size="0.1"/>
    </body></worldbody>
    <actuator><motor name="motor" joint="axle" ctrllimited="true" ctrlrange="-1 1"/></actuator></mujoco>
    """.write(toFile: "\(folder)/robot.xml", atomically: true, encoding: .utf8)
    try """
    {
      "name": "wheel", "summary": "it turns", "period": "20 ms", "episode length": 20,
      "observation": [{ "quantity": "joint velocity", "of": "axle" }],
      "actions": [{ "of": "motor" }],
      "reward": [{ "name": "speed", "quantity": "joint velocity", "of": "axle", "weight": 1 }],
      "parameters": [
        { "name": "load", "law": { "uniform": [1, 3] }, "changes": { "what": "body inertia", "of": "wheel" } },
        { "name": "grip", "law": { "uniform": [1, 3] }, "changes": { "what": "geom friction", "of": "rim" } }
      ],
      "tasks": { "train": 2, "held-out": 2, "test": 2 }
    }
    """.write(toFile: "\(folder)/family.json", atomically: true, encoding: .utf8)
    let check = try FamilyCheck(TaskFamily.named(folder), seed: 1)
    #expect(check.faults.count == 1)
    #expect(check.faults.first?.contains("'grip' changes nothing") == true)
    // A wheel that nothing hangs on has an inertia that MuJoCo computes once.
    #expect(check.parameters[0].motion > 0.01)
    #expect(check.lines.contains { $0.contains("axle velocity") && $0.contains("rad/s") })
  }
}
