// Link addresses: what is read, and what the messages say about what is not.

import RobotLink
import Testing

@Suite("Link address") struct LinkAddressTests {
  @Test("udp://HOST:PORT is read")
  func good() throws {
    let address = try LinkAddress("udp://127.0.0.1:5600")
    #expect(address == LinkAddress(host: "127.0.0.1", port: 5600))
    #expect(try LinkAddress("udp://robot-3:65535").host == "robot-3")
    #expect("\(address)" == "udp://127.0.0.1:5600")
  }

  @Test(
    "a bad address is refused with its own reason and an example",
    arguments: [
      ("127.0.0.1:5600", "does not start with udp://"), ("tcp://127.0.0.1:5600", "does not start with udp://"),
      ("udp://127.0.0.1", "port is missing"), ("udp://:5600", "host is missing"), ("udp://a:", "not a number"),
      ("udp://a:0", "1 … 65535"), ("udp://a:65536", "1 … 65535"), ("udp://a:-5", "not a number"),
      ("udp://[::1]:5600", "IPv6"), ("udp://::1:5600", "IPv6"), ("", "does not start"),
    ])
  func bad(text: String, reason: String) {
    let error = #expect(throws: LinkError.self) { try LinkAddress(text) }
    let message = error?.description ?? ""
    #expect(message.contains(reason))
    #expect(message.contains("udp://127.0.0.1:5600"))
  }
}
