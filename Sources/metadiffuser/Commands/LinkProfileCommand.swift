// `metadiffuser link-profile`: what the link costs: bytes, processor time, round trips and allocations.

import ArgumentParser
import CAllocationCounter
import RobotLink
import TestStand
import Workbench

struct LinkProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "link-profile",
    abstract: "Measure the link: bytes per cycle, processor time per frame, round trips over UDP and a pseudo-terminal."
  )

  @Option(parsing: .unconditional, help: "Round trips to measure on each link.")
  var cycles = 20_000

  @Flag(help: "Print the summary as JSON.")
  var json = false

  func validate() throws {
    if cycles < 100 { throw ValidationError("--cycles is \(cycles), give 100 or more") }
  }

  func run() throws {
    let key = try LinkKey.random()
    let count: @Sendable () -> UInt64 = { ac_allocations() }
    let report = LinkProfileReport(
      bytes: LinkProfile.bytes(), codec: LinkProfile.codec(frames: 200_000) + [LinkProfile.seal(key, frames: 200_000)],
      udp: try LinkProfile.roundTrips(.udp(host: "127.0.0.1", port: 0), cycles: cycles, allocationCount: count),
      sealed: try LinkProfile.roundTrips(
        .udp(host: "127.0.0.1", port: 0), key: key, cycles: cycles, allocationCount: count),
      pty: try LinkProfile.roundTrips(
        .pty(path: "/tmp/metadiffuser-stand-\(randomEpoch())"), cycles: cycles, allocationCount: count))
    if json { try printJSON(report) } else { print(report.text) }
  }
}
