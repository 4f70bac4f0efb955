// A plot of lines and dots as SVG: what the tools draw for README and Docs. Text in, text out; any browser shows it.

import Foundation
import PlannerModel

/// A plot of lines and clouds of dots over a common axis.
public struct LinePlot: Sendable {
  /// How the points of a series are drawn.
  public enum Style: Sendable { case solid, dashed, dots }

  /// One line or cloud; `points` are (x, y) in the axes' units.
  public struct Series: Sendable {
    public var name: String
    public var points: [SIMD2<Double>]
    /// As CSS writes it.
    public var colour: String
    public var style: Style

    public init(name: String, points: [SIMD2<Double>], colour: String, style: Style = .solid) {
      self.name = name
      self.points = points
      self.colour = colour
      self.style = style
    }
  }

  public var title: String
  /// Axis titles with units.
  public var x: String, y: String
  public var series: [Series] = []
  /// Vertical lines, at these x.
  public var marks: [Double] = []
  /// The vertical axis is logarithmic, and points that are not positive are left out.
  public var isLogarithmic = false

  public init(title: String, x: String, y: String) {
    self.title = title
    self.x = x
    self.y = y
  }

  private static let size = (width: 860.0, height: 340.0)
  private static let frame = (left: 78.0, right: 844.0, top: 40.0, bottom: 288.0)

  /// The plot as an SVG document. Points that are not finite are left out.
  public var svg: String {
    let drawn = series.map { $0.points.compactMap(place) }
    let points = drawn.flatMap { $0 }
    let horizontal = Axis(points.map(\.x), widened: false)
    let vertical = Axis(points.map(\.y), widened: true)
    // A legend that is too long for one line gets more of them, below the picture.
    let widths = series.map { max(110, 44 + 7 * Double($0.name.count)) }
    let (places, lines) = Self.legend(widths)
    let height = Self.size.height + 20 * Double(lines - 1)
    let frame = Self.frame
    func px(_ value: Double) -> Double { frame.left + horizontal.share(value) * (frame.right - frame.left) }
    func py(_ value: Double) -> Double { frame.bottom - vertical.share(value) * (frame.bottom - frame.top) }
    func number(_ value: Double) -> String { String(format: "%.1f", value) }
    func text(_ content: String, _ x: Double, _ y: Double, _ style: String) -> String {
      let escaped = content.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
      return "<text x=\"\(number(x))\" y=\"\(number(y))\" \(style)>\(escaped)</text>"
    }
    func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) -> String {
      "<line x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\" \(style)/>"
    }
    func dot(_ x: Double, _ y: Double, _ colour: String) -> String {
      "<circle cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"3.5\" fill=\"\(colour)\"/>"
    }
    var parts = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 \(number(Self.size.width)) \(number(height))\" "
        + "font-family=\"sans-serif\" font-size=\"13\" fill=\"#333\">",
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
      text(title, frame.left, 22, "font-size=\"14\" font-weight=\"bold\""),
    ]
    for tick in vertical.ticks {
      parts.append(line(frame.left, py(tick), frame.right, py(tick), "stroke=\"#e4e4e4\""))
      parts.append(
        text(
          isLogarithmic ? Self.power(tick) : vertical.label(tick), frame.left - 8, py(tick) + 4, "text-anchor=\"end\""))
    }
    for tick in horizontal.ticks {
      parts.append(line(px(tick), frame.bottom, px(tick), frame.bottom + 5, "stroke=\"#666\""))
      parts.append(text(horizontal.label(tick), px(tick), frame.bottom + 19, "text-anchor=\"middle\""))
    }
    for mark in marks {
      parts.append(line(px(mark), frame.top, px(mark), frame.bottom, "stroke=\"#999\" stroke-dasharray=\"2 3\""))
    }
    for (one, points) in zip(series, drawn) {
      guard one.style != .dots else {
        for point in points { parts.append(dot(px(point.x), py(point.y), one.colour)) }
        continue
      }
      let path = points.map { "\(number(px($0.x))),\(number(py($0.y)))" }.joined(separator: " ")
      let dash = one.style == .dashed ? " stroke-dasharray=\"7 5\"" : ""
      parts.append(
        "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(one.colour)\" stroke-width=\"1.8\"\(dash)/>")
    }
    parts.append(line(frame.left, frame.bottom, frame.right, frame.bottom, "stroke=\"#666\""))
    let middle = (frame.top + frame.bottom) / 2
    parts.append(text(x, frame.left, frame.bottom + 40, ""))
    parts.append(
      text(y, 18, middle, "text-anchor=\"middle\" transform=\"rotate(-90 18 \(number(middle)))\""))
    for (index, one) in series.enumerated() {
      let left = places[index].x
      let height = frame.bottom + 36 + 20 * places[index].y
      let dash = one.style == .dashed ? " stroke-dasharray=\"7 5\"" : ""
      parts.append(
        one.style == .dots
          ? dot(left + 14, height, one.colour)
          : line(left, height, left + 28, height, "stroke=\"\(one.colour)\" stroke-width=\"2\"\(dash)"))
      parts.append(text(one.name, left + 34, height + 4, ""))
    }
    return (parts + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  /// Where a point stands in the axes' units, nil if nowhere.
  private func place(_ point: SIMD2<Double>) -> SIMD2<Double>? {
    let y = isLogarithmic ? log10(point.y) : point.y
    return point.x.isFinite && y.isFinite ? [point.x, y] : nil
  }

  private static func power(_ exponent: Double) -> String { String(format: "%.3g", pow(10, exponent)) }

  /// Left edge and line of each entry, as many on a line as fit, flush right; and how many lines there are. The first
  /// line leaves room for the axis title.
  private static func legend(_ widths: [Double]) -> (places: [SIMD2<Double>], lines: Int) {
    var lines: [[Double]] = [[]]
    for width in widths {
      let room = frame.right - frame.left - (lines.count == 1 ? 150 : 0)
      let last = lines.count - 1
      if !lines[last].isEmpty, lines[last].reduce(width, +) > room { lines.append([]) }
      lines[lines.count - 1].append(width)
    }
    let places = lines.enumerated().flatMap { number, line in
      var left = frame.right - line.reduce(0, +)
      return line.map { width in
        defer { left += width }
        return SIMD2(left, Double(number))
      }
    }
    return (places, lines.count)
  }

  /// Writes the plot to `path`, whole or not at all.
  public func write(to path: String) throws {
    try OutputFile(path).write(svg)
  }
}

/// A range of values with round ticks.
package struct Axis {
  package let low: Double, high: Double
  package let ticks: [Double]
  private let decimals: Int

  /// Covers `values`; `widened` to the next ticks beyond them.
  package init(_ values: [Double], widened: Bool) {
    var low = values.min() ?? 0
    var high = values.max() ?? 1
    if low == high { (low, high) = (low - 1, high + 1) }
    // The round step (1, 2 or 5 times a power of ten) that gives about six ticks.
    let rough = (high - low) / 6
    let power = pow(10, floor(log10(rough)))
    let step = [1, 2, 5, 10].map { $0 * power }.first { $0 >= rough * 0.999 } ?? 10 * power
    if widened { (low, high) = (floor(low / step) * step, ceil(high / step) * step) }
    ticks = (Int(ceil(low / step - 1e-9))...Int(floor(high / step + 1e-9))).map { Double($0) * step }
    decimals = max(0, -Int(floor(log10(step))))
    self.low = low
    self.high = high
  }

  /// Where `value` lies, 0 at the low and 1 at the high end.
  package func share(_ value: Double) -> Double { (value - low) / (high - low) }

  package func label(_ tick: Double) -> String { String(format: "%.\(decimals)f", tick) }
}
