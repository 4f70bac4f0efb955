// `metadiffuser link-bench`: what the link costs: bytes, processor time, round trips and allocations.

import ArgumentParser
import RobotLink

struct LinkBenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "link-bench",
    abstract: "Measure the link: bytes a cycle, processor time a frame, round trips over UDP and a pseudo-terminal."
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
    let report = LinkBenchReport(
      bytes: LinkBench.bytes(), codec: LinkBench.codec(frames: 200_000) + [LinkBench.seal(key, frames: 200_000)],
      udp: try LinkBench.roundTrips(.udp(host: "127.0.0.1", port: 0), cycles: cycles),
      sealed: try LinkBench.roundTrips(.udp(host: "127.0.0.1", port: 0), key: key, cycles: cycles),
      pty: try LinkBench.roundTrips(.pty(path: "/tmp/metadiffuser-bench-\(randomEpoch())"), cycles: cycles))
    if json { try printJSON(report) } else { print(report.text) }
  }
}

struct LinkBenchReport: Encodable {
  var bytes: LinkBench.Bytes
  var codec: [LinkBench.Codec]
  var udp: LinkBench.RoundTrips
  /// UDP with a key.
  var sealed: LinkBench.RoundTrips
  var pty: LinkBench.RoundTrips

  var text: String {
    var lines = [
      "one cycle of cheetah-vel: observation \(bytes.observation) bytes, action \(bytes.action); "
        + "on a serial line \(bytes.observationLine) and \(bytes.actionLine); "
        + "with a key each \(bytes.sealed) more"
    ]
    for entry in codec {
      lines.append(
        "  \(entry.name): encode \(decimal(entry.encodeMicroseconds, 2)) µs, check and decode "
          + "\(decimal(entry.decodeMicroseconds, 2)) µs")
    }
    for (name, times) in [("udp", udp), ("udp with a key", sealed), ("pty", pty)] {
      lines.append(
        "  \(name): \(times.cycles) round trips, p50 \(decimal(times.p50Microseconds, 1)) µs, "
          + "p99.9 \(decimal(times.p999Microseconds, 1)) µs, max \(decimal(times.maxMicroseconds, 1)) µs; "
          + "allocations: robot \(times.robotAllocations), controller \(times.controllerAllocations)")
    }
    return lines.joined(separator: "\n")
  }
}
