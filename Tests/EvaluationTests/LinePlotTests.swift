// The plot: round ticks that cover the data, and a document that a reader of XML accepts.

import Evaluation
import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct LinePlotTests {
  @Test func `ticks are round and cover the data`() {
    let axis = Axis([0.03, 2.4, 1.1], widened: true)
    #expect(axis.low == 0 && axis.high == 2.5)
    #expect(axis.ticks.count == 6)
    #expect(axis.label(axis.ticks[1]) == "0.5")
    #expect(axis.share(1.25) == 0.5)
    let flat = Axis([7, 7], widened: false)
    #expect(flat.low < 7 && flat.high > 7)
  }

  @Test func `the document is well-formed, whatever the names`() {
    var plot = LinePlot(title: "a < b & c", x: "time [s]", y: "speed")
    plot.series = [.init(name: "x & y", points: [[0, 1], [1, .nan], [2, 3]], colour: "#123456", style: .dashed)]
    plot.marks = [1]
    let parser = XMLParser(data: Data(plot.svg.utf8))
    #expect(parser.parse())
    #expect(!plot.svg.contains("nan"))
  }
}
