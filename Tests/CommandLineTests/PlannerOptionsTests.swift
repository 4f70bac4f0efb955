// Every planning setting can be given where a model is driven.

import PlannerRuntime
import Testing

@Suite struct PlannerOptionsTests {
  @Test(arguments: PlannerOptions.all.compactMap(\.option))
  func `the onboard controller takes every planning setting`(option: String) throws {
    #expect(try run(["--help"], program: "metadiffuserd").output.contains("\n  \(option) "))
  }
}
