// The built onboard controller: what it loads at start, and whose code is in it.

import Foundation
import Testing

@Suite struct OnboardBinaryTests {
  /// Executables lie beside the program that runs the tests.
  static let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
  static let controller = products.appendingPathComponent("metadiffuserd")

  @Test func `it loads no library of the workbench and no full Foundation`() throws {
    let ldd = Process()
    let output = Pipe()
    ldd.executableURL = URL(fileURLWithPath: "/usr/bin/ldd")
    ldd.arguments = [Self.controller.path]
    ldd.standardOutput = output
    try ldd.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    ldd.waitUntilExit()
    #expect(ldd.terminationStatus == 0)
    // `name => path (address)`, one a line, those of libraries' libraries included.
    let libraries = text.split(separator: "\n").compactMap {
      $0.split(whereSeparator: \.isWhitespace).first.map(String.init)
    }
    // Beside Swift's own and the C library's: the wire format, and the seal of UDP links. Whatever else appears here
    // does so by accident, and is one more thing to trust on a robot.
    for needed in ["libprotobuf-c.so", "libsodium.so"] {
      #expect(libraries.contains { $0.hasPrefix(needed) }, "ldd said: \(text)")
    }
    let known = [
      "libprotobuf-c.so", "libsodium.so", "libswift", "libFoundationEssentials.so", "libdispatch.so",
      "libBlocksRuntime.so",
      "libc.so", "libm.so", "libstdc++.so", "libgcc_s.so", "libpthread.so", "libdl.so", "librt.so", "linux-vdso",
      "/lib",
    ]
    for library in libraries {
      #expect(known.contains { library.hasPrefix($0) }, "metadiffuserd loads \(library)")
    }
  }

  @Test func `it holds no code of the workbench`() throws {
    let code = try Data(contentsOf: Self.controller, options: .mappedIfSafe)
    // Mangled names start with the module's length and name; the first is there to show that the search finds.
    func holds(_ module: String) -> Bool { code.range(of: Data("$s\(module.utf8.count)\(module)".utf8)) != nil }
    #expect(holds("PlannerRuntime"))
    for module in ["Tasks", "OfflineData", "Learning", "Evaluation"] {
      #expect(!holds(module), "metadiffuserd holds code of \(module)")
    }
  }
}
