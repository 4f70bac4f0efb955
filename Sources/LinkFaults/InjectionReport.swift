// What `metadiffuser fault` prints.

/// What passed, and what hit it.
package struct InjectionReport: Encodable {
  package struct Count: Encodable {
    var fault: String
    var hits: Int
  }

  var receivedFromRobot: Int, deliveredToController: Int
  var receivedFromController: Int, deliveredToRobot: Int
  var brokenPieces: Int
  var faults: [Count]

  package init(faults: [Fault], proxy: FaultProxy) {
    let injector = proxy.injector
    receivedFromRobot = injector.received[.toController, default: 0]
    deliveredToController = injector.delivered[.toController, default: 0]
    receivedFromController = injector.received[.toRobot, default: 0]
    deliveredToRobot = injector.delivered[.toRobot, default: 0]
    brokenPieces = proxy.broken
    self.faults = zip(faults, injector.hits).map { Count(fault: $0.kind.rawValue, hits: $1) }
  }

  package var text: String {
    var lines = [
      "robot → controller: \(receivedFromRobot) frames in, \(deliveredToController) out",
      "controller → robot: \(receivedFromController) frames in, \(deliveredToRobot) out",
    ]
    if brokenPieces > 0 { lines.append("broken pieces on serial lines: \(brokenPieces)") }
    lines += faults.map { "  \($0.fault): hit \($0.hits) frames" }
    return lines.joined(separator: "\n")
  }
}
