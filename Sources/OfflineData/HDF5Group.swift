// A thin Swift face on libhdf5: a group of a file, its attributes and its arrays. Errors name file, group and field.

import CHDF5
import Synchronization

/// A group, or the file itself as its root group. libhdf5 is not thread-safe: use inside `HDF5Group.exclusively` only.
package final class HDF5Group {
  private let id: hid_t
  let file: String
  /// Path inside the file, empty for the root.
  let place: String

  private static let lock = Mutex(())

  /// Runs `body` while no other thread uses libhdf5.
  package static func exclusively<Result>(_ body: () throws(DataError) -> Result) throws(DataError) -> Result {
    try lock.withLock { (_) throws(DataError) in
      hdf5_silence()
      return try body()
    }
  }

  private init(id: hid_t, file: String, place: String) {
    self.id = id
    self.file = file
    self.place = place
  }

  deinit {
    H5Idec_ref(id)
  }

  // MARK: Files and groups

  /// Opens a file to read.
  convenience init(reading file: String) throws(DataError) {
    guard H5Fis_hdf5(file) > 0 else { throw .damaged(file: file, reason: "is not an HDF5 file") }
    let id = hdf5_open_file(file)
    guard id >= 0 else { throw .damaged(file: file, reason: "is truncated or damaged, HDF5 cannot open it") }
    self.init(id: id, file: file, place: "")
  }

  /// Creates a file at `path` with room for a seal, replacing what is there; errors name it `file`.
  convenience init(creating path: String, file: String) throws(DataError) {
    let creation = H5Pcreate(hdf5_file_creation_class())
    defer { H5Pclose(creation) }
    H5Pset_userblock(creation, UInt64(FileSeal.size))
    let id = hdf5_create_file(path, creation)
    guard id >= 0 else { throw .system(file: file, operation: "create", reason: "HDF5 cannot create \(path)") }
    self.init(id: id, file: file, place: "")
  }

  func group(_ name: String) throws(DataError) -> HDF5Group {
    let group = H5Gopen2(id, name, 0)
    guard group >= 0 else {
      throw invalid(name, "is missing or damaged", "the file must hold a group of this name, in Minari's layout")
    }
    return HDF5Group(id: group, file: file, place: name)
  }

  func createGroup(_ name: String) throws(DataError) -> HDF5Group {
    HDF5Group(id: try written(H5Gcreate2(id, name, 0, 0, 0)), file: file, place: name)
  }

  /// Hands everything to the operating system.
  func flush() throws(DataError) {
    try written(H5Fflush(id, H5F_SCOPE_GLOBAL))
  }

  // MARK: Attributes

  func has(attribute name: String) -> Bool { H5Aexists(id, name) > 0 }

  func integer(_ name: String) throws(DataError) -> Int {
    var value: Int64 = 0
    try readAttribute(name, "one whole number") { attribute, space in
      H5Sget_simple_extent_npoints(space) == 1 && H5Aread(attribute, hdf5_int64(), &value) >= 0
    }
    return Int(value)
  }

  func numbers(_ name: String) throws(DataError) -> [Double] {
    var values: [Double] = []
    try readAttribute(name, "numbers") { attribute, space in
      let count = H5Sget_simple_extent_npoints(space)
      guard (0...4096).contains(count) else { return false }
      values = [Double](repeating: 0, count: Int(count))
      return H5Aread(attribute, hdf5_float64(), &values) >= 0
    }
    return values
  }

  func string(_ name: String) throws(DataError) -> String {
    var value = ""
    try readAttribute(name, "text") { attribute, space in
      let type = H5Aget_type(attribute)
      defer { H5Tclose(type) }
      guard H5Tget_class(type) == H5T_STRING, H5Sget_simple_extent_npoints(space) == 1 else { return false }
      if H5Tis_variable_str(type) > 0 {
        var text: UnsafeMutablePointer<CChar>?
        guard H5Aread(attribute, type, &text) >= 0, let text else { return false }
        value = String(cString: text)
        H5free_memory(text)
      } else {
        var bytes = [UInt8](repeating: 0, count: H5Tget_size(type))
        guard H5Aread(attribute, type, &bytes) >= 0 else { return false }
        value = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      return true
    }
    return value
  }

  private func readAttribute(_ name: String, _ kind: String, _ read: (hid_t, hid_t) -> Bool) throws(DataError) {
    guard has(attribute: name) else {
      throw invalid("attribute '\(name)'", "is missing", "set it with h5py: attrs['\(name)'] = \(kind)")
    }
    let attribute = H5Aopen(id, name, 0)
    defer { H5Aclose(attribute) }
    let space = H5Aget_space(attribute)
    defer { H5Sclose(space) }
    guard attribute >= 0, space >= 0, read(attribute, space) else {
      throw invalid("attribute '\(name)'", "is not \(kind)", "set it with h5py: attrs['\(name)'] = \(kind)")
    }
  }

  func set(_ name: String, integer value: Int) throws(DataError) {
    var value = Int64(value)
    try writeAttribute(name, type: hdf5_int64(), space: H5Screate(H5S_SCALAR), &value)
  }

  func set(_ name: String, number value: Double) throws(DataError) {
    var value = value
    try writeAttribute(name, type: hdf5_float64(), space: H5Screate(H5S_SCALAR), &value)
  }

  func set(_ name: String, numbers values: [Double]) throws(DataError) {
    var values = values
    var count = hsize_t(values.count)
    try writeAttribute(name, type: hdf5_float64(), space: H5Screate_simple(1, &count, nil), &values)
  }

  func set(_ name: String, string value: String) throws(DataError) {
    let type = H5Tcopy(hdf5_c_string())
    defer { H5Tclose(type) }
    H5Tset_size(type, hdf5_variable_length())
    H5Tset_cset(type, H5T_CSET_UTF8)
    try value.utf8CString.withUnsafeBufferPointer { (text) throws(DataError) in
      var pointer = text.baseAddress
      try writeAttribute(name, type: type, space: H5Screate(H5S_SCALAR), &pointer)
    }
  }

  private func writeAttribute(
    _ name: String, type: hid_t, space: hid_t, _ value: UnsafeRawPointer
  ) throws(DataError) {
    defer { H5Sclose(space) }
    let attribute = try written(H5Acreate2(id, name, type, space, 0, 0))
    defer { H5Aclose(attribute) }
    try written(H5Awrite(attribute, type, value))
  }

  // MARK: Arrays

  /// The array `name`, row after row. Its shape must be `[rows][columns]`, or `[rows]` when `columns` is nil.
  func floats(_ name: String, rows: Int, columns: Int?) throws(DataError) -> [Float] {
    try readArray(name, shape: [rows] + (columns.map { [$0] } ?? []), type: hdf5_float32(), zero: Float(0))
  }

  /// The array `name` of `rows` booleans or whole numbers, where everything but 0 is true.
  func flags(_ name: String, rows: Int) throws(DataError) -> [Bool] {
    try readArray(name, shape: [rows], type: hdf5_int8(), zero: Int8(0)).map { $0 != 0 }
  }

  /// Numbers of one array at the most: a damaged file may claim any number without holding one of them.
  private static let largestArray = 1 << 30

  private func readArray<Value>(
    _ name: String, shape: [Int], type: hid_t, zero: Value
  ) throws(DataError) -> [Value] {
    let array = H5Dopen2(id, name, 0)
    guard array >= 0 else { throw invalid(name, "is missing", "write an array of shape \(shape)") }
    defer { H5Dclose(array) }
    let space = H5Dget_space(array)
    defer { H5Sclose(space) }
    let found = Self.shape(space)
    guard found == shape else { throw invalid(name, "has shape \(found)", "write an array of shape \(shape)") }
    // Memory is only taken for what the file has been found to declare.
    let (count, overflows) = shape.reduce((1, false)) { product, size in
      let (value, overflow) = product.0.multipliedReportingOverflow(by: size)
      return (value, product.1 || overflow)
    }
    guard !overflows, count <= Self.largestArray else {
      throw invalid(name, "claims shape \(shape)", "split it into episodes of at most \(Self.largestArray) numbers")
    }
    var values = [Value](repeating: zero, count: count)
    guard H5Dread(array, type, 0, 0, 0, &values) >= 0 else {
      throw invalid(name, "cannot be read, its numbers are damaged or of a foreign type", "write it again as numbers")
    }
    return values
  }

  private static func shape(_ space: hid_t) -> [Int] {
    let rank = Int(max(0, H5Sget_simple_extent_ndims(space)))
    var shape = [hsize_t](repeating: 0, count: rank)
    H5Sget_simple_extent_dims(space, &shape, nil)
    return shape.map { Int(clamping: $0) }
  }

  func set(_ name: String, floats values: [Float], rows: Int, columns: Int?) throws(DataError) {
    precondition(values.count == rows * (columns ?? 1))
    try writeArray(name, shape: [rows] + (columns.map { [$0] } ?? []), type: hdf5_float32(), values)
  }

  func set(_ name: String, flags values: [Bool]) throws(DataError) {
    // h5py's notion of a boolean: an enumeration over one byte.
    let type = H5Tenum_create(hdf5_int8())
    defer { H5Tclose(type) }
    for (name, value) in [("FALSE", Int8(0)), ("TRUE", Int8(1))] {
      var value = value
      H5Tenum_insert(type, name, &value)
    }
    try writeArray(name, shape: [values.count], type: type, values.map { $0 ? Int8(1) : 0 })
  }

  private func writeArray(_ name: String, shape: [Int], type: hid_t, _ values: UnsafeRawPointer) throws(DataError) {
    let shape = shape.map { hsize_t($0) }
    let space = H5Screate_simple(Int32(shape.count), shape, nil)
    defer { H5Sclose(space) }
    let array = try written(H5Dcreate2(id, name, type, space, 0, 0, 0))
    defer { H5Dclose(array) }
    try written(H5Dwrite(array, type, 0, 0, 0, values))
  }

  // MARK: Errors

  func invalid(_ field: String, _ problem: String, _ cure: String) -> DataError {
    .invalid(file: file, place: place, field: field, problem: problem, cure: cure)
  }

  @discardableResult
  private func written<Code: SignedInteger>(_ code: Code) throws(DataError) -> Code {
    guard code >= 0 else {
      throw .system(file: file, operation: "write", reason: "HDF5 failed; is the disk full?")
    }
    return code
  }
}
