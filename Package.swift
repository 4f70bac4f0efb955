// swift-tools-version: 6.2
import PackageDescription

// The Makefile says which commit it builds; without it a program says "unknown".
let commit = Context.environment["METADIFFUSER_COMMIT"].map { CSetting.define("METADIFFUSER_COMMIT", to: "\"\($0)\"") }

// Another MuJoCo than Debian's: a folder with include/ and the library, as `make MUJOCO=` says.
let mujoco = Context.environment["MUJOCO"]
let mujocoHeaders = mujoco.map { ["-I", "\($0)/include"] }

// Who may import whom is fixed in Docs/design.md and asserted by Tests/ArchitectureTests.
let package = Package(
  name: "metadiffuser",
  products: [
    .executable(name: "metadiffuser", targets: ["metadiffuser"]),
    .executable(name: "metadiffuserd", targets: ["metadiffuserd"]),
    .executable(name: "firmware-host", targets: ["firmware-host"]),
    .library(name: "PlannerRuntime", targets: ["PlannerRuntime"]),
    .library(name: "PlannerModel", targets: ["PlannerModel"]),
    .library(name: "RobotLink", targets: ["RobotLink"]),
    .library(name: "ControlCore", targets: ["ControlCore"]),
    .library(name: "ControlRuntime", targets: ["ControlRuntime"]),
    .library(name: "Failsafe", targets: ["Failsafe"]),
    .library(name: "Tasks", targets: ["Tasks"]),
    .library(name: "Experts", targets: ["Experts"]),
    .library(name: "FuzzTargets", targets: ["FuzzTargets"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    // System libraries: a module map each, nothing else.
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
    .systemLibrary(
      name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
    .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),

    // Onboard: real time, fixed memory.
    .target(name: "CKernels", linkerSettings: [.linkedLibrary("m")]),
    .target(name: "Foundations", dependencies: ["CKernels"]),
    .target(name: "ModelLayout"),
    .target(name: "PlannerRuntime", dependencies: ["CKernels", "Foundations", "ModelLayout"]),
    .target(name: "PlannerModel", dependencies: ["Foundations", "PlannerRuntime"]),
    .target(name: "CRobotProtocol", dependencies: ["CProtobufC"], exclude: ["robot.proto"]),
    .target(name: "CDatagram"),
    .target(name: "CSerialPort"),
    .target(name: "CSeal", dependencies: ["CSodium"]),
    .target(name: "RobotLink", dependencies: ["Failsafe", "CRobotProtocol", "CDatagram", "CSerialPort", "CSeal"]),
    .target(name: "Failsafe"),
    .target(name: "ActuatorBus", dependencies: ["Failsafe", "CRobotProtocol"]),
    .target(name: "CRealTime"),
    .target(name: "CConsole"),
    .target(name: "CVersion", cSettings: commit.map { [$0] } ?? []),
    // Stands in for malloc: for programs and tests only, never for a library.
    .target(name: "CAllocationCounter"),
    .target(
      name: "ControlCore",
      dependencies: [
        "Failsafe", "RobotLink", "PlannerRuntime", .product(name: "Histogram", package: "hdrhistogram-swift"),
      ]),
    .target(
      name: "ControlRuntime",
      dependencies: [
        "ControlCore", "RobotLink", "Failsafe", "Foundations", "CRealTime", "CVersion", "PlannerModel",
        "PlannerRuntime",
      ]),
    .target(
      name: "CommandOptions",
      dependencies: [
        "PlannerModel", "PlannerRuntime", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(
      name: "metadiffuserd",
      dependencies: [
        "CommandOptions", "CAllocationCounter", "CConsole", "ControlCore", "ControlRuntime", "Foundations", "RobotLink",
        "PlannerModel",
        "PlannerRuntime",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      // Every symbol is bound at start: the first call of a function in the cycle would look its name up in all
      // libraries.
      linkerSettings: [.unsafeFlags(["-Xlinker", "-z", "-Xlinker", "now"])]),

    // The firmware's application; `make firmware` compiles the same sources for the microcontroller.
    .target(
      name: "FirmwareApplication", dependencies: ["ActuatorBus", "Failsafe", "RobotLink", "CRobotProtocol"],
      path: "Firmware/Application"),
    .target(
      name: "CBoard", dependencies: ["CSerialPort", "CConsole"], path: "Firmware", sources: ["Host"],
      publicHeadersPath: "Board/include"),
    .executableTarget(
      name: "firmware-host", dependencies: ["FirmwareApplication", "RobotLink", "CBoard"], path: "Firmware/Main"),

    // Workbench: any time, any memory.
    .target(name: "LinkFaults", dependencies: ["Foundations", "RobotLink", "CRobotProtocol"]),
    .target(name: "OfflineData", dependencies: ["CHDF5", "CConsole", "Foundations", "PlannerModel"]),
    // Debian's package libmujoco-dev has the header; the library is loaded when a simulation is made.
    .target(
      name: "CMuJoCo",
      cSettings: mujoco.map {
        [.unsafeFlags(mujocoHeaders!), .define("MUJOCO_LIBRARY", to: "\"\($0)/libmujoco.so\"")]
      }),
    .target(
      name: "Tasks", dependencies: ["CMuJoCo", "Foundations"],
      swiftSettings: mujocoHeaders.map { [.unsafeFlags($0.flatMap { ["-Xcc", $0] })] }),
    .target(
      name: "DataCollection", dependencies: ["Foundations", "OfflineData", "Tasks", "PlannerModel", "PlannerRuntime"]),
    .target(name: "CLearningKernels"),
    .target(
      name: "Learning",
      dependencies: [
        "COpenBLAS", "CLearningKernels", "CConsole", "ModelLayout", "OfflineData", "PlannerModel", "PlannerRuntime",
      ]),
    .target(
      name: "Experts",
      dependencies: [
        "CLearningKernels", "CConsole", "Learning", "OfflineData", "Tasks", "PlannerModel", "PlannerRuntime",
      ]),
    .target(
      name: "Evaluation",
      dependencies: [
        "ControlRuntime", "DataCollection", "Learning", "OfflineData", "RobotLink", "Tasks", "PlannerModel",
        "PlannerRuntime",
      ]),
    .target(
      name: "TestStand",
      dependencies: [
        "ActuatorBus", "ControlRuntime", "CConsole", "CSerialPort", "Failsafe", "Foundations", "RobotLink", "Tasks",
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ]),
    .target(
      name: "Workbench",
      dependencies: [
        "ControlRuntime", "DataCollection", "Evaluation", "Experts", "Foundations", "Learning", "OfflineData",
        "PlannerModel", "PlannerRuntime", "Tasks", "TestStand",
        .product(name: "Histogram", package: "hdrhistogram-swift"),
      ]),
    .target(
      name: "WorkbenchOptions",
      dependencies: [
        "DataCollection", "Evaluation", "Experts", "Failsafe", "Learning", "Tasks", "TestStand",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(
      name: "metadiffuser",
      dependencies: [
        "CommandOptions", "CAllocationCounter", "CConsole", "ControlRuntime", "DataCollection", "Evaluation", "Experts",
        "Failsafe", "Learning", "LinkFaults", "OfflineData", "PlannerModel", "PlannerRuntime", "RobotLink", "Tasks",
        "TestStand", "Workbench", "WorkbenchOptions",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .testTarget(name: "ModelLayoutTests", dependencies: ["ModelLayout"]),
    .testTarget(
      name: "PlannerRuntimeTests",
      dependencies: ["PlannerRuntime", "CKernels", "CKernelAgreement", "CAllocationCounter"]),
    .target(name: "CKernelAgreement", dependencies: ["CKernels"], path: "Tests/Support/CKernelAgreement"),
    .testTarget(name: "PlannerModelTests", dependencies: ["PlannerModel", "PlannerRuntime"]),
    .testTarget(
      name: "RobotLinkTests", dependencies: ["RobotLink", "CRobotProtocol", "CSeal", "CAllocationCounter"]),
    .testTarget(name: "FailsafeTests", dependencies: ["Failsafe", "Tasks", "PlannerRuntime"]),
    .testTarget(
      name: "FirmwareTests",
      dependencies: [
        "FirmwareApplication", "ActuatorBus", "Failsafe", "RobotLink", "CRobotProtocol", "PlannerRuntime", "Tasks",
      ]),
    .testTarget(
      name: "ControlCoreTests", dependencies: ["ControlCore", "Failsafe", "RobotLink", "PlannerRuntime"]),
    .testTarget(
      name: "ControlRuntimeTests",
      dependencies: [
        "ControlCore", "ControlRuntime", "CRealTime", "Failsafe", "RobotLink", "PlannerModel", "PlannerRuntime",
        "CAllocationCounter",
      ]),
    .testTarget(
      name: "ProgramTests",
      dependencies: ["CRobotProtocol", "CSerialPort", "Failsafe", "RobotLink", "PlannerModel", "PlannerRuntime"]),
    .testTarget(
      name: "LinkFaultsTests", dependencies: ["LinkFaults", "RobotLink", "CRobotProtocol", "Foundations"]),
    .target(
      name: "FuzzTargets",
      dependencies: [
        "ActuatorBus", "CHDF5", "ControlCore", "ControlRuntime", "CRobotProtocol", "CSeal", "CVirtualClock",
        "Failsafe", "FirmwareApplication",
        "Experts", "OfflineData", "PlannerModel", "PlannerRuntime", "RobotLink", "Tasks",
      ],
      path: "Tests/Support/FuzzTargets"),
    // Stands in for clock_gettime: for tests only.
    .target(name: "CVirtualClock", path: "Tests/Support/CVirtualClock"),
    .testTarget(name: "FuzzCaseTests", dependencies: ["FuzzTargets"]),
    .testTarget(name: "TasksTests", dependencies: ["Foundations", "Tasks"]),
    .executableTarget(
      name: "oracle-peer", dependencies: ["DataCollection", "OfflineData", "Tasks"], path: "Tests/Oracles/Peer"),
    .testTarget(name: "OfflineDataTests", dependencies: ["OfflineData", "CHDF5", "Foundations"]),
    .testTarget(name: "DataCollectionTests", dependencies: ["DataCollection", "OfflineData", "PlannerModel", "Tasks"]),
    .target(name: "GradientCheck", path: "Tests/Support/GradientCheck"),
    .testTarget(name: "LearningTests", dependencies: ["GradientCheck", "Learning", "ModelLayout", "COpenBLAS"]),
    .testTarget(
      name: "ExpertsTests", dependencies: ["GradientCheck", "Experts", "Learning", "Tasks", "PlannerRuntime"]),
    .testTarget(name: "TestStandTests", dependencies: ["ActuatorBus", "Failsafe", "TestStand"]),
    .testTarget(name: "WorkbenchTests", dependencies: ["Workbench"]),
    .testTarget(name: "ArchitectureTests", dependencies: ["metadiffuserd"]),
    .testTarget(
      name: "CommandLineTests",
      dependencies: [
        "metadiffuser", "metadiffuserd", "OfflineData", "PlannerModel", "PlannerRuntime", "RobotLink", "TestStand",
      ]),
    .testTarget(
      name: "EvaluationTests",
      dependencies: [
        "Evaluation", "DataCollection", "Foundations", "Learning", "OfflineData", "PlannerModel", "RobotLink", "Tasks",
      ]),
  ],
  swiftLanguageModes: [.v6]
)
