// What a user can get wrong with the workbench: each case ends with its status and a message that names file and
// field, and leaves nothing half-written.

import Foundation
import PlannerModel
import Testing

@Suite struct BadInputTests {
  let workplace = try! Workplace()

  // MARK: Models

  @Test func `a truncated, a foreign and a missing model are refused`() throws {
    try workplace.writeModel("m.safetensors")
    let path = workplace.path("x.safetensors")
    for program in ["metadiffuser", "metadiffuserd"] {
      let arguments = (program == "metadiffuser" ? ["evaluate"] : []) + ["--model", path]
      try? FileManager.default.removeItem(atPath: path)
      try expectRefusal(arguments, program: program, status: 1, "\(path): cannot open")
      try workplace.write("x.safetensors", try workplace.bytes("m.safetensors").dropLast(100))
      try expectRefusal(arguments, program: program, status: 65, "\(path): damaged")
      try workplace.write("x.safetensors", Data("GIF89a, certainly not a model".utf8))
      try expectRefusal(arguments, program: program, status: 65, "\(path): damaged or not a safetensors file")
    }
  }

  @Test func `a model with a NaN weight is refused by the tensor's name`() throws {
    try workplace.writeModel("m.safetensors")
    var bytes = try workplace.bytes("m.safetensors")
    // fp16 tensors lie behind the fp32 ones, in the order of the layout: the last number is the head's last bias.
    bytes.replaceSubrange(bytes.count - 2..<bytes.count, with: [0x00, 0x7E])
    try workplace.write("m.safetensors", bytes)
    let path = workplace.path("m.safetensors")
    for arguments in [["evaluate", "--model", path], ["inspect", path]] {
      try expectRefusal(arguments, status: 65, path, "'denoiser.head.output.bias' is nan at element 3")
    }
    try expectRefusal(
      ["--model", path], program: "metadiffuserd", status: 65, path, "'denoiser.head.output.bias' is nan")
  }

  @Test func `a model for another family or robot is refused by the field's name`() throws {
    let path = workplace.path("m.safetensors")
    try workplace.writeModel("m.safetensors", family: "my-arm")
    try expectRefusal(
      ["evaluate", "--model", path], status: 65, "\(path): '__metadata__.family' is 'my-arm'",
      "point-robot, ant-cripple", "--family")
    try workplace.writeModel("m.safetensors", observationSize: 3)
    try expectRefusal(
      ["evaluate", "--model", path], status: 65, "\(path): '__metadata__.observation_size' is 3, expected 2")
    try workplace.writeModel("m.safetensors", periodNanoseconds: 50_000_000)
    try expectRefusal(
      ["evaluate", "--model", path], status: 65, "\(path): '__metadata__.period_nanoseconds' is 50000000")
  }

  @Test func `an oracle's model is for evaluation and drives no robot`() throws {
    try workplace.writeModel("m.safetensors", context: .oracle)
    let path = workplace.path("m.safetensors")
    try expectRefusal(
      ["--model", path], program: "metadiffuserd", status: 65, "\(path): context is oracle", "metadiffuser evaluate")
    #expect(try run(["inspect", path]).output.contains("context 4 (oracle)"))
  }

  @Test func `what is no table of a training is not drawn`() throws {
    for (text, words) in [
      ("", "line 1 is no header"), ("step,loss\n", "there are no rows yet"), ("1,2\n3,4\n", "line 1 is no header"),
      ("step,loss\n1,2\n3\n", "line 3 has 1 fields, the header 2"),
      ("step,loss\na,b\n", "text in more than one column"),
    ] {
      try workplace.write("a.csv", Data(text.utf8))
      try expectRefusal(["plot", workplace.path("a.csv"), "-o", workplace.path("a.svg")], status: 65, "a.csv: ", words)
    }
    try workplace.write("a.csv", Data("step,loss\n1,2\n".utf8))
    let arguments = ["plot", workplace.path("a.csv"), "-o", workplace.path("a.svg")]
    try expectRefusal(arguments + ["--y", "gain"], status: 64, "no column 'gain'", "there are step, loss")
    try expectRefusal(
      ["plot", workplace.path("b.csv"), "-o", workplace.path("a.svg")], status: 1, "b.csv: cannot be read")
    #expect(try workplace.files() == ["a.csv"])
    let outcome = try run(arguments)
    #expect(outcome.status == 0 && outcome.output.contains("1 lines, 1 points"))
  }

  @Test func `faults are injected only when asked for, and what is no fault is refused`() throws {
    let ends = ["--robot", "udp://127.0.0.1:5698", "--controller", "udp://127.0.0.1:5699"]
    try expectRefusal(["fault"] + ends, status: 64, "--inject")
    try expectRefusal(["fault", "--inject", "--fault", "drop rate=2"] + ends, status: 64, "rate is 2", "0 … 1")
    try workplace.write("bad.txt", Data("off\nbroken\n".utf8))
    try expectRefusal(
      ["fault", "--inject", "--scenario", workplace.path("bad.txt")] + ends, status: 64, "line 2 of the scenario")
  }

  @Test func `an expert for another family is refused`() throws {
    let expert = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Models/experts/cheetah-vel.safetensors").standardized.path
    try expectRefusal(
      ["collect", "--family", "point-robot", "--experts", expert, "-o", workplace.path("a.hdf5")], status: 65, expert,
      "observation size is 17, family point-robot has 2")
    #expect(try workplace.files() == [])
  }

  // MARK: Options

  @Test(
    arguments: [
      (["collect", "--family", "ant-war"], "no task family 'ant-war'; the families are: point-robot, ant-cripple"),
      (["warm-start", "--family", "cheetah-vel", "--task", "99"], "target speed"),
      (["warm-start", "--family", "cheetah-vel", "--task", "nan"], "target speed"),
      (["warm-start", "--family", "point-robot", "--task", "0.5"], "takes 2 task parameters"),
      (["warm-start", "--task", "fast"], "--task"),
      (["collect", "--family", "point-robot", "--episodes-per-task", "0"], "--episodes-per-task is 0"),
      (["collect", "--family", "point-robot", "--episodes-per-task", "-2"], "--episodes-per-task is -2"),
      (["collect", "--family", "point-robot", "--tasks", "1000000000000"], "--tasks is 1000000000000"),
      (["collect", "--family", "point-robot", "--quality", "superb"], "--quality"),
      (["collect", "--family", "point-robot", "--seed", "-1"], "--seed"),
      (["train", "expert", "--family", "point-robot", "--threads", "0"], "--threads"),
    ])
  func `a bad option is wrong usage and writes nothing`(arguments: [String], words: String) throws {
    try expectRefusal(arguments + ["-o", workplace.path("out")], status: 64, words, in: workplace.folder)
    #expect(try workplace.files() == [])
  }

  @Test(
    arguments: [
      (["fly"], "fly"), (["inspect"], "<file>"), (["inspect", "a", "b"], "b"), (["collect"], "--output"),
      (["simulate", "--task", "2", "--episodes", "0"], "--episodes is 0"),
      (["simulate", "--task", "2", "--link", "tcp://1.2.3.4:5"], "tcp://1.2.3.4:5"),
      (["simulate", "--task", "-50"], "is -50.0, give"), (["simulate", "--task=-50"], "is -50.0, give"),
      (["train", "--data", "d", "-o", "m", "--threads", "-1"], "--threads is -1"),
      (["train", "--data", "d", "-o", "m", "--threads", "100000"], "--threads is 100000"),
      (["tune", "--model", "m", "--period", "8ms", "--episodes", "-1"], "--episodes is -1"),
      (["profile", "--model", "m", "--plans", "-3"], "--plans is -3"),
      (["simulate", "--family", "none", "--task", "1"], "'none'"),
      (["simulate", "--task", "2", "--safe", "limp"], "limp"),
      (["simulate", "--task", "2", "--safe", "pose=0,1"], "--safe pose has 2 entries, cheetah-vel takes 6"),
      (["simulate", "--task", "2", "--safe", "pose=0,0,0,0,0,1.5"], "entry 6 (front_ankle) is 1.5, give -1.0 … 1.0"),
      (["simulate", "--task", "2", "--safe", "pose=0,0,0,0,0,nan"], "entry 6 (front_ankle) is nan"),
      (["simulate", "--task", "2", "--safe", "damping=-1"], "a gain of -1.0, give 0 … 1000.0"),
      (["simulate", "--task", "2", "--safe", "damping=nan"], "a gain of nan"),
      (["simulate", "--family", "point-robot", "--task", "1,0", "--safe", "damping"], "are no forces"),
      (["plant", "--task", "2", "--bus", "pty:///tmp/none", "--safe", "damping=inf"], "a gain of inf"),
      (["evaluate", "--model", "m", "--episodes", "0"], "--episodes is 0"),
    ])
  func `wrong usage is said`(arguments: [String], words: String) throws {
    try expectRefusal(arguments, status: 64, words)
  }

  @Test func `a planning option out of range is refused with its range`() throws {
    try workplace.writeModel("m.safetensors")
    for (option, value, words) in [
      ("--candidates", "0", "'candidates' is 0, expected 1...1024"),
      ("--cold-steps", "11", "'cold_steps' is 11, expected 1...10"), ("--temperature", "nan", "'temperature' is nan"),
    ] {
      try expectRefusal(["evaluate", "--model", workplace.path("m.safetensors"), option, value], status: 64, words)
    }
  }

  // MARK: Writing

  @Test func `output that cannot be written leaves nothing behind`() throws {
    try workplace.write("taken", Data())
    let output = workplace.path("taken/w.safetensors")
    try expectRefusal(
      ["warm-start", "--family", "point-robot", "--task", "0,1", "--quality", "random", "-o", output], status: 1,
      "\(output): cannot create")
    #expect(try workplace.files() == ["taken"])
  }

  @Test func `output replaces the old file and leaves no temporary one`() throws {
    try workplace.write("w.safetensors", Data("old".utf8))
    try workplace.write("a.hdf5", Data("old".utf8))
    let warmStart = workplace.path("w.safetensors")
    let data = workplace.path("a.hdf5")
    let family = ["--family", "point-robot", "--quality", "random"]
    #expect(try run(["warm-start", "--task", "0,1", "-o", warmStart] + family).status == 0)
    #expect(try run(["collect", "--episodes-per-task", "1", "-o", data] + family).status == 0)
    #expect(try workplace.files() == ["a.hdf5", "w.safetensors"])
    #expect(try run(["inspect", warmStart]).output.contains("20 transitions"))
    #expect(try run(["inspect", data]).output.contains("400 transitions"))
  }
}
