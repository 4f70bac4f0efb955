// Who may import whom: Docs/design.md's rule, held against the manifest and against every import in the sources.

import Testing

@Suite struct ImportRuleTests {
  /// The rule. Left may use right; what a module may use beyond the project's own is listed beside it.
  static let allowed: [String: Set<String>] = [
    // Onboard.
    "Foundations": ["CKernels", "Glibc"],
    "ModelLayout": [],
    "PlannerRuntime": ["CKernels", "Foundations", "ModelLayout", "Synchronization"],
    "PlannerModel": ["Foundations", "PlannerRuntime", "FoundationEssentials", "Glibc"],
    "RobotLink": ["Failsafe", "CRobotProtocol", "CDatagram", "CSerialPort", "CSeal", "Glibc", "Synchronization"],
    "Failsafe": [],
    "ActuatorBus": ["Failsafe", "CRobotProtocol"],
    "ControlCore": ["Failsafe", "RobotLink", "PlannerRuntime", "Histogram"],
    "ControlRuntime": [
      "ControlCore", "RobotLink", "Failsafe", "Foundations", "CRealTime", "CVersion", "PlannerModel", "PlannerRuntime",
      "Glibc", "Synchronization",
    ],
    "CommandOptions": ["PlannerModel", "PlannerRuntime", "ArgumentParser"],
    "metadiffuserd": [
      "CommandOptions", "ControlCore", "ControlRuntime", "Foundations", "RobotLink", "PlannerModel", "PlannerRuntime",
      "CAllocationCounter", "CConsole", "ArgumentParser", "Histogram", "FoundationEssentials", "Glibc",
      "Synchronization",
    ],
    // Workbench: each may also use all of Swift's own libraries.
    "LinkFaults": ["Foundations", "RobotLink", "CRobotProtocol"],
    "OfflineData": ["CHDF5", "CConsole", "Foundations", "PlannerModel"],
    "Tasks": ["CMuJoCo", "Foundations"],
    "DataCollection": ["Foundations", "OfflineData", "Tasks", "PlannerModel", "PlannerRuntime"],
    "Learning": [
      "COpenBLAS", "CLearningKernels", "CConsole", "ModelLayout", "OfflineData", "PlannerModel", "PlannerRuntime",
    ],
    "Experts": [
      "CLearningKernels", "CConsole", "Learning", "OfflineData", "Tasks", "PlannerModel", "PlannerRuntime",
    ],
    "Evaluation": [
      "ControlRuntime", "DataCollection", "Learning", "OfflineData", "RobotLink", "Tasks", "PlannerModel",
      "PlannerRuntime",
    ],
    // No learning, no plots: the robot's side of every experiment.
    "TestStand": [
      "ActuatorBus", "ControlRuntime", "CConsole", "CSerialPort", "Failsafe", "Foundations", "RobotLink", "Tasks",
      "Histogram",
    ],
    "Workbench": [
      "ControlRuntime", "DataCollection", "Evaluation", "Experts", "Foundations", "Learning", "OfflineData",
      "PlannerModel", "PlannerRuntime", "Tasks", "TestStand", "Histogram",
    ],
    "WorkbenchOptions": [
      "DataCollection", "Evaluation", "Experts", "Failsafe", "Learning", "Tasks", "TestStand", "ArgumentParser",
    ],
    "metadiffuser": [
      "CommandOptions", "CAllocationCounter", "CConsole", "ControlRuntime", "DataCollection", "Evaluation", "Experts",
      "Failsafe", "Learning", "LinkFaults", "OfflineData", "PlannerModel", "PlannerRuntime", "RobotLink", "Tasks",
      "TestStand", "Workbench", "WorkbenchOptions", "ArgumentParser",
    ],
  ]
  static let workbench: Set<String> = [
    "LinkFaults", "Tasks", "OfflineData", "DataCollection", "Learning", "Experts", "Evaluation",
    "TestStand", "Workbench", "WorkbenchOptions", "metadiffuser",
  ]
  static let swiftLibraries: Set<String> = [
    "Foundation", "FoundationEssentials", "Dispatch", "Glibc", "Synchronization",
  ]

  @Test func `the sources import what the rule allows and nothing else`() throws {
    let imports = try Repository.imports(under: "Sources")
    #expect(Set(imports.keys) == Set(Self.allowed.keys), "a module without a rule, or a rule without a module")
    for (module, imported) in imports {
      let allowed = Self.allowed[module, default: []].union(Self.workbench.contains(module) ? Self.swiftLibraries : [])
      let excess = imported.subtracting(allowed)
      #expect(excess.isEmpty, "\(module) imports \(excess.sorted()), against Docs/design.md")
    }
  }

  @Test func `the manifest depends on what the rule allows and nothing else`() throws {
    let manifest = try Repository.manifestDependencies()
    for (module, allowed) in Self.allowed {
      let dependencies = try #require(manifest[module], "no target \(module) in Package.swift")
      let excess = dependencies.subtracting(allowed)
      #expect(excess.isEmpty, "target \(module) depends on \(excess.sorted()), against Docs/design.md")
    }
  }

  @Test func `nothing of the workbench is reachable from the onboard controller`() throws {
    let reachable = Repository.reachable(from: "metadiffuserd", in: try Repository.manifestDependencies())
    #expect(reachable.isSuperset(of: ["ControlRuntime", "RobotLink", "PlannerModel", "PlannerRuntime", "CKernels"]))
    let workbench = Self.workbench.union(["COpenBLAS", "CMuJoCo", "CHDF5", "CLearningKernels"])
    #expect(reachable.isDisjoint(with: workbench))
  }

  @Test func `tests import what their targets reach, so that they build in any order`() throws {
    let manifest = try Repository.manifestDependencies()
    for (module, imported) in try Repository.imports(under: "Tests") where module.hasSuffix("Tests") {
      let own = imported.intersection(manifest.keys)
      let excess = own.subtracting(Repository.reachable(from: module, in: manifest))
      #expect(excess.isEmpty, "\(module) imports \(excess.sorted()), which its target does not depend on")
    }
  }

  @Test func `the rule itself has no cycle`() {
    for module in Self.allowed.keys {
      #expect(!Repository.reachable(from: module, in: Self.allowed).contains(module), "\(module) reaches itself")
    }
  }
}
