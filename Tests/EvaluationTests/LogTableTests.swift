// Tables of trainings: what is read, how rows become lines, what they are called.

import Evaluation
import Testing

@Suite struct LogTableTests {
  private let model = """
    stage,step,loss,reward_loss,held_out_return
    world model,100,0.5,0.25,
    world model,200,0.05,0.02,
    denoiser,100,0.4,,
    denoiser,200,0.3,,-31.5

    """
  private let expert = "updates,mean_return,critic_loss\n5000,-300,0.2\n10000,-120,0.1\n"

  @Test func `stages are lines of their own, and empty cells no points`() throws {
    let table = try LogTable(path: "a.checkpoint.csv", text: model)
    #expect(table.columns == ["step", "loss", "reward_loss", "held_out_return"])
    #expect(table.defaultX == "step" && table.defaultY == ["loss", "reward_loss"])
    let lines = try table.lines(x: "step", y: "loss")
    #expect(lines.map(\.group) == ["world model", "denoiser"])
    #expect(lines[1].points == [[100, 0.4], [200, 0.3]])
    #expect(try table.lines(x: "step", y: "held_out_return").map(\.points) == [[[200, -31.5]]])
    #expect(throws: LogTableError.column(file: "a.checkpoint.csv", name: "stage", known: table.columns)) {
      try table.lines(x: "stage", y: "loss")
    }
  }

  @Test func `names say only what tells lines apart`() throws {
    let one = try LogTable(path: "runs/a.checkpoint.csv", text: model)
    let two = try LogTable(path: "b.csv", text: expert)
    func names(_ tables: [LogTable], y: [String]? = nil) throws -> [String] {
      try LogTable.plot(tables, x: nil, y: y, isLogarithmic: false).series.map(\.name)
    }
    #expect(try names([one]) == ["world model loss", "denoiser loss", "world model reward_loss"])
    #expect(try names([one], y: ["loss"]) == ["world model", "denoiser"])
    #expect(try names([two]) == ["mean_return"])
    #expect(try names([two, LogTable(path: "c.csv", text: expert)]) == ["b", "c"])
    #expect(two.defaultX == "updates")
  }

  @Test func `a logarithmic picture has powers of ten on its axis and leaves out what is not positive`() throws {
    var plot = LinePlot(title: "", x: "", y: "")
    plot.isLogarithmic = true
    plot.series = [.init(name: "a", points: [[0, 1], [1, 0], [2, 1e-4], [3, -1]], colour: "#123456")]
    #expect(plot.svg.contains(">0.0001<") && plot.svg.contains(">1<"))
    let line = try #require(plot.svg.firstMatch(of: /<polyline points="([^"]*)"/))
    #expect(line.1.split(separator: " ").count == 2)
  }

  @Test func `a long legend takes more lines and stays inside the picture`() throws {
    var plot = LinePlot(title: "", x: "", y: "")
    plot.series = (0..<12).map { .init(name: "a rather long name \($0)", points: [[0, 1]], colour: "#123456") }
    let box = try #require(plot.svg.firstMatch(of: /viewBox="0 0 860.0 ([0-9.]+)"/))
    let height = try #require(Double(box.1))
    let heights = plot.svg.matches(of: /<text x="([0-9.]+)" y="([0-9.]+)" >a rather/).map {
      (Double($0.1)!, Double($0.2)!)
    }
    #expect(heights.count == 12 && heights.allSatisfy { $0.1 < height && $0.0 > 0 && $0.0 < 860 })
    #expect(Set(heights.map(\.1)).count > 1)
  }
}
