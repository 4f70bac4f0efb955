// swift-tools-version: 6.2
import PackageDescription

// Two programs that use the libraries as yours would; `make examples` builds and runs them.
let package = Package(
  name: "metadiffuser-examples",
  dependencies: [.package(name: "metadiffuser", path: "..")],
  targets: [
    .executableTarget(
      name: "FirstPlan",
      dependencies: [
        .product(name: "PlannerModel", package: "metadiffuser"),
        .product(name: "PlannerRuntime", package: "metadiffuser"),
      ]),
    .executableTarget(
      name: "OwnLink",
      dependencies: [
        .product(name: "ControlRuntime", package: "metadiffuser"),
        .product(name: "PlannerModel", package: "metadiffuser"),
        .product(name: "RobotLink", package: "metadiffuser"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
