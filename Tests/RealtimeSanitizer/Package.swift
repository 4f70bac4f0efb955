// swift-tools-version: 6.2
import PackageDescription

// The whole control loop under RealtimeSanitizer; a package of its own, because the sanitizer is linked into all of it.
let package = Package(
  name: "realtime-sanitizer",
  dependencies: [.package(name: "metadiffuser", path: "../..")],
  targets: [
    .target(name: "CRealtimeSanitizer"),
    .executableTarget(
      name: "RealtimeLoop",
      dependencies: [
        "CRealtimeSanitizer",
        .product(name: "ControlRuntime", package: "metadiffuser"),
        .product(name: "RobotLink", package: "metadiffuser"),
        .product(name: "PlannerModel", package: "metadiffuser"),
        .product(name: "PlannerRuntime", package: "metadiffuser"),
      ],
      linkerSettings: [.unsafeFlags(["-Xclang-linker", "-fsanitize=realtime"])]),
  ],
  swiftLanguageModes: [.v6]
)
