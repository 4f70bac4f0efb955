// swift-tools-version: 6.2
import PackageDescription

// Measurements against other implementations; a package of its own, so that the product depends on none of them.
let package = Package(
  name: "metadiffuser-bench",
  products: [
    .executable(name: "denoiser-bench", targets: ["DenoiserBench"]),
    .executable(name: "plan-count", targets: ["PlanCount"]),
    .executable(name: "safety-bench", targets: ["SafetyBench"]),
    .library(name: "PlannerPeer", type: .dynamic, targets: ["PlannerPeer"]),
  ],
  dependencies: [
    .package(name: "metadiffuser", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    .systemLibrary(name: "CBenchBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    // What the OpenBLAS denoiser does beside products, vectorised by the compiler for this machine.
    .target(
      name: "CElementwise", cSettings: [.unsafeFlags(["-O3", "-march=native", "-ffast-math", "-fveclib=libmvec"])],
      linkerSettings: [.linkedLibrary("mvec")]),
    .executableTarget(
      name: "DenoiserBench",
      dependencies: [
        "CBenchBLAS", "CElementwise", .product(name: "PlannerModel", package: "metadiffuser"),
        .product(name: "PlannerRuntime", package: "metadiffuser"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(
      name: "PlanCount",
      dependencies: [
        .product(name: "PlannerModel", package: "metadiffuser"),
        .product(name: "PlannerRuntime", package: "metadiffuser"),
      ]),
    .executableTarget(
      name: "SafetyBench",
      dependencies: [
        .product(name: "Experts", package: "metadiffuser"), .product(name: "Failsafe", package: "metadiffuser"),
        .product(name: "PlannerModel", package: "metadiffuser"),
        .product(name: "PlannerRuntime", package: "metadiffuser"), .product(name: "Tasks", package: "metadiffuser"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .target(
      name: "PlannerPeer",
      dependencies: [
        .product(name: "PlannerModel", package: "metadiffuser"),
        .product(name: "PlannerRuntime", package: "metadiffuser"),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
