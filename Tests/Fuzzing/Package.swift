// swift-tools-version: 6.2
import PackageDescription

// Coverage-guided fuzzing of what faces the outside: libFuzzer and address sanitizer over the targets in
// Tests/Support/FuzzTargets. `make fuzz SECONDS=60` builds and runs it.
let package = Package(
  name: "fuzzing",
  dependencies: [.package(name: "metadiffuser", path: "../..")],
  targets: [
    .executableTarget(name: "fuzz", dependencies: [.product(name: "FuzzTargets", package: "metadiffuser")])
  ],
  swiftLanguageModes: [.v6]
)
