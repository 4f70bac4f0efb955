// A UDP port that nobody uses, so that two demos on one machine do not meet.

import Foundation
import RobotLink

/// A port of 127.0.0.1 that was free a moment ago: the system's choice.
package func freeLoopbackPort() throws -> UInt16 {
  let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
  defer { close(descriptor) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
  var size = socklen_t(MemoryLayout<sockaddr_in>.size)
  let code = withUnsafeMutableBytes(of: &address) { bytes in
    let address = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
    return bind(descriptor, address, size) == 0 && getsockname(descriptor, address, &size) == 0 ? 0 : errno
  }
  guard code == 0 else {
    throw LinkError.system(
      LinkAddress(host: "127.0.0.1", port: 0), call: "bind", cause: String(cString: strerror(code)))
  }
  return UInt16(bigEndian: address.sin_port)
}
