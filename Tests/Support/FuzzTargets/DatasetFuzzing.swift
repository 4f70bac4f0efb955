// Data sets that say anything in sound HDF5: every attribute and array may be missing, of another type, another shape,
// or hold any numbers. What loads keeps the rules of a data set, and is the same when it is saved and loaded again.
//
// The file itself is made by libhdf5 and sealed: what that library does with a file that is damaged on purpose is not
// this project's to mend (Docs/security.md), and a data set is trusted that far.

import CHDF5
import Foundation
import Glibc
import OfflineData

/// A file under way: each field is written as it should be, or as the input says.
private struct Writer {
  var choices: Choices
  let file: hid_t

  /// What becomes of a field.
  private enum Fate { case sound, missing, otherType, otherShape, anyValue }

  private mutating func fate() -> Fate {
    switch choices.byte() {
    case ..<160: .sound
    case ..<180: .missing
    case ..<205: .otherType
    case ..<230: .otherShape
    default: .anyValue
    }
  }

  private func attribute(_ name: String, in group: hid_t, _ type: hid_t, count: Int?, _ data: UnsafeRawPointer) {
    var size = hsize_t(count ?? 1)
    let space = count == nil ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &size, nil)
    let attribute = H5Acreate2(group, name, type, space, 0, 0)
    H5Awrite(attribute, type, data)
    H5Aclose(attribute)
    H5Sclose(space)
  }

  private func write(text: [UInt8], _ name: String, in group: hid_t) {
    let type = H5Tcopy(hdf5_c_string())
    H5Tset_size(type, max(1, text.count))
    attribute(name, in: group, type, count: nil, text + [0])
    H5Tclose(type)
  }

  mutating func number(_ name: String, in group: hid_t, _ value: Double, whole: Bool) {
    switch fate() {
    case .missing: return
    case .otherType: write(text: choices.string(), name, in: group)
    case .otherShape:
      let values = [Double](repeating: value, count: choices.index(below: 5))
      attribute(name, in: group, hdf5_float64(), count: values.count, values + [0])
    case .anyValue:
      var bits = choices.long()
      switch choices.index(below: 3) {
      case 0: attribute(name, in: group, hdf5_int64(), count: nil, &bits)
      case 1: attribute(name, in: group, hdf5_float64(), count: nil, &bits)
      default:
        let unsigned = H5Tcopy(hdf5_int64())
        H5Tset_sign(unsigned, H5T_SGN_NONE)
        attribute(name, in: group, unsigned, count: nil, &bits)
        H5Tclose(unsigned)
      }
    case .sound:
      var (integer, real) = (Int64(value), value)
      if whole {
        attribute(name, in: group, hdf5_int64(), count: nil, &integer)
      } else {
        attribute(name, in: group, hdf5_float64(), count: nil, &real)
      }
    }
  }

  mutating func text(_ name: String, in group: hid_t, _ value: String) {
    switch fate() {
    case .missing: return
    case .otherType:
      var value = choices.float()
      attribute(name, in: group, hdf5_float32(), count: nil, &value)
    case .otherShape, .anyValue: write(text: choices.string(), name, in: group)
    case .sound: write(text: Array(value.utf8), name, in: group)
    }
  }

  mutating func array(_ name: String, in group: hid_t, _ shape: [Int], isFlags: Bool = false) {
    let fate = fate()
    if case .missing = fate { return }
    var shape = shape.map { hsize_t($0) }
    if case .otherShape = fate {
      shape = (0..<1 + choices.index(below: 3)).map { _ in hsize_t(choices.index(below: 4)) }
    }
    let count = Int(shape.reduce(1, *))
    var values = [Float](repeating: 0.25, count: count + 1)
    if case .anyValue = fate { for index in 0..<count { values[index] = choices.float() } }
    let space = H5Screate_simple(Int32(shape.count), shape, nil)
    let bytes = [Int8](repeating: 0, count: count + 1)
    let isBytes = if case .otherType = fate { !isFlags } else { isFlags }
    let type = isBytes ? hdf5_int8() : hdf5_float32()
    let array = H5Dcreate2(group, name, type, space, 0, 0, 0)
    if isBytes { H5Dwrite(array, type, 0, 0, 0, bytes) } else { H5Dwrite(array, type, 0, 0, 0, values) }
    H5Dclose(array)
    H5Sclose(space)
  }

  /// The whole file: a data set of one or two short episodes, or what the input makes of it.
  mutating func write() {
    let (states, actions) = (1 + choices.index(below: 3), 1 + choices.index(below: 2))
    let lengths = (0..<1 + choices.index(below: 2)).map { _ in 1 + choices.index(below: 3) }
    number("total_episodes", in: file, Double(lengths.count), whole: true)
    number("total_steps", in: file, Double(lengths.reduce(0, +)), whole: true)
    text("family", in: file, "arm")
    number("observation_size", in: file, Double(states), whole: true)
    number("action_size", in: file, Double(actions), whole: true)
    number("action_limit", in: file, 1, whole: false)
    number("period_nanoseconds", in: file, 20_000_000, whole: true)
    text("provenance", in: file, "{\"command\":\"test\"}")
    for (index, length) in lengths.enumerated() {
      let group = H5Gcreate2(file, "episode_\(index)", 0, 0, 0)
      number("id", in: group, Double(index), whole: true)
      number("total_steps", in: group, Double(length), whole: true)
      number("task", in: group, 0, whole: true)
      number("parameters", in: group, 0.5, whole: false)
      text("behaviour", in: group, "expert")
      array("observations", in: group, [length + 1, states])
      array("actions", in: group, [length, actions])
      array("rewards", in: group, [length])
      array("terminations", in: group, [length], isFlags: true)
      array("truncations", in: group, [length], isFlags: true)
      H5Gclose(group)
    }
  }
}

enum DatasetFuzzing {
  /// True if the file was taken for a data set.
  static func check(_ bytes: UnsafeRawBufferPointer, path: String) -> Bool {
    do {
      try HDF5Group.exclusively {
        let creation = H5Pcreate(hdf5_file_creation_class())
        H5Pset_userblock(creation, UInt64(FileSeal.size))
        let file = hdf5_create_file(path, creation, 0)
        precondition(file >= 0, "cannot write \(path)")
        var writer = Writer(choices: Choices(bytes), file: file)
        writer.write()
        H5Pclose(creation)
        H5Fclose(file)
      }
      let url = URL(fileURLWithPath: path)
      let content = Array(try Data(contentsOf: url).dropFirst(FileSeal.size))
      try Data(FileSeal.bytes(before: content) + content).write(to: url)
    } catch {
      fatalError("\(error)")
    }
    guard let dataset = try? Dataset.load(path: path) else { return false }
    do {
      let statistics = Statistics(dataset)
      for channels in [statistics.observation, statistics.action, statistics.reward] {
        precondition(channels.deviation.allSatisfy { $0 > 0 })
      }
      try dataset.save(path: path)
      let again = try Dataset.load(path: path)
      if again != dataset { fatalError("\(dataset) is \(again) when it is saved and loaded") }
    } catch {
      fatalError("a data set that loads cannot be saved: \(error)")
    }
    return true
  }

  static var seeds: [[UInt8]] {
    [
      [],
      [2, 1, 1, 1, 2],
      // The family any text, the limit any number.
      [0, 0, 0, 0, 0, 0, 231, 3, 0x61, 0xC3, 0x28, 0, 0, 231, 0x40, 0, 0, 0, 0, 0, 0, 0, 1],
    ]
  }
}
