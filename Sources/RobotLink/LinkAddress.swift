// Where a link leads, as a user writes it: udp://HOST:PORT, serial:///dev/ttyACM0?baud=921600 or pty:///tmp/robot.

/// A link's address as written on the command line. Real-time: no (strings).
public enum LinkAddress: Sendable, Equatable, CustomStringConvertible {
  /// IPv4 number or name; the port is 1 … 65535, or 0 for "any free port" where one listens (tests use that).
  case udp(host: String, port: UInt16)
  /// A tty that exists or will, and its rate in bits per second.
  case serial(path: String, baud: UInt32)
  /// A pseudo-terminal to make, and the symbolic link through which the other end opens it as `serial://`.
  case pty(path: String)
  /// A `FrameTransport`, by the name that it gives itself; it is not found by its address.
  case own(name: String)

  /// Bits per second where the address states none. Real-time: yes.
  public static var defaultBaud: UInt32 { 921_600 }
  /// Bits per second that can be asked for; which of them a driver takes, it says itself. Real-time: yes.
  public static var bauds: ClosedRange<UInt32> { 50...20_000_000 }

  /// The UDP address of `host` and `port`. Real-time: no.
  public init(host: String, port: UInt16) { self = .udp(host: host, port: port) }

  /// Reads an address. Real-time: no.
  ///
  /// - Throws: `LinkError.badAddress`, which says what is wrong with the text.
  public init(_ text: String) throws(LinkError) {
    for (scheme, read) in [("udp://", Self.readUDP), ("serial://", Self.readSerial), ("pty://", Self.readPTY)]
    where text.hasPrefix(scheme) {
      self = try read(text, text.dropFirst(scheme.count))
      return
    }
    throw .badAddress(text, reason: "it does not start with udp://, serial:// or pty://")
  }

  public var description: String {
    switch self {
    case .udp(let host, let port): "udp://\(host):\(port)"
    case .serial(let path, let baud): "serial://\(path)?baud=\(baud)"
    case .pty(let path): "pty://\(path)"
    case .own(let name): name
    }
  }

  /// Whether only programs of this machine, or the owner of the wires, can send there.
  var isPrivate: Bool {
    guard case .udp(let host, _) = self else { return true }
    let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    return host == "localhost" || (numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil))
  }

  /// Refuses a link without a key that would be open to others, unless that is `allowed`. Real-time: no.
  ///
  /// - Throws: `LinkError.keyMissing`.
  public func requireKey(_ key: LinkKey?, unlessAllowed allowed: Bool) throws(LinkError) {
    if key == nil, !allowed, !isPrivate { throw .keyMissing(self) }
  }

  private static func readUDP(_ text: String, _ rest: Substring) throws(LinkError) -> LinkAddress {
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
    return .udp(host: String(host), port: number)
  }

  private static func readSerial(_ text: String, _ rest: Substring) throws(LinkError) -> LinkAddress {
    let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = try readPath(text, parts[0])
    if parts.count == 1 { return .serial(path: path, baud: defaultBaud) }
    guard parts[1].hasPrefix("baud=") else {
      throw .badAddress(text, reason: "after the ? stands \"\(parts[1])\", not baud=RATE")
    }
    let rate = parts[1].dropFirst("baud=".count)
    guard rate.allSatisfy(\.isNumber), let baud = UInt32(rate), bauds.contains(baud) else {
      throw .badAddress(
        text, reason: "the rate \"\(rate)\" is not a number in \(bauds.lowerBound) … \(bauds.upperBound)")
    }
    return .serial(path: path, baud: baud)
  }

  private static func readPTY(_ text: String, _ rest: Substring) throws(LinkError) -> LinkAddress {
    .pty(path: try readPath(text, rest))
  }

  private static func readPath(_ text: String, _ path: Substring) throws(LinkError) -> String {
    guard path.hasPrefix("/"), path.count > 1 else {
      throw .badAddress(text, reason: "the path \"\(path)\" does not start with /")
    }
    return String(path)
  }
}
