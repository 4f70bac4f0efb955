// Every public symbol of the onboard modules says what it is and whether the control cycle may use it: the rule in
// CONTRIBUTING.md, held against the sources.

import Testing

@Suite struct PublicCommentTests {
  static let modules = [
    "Foundations", "ModelLayout", "PlannerRuntime", "PlannerModel", "RobotLink", "Failsafe", "ActuatorBus",
    "ControlCore", "ControlRuntime",
  ]

  @Test(arguments: modules)
  func `every public symbol of an onboard module says what the rule asks for`(_ module: String) throws {
    let sources = try Repository.files(under: "Sources/\(module)").filter { $0.hasSuffix(".swift") }
    var count = 0
    for path in sources {
      for declaration in PublicDeclaration.all(in: try Repository.text(path)) {
        count += 1
        let omissions = declaration.omissions
        #expect(omissions.isEmpty, "\(path):\(declaration.line): \(declaration.name): \(omissions)")
      }
    }
    #expect(count > 2)
  }

  @Test func `what a comment leaves out is found, and what the rule exempts is not`() {
    let source = """
      /// A thing. Real-time: yes, a value.
      public struct Thing: CustomStringConvertible {
        public var bare: Int
        /// Metres.
        public private(set) var length = 1.0, width = 1.0
        /// Square metres.
        public var area: Double { length * width }
        /// Real-time: no.
        public init() {}
        /// Reads a thing. Real-time: no.
        public init(
          path: String, name: String = "a (b) c"
        ) throws(ThingError) {}
        /// Moves it. Real-time: yes.
        @_noAllocation @_noLocks
        public mutating func move() {}
        /// Saves it. Real-time: no.
        ///
        /// - Throws: `ThingError` where the disk is full.
        public func save() throws {}
        public var description: String { "" }
        func hidden() {}
      }
      /// A way. Real-time: yes.
      public protocol Way {
        /// Metres. Real-time: yes.
        var length: Double { get }
        func go()
      }
      """
    let found = PublicDeclaration.all(in: source).filter { !$0.omissions.isEmpty }
    #expect(
      found.map { "\($0.name): \($0.omissions.joined(separator: ", "))" } == [
        "bare: no comment", "area: no 'Real-time: yes' or 'no'", "init: not what it is", "init: not what it throws",
        "go: no comment",
      ])
  }
}
