// What can go wrong with a link before it runs. A running link does not fail: it counts (see LinkCounters).

/// Errors of opening a link. Each message names the address or file, the cause and the cure. Real-time: no (strings).
public enum LinkError: Error, Equatable, CustomStringConvertible {
  /// The text is no link address.
  case badAddress(String, reason: String)
  /// The host has no IPv4 address that this machine can find.
  case unknownHost(LinkAddress, cause: String)
  /// The port is taken by another process of this machine.
  case addressInUse(LinkAddress)
  /// The address cannot be used in this way.
  case unsuitable(LinkAddress, reason: String)
  /// The key file cannot be opened, read or written.
  case unreadableKey(String, cause: String)
  /// The key file must not be used.
  case badKey(String, reason: String)
  /// libsodium finds no source of chance on this machine.
  case noEntropy
  /// Others can reach the address, and there is no key.
  case keyMissing(LinkAddress)
  /// The system refused; `call` is the system call.
  case system(LinkAddress, call: String, cause: String)

  public var description: String {
    switch self {
    case .badAddress(let text, let reason):
      "link \"\(text)\": \(reason); write udp://HOST:PORT, for example udp://127.0.0.1:5600, or "
        + "serial://DEVICE?baud=RATE, for example serial:///dev/ttyACM0?baud=921600"
    case .unknownHost(let address, let cause):
      "link \(address): cannot find an IPv4 address of its host (\(cause)); check the name or write the number"
    case .addressInUse(.udp(let host, let port)):
      "link udp://\(host):\(port): port \(port) is in use; end the other process (ss -ulpn shows it) or choose another "
        + "port"
    case .addressInUse(let address):
      "link \(address): another process holds it; end that one (fuser shows it) or choose another port"
    case .unsuitable(let address, let reason):
      "link \(address): \(reason)"
    case .unreadableKey(let path, let cause): "key file \(path): \(cause)"
    case .badKey(let path, let reason): "key file \(path): \(reason)"
    case .noEntropy:
      "this machine has no source of random numbers (getrandom, /dev/urandom), without which no key is safe"
    case .keyMissing(let address):
      "link \(address): other machines can reach it, and without a key any of them may drive; make one with "
        + "'metadiffuserd make-key FILE' and give it to both ends with --key FILE, or give --allow-unkeyed on a "
        + "network that nobody else is on"
    case .system(let address, let call, let cause):
      "link \(address): \(call) failed: \(cause)"
    }
  }
}
