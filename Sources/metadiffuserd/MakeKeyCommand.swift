// `metadiffuserd make-key`: a new key for a robot and its controllers.

import ArgumentParser
import CConsole
import RobotLink

struct MakeKeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "make-key",
    abstract: "Make a key that authenticates and encrypts a UDP link.",
    discussion: """
      Writes 32 random bytes as 64 hexadecimal digits to a new file that only its owner can read. Robot and controller \
      need the same key; carry it over by a way that nobody else can read, such as scp. Anyone who has it \
      can drive the robot.
      """
  )

  @Argument(help: "The file to make; it must not exist.")
  var file: String

  func run() throws {
    do throws(LinkError) {
      try LinkKey.make(file: file)
    } catch {
      console_say_line("Error: \(error)")
      throw ExitCode(error.exitStatus)
    }
    console_print("\(file): a new key, readable by its owner only; give it to both ends with --key\n")
  }
}
