// A family's channels as link and failsafe take them.

import ControlRuntime
import Failsafe
import Tasks

extension TaskFamily {
  /// Limits of each entry of a command, `[actionSize]`. Physics knows no slew limit but the one that a channel states.
  package var commandLimits: [CommandLimits] {
    actionChannels.map { CommandLimits($0) }
  }
}
