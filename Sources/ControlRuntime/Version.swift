// What this build is, and which files and peers it understands.

import CVersion
import PlannerModel
import PlannerRuntime
import RobotLink

/// What `--version` prints for `program`: version and commit, kernels of this processor, formats and protocol.
/// Real-time: no.
public func versionText(_ program: String) -> String {
  """
  \(program) \(String(cString: md_version())) (commit \(String(cString: md_commit())))
  kernels here: \(Planner.kernelNames.joined(separator: ", "))
  reads \(ModelDescription.format), \(WarmStart.format)
  speaks link protocol \(LinkLimits.protocolVersion)
  """
}
