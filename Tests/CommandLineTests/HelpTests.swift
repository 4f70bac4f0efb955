// Help: every command explains itself.

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

  @Test func `no command is missing here`() throws {
    let help = try run(["--help"]).output
    let section = try #require(help.firstRange(of: "SUBCOMMANDS:\n")).upperBound
    let lines = help[section...].split(separator: "\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
    // Names are indented by two spaces, the lines of a long description by more.
    let listed = lines.filter { !$0.hasPrefix("   ") }.compactMap { $0.split(separator: " ").first }
    #expect(
      Set(listed) == [
        "collect", "warm-start", "train", "evaluate", "adapt", "tune", "profile", "simulate", "demo", "plant", "hil",
        "fault",
        "link-profile", "link-damage", "plot", "inspect", "settings",
      ])
  }

  @Test func `the onboard controller has help`() throws {
    let outcome = try run(["--help"], program: "metadiffuserd")
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("USAGE: metadiffuserd"))
  }
}
