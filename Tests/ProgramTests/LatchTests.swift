// A latched SAFE from end to end: the controller, the firmware as a process and the robot's body, and a person's two
// ways in.

import Failsafe
import Foundation
import PlannerModel
import PlannerRuntime
import RobotLink
import Testing

@Suite("a latched robot") struct LatchTests {
  /// Controller, firmware and plant, and what the drives are told.
  private final class Rig {
    let plant: Program, firmware: Program, controller: Program
    private let folder: URL

    init() throws {
      folder = FileManager.default.temporaryDirectory.appendingPathComponent("latch-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      let (link, bus) = (folder.path + "/link", folder.path + "/bus")
      let model = folder.path + "/model.safetensors"
      try Self.writeModel(model)
      plant = try Program(
        "metadiffuser",
        ["plant", "--task", "1", "--bus", "pty://\(bus)", "--trace", folder.path + "/drives.csv", "--seconds", "100"])
      controller = try Program("metadiffuserd", ["--model", model, "--link", "pty://\(link)", "--json"])
      firmware = try Program("firmware-host", [link, bus])
    }

    deinit {
      for program in [firmware, controller, plant] { program.kill() }
      try? FileManager.default.removeItem(at: folder)
    }

    /// An untrained one of the half-cheetah's shape.
    private static func writeModel(_ path: String) throws {
      let shape = PlannerShape(
        observationSize: 17, actionSize: 6, contextSize: 4, horizon: 8, channels: [16, 16], denoisingSteps: 4)
      let description = ModelDescription(
        family: "cheetah-vel", shape: shape, periodNanoseconds: 50_000_000, actionLimit: 1)
      let weights = PlannerWeights.random(shape, seed: 5, actionLimit: 1)
      try LoadedModel.write(description, statistics: weights.statistics, bank: nil, to: path) { tensor in
        weights.tensors[tensor.name]!.map { Float($0) }
      }
    }

    /// Mode and largest command entry of each drive frame since the `count`th.
    func drives(since count: Int = 0) -> [(mode: CommandMode, most: Double)] {
      let text = (try? String(contentsOf: folder.appendingPathComponent("drives.csv"), encoding: .utf8)) ?? ""
      return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().dropFirst(count).compactMap {
        let fields = $0.split(separator: ",")
        guard fields.count == 7, let mode = UInt8(fields[2]).flatMap(CommandMode.init),
          let most = Double(fields[3])
        else { return nil }
        return (mode, most)
      }
    }

    /// Waits until the drives are told `mode`, and does `meanwhile` once a second.
    func wait(for mode: CommandMode, meanwhile: () -> Void = {}) -> Bool {
      for turn in 0..<2000 {
        if drives().last?.mode == mode { return true }
        if turn % 100 == 50 { meanwhile() }
        usleep(10_000)
      }
      return false
    }
  }

  @Test func `only a person, at the controller or at the robot, lifts a robot's latch`() throws {
    let rig = try Rig()
    // A machine under load may have latched it already.
    try #require(rig.wait(for: .plan) { rig.plant.signal(SIGUSR1) }, "the robot is not driven")
    for person in [rig.controller, rig.plant] {
      rig.controller.stop()
      try #require(rig.wait(for: .safe), "SAFE does not latch")
      let frames = rig.drives().count
      rig.controller.signal(SIGCONT)
      let limit = monotonicNanoseconds() + 20_000_000_000
      let word = "the robot is latched at its safe command: no action came in time; a person must lift that"
      while !(try rig.controller.errors().contains(word)), monotonicNanoseconds() < limit { usleep(10_000) }
      #expect(
        try rig.controller.errors().contains("\(word): have a look, then 'kill -USR1 \(rig.controller.id)' here"))
      // Hand-shakes, and a second and more of observations answered.
      usleep(1_500_000)
      let still = rig.drives(since: frames + 1)
      #expect(still.count > 50)
      #expect(still.allSatisfy { $0.mode == .safe && $0.most == 0 })
      #expect(rig.wait(for: .plan) { person.signal(SIGUSR1) }, "a person cannot lift it")
    }
    rig.controller.signal(SIGTERM)
    let report = try object(try rig.controller.finish().output)
    #expect((report["latched_cycles"] as? Int ?? 0) > 20)
  }
}
