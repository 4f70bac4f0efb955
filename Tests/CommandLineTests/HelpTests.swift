// Help: every command explains itself.

import Foundation
import Testing

@Suite struct HelpTests {
  @Test(
    arguments: [
      [], ["collect"], ["warm-start"], ["train"], ["train", "model"], ["train", "expert"], ["train", "baseline"],
      ["evaluate"], ["adapt"], ["simulate"], ["demo"], ["plot"], ["inspect"], ["tune"], ["profile"], ["plant"], ["hil"],
      ["fault"], ["link-profile"], ["link-damage"], ["settings"],
    ])
  func `every command has help`(command: [String]) throws {
    let outcome = try run(command + ["--help"])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("USAGE: \((["metadiffuser"] + command).joined(separator: " "))"))
    #expect(outcome.output.contains("OVERVIEW: "))
    #expect(outcome.error.isEmpty)
  }

  /// Subcommands that the help of `command` lists.
  private func subcommands(of command: [String]) throws -> Set<String> {
    let help = try run(command + ["--help"]).output
    let section = try #require(help.firstRange(of: "SUBCOMMANDS:\n")).upperBound
    let lines = help[section...].split(separator: "\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
    // Names are indented by two spaces, the lines of a long description by more.
    return Set(lines.filter { !$0.hasPrefix("   ") }.compactMap { $0.split(separator: " ").first.map(String.init) })
  }

  @Test func `no command is missing here`() throws {
    #expect(
      try subcommands(of: [])
        == [
          "collect", "import", "warm-start", "train", "evaluate", "adapt", "tune", "profile", "simulate", "demo",
          "plant", "hil", "fault", "link-profile", "link-damage", "plot", "inspect", "settings", "check-family",
        ])
  }

  @Test func `the README lists every command and no other`() throws {
    let readme = try String(contentsOf: VersionTests.root.appendingPathComponent("README.md"), encoding: .utf8)
    let listed = Set(readme.matches(of: #/\n    metadiffuser ([a-z-]+(?: [a-z]+)?)  /#).map { String($0.1) })
    // Training a model is what train does by itself.
    let trained = try subcommands(of: ["train"]).subtracting(["model"]).map { "train \($0)" }
    #expect(listed == (try subcommands(of: [])).union(trained))
  }

  @Test func `the onboard controller has help`() throws {
    let outcome = try run(["--help"], program: "metadiffuserd")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("USAGE: metadiffuserd"))
  }
}
