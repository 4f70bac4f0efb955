// The sinusoidal embedding of the denoising step (Vaswani et al., 2017).

import Foundation

/// Embeddings of all steps `0 ..< steps`, `[steps][size]`: sines of falling frequencies, then cosines. Real-time: no.
package func stepEmbeddings(steps: Int, size: Int) -> [Float] {
  let half = size / 2
  return (0..<steps).flatMap { step in
    let angles = (0..<half).map { Double(step) * exp(-log(10_000) * Double($0) / Double(half - 1)) }
    return angles.map { Float(sin($0)) } + angles.map { Float(cos($0)) }
  }
}
