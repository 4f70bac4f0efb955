// `metadiffuser link-damage`: millions of damaged frames, and whether every one of them is accounted for.

import ArgumentParser
import LinkFaults

struct LinkDamageCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "link-damage",
    abstract: "Send damaged frames through the link's receivers and check that every count adds up.",
    discussion: """
      Frames are flipped, cut, merged, mixed with noise, doubled and reordered, half of them as datagrams and half as \
      a serial stream. What arrives whole is predicted frame by frame; anything else ends with status 1.
      """
  )

  @Option(parsing: .unconditional, help: "Frames to send.")
  var frames = 10_000_000

  @Option(parsing: .unconditional, help: "Seed of the damage.")
  var seed: UInt64 = 1

  @Flag(help: "Print the summary as JSON.")
  var json = false

  func validate() throws {
    if frames < 2 { throw ValidationError("--frames is \(frames), give 2 or more") }
  }

  func run() throws {
    var accounts: [String: DamageAccount] = [:]
    for link in DamageRun.Link.allCases {
      var run = DamageRun(link, seed: seed)
      run.run(frames: frames / 2)
      accounts[link.rawValue] = run.account
      if !json { print("\(link.rawValue): \(run.account.text)") }
    }
    if json { try printJSON(accounts) }
    if !accounts.values.allSatisfy(\.isExact) { throw DamageError(description: "the counts do not add up") }
  }
}

/// A damage run that did not come out as predicted.
struct DamageError: Error, CustomStringConvertible {
  let description: String
}
