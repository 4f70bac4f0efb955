// Outputs that cannot be: every command that writes finds out before its work, and leaves what is there as it is.

import Foundation
import Testing

@Suite struct UnfitOutputTests {
  let workplace = try! Workplace()

  /// Commands that write a file, as `OUT`; each would succeed, or work for hours, if it could.
  private static let commands: [[String]] = [
    ["collect", "--family", "point-robot", "--quality", "random", "--tasks", "100000", "-o", "OUT"],
    ["warm-start", "--family", "point-robot", "--task", "0,1", "--quality", "random", "-o", "OUT"],
    ["train", "--data", "log.hdf5", "--horizon", "8", "--channels", "16,32", "-o", "OUT"],
    [
      "train", "--data", "log.hdf5", "--horizon", "8", "--channels", "16,32", "-o", "fit.safetensors", "--checkpoint",
      "OUT",
    ],
    ["train", "expert", "--family", "point-robot", "-o", "OUT"],
    ["train", "expert", "--family", "point-robot", "-o", "fit.safetensors", "--checkpoint", "OUT"],
    ["train", "bank", "--model", "m.safetensors", "--data", "log.hdf5", "-o", "OUT"],
    ["tune", "--model", "m.safetensors", "-o", "OUT"],
    ["tune", "--model", "m.safetensors", "--dry-run", "--plot", "OUT"],
    ["adapt", "--model", "m.safetensors", "--plot", "OUT"],
    ["profile", "--model", "m.safetensors", "--plans", "10000000", "--plot", "OUT"],
    ["plot", "table.csv", "-o", "OUT"],
    ["evaluate", "--suite", "paper", "--csv", "OUT"],
  ]

  private func fill() throws {
    try workplace.writeDataset("log.hdf5")
    try workplace.writeModel("m.safetensors")
    let rows = (1...2000).map { "\($0),0.\($0)\n" }.joined()
    try workplace.write("table.csv", Data(("step,loss\n" + rows).utf8))
  }

  @Test(arguments: commands)
  func `an output that can be no file is refused at once, and stays what it is`(command: [String]) throws {
    try fill()
    #expect(mkfifo(workplace.path("pipe"), 0o600) == 0)
    #expect(symlink("/dev/null", workplace.path("link")) == 0)
    let before = try workplace.files()
    for (output, words) in [
      ("/dev/null", "it is a device"), ("link", "it is a device"), ("pipe", "it is a pipe"), (".", "it is a folder"),
      ("table.csv/x", "Not a directory"), ("/proc/nowhere/x", "/proc/nowhere/x"),
    ] {
      let arguments = command.map { $0 == "OUT" ? output : $0 }
      let outcome = try run(arguments, in: workplace.folder)
      #expect(outcome.status == 1, "\(arguments): \(outcome.error)")
      #expect(outcome.error.contains(words), "\(arguments): \(outcome.error)")
      #expect(outcome.output.isEmpty)
    }
    #expect(try workplace.files() == before)
    var status = stat()
    #expect(lstat("/dev/null", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
    #expect(lstat(workplace.path("pipe"), &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    #expect(lstat(workplace.path("link"), &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
  }

  /// Runs the command where no file may grow beyond `bytes`: a disk that is full, as far as a program can tell.
  private func runWithLittleRoom(_ arguments: [String], mostBytes: Int) throws -> Outcome {
    // The shell counts in blocks of 512 bytes.
    try CommandLineTests.run(
      ["-c", "ulimit -f \(mostBytes / 512); exec \"$0\" \"$@\"", products.appendingPathComponent("metadiffuser").path]
        + arguments, program: "/bin/sh", in: workplace.folder)
  }

  @Test(arguments: commands)
  func `where there is no room the command ends at once, and the old file is whole`(command: [String]) throws {
    try fill()
    try workplace.write("old", Data("old".utf8))
    let before = try workplace.files()
    let arguments = command.map { $0 == "OUT" ? "old" : $0 }
    let outcome = try runWithLittleRoom(arguments, mostBytes: 2048)
    #expect(outcome.status == 1, "\(arguments): \(outcome.error)")
    #expect(outcome.error.contains("File too large"), "\(arguments): \(outcome.error)")
    #expect(try workplace.bytes("old") == Data("old".utf8))
    #expect(try workplace.files() == before)
  }

  @Test func `a disk that fills during the work ends the command with status 1, and the old file is whole`() throws {
    try fill()
    try workplace.write("old", Data("old".utf8))
    let outcome = try runWithLittleRoom(["plot", "table.csv", "-o", "old"], mostBytes: 8192)
    #expect(outcome.status == 1)
    #expect(outcome.error.contains("old: cannot write: File too large"))
    #expect(try workplace.bytes("old") == Data("old".utf8))
    // The trace grows line by line; the robot goes on.
    let simulate = [
      "simulate", "--family", "point-robot", "--task", "1,0", "--wait", "0.05", "--trace", "none/t.csv", "--link",
      "pty://\(workplace.path("line"))",
    ]
    try expectRefusal(simulate, status: 1, "none/t.csv: No such file", in: workplace.folder)
  }

  @Test func `a key that cannot be written whole is not left behind`() throws {
    for (folder, blocks) in [("none/", 8), ("", 0)] {
      let outcome = try CommandLineTests.run(
        [
          "-c", "ulimit -f \(blocks); exec \"$0\" make-key \(folder)key",
          products.appendingPathComponent("metadiffuserd").path,
        ], program: "/bin/sh", in: workplace.folder)
      #expect(outcome.status == 1)
      #expect(outcome.error.contains("\(folder)key"))
    }
    #expect(try workplace.files() == [])
  }

  @Test func `a trace into a pipe that nobody reads is refused, not waited for`() throws {
    #expect(mkfifo(workplace.path("pipe"), 0o600) == 0)
    try expectRefusal(
      [
        "simulate", "--family", "point-robot", "--task", "1,0", "--wait", "0.05", "--trace", "pipe", "--link",
        "pty://\(workplace.path("line"))",
      ], status: 1, "cannot write the trace pipe", in: workplace.folder)
  }

  @Test func `two runs into two folders keep two checkpoints, each beside its output`() throws {
    try workplace.writeDataset("log.hdf5")
    let script = """
      for folder in a b; do
        "$0" "$@" -o $folder/m.safetensors 2> /dev/null & sleep 2; kill -TERM $!; wait $!
      done
      """
    let train = [
      "train", "--data", "log.hdf5", "--steps", "100000", "--world-model-steps", "2", "--horizon", "8", "--channels",
      "16,32", "--context-size", "4", "--threads", "1",
    ]
    _ = try CommandLineTests.run(
      ["-c", script, products.appendingPathComponent("metadiffuser").path] + train, program: "/bin/sh",
      in: workplace.folder)
    for folder in ["a", "b"] {
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: workplace.path(folder)).sorted()
          == ["m.safetensors.checkpoint", "m.safetensors.checkpoint.csv"])
    }
    var damaged = try workplace.bytes("a/m.safetensors.checkpoint")
    damaged[damaged.count / 2] ^= 1
    try workplace.write("a/m.safetensors.checkpoint", damaged)
    try expectRefusal(
      train + ["-o", "a/m.safetensors"], status: 65, "a/m.safetensors.checkpoint", "its checksum does not fit",
      in: workplace.folder)
  }
}
