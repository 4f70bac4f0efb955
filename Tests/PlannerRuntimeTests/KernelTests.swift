// Every kernel this processor can run, against the plain definition in double precision.

import CKernelAgreement
import CKernels
import Glibc
import PlannerRuntime
import Testing

private func values(_ count: Int, _ random: inout RandomSource, scale: Float = 1) -> [Float] {
  (0..<count).map { _ in random.normal() * scale }
}

private func kernels() -> [UnsafePointer<ck_kernels>] {
  Planner.kernelNames.map { ck_kernels_select($0) }
}

private func mish(_ x: Double) -> Double { x * tanh(log1p(exp(x))) }

@Suite struct KernelTests {
  @Test func `the best table is chosen and unknown names are not`() {
    #expect(Planner.kernelName() == Planner.kernelNames.first)
    #expect(Planner.kernelNames.last == "portable")
    #expect(ck_kernels_select("no-such-kernel") == nil)
    #if arch(x86_64)
      #expect(ck_kernels_select("neon") == nil)
    #endif
  }

  @Test func `a name that nothing here answers to is refused with the names that would`() {
    let error = #expect(throws: PlannerError.self) {
      _ = try Planner(weights: .random(smallShape, seed: 1), options: PlannerOptions(), kernels: "neon-on-mars")
    }
    let words = error.map { "\($0)" } ?? ""
    #expect(words.contains("'neon-on-mars'") && words.contains(Planner.kernelNames.joined(separator: ", ")))
  }

  @Test(arguments: Planner.kernelNames)
  func `all tables agree with the definition on random shapes`(_ name: String) {
    var report = [CChar](repeating: 0, count: 256)
    let disagrees = ka_disagreement(ck_kernels_select(name), 7, 400, &report, report.count)
    #expect(disagrees == 0, "\(String(decoding: report.map(UInt8.init), as: UTF8.self))")
  }

  @Test func `a table with one wrong function is found out`() {
    let sound = ck_kernels_select("portable")!.pointee
    var tables = [ck_kernels](repeating: sound, count: 4)
    tables[0].mish = { _, _ in }
    // Off by two units in the last place of a half, as from a weight that was widened wrongly.
    tables[1].product = { input, zeros, output, batch, times, depth, columns, packed, bias in
      ck_kernels_select("portable")!.pointee.product(
        input, zeros, output, batch, times, depth, columns, packed, bias)
      output.base[0] *= 1.001
    }
    tables[2].silu = { x, output, slope, count in
      ck_kernels_select("portable")!.pointee.silu(x, output, nil, count)
    }
    tables[3].multiply = { x, factor, output, count in
      for index in 0..<count { output![index] = x![index] }
    }
    for table in tables {
      var table = table
      var report = [CChar](repeating: 0, count: 256)
      #expect(ka_disagreement(&table, 7, 50, &report, report.count) != 0)
    }
  }

  @Test(arguments: Planner.kernelNames)
  func `the peak is counted in operations`(_ name: String) {
    let table = ck_kernels_select(name)!.pointee
    let ten = table.peak(10)
    #expect(ten > 0 && table.peak(1000) == 100 * ten)
  }

  /// Odd sizes, tails, overlapping rows, strides: whatever a convolution may ask for.
  @Test func `product agrees with the definition`() {
    var random = RandomSource(seed: 1)
    for kernel in kernels() {
      for _ in 0..<200 {
        let batch = 1 + random.index(below: 4)
        let times = 1 + random.index(below: 17)
        let depth = 1 + random.index(below: 70)
        let columns = 1 + random.index(below: 50)
        let stride = 1 + random.index(below: depth)
        let batchStride = times * stride + random.index(below: 5)
        let outputStride = columns + random.index(below: 9)
        let input = values((batch - 1) * batchStride + (times - 1) * stride + depth, &random)
        let weights = values(columns * depth, &random).map { Float16($0) }
        let bias = values((columns + 15) / 16 * 16, &random)
        var packed = [UInt16](repeating: 0, count: ck_packed_bytes(columns, depth) / 2)
        var output = [Float](repeating: -777, count: batch * times * outputStride)
        weights.withUnsafeBytes {
          ck_pack($0.bindMemory(to: UInt16.self).baseAddress, columns, depth, depth, &packed)
        }
        var inputCopy = input
        inputCopy.withUnsafeMutableBufferPointer { x in
          output.withUnsafeMutableBufferPointer { y in
            ck_product(
              kernel, ck_rows(base: x.baseAddress, time_stride: stride, batch_stride: batchStride),
              ck_zeros(before: 0, after: 0),
              ck_rows(base: y.baseAddress, time_stride: outputStride, batch_stride: times * outputStride), batch,
              times, depth, columns, packed, bias)
          }
        }
        for b in 0..<batch {
          for t in 0..<times {
            for c in 0..<outputStride {
              let found = output[(b * times + t) * outputStride + c]
              guard c < columns else {
                #expect(found == -777, "wrote behind the row")
                continue
              }
              var sum = Double(bias[c])
              var magnitude = abs(sum)
              for k in 0..<depth {
                let term = Double(input[b * batchStride + t * stride + k]) * Double(weights[c * depth + k])
                sum += term
                magnitude += abs(term)
              }
              #expect(abs(Double(found) - sum) <= 1e-6 * magnitude)
            }
          }
        }
      }
    }
  }

  @Test func `every finite half weight is widened exactly`() {
    for kernel in kernels() {
      for bits in UInt16.min...UInt16.max {
        let weight = Float16(bitPattern: bits)
        guard weight.isFinite, bits % 7 == 0 || weight.isSubnormal else { continue }
        var packed = [UInt16](repeating: 0, count: 16)
        var single = bits
        ck_pack(&single, 1, 1, 1, &packed)
        var values: [Float] = [1, 0]
        let bias = [Float](repeating: 0, count: 16)
        values.withUnsafeMutableBufferPointer { x in
          ck_product(
            kernel, ck_rows(base: x.baseAddress, time_stride: 1, batch_stride: 1), ck_zeros(before: 0, after: 0),
            ck_rows(base: x.baseAddress! + 1, time_stride: 1, batch_stride: 1), 1, 1, 1, 1, packed, bias)
        }
        let y = values[1]
        if y != Float(weight) { Issue.record("\(bits) became \(y)") }
      }
    }
  }

  @Test func `group norm and Mish agree with the definition`() {
    var random = RandomSource(seed: 2)
    for kernel in kernels() {
      for (channels, groups) in [(32, 8), (64, 8), (24, 8), (40, 8), (10, 2)] {
        for useAdd in [false, true] {
          let batch = 3
          let times = 5
          let x = values(batch * times * channels, &random, scale: 3)
          let scale = values(channels, &random)
          let shift = values(channels, &random)
          let add = values(channels, &random)
          let residual = values(batch * times * channels, &random)
          var output = x
          var residualCopy = residual
          output.withUnsafeMutableBufferPointer { y in
            residualCopy.withUnsafeMutableBufferPointer { r in
              add.withUnsafeBufferPointer { a in
                ck_group_norm_mish(
                  kernel, ck_rows(base: y.baseAddress, time_stride: channels, batch_stride: times * channels), batch,
                  times, channels, groups, scale, shift, useAdd ? a.baseAddress : nil,
                  ck_rows(
                    base: useAdd ? nil : r.baseAddress, time_stride: channels, batch_stride: times * channels))
              }
            }
          }
          let size = channels / groups
          for b in 0..<batch {
            for g in 0..<groups {
              let indices = (0..<times).flatMap { t in
                (0..<size).map { (b * times + t) * channels + g * size + $0 }
              }
              let mean = indices.reduce(0.0) { $0 + Double(x[$1]) } / Double(indices.count)
              let variance = indices.reduce(0.0) { $0 + (Double(x[$1]) - mean) * (Double(x[$1]) - mean) }
              let deviation = (variance / Double(indices.count) + 1e-5).squareRoot()
              for index in indices {
                let c = index % channels
                var expected = mish((Double(x[index]) - mean) / deviation * Double(scale[c]) + Double(shift[c]))
                expected += useAdd ? Double(add[c]) : Double(residual[index])
                #expect(abs(Double(output[index]) - expected) < 2e-5 * (1 + abs(expected)))
              }
            }
          }
        }
      }
    }
  }

  @Test func `activations agree with the definition over their whole range`() {
    for kernel in kernels() {
      let x = stride(from: Float(-120), through: 120, by: 0.037).map { $0 }
      var mished = x
      ck_mish(kernel, &mished, x.count)
      var silu = [Float](repeating: 0, count: x.count)
      var slope = silu
      ck_silu(kernel, x, &silu, &slope, x.count)
      for (index, value) in x.enumerated() {
        let v = Double(value)
        let sigmoid = 1 / (1 + exp(-v))
        #expect(abs(Double(mished[index]) - mish(v)) <= 1e-6 * (1 + abs(v)))
        #expect(abs(Double(silu[index]) - v * sigmoid) <= 1e-6 * (1 + abs(v)))
        #expect(abs(Double(slope[index]) - (sigmoid + v * sigmoid * (1 - sigmoid))) <= 1e-6 * (1 + abs(v)))
      }
    }
  }

  @Test func `a NaN is never swallowed`() {
    for kernel in kernels() {
      var x = [Float](repeating: .nan, count: 11)
      ck_mish(kernel, &x, x.count)
      #expect(x.allSatisfy { $0.isNaN })
      var y = x
      ck_silu(kernel, x, &y, nil, x.count)
      #expect(y.allSatisfy { $0.isNaN })
    }
  }
}
