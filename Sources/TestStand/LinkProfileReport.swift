// What `metadiffuser link-profile` prints.

import Foundations

package struct LinkProfileReport: Encodable {
  package var bytes: LinkProfile.Bytes
  package var codec: [LinkProfile.Codec]
  package var udp: LinkProfile.RoundTrips
  /// UDP with a key.
  package var sealed: LinkProfile.RoundTrips
  package var pty: LinkProfile.RoundTrips

  package init(
    bytes: LinkProfile.Bytes, codec: [LinkProfile.Codec], udp: LinkProfile.RoundTrips, sealed: LinkProfile.RoundTrips,
    pty: LinkProfile.RoundTrips
  ) {
    self.bytes = bytes
    self.codec = codec
    self.udp = udp
    self.sealed = sealed
    self.pty = pty
  }

  package var text: String {
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
