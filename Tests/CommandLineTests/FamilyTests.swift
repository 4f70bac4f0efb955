// A family in somebody's own folder goes through the commands as those that ship do.

import Foundation
import Testing

@Suite struct FamilyTests {
  let workplace = try! Workplace()

  init() throws {
    try FileManager.default.createDirectory(atPath: workplace.path("wheel"), withIntermediateDirectories: true)
    try workplace.write("wheel/robot.xml", Data(Self.robot.utf8))
    try workplace.write("wheel/family.json", Data(Self.family.utf8))
  }

  @Test func `a folder is checked, and what is found is there as text and as JSON`() throws {
    let text = try run(["check-family", "wheel"], in: workplace.folder)
    #expect(text.status == 0, "\(text.error)")
    for words in ["wheel: it turns", "axle velocity", "rad/s", "uniform 1.0 … 3.0", "random episodes: 0 of 8"] {
      #expect(text.output.contains(words), "\(words)")
    }
    let json = try run(["check-family", workplace.path("wheel"), "--json"]).json()
    #expect(json["family"] as? String == "wheel")
    #expect((json["observation"] as? [[String: Any]])?.count == 1)
    #expect((json["parameters"] as? [[String: Any]])?.first?["changes_something"] == nil)
  }

  @Test func `what is wrong with a folder is named, with status 65`() throws {
    let wrong = Self.family.replacing("\"of\": \"axle\", \"weight\"", with: "\"of\": \"axel\", \"weight\"")
    try workplace.write("wheel/family.json", Data(wrong.utf8))
    try expectRefusal(
      ["check-family", "wheel"], status: 65, "wheel/family.json: reward[0].of names no joint: 'axel'",
      "the robot has: axle", in: workplace.folder)
    try expectRefusal(["check-family", "no-such-folder"], status: 64, "no task family 'no-such-folder'")
    try expectRefusal(["check-family", "no/such"], status: 65, "no/such/family.json: cannot be read")
  }

  @Test func `a parameter that changes nothing is named, with status 65`() throws {
    let idle = Self.family.replacing("\"body inertia\"", with: "\"geom friction\"").replacing(
      "\"of\": \"wheel\"", with: "\"of\": \"rim\"")
    try workplace.write("wheel/family.json", Data(idle.utf8))
    let outcome = try run(["check-family", "wheel"], in: workplace.folder)
    #expect(outcome.status == 65)
    #expect(outcome.error.contains("parameter 'load' changes nothing"))
  }

  @Test func `data, expert, recipe and simulation take a folder for a family`() throws {
    let collect = ["collect", "--quality", "random", "--episodes-per-task", "2", "-o"]
    for family in ["wheel", "./wheel/", workplace.path("wheel")] {
      let outcome = try run(collect + ["d.hdf5", "--family", family], in: workplace.folder)
      #expect(outcome.status == 0, "\(outcome.error)")
    }
    let report = try run(["inspect", "d.hdf5", "--json"], in: workplace.folder).json()
    #expect(report["family"] as? String == "wheel")
    // A recipe names it as seen from itself.
    try FileManager.default.createDirectory(atPath: workplace.path("recipes"), withIntermediateDirectories: true)
    try workplace.write("recipes/wheel.json", Data(#"{"family": "../wheel", "collection": {"tasks": 3}}"#.utf8))
    let recipe = try run(collect + ["r.hdf5", "--recipe", "recipes/wheel.json"], in: workplace.folder)
    #expect(recipe.status == 0 && recipe.output.contains("6 episodes"), "\(recipe.error)")
    try expectRefusal(
      ["simulate", "--family", "wheel", "--task", "9"], status: 64, "family wheel: load is 9.0", in: workplace.folder)
    // An expert of it is looked for under its name, and errors say how to name one.
    try expectRefusal(
      ["warm-start", "--family", "wheel", "--task", "2", "-o", "w"], status: 1, "Models/experts/wheel.safetensors",
      "train expert --family wheel", "--experts", in: workplace.folder)
    try expectRefusal(
      ["collect", "--family", "wheel", "--split", "outside", "-o", "d.hdf5", "--quality", "random"], status: 64,
      "wheel has no outside tasks", in: workplace.folder)
  }

  @Test func `a model of a family that does not ship is told its folder`() throws {
    try workplace.writeModel("m.safetensors", family: "wheel")
    let evaluate = ["evaluate", "--model", "m.safetensors"]
    try expectRefusal(evaluate, status: 65, "is 'wheel'", "--family", in: workplace.folder)
    // The folder is read: sizes are compared.
    try expectRefusal(
      evaluate + ["--family", "wheel"], status: 65, "observation_size' is 2, expected 1 for the family wheel",
      in: workplace.folder)
    try expectRefusal(
      evaluate + ["--family", "point-robot"], status: 65, "expected point-robot, which --family names",
      in: workplace.folder)
  }

  private static let robot = """
    <mujoco><worldbody><body name="wheel">
      <joint name="axle" type="hinge" damping="1"/><geom name="rim" type="sphere" size="0.1"/>
    </body></worldbody>
    <actuator><motor name="motor" joint="axle" ctrllimited="true" ctrlrange="-1 1"/></actuator></mujoco>
    """

  private static let family = """
    {
      "name": "wheel", "summary": "it turns", "period": "20 ms", "episode length": 20,
      "observation": [{ "quantity": "joint velocity", "of": "axle" }],
      "actions": [{ "of": "motor" }],
      "reward": [{ "name": "speed", "quantity": "joint velocity", "of": "axle", "weight": 1 }],
      "parameters": [
        { "name": "load", "law": { "uniform": [1, 3] }, "changes": { "what": "body inertia", "of": "wheel" } }
      ],
      "tasks": { "train": 4, "held-out": 2, "test": 2 }
    }
    """
}
