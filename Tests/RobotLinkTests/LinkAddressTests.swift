// Link addresses: what is read, and what the messages say about what is not.

import RobotLink
import Testing

@Suite("Link address") struct LinkAddressTests {
  @Test func `udp://HOST:PORT is read`() throws {
    let address = try LinkAddress("udp://127.0.0.1:5600")
    #expect(address == LinkAddress(host: "127.0.0.1", port: 5600))
    #expect(try LinkAddress("udp://robot-3:65535") == .udp(host: "robot-3", port: 65535))
    #expect("\(address)" == "udp://127.0.0.1:5600")
  }

  @Test func `serial://DEVICE?baud=RATE and pty://PATH are read; the rate has a default`() throws {
    #expect(try LinkAddress("serial:///dev/ttyACM0") == .serial(path: "/dev/ttyACM0", baud: 921_600))
    #expect(try LinkAddress("serial:///dev/ttyUSB1?baud=250000") == .serial(path: "/dev/ttyUSB1", baud: 250_000))
    #expect(try LinkAddress("pty:///tmp/robot") == .pty(path: "/tmp/robot"))
    for text in ["udp://a:1", "serial:///dev/ttyS0?baud=57600", "pty:///tmp/x"] {
      #expect(try "\(LinkAddress(text))" == text)
    }
  }

  @Test(
    arguments: [
      ("127.0.0.1:5600", "does not start with udp://"), ("tcp://127.0.0.1:5600", "does not start with udp://"),
      ("udp://127.0.0.1", "port is missing"), ("udp://:5600", "host is missing"), ("udp://a:", "not a number"),
      ("udp://a:0", "1 … 65535"), ("udp://a:65536", "1 … 65535"), ("udp://a:-5", "not a number"),
      ("udp://[::1]:5600", "IPv6"), ("udp://::1:5600", "IPv6"), ("", "does not start"),
      ("serial://ttyACM0", "does not start with /"), ("serial:///", "does not start with /"),
      ("serial:///dev/ttyS0?baud=", "not a number"), ("serial:///dev/ttyS0?baud=40", "50 … 20000000"),
      ("serial:///dev/ttyS0?parity=odd", "not baud=RATE"), ("pty://here", "does not start with /"),
    ])
  func `a bad address is refused with its own reason and an example`(text: String, reason: String) {
    let error = #expect(throws: LinkError.self) { try LinkAddress(text) }
    let message = error?.description ?? ""
    #expect(message.contains(reason))
    #expect(message.contains("udp://127.0.0.1:5600"))
  }

  @Test func `a key is asked for where others than this machine's programs, or the wires' owner, can send`() throws {
    for text in ["udp://127.0.0.1:1", "udp://127.9.8.7:1", "udp://localhost:1", "pty:///tmp/x", "serial:///dev/ttyS0"] {
      try LinkAddress(text).requireKey(nil, unlessAllowed: false)
    }
    let exposed = [
      "udp://0.0.0.0:1", "udp://10.0.0.1:1", "udp://robot:1", "udp://127.0.0.1.example:1", "udp://127.1:1",
      "udp://127.0.0.256:1", "udp://127.localhost:1",
    ]
    for text in exposed {
      let address = try LinkAddress(text)
      #expect(throws: LinkError.keyMissing(address)) { try address.requireKey(nil, unlessAllowed: false) }
      try address.requireKey(nil, unlessAllowed: true)
      try address.requireKey(testKey, unlessAllowed: false)
    }
  }
}
