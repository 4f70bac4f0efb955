// `metadiffuserd find-port`: the serial ports of this machine, and what answers on them.

import ArgumentParser
import CConsole
import Foundations
import Glibc
import RobotLink

struct FindPortCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find-port",
    abstract: "List serial ports, and which robot answers on each.",
    discussion: """
      Asks each port for the robot's description, which drives nothing. Opening a port resets some microcontroller \
      boards. Ends with status 69 if no robot answers.
      """
  )

  @Option(help: "Port to ask; may be given more than once (default: all USB and on-board ports).")
  var port: [String] = []

  @Option(help: "Bits a second.")
  var baud = LinkAddress.defaultBaud

  @Option(parsing: .unconditional, help: "Seconds to wait for an answer on each port.")
  var wait = 1.0

  @Flag(help: "Print the list as JSON.")
  var json = false

  // It has a flag of the same name, and the parser gives it ours.
  @ParentCommand var daemon: MetaDiffuserDaemon

  private var isJSON: Bool { json || daemon.json }

  func validate() throws {
    guard LinkAddress.bauds.contains(baud) else {
      let bauds = LinkAddress.bauds
      throw ValidationError("--baud is \(baud), give \(bauds.lowerBound) … \(bauds.upperBound)")
    }
    if !(wait > 0 && wait <= 60) { throw ValidationError("--wait is \(wait), give seconds in 0 … 60") }
  }

  func run() throws {
    let ports = port.isEmpty ? Self.candidates() : port
    var entries: [JSON] = []
    var hasRobot = false
    for port in ports {
      let address = LinkAddress.serial(path: port, baud: baud)
      let (text, description) = ask(address)
      if description != nil { hasRobot = true }
      if !isJSON { console_print("\(address)  \(text)\n") }
      entries.append(
        .object([
          ("link", .text("\(address)")), ("answer", .text(text)),
          ("robot", description.map { .text("\($0.name)") } ?? .null),
          ("family", description.map { .text("\($0.profile.family)") } ?? .null),
        ]))
    }
    if isJSON { console_print(JSON.array(entries).text + "\n") }
    if ports.isEmpty {
      console_say_line("Error: this machine has no serial port; plug the robot in, or name one with --port")
    }
    if !hasRobot { throw ExitCode(EX_UNAVAILABLE) }
  }

  private func ask(_ address: LinkAddress) -> (String, RobotDescription?) {
    do throws(LinkError) {
      switch try inquire(address, nanoseconds: UInt64(wait * 1e9)) {
      case .robot(let robot):
        let profile = robot.profile
        return (
          "\(robot.name): family \(profile.family), \(profile.observationSize) observation and \(profile.actionSize) "
            + "action entries, period \(decimal(Double(profile.periodNanoseconds) / 1e6, 3)) ms", robot
        )
      case .otherSpeaker: return ("speaks the robot protocol, but does not say what it is", nil)
      case .noise: return ("sends something else; another baud rate, or no robot", nil)
      case .silence: return ("nothing answers", nil)
      }
    } catch {
      return ("\(error)", nil)
    }
  }

  /// Ports that a robot may hang on: USB serial devices, and on-board ones that have hardware behind them.
  private static func candidates() -> [String] {
    guard let folder = opendir("/sys/class/tty") else { return [] }
    defer { closedir(folder) }
    var names: [String] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      let isUSB = name.hasPrefix("ttyACM") || name.hasPrefix("ttyUSB")
      let isOnBoard = ["ttyAMA", "ttyS", "ttymxc", "ttyTHS"].contains { name.hasPrefix($0) }
      // The kernel lists on-board ports that do not exist; those have no driver's port behind them.
      if isUSB || (isOnBoard && hasHardware(name)) { names.append("/dev/\(name)") }
    }
    return names.sorted()
  }

  private static func hasHardware(_ name: String) -> Bool {
    guard let file = fopen("/sys/class/tty/\(name)/type", "r") else { return true }
    defer { fclose(file) }
    return getc(file) != 48  // "0": the kernel found no chip
  }
}
