// Hostile sessions against the real programs: none ends, none grows, and planning is back at once when they are over.
// `make hostile SECONDS=600` runs the same for longer, and prints what it saw.

import Foundation
import RobotLink
import Testing

@Suite("Hostile sessions", .serialized) struct HostileTests {
  static let seconds = ProcessInfo.processInfo.environment["HOSTILE_SECONDS"].flatMap(Double.init)
  static let seed = ProcessInfo.processInfo.environment["HOSTILE_SEED"].flatMap(UInt64.init) ?? 1

  @Test(
    arguments: [HostileWire.End.controller, .robot], [false, true])
  func `metadiffuserd and metadiffuser simulate outlast them and drive on, with a key and without`(
    against end: HostileWire.End, isKeyed: Bool
  ) throws {
    let model = try makeModel()
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("hostile-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { for path in [model, folder] { try? FileManager.default.removeItem(atPath: path) } }
    let (trace, key) = (folder + "/trace.csv", folder + "/key")
    if isKeyed { #expect(try Program.run("metadiffuserd", "make-key", key).status == 0) }
    let keyed = isKeyed ? ["--key", key] : []
    let (robotPort, port) = (freshPort(), freshPort())
    let robot = try Program(
      "metadiffuser",
      [
        "simulate", "--family", "point-robot", "--task", "0.6,0.8", "--link", "udp://127.0.0.1:\(robotPort)", "--json",
        "--trace", trace, "--quiet",
      ] + keyed)
    let wire = try HostileWire(port: port, robotPort: robotPort)
    let controller = try Program(
      "metadiffuserd", ["--model", model, "--link", "udp://127.0.0.1:\(port)", "--json", "--quiet"] + keyed)
    var watch = TraceWatch(path: trace)
    var frames = HostileFrames(generator: SeededGenerator(state: Self.seed &+ (isKeyed ? 1 << 32 : 0)))
    try #require(watch.plans(2, over: wire, within: 20_000_000_000) != nil, "the robot is not driven")

    // Resident pages are counted once every path has been taken a few times.
    let warmUp = 4
    var (sessions, slowest, memory) = (0, UInt64(0), [Int]())
    let limit: UInt64 = Self.seconds == nil ? 5_000_000_000 : 1_000_000_000
    let last = monotonicNanoseconds() + UInt64((Self.seconds ?? 0) / 4 * 1e9)
    while sessions < HostileStyle.allCases.count || monotonicNanoseconds() < last {
      let style = HostileStyle.allCases[sessions % HostileStyle.allCases.count]
      attack(wire, &frames, style, on: end)
      guard let delay = watch.plans(2, over: wire, within: 10_000_000_000) else {
        Issue.record("no plan within 10 s of session \(sessions), \(style), seed \(Self.seed)")
        break
      }
      #expect(delay < limit, "planning was back \(delay / 1_000_000) ms after session \(sessions), \(style)")
      slowest = max(slowest, delay)
      #expect(!robot.hasEnded(by: 0) && !controller.hasEnded(by: 0), "a program ended in session \(sessions), \(style)")
      sessions += 1
      if sessions == warmUp { memory = [robot, controller].map { residentKilobytes($0.id) } }
    }
    let growth = zip([robot, controller].map { residentKilobytes($0.id) }, memory).map { $0 - $1 }
    // A robot keeps a record of each episode; a controller nothing.
    #expect(growth.count == 2 && growth[0] < 2_048 && growth[1] < 256, "grown by \(growth) KiB")
    if Self.seconds != nil {
      print(
        "against the \(end), \(isKeyed ? "with" : "without") a key: \(sessions) sessions, "
          + "\(wire.forged) forged datagrams, planning back after at most \(slowest / 1_000_000) ms, "
          + "grown by \(growth) KiB (robot, controller)")
    }
    for program in [controller, robot] {
      program.signal(SIGTERM)
      let (status, output, errors) = try program.finish()
      #expect(status == 0, "\(errors)")
      guard (program === robot) == (end == .robot) else { continue }
      #expect((try object(output)["frames_rejected"] as? [String: Int])?.isEmpty == false)
    }
  }

  /// One session: the true frames go on meanwhile, or are withheld.
  private func attack(
    _ wire: HostileWire, _ frames: inout HostileFrames, _ style: HostileStyle, on end: HostileWire.End
  ) {
    let passes = Bool.random(using: &frames.generator)
    let length = UInt64.random(in: 200...(Self.seconds == nil ? 800 : 3_000), using: &frames.generator) * 1_000_000
    let until = monotonicNanoseconds() + length
    while monotonicNanoseconds() < until {
      wire.carry(passes: passes)
      for _ in 0..<(style == .flood ? 30 : 2) {
        let same = wire.records[end]!
        let records = Bool.random(using: &frames.generator) ? same : wire.records[end == .robot ? .controller : .robot]!
        wire.forge(
          frames.make(style, records: records, same: same), to: end,
          asStranger: Bool.random(using: &frames.generator))
      }
    }
  }

  private func residentKilobytes(_ id: Int32) -> Int {
    let text = (try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return line.split(separator: " ").compactMap { Int($0) }.first ?? 0
  }
}

/// Reads the steps that a simulated robot writes to its trace.
private struct TraceWatch {
  let path: String
  private var seen: UInt64 = 0

  init(path: String) { self.path = path }

  /// Carries true frames until so many steps from now on were driven by plans: how long that took; nil if too long.
  mutating func plans(_ count: Int, over wire: HostileWire, within limit: UInt64) -> UInt64? {
    let start = monotonicNanoseconds()
    _ = newLines()
    var plans = 0
    while monotonicNanoseconds() - start < limit {
      wire.carry(passes: true)
      plans += newLines().count { $0.hasSuffix(",plan") }
      if plans >= count { return monotonicNanoseconds() - start }
    }
    return nil
  }

  private mutating func newLines() -> [Substring] {
    guard let file = FileHandle(forReadingAtPath: path) else { return [] }
    defer { try? file.close() }
    try? file.seek(toOffset: seen)
    let text = String(decoding: (try? file.readToEnd()) ?? Data(), as: UTF8.self)
    guard let end = text.lastIndex(of: "\n") else { return [] }
    seen += UInt64(text[...end].utf8.count)
    return text[..<end].split(separator: "\n")
  }
}
