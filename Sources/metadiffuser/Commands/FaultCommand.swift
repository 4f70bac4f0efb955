// `metadiffuser fault`: a proxy between a robot and its controllers that does to frames what a bad day does.

import ArgumentParser
import Foundation
import LinkFaults
import RobotLink
import Workbench

struct FaultCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fault",
    abstract: "Stand between a robot and its controllers and inject faults into the link.",
    discussion: """
      Listens where controllers look for the robot (--controller) and connects to where the robot is (--robot); either \
      may be udp://, serial:// or pty://. A fault is written KIND [toward=robot|controller] [rate=0…1] [at=SECONDS] \
      [for=SECONDS] [by=AMOUNT] [jitter=MILLISECONDS]; a scenario file holds one a line. Kinds: off, stuck, garbage, \
      wrong, slow, delayed, intermittent, drop, duplicate, reorder, corrupt (Docs/link-protocol.md). Only for a test \
      stand: a real robot moves on what comes through, so that --inject has to be said.
      """
  )

  @Option(help: "Where the robot is.")
  var robot: String

  @Option(help: "Where controllers look for it.")
  var controller: String

  @Option(parsing: .singleValue, help: "A fault; may be given more than once.")
  var fault: [String] = []

  @Option(help: "File of faults, one a line.")
  var scenario: String?

  @Option(parsing: .unconditional, help: "Seed of the faults.")
  var seed: UInt64 = 1

  @Option(parsing: .unconditional, help: "Seconds until the end (default: until Control-C).")
  var seconds: Double?

  @Flag(help: "Yes, disturb this link.")
  var inject = false

  @Flag(help: "Print the summary as JSON.")
  var json = false

  func validate() throws {
    guard inject else {
      throw ValidationError("this disturbs a link that a robot may be driven over; say --inject if that is meant")
    }
    if let seconds, !(seconds > 0 && seconds <= 1e9) {
      throw ValidationError("--seconds is \(seconds), give a positive number, at most 1e9")
    }
  }

  func run() throws {
    var faults: [Fault] = []
    for text in fault { faults.append(try Fault(text)) }
    if let scenario {
      guard let text = try? String(contentsOfFile: scenario, encoding: .utf8) else {
        throw FaultError.badFault(scenario, reason: "the scenario file cannot be read")
      }
      faults += try Fault.scenario(text)
    }
    let proxy = try FaultProxy(
      robot: LinkAddress(robot), controller: LinkAddress(controller), injector: FaultInjector(faults, seed: seed))
    Interruption.watch()
    let end = seconds.map { monotonicNanoseconds() + UInt64($0 * 1e9) } ?? .max
    while !Interruption.isRequested, monotonicNanoseconds() < end {
      proxy.run(until: min(end, monotonicNanoseconds() + 50_000_000))
    }
    let report = InjectionReport(faults: faults, proxy: proxy)
    printReport(json ? try jsonText(report) : report.text)
  }
}
