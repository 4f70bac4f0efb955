// The noise schedule, and which of its levels a plan of few steps visits.

import CKernels

/// Signal share ᾱ_k of each noise level k, 0 the least noisy.
package struct Schedule {
  let steps: Int
  /// √ᾱ_k and √(1 − ᾱ_k), `[steps]`.
  private let signal: UnsafeMutablePointer<Float>
  private let noise: UnsafeMutablePointer<Float>

  init(_ arena: inout Arena, steps: Int) {
    self.steps = steps
    signal = arena.carve(Float.self, steps)
    noise = arena.carve(Float.self, steps)
  }

  /// Fills the tables.
  func load() {
    for (step, share) in Self.cosine(steps: steps).enumerated() {
      signal[step] = ck_sqrt(Float(share))
      noise[step] = ck_sqrt(Float(1 - share))
    }
  }

  @_noAllocation @_noLocks func signal(_ step: Int) -> Float { signal[step] }
  @_noAllocation @_noLocks func noise(_ step: Int) -> Float { noise[step] }

  /// Step `index` of `count` that lead from level `top` down to a clean plan: evenly spaced, `top` first
  /// ("trailing" spacing, Lin et al., 2024). 0 ≤ index < count ≤ top + 1.
  @_noAllocation @_noLocks
  package static func level(_ index: Int, of count: Int, top: Int) -> Int {
    (2 * (top + 1) * (count - index) + count) / (2 * count) - 1
  }

  /// The cosine schedule of Nichol and Dhariwal (2021), offset 0.008, each step's share of noise at most 0.999.
  package static func cosine(steps: Int) -> [Double] {
    func curve(_ step: Int) -> Double {
      let angle = (Double(step) / Double(steps) + 0.008) / 1.008 * Double.pi / 2
      let cosine = ck_cosine(angle)
      return cosine * cosine
    }
    var share = 1.0
    return (0..<steps).map { step in
      share *= 1 - min(1 - curve(step + 1) / curve(step), 0.999)
      return share
    }
  }
}
