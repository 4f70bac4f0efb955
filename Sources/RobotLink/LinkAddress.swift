// Where a link leads, as a user writes it: udp://HOST:PORT.

/// A UDP address as written on the command line.
public struct LinkAddress: Sendable, Equatable, CustomStringConvertible {
  /// IPv4 number or name.
  public let host: String
  /// 1 … 65535, or 0 for "any free port" where one listens (tests use that).
  public let port: UInt16

  public init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// Reads `udp://HOST:PORT`. Throws `LinkError.badAddress`, which says what is wrong with the text.
  public init(_ text: String) throws(LinkError) {
    let scheme = "udp://"
    guard text.hasPrefix(scheme) else {
      throw .badAddress(text, reason: "it does not start with udp://")
    }
    let rest = text.dropFirst(scheme.count)
    if rest.contains("[") || rest.count(where: { $0 == ":" }) > 1 {
      throw .badAddress(text, reason: "IPv6 is not supported")
    }
    guard let colon = rest.lastIndex(of: ":") else { throw .badAddress(text, reason: "the port is missing") }
    let host = rest[..<colon]
    let port = rest[rest.index(after: colon)...]
    if host.isEmpty { throw .badAddress(text, reason: "the host is missing") }
    guard port.allSatisfy(\.isNumber), let number = UInt16(port), number > 0 else {
      throw .badAddress(text, reason: "the port \"\(port)\" is not a number in 1 … 65535")
    }
    self.init(host: String(host), port: number)
  }

  public var description: String { "udp://\(host):\(port)" }
}
