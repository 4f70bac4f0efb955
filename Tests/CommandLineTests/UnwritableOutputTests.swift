// Outputs that cannot be written: a message that gets lost stops nothing, a result that gets lost is no success.

import Foundation
import Testing

@Suite struct UnwritableOutputTests {
  let workplace = try! Workplace()
  /// A pseudo-terminal of this test's own, where a port could be another test's.
  var line: String { "pty://\(workplace.path("line"))" }

  /// Runs a program by a shell that redirects as `redirection` says.
  private func run(
    _ arguments: [String], _ redirection: String, program: String = "metadiffuser"
  ) throws -> Outcome {
    try CommandLineTests.run(
      ["-c", "exec \"$0\" \"$@\" \(redirection)", products.appendingPathComponent(program).path] + arguments,
      program: "/bin/sh", in: workplace.folder)
  }

  @Test(arguments: ["> /dev/full", ">&-"])
  func `a standard output that cannot be written is a failure with a message`(redirection: String) throws {
    try workplace.writeModel("m.safetensors")
    for arguments in [["inspect", "m.safetensors"], ["inspect", "m.safetensors", "--json"], ["--help"]] {
      let outcome = try run(arguments, redirection)
      #expect(outcome.status == 1, "\(arguments)")
      #expect(outcome.error.contains("standard output cannot be written"), "\(arguments)")
    }
    let outcome = try run(["--help"], redirection, program: "metadiffuserd")
    #expect(outcome.status == 1)
    #expect(outcome.error.contains("standard output cannot be written"))
  }

  @Test(arguments: ["2> /dev/full", "2>&-"])
  func `messages that cannot be written stop neither training nor evaluation nor a refusal`(
    redirection: String
  ) throws {
    try workplace.writeDataset("log.hdf5")
    try workplace.writeModel("p.safetensors")
    let train = [
      "train", "--data", "log.hdf5", "-o", "m.safetensors", "--steps", "2", "--world-model-steps", "2", "--horizon",
      "8", "--channels", "16,32", "--context-size", "4",
    ]
    #expect(try run(train, redirection).status == 0)
    #expect(FileManager.default.fileExists(atPath: workplace.path("m.safetensors")))
    let evaluate = [
      "evaluate", "--model", "p.safetensors", "--tasks", "2,5", "--episodes", "1",
    ]
    #expect(try run(evaluate, redirection).status == 0)
    #expect(try run(["inspect", "none"], redirection).status == 1)
    #expect(try run(["simulate", "--task", "1", "--wait", "0.05", "--link", line], redirection).status == 69)
  }

  @Test func `with all three descriptors closed no message goes into a file of results`() throws {
    let simulate = [
      "simulate", "--family", "point-robot", "--task", "1,0", "--wait", "0.05", "--trace", "t.csv", "--link", line,
    ]
    let outcome = try run(simulate, "0<&- >&- 2>&-")
    #expect(outcome.status == 69)
    #expect(
      String(decoding: try workplace.bytes("t.csv"), as: UTF8.self)
        == "episode,step,time,distance,target,reward,plan_ms,mode\n")
  }

  @Test func `training whose terminal vanishes leaves a checkpoint`() throws {
    try workplace.writeDataset("log.hdf5")
    let train = [
      "train", "--data", "log.hdf5", "-o", "m.safetensors", "--steps", "100000", "--world-model-steps", "2",
      "--horizon",
      "8", "--channels", "16,32", "--context-size", "4", "--threads", "1",
    ]
    let script = "\"$0\" \"$@\" 2> /dev/full & sleep 2; kill -HUP $!; wait $!"
    let outcome = try CommandLineTests.run(
      ["-c", script, products.appendingPathComponent("metadiffuser").path] + train, program: "/bin/sh",
      in: workplace.folder)
    #expect(outcome.status == 1)
    #expect(FileManager.default.fileExists(atPath: workplace.path("m.safetensors.checkpoint")))
  }
}
