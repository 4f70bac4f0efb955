// The safe command of a robot as people choose it: zero, hold, damping or a pose, checked against the robot's family.

import ArgumentParser
import Failsafe
import Tasks
import TestStand

/// `zero`, `hold`, `damping`, `damping=0.05`, or `pose=0.1,0,…`.
package struct SafeCommandArgument: ExpressibleByArgument {
  package static let help = ArgumentHelp(
    "What the robot does when nothing fresh tells it what to do (default: damping for walker-param, otherwise zero).",
    discussion: """
      zero: no force. hold: its last command. damping[=GAIN]: each joint brakes with GAIN times its velocity. \
      pose=C1,C2,…: these commands.
      """)
  package static let dampingGain: Float = 0.1

  package enum Kind: Equatable {
    case zero, hold
    case damping(Float)
    case pose([Float])
  }

  package let kind: Kind

  /// Where nobody has chosen: what `safety-bench falls` found best for robots that can fall (Docs/failsafe.md).
  package static func usual(for family: TaskFamily) -> SafeCommandArgument {
    // A servo at rest has a pose.
    if family.restAction.contains(where: { $0 != 0 }) { return SafeCommandArgument(.pose(family.restAction)) }
    return SafeCommandArgument(family.name == "walker-param" ? .damping(dampingGain) : .zero)
  }

  private init(_ kind: Kind) { self.kind = kind }

  package init?(argument: String) {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let values =
      parts.count > 1 ? parts[1].split(separator: ",", omittingEmptySubsequences: false).map { Float($0) } : []
    switch (parts[0], values.count) {
    case ("zero", 0): kind = .zero
    case ("hold", 0): kind = .hold
    case ("damping", 0) where parts.count == 1: kind = .damping(Self.dampingGain)
    case ("damping", 1):
      guard let gain = values[0] else { return nil }
      kind = .damping(gain)
    case ("pose", 1...):
      let pose = values.compactMap { $0 }
      guard pose.count == values.count else { return nil }
      kind = .pose(pose)
    default: return nil
    }
  }

  /// As the gate takes it. Throws when the family cannot do it, and says what it can.
  package func settings(of family: TaskFamily) throws -> (reaction: SafeReaction, rest: [Float]) {
    // No force, or the allowed one nearest to none.
    let zeros = family.clamped([Float](repeating: 0, count: family.actionSize))
    switch kind {
    case .zero: return (.rest, zeros)
    case .hold: return (.hold, zeros)
    case .damping(let gain):
      guard !family.drivenVelocities.isEmpty else {
        throw ValidationError(
          "--safe is damping, but the actions of \(family.name) are no forces; give zero, hold or pose")
      }
      let most = family.commandLimits.map { SafeReaction.mostGain(within: $0) }.min() ?? 0
      guard family.commandLimits.allSatisfy({ SafeReaction.damping(gain: gain).isSound(within: $0) }) else {
        throw ValidationError("--safe damping has a gain of \(gain), give 0 … \(most)")
      }
      return (.damping(gain: gain), zeros)
    case .pose(let pose):
      guard pose.count == family.actionSize else {
        throw ValidationError("--safe pose has \(pose.count) entries, \(family.name) takes \(family.actionSize)")
      }
      for (index, value) in pose.enumerated() {
        let channel = family.actionChannels[index]
        guard channel.lower <= value, value <= channel.upper else {
          let name = channel.name.isEmpty ? "" : " (\(channel.name))"
          throw ValidationError(
            "--safe pose: entry \(index + 1)\(name) is \(value), give \(channel.lower) … \(channel.upper)")
        }
      }
      return (.rest, pose)
    }
  }
}
