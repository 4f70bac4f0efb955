// Central finite differences in double, the independent computation that hand-derived gradients are held against.

/// The largest difference between `gradient` and the finite difference of `loss` over `indices`, relative to the
/// largest entry of either (so that tiny entries do not dominate). `loss` is evaluated with `values` changed in place.
public func gradientError(
  of values: UnsafeMutablePointer<Float>, _ gradient: UnsafePointer<Float>, indices: some Sequence<Int>,
  step: Float = 1e-2, loss: () -> Double
) -> Double {
  var worst = 0.0
  var scale = 1e-6
  for i in indices {
    let kept = values[i]
    values[i] = kept + step
    let up = loss()
    let upper = values[i]
    values[i] = kept - step
    let down = loss()
    let width = Double(upper) - Double(values[i])
    values[i] = kept
    let expected = (up - down) / width
    worst = max(worst, abs(expected - Double(gradient[i])))
    scale = max(scale, abs(expected), abs(Double(gradient[i])))
  }
  return worst / scale
}

/// Σ weight · value in double: a loss whose gradient with respect to `values` is `weights`.
public func weightedSum(_ values: UnsafePointer<Float>, _ weights: [Float]) -> Double {
  weights.indices.reduce(0) { $0 + Double(values[$1]) * Double(weights[$1]) }
}
