// The worked example in Docs/link-protocol.md is what the encoder makes: byte for byte, taken apart by an own reader.

import CRobotProtocol
import Foundation
import RobotLink
import Testing

@Suite("Documentation") struct DocumentationTests {
  /// The datagram of the example, from a session.
  func example() -> [UInt8] {
    let profile = RobotProfile(
      family: "point-robot", observationSize: 2, actionSize: 2, periodNanoseconds: 100_000_000)
    var session = ControllerSession(profile: profile, model: "example", epoch: 0x0102_0304, silenceNanoseconds: 1)
    var action = ActionMessage()
    action.command[0] = 0.5
    action.command[1] = -0.25
    action.laterEntries = 1
    action.laterCommands[0] = 0.25
    action.laterCommands[1] = -0.5
    action.mode = .plan
    action.observationEpoch = 0xA0B0_C0D0
    action.observationSequence = 7
    action.sampleTimeNanoseconds = 1_000_000_000
    action.plan = 3
    action.planMicroseconds = 1500
    action.denoisingSteps = 2
    return Array(session.encode(action))
  }

  /// Names of the fields in a Frame and in its Action, from robot.proto.
  static let names: [[UInt64: String]] = [
    [1: "epoch", 2: "sequence", 6: "action"],
    [
      1: "command", 2: "mode", 3: "observation_epoch", 4: "observation_sequence", 5: "sample_time_ns", 6: "plan",
      8: "plan_us", 9: "denoising_steps", 13: "later_commands",
    ],
  ]

  /// Protobuf's wire format (protobuf.dev/programming-guides/encoding), one line a field, messages indented.
  func describe(_ bytes: ArraySlice<UInt8>, depth: Int = 0) -> [String] {
    var lines: [String] = []
    var rest = bytes
    func varint(_ rest: inout ArraySlice<UInt8>) -> UInt64 {
      var value: UInt64 = 0
      var shift: UInt64 = 0
      while let byte = rest.popFirst() {
        value |= UInt64(byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 { break }
      }
      return value
    }
    while !rest.isEmpty {
      let start = rest.startIndex
      let key = varint(&rest)
      let field = "\(key >> 3) \(Self.names[depth][key >> 3] ?? "?")"
      var text: String
      var inner: ArraySlice<UInt8> = []
      switch key & 7 {
      case 0: text = "\(field) = \(varint(&rest))"
      case 1:
        text = "\(field) = \(number(rest.prefix(8)))"
        rest = rest.dropFirst(8)
      case 5:
        text = "\(field) = 0x\(String(number(rest.prefix(4)), radix: 16))"
        rest = rest.dropFirst(4)
      default:
        let count = Int(varint(&rest))
        text = "\(field), \(count) bytes"
        inner = rest.prefix(count)
        if depth == 1 {
          let floats = stride(from: inner.startIndex, to: inner.endIndex, by: 4).map {
            Float(bitPattern: UInt32(number(inner[$0..<$0 + 4])))
          }
          text += " = \(floats)"
          inner = []
          rest = rest.dropFirst(count)
        }
      }
      let own = bytes[start..<rest.startIndex]
      lines.append(line(own, String(repeating: "  ", count: depth) + text))
      if !inner.isEmpty {
        lines += describe(inner, depth: depth + 1)
        rest = rest.dropFirst(inner.count)
      }
    }
    return lines
  }

  func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

  func line(_ bytes: ArraySlice<UInt8>, _ text: String) -> String {
    let hex = bytes.map { String(format: "%02x", $0) }.joined(separator: " ")
    return "    " + hex.padding(toLength: max(34, hex.count + 1), withPad: " ", startingAt: 0) + text
  }

  @Test func `a control period of the half-cheetah takes as many bytes as Docs/link-protocol.md says`() throws {
    let pair = LinkPair()
    pair.shakeHands()
    var observation = ObservationMessage()
    observation.reward = -0.5
    observation.step = 100
    observation.episode = 1
    observation.sampleTimeNanoseconds = 1
    let sent = pair.robot.encode(observation).count
    var action = ActionMessage()
    action.mode = .plan
    action.observationEpoch = 1
    action.observationSequence = 1
    action.sampleTimeNanoseconds = 1
    action.plan = 300
    action.planMicroseconds = 5_000
    action.denoisingSteps = 2
    action.laterEntries = 3
    action.predictedReturn = -3
    action.hasPredictedState = true
    action.belief = StatedBelief(parameterCount: 1, confidence: 1, isUnexplained: true)
    let answered = pair.controller.encode(action).count
    let sentence = "observation \(sent) bytes, the action \(answered)"
    let text = try documentation()
    #expect(text.contains(sentence), "it should say: \(sentence)")
  }

  func documentation() throws -> String {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try String(contentsOf: root.appendingPathComponent("Docs/link-protocol.md"), encoding: .utf8)
  }

  @Test func `the example in Docs/link-protocol.md is the datagram that is sent`() throws {
    let bytes = example()
    var lines = describe(bytes.dropLast(4))
    lines.append(
      line(
        bytes.suffix(4),
        "CRC-32C of the \(bytes.count - 4) bytes above = 0x\(String(number(bytes.suffix(4)), radix: 16))"))
    let expected = lines.joined(separator: "\n")

    let text = try documentation()
    let begin = try #require(text.range(of: "DocumentationTests.swift -->\n"))
    let end = try #require(text.range(of: "<!-- end of example -->"))
    let found = text[begin.upperBound..<end.lowerBound].trimmingCharacters(in: .newlines)
    #expect(found == expected, "put this in its place:\n\(expected)")
  }
}
