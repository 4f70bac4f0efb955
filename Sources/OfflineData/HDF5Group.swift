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
    guard id >= 0 else {
      throw HDF5Failure.last.error(file: file)
        ?? .damaged(file: file, reason: "is truncated or damaged, HDF5 cannot open it")
    }
    self.init(id: id, file: file, place: "")
  }

  /// The bytes of a new file that `fill` has filled, without the user block that leaves room for a seal; errors name it
  /// `file`. The file is made in memory: libhdf5 crashes where a disk is full.
  static func image(of file: String, fill: (HDF5Group) throws(DataError) -> Void) throws(DataError) -> [UInt8] {
    let creation = H5Pcreate(hdf5_file_creation_class())
    let access = H5Pcreate(hdf5_file_access_class())
    defer {
      H5Pclose(creation)
      H5Pclose(access)
    }
    H5Pset_userblock(creation, UInt64(FileSeal.size))
    H5Pset_fapl_core(access, 1 << 24, false)
    let id = hdf5_create_file(file, creation, access)
    guard id >= 0 else { throw .system(file: file, operation: "create", reason: HDF5Failure.last.text) }
    let root = HDF5Group(id: id, file: file, place: "")
    try fill(root)
    try root.written(H5Fflush(id, H5F_SCOPE_GLOBAL))
    let count = try root.written(H5Fget_file_image(id, nil, 0))
    var bytes = [UInt8](repeating: 0, count: count)
    try root.written(H5Fget_file_image(id, &bytes, count))
    return bytes
  }

  func group(_ name: String) throws(DataError) -> HDF5Group {
    guard has(link: name) else {
      throw invalid(name, "is missing", "the file must hold a group of this name, in Minari's layout")
    }
    let group = H5Gopen2(id, name, 0)
    guard group >= 0 else {
      throw unreadable(name, "is damaged", "the file must hold a group of this name, in Minari's layout")
    }
    return HDF5Group(id: group, file: file, place: place.isEmpty ? name : "\(place)/\(name)")
  }

  func createGroup(_ name: String) throws(DataError) -> HDF5Group {
    HDF5Group(id: try written(H5Gcreate2(id, name, 0, 0, 0)), file: file, place: name)
  }

  private func has(link name: String) -> Bool { H5Lexists(id, name, 0) > 0 }

  /// The names in this group, sorted.
  func names() -> [String] {
    var info = H5G_info_t()
    guard H5Gget_info(id, &info) >= 0 else { return [] }
    return (0..<info.nlinks).compactMap { index in
      let length = H5Lget_name_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, index, nil, 0, 0)
      guard length > 0 else { return nil }
      var name = [CChar](repeating: 0, count: length + 1)
      H5Lget_name_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, index, &name, name.count, 0)
      return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  // MARK: Attributes

  func has(attribute name: String) -> Bool { H5Aexists(id, name) > 0 }

  /// Names of the attributes, sorted.
  var attributeNames: [String] {
    var info = H5O_info_t()
    guard H5Oget_info2(id, &info, UInt32(H5O_INFO_NUM_ATTRS)) >= 0 else { return [] }
    return (0..<info.num_attrs).compactMap { index in
      let length = H5Aget_name_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, index, nil, 0, 0)
      guard length > 0 else { return nil }
      var name = [CChar](repeating: 0, count: length + 1)
      H5Aget_name_by_idx(id, ".", H5_INDEX_NAME, H5_ITER_INC, index, &name, name.count, 0)
      return String(decoding: name.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
  }

  /// Where this group is in the file.
  var label: String { place.isEmpty ? "the file" : place }

  /// A whole number. One of another type counts if its value is whole: 3.0 does, 3.9 does not.
  func integer(_ name: String) throws(DataError) -> Int {
    var whole: Int?
    var found = ""
    try readAttribute(name, "one whole number") { attribute, space in
      guard H5Sget_simple_extent_npoints(space) == 1 else { return false }
      let type = H5Aget_type(attribute)
      defer { H5Tclose(type) }
      switch H5Tget_class(type) {
      case H5T_FLOAT:
        var value = 0.0
        guard H5Aread(attribute, hdf5_float64(), &value) >= 0 else { return false }
        (whole, found) = (Int(exactly: value), "\(value)")
      case H5T_INTEGER where H5Tget_sign(type) == H5T_SGN_NONE:
        var value: UInt64 = 0
        guard H5Aread(attribute, hdf5_uint64(), &value) >= 0 else { return false }
        (whole, found) = (Int(exactly: value), "\(value)")
      case H5T_INTEGER:
        var value: Int64 = 0
        guard H5Aread(attribute, hdf5_int64(), &value) >= 0 else { return false }
        whole = Int(value)
      default: return false
      }
      return true
    }
    guard let whole else {
      throw invalid(
        "attribute '\(name)'", "is \(found)",
        "give a whole number"
          + (name == "task"
            ? " for each task, 0, 1, 2 ..., and what describes it in the attribute 'parameters'"
            : " of at most \(Int.max)"))
    }
    return whole
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
    let space = attribute < 0 ? attribute : H5Aget_space(attribute)
    defer { H5Sclose(space) }
    guard attribute >= 0, space >= 0, read(attribute, space) else {
      throw unreadable("attribute '\(name)'", "is not \(kind)", "set it with h5py: attrs['\(name)'] = \(kind)")
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

  /// The channels called `name`: an array, whose channels have no names, or a group of arrays (as Minari keeps
  /// observations that are dictionaries), whose columns follow one another in the order of the arrays' names.
  func channels(_ name: String, rows: Int, columns: Int) throws(DataError) -> (values: [Float], names: [String]) {
    guard isGroup(name) else { return (try floats(name, rows: rows, columns: columns), []) }
    let parts = try group(name).columns(rows: rows)
    guard parts.count == columns else {
      throw invalid(
        name, "has \(parts.count) channels in its arrays, not \(columns)",
        "set the attribute observation_size to \(parts.count), or leave arrays out")
    }
    var values = [Float](repeating: 0, count: rows * columns)
    for (column, part) in parts.enumerated() {
      for row in 0..<rows { values[row * columns + column] = part.values[row] }
    }
    return (values, parts.map(\.name))
  }

  /// Every column of the arrays in this group and the groups in it, `velocity.0` the first of `velocity`.
  func columns(rows: Int) throws(DataError) -> [(name: String, values: [Float])] {
    var all: [(name: String, values: [Float])] = []
    for name in names() {
      if isGroup(name) {
        all += try group(name).columns(rows: rows).map { ("\(name).\($0.name)", $0.values) }
      } else if let width = width(of: name) {
        let values = try floats(name, rows: rows, columns: width)
        for column in 0..<width { all.append(("\(name).\(column)", (0..<rows).map { values[$0 * width + column] })) }
      } else {
        all.append((name, try floats(name, rows: rows, columns: nil)))
      }
    }
    return all
  }

  private func isGroup(_ name: String) -> Bool {
    let group = H5Gopen2(id, name, 0)
    if group >= 0 { H5Gclose(group) }
    return group >= 0
  }

  /// Columns of the array `name`; nil unless it has rows and columns.
  private func width(of name: String) -> Int? { shape(of: name).flatMap { $0.count == 2 ? $0[1] : nil } }

  /// Sizes of the array `name`; nil where there is none.
  func shape(of name: String) -> [Int]? {
    guard has(link: name) else { return nil }
    let array = H5Dopen2(id, name, 0)
    guard array >= 0 else { return nil }
    let space = H5Dget_space(array)
    defer {
      H5Sclose(space)
      H5Dclose(array)
    }
    return Self.shape(space)
  }

  /// The array `name` of `rows` booleans or numbers, where everything but 0 is true.
  func flags(_ name: String, rows: Int) throws(DataError) -> [Bool] {
    // A boolean is an enumeration over whole numbers, and only turns into one of them.
    if holdsFractions(name) { return try floats(name, rows: rows, columns: nil).map { $0 != 0 } }
    return try readArray(name, shape: [rows], type: hdf5_int64(), zero: Int64(0)).map { $0 != 0 }
  }

  private func holdsFractions(_ name: String) -> Bool {
    let array = H5Dopen2(id, name, 0)
    guard array >= 0 else { return false }
    let type = H5Dget_type(array)
    defer {
      H5Tclose(type)
      H5Dclose(array)
    }
    return H5Tget_class(type) == H5T_FLOAT
  }

  /// Numbers of one array at the most: a damaged file may claim any number without holding one of them.
  private static let largestArray = 1 << 30

  private func readArray<Value: BitwiseCopyable>(
    _ name: String, shape: [Int], type: hid_t, zero: Value
  ) throws(DataError) -> [Value] {
    guard has(link: name) else { throw invalid(name, "is missing", "write an array of shape \(shape)") }
    let array = H5Dopen2(id, name, 0)
    guard array >= 0 else { throw unreadable(name, "is no array", "write an array of shape \(shape)") }
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
    guard values.withUnsafeMutableBytes({ H5Dread(array, type, 0, 0, 0, $0.baseAddress) }) >= 0 else {
      throw unreadable(
        name, "cannot be read, its numbers are damaged or of a foreign type", "write it again as numbers")
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

  /// What is there and cannot be read: the library knows why, or `problem` is all that is known.
  private func unreadable(_ field: String, _ problem: String, _ cure: String) -> DataError {
    HDF5Failure.last.error(file: file, place: place, field: field) ?? invalid(field, problem, cure)
  }

  @discardableResult
  private func written<Code: SignedInteger>(_ code: Code) throws(DataError) -> Code {
    guard code >= 0 else { throw .system(file: file, operation: "write", reason: HDF5Failure.last.text) }
    return code
  }
}
