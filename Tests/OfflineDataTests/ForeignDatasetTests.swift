// Data sets of other programs: what would silently become something else is refused by name, and a sound file that
// cannot be read is not called damaged.

import CHDF5
import Foundation
import OfflineData
import Synchronization
import Testing

/// A data set without a seal, changed by way of libhdf5, as other programs write them.
final class ForeignFile {
  let path: String
  private let folder: String
  private static let lock = Mutex(())

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("foreign-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    path = folder + "/a.hdf5"
    try sampleDataset().save(path: path)
    try patch { $0.resetBytes(in: 0..<512) }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func patch(_ change: (inout Data) -> Void) throws {
    var content = try Data(contentsOf: URL(fileURLWithPath: path))
    change(&content)
    try content.write(to: URL(fileURLWithPath: path))
  }

  /// Opens the file to change it.
  func change(_ body: (hid_t) -> Void) {
    Self.lock.withLock { _ in
      let readWrite: UInt32 = 1
      let file = H5Fopen(path, readWrite, 0)
      #expect(file >= 0)
      body(file)
      #expect(H5Fclose(file) >= 0)
    }
  }

  func setAttribute<Value: BitwiseCopyable>(_ name: String, of place: String, _ values: [Value], type: hid_t) {
    change { file in
      let object = H5Oopen(file, place, 0)
      H5Adelete(object, name)
      var count = hsize_t(values.count)
      let space = H5Screate_simple(1, &count, nil)
      let attribute = H5Acreate2(object, name, type, space, 0, 0)
      values.withUnsafeBytes { #expect(H5Awrite(attribute, type, $0.baseAddress) >= 0) }
      for id in [attribute, space, object] { H5Idec_ref(id) }
    }
  }

  /// Writes `values` over an array.
  func setArray<Value: BitwiseCopyable>(
    _ name: String, _ values: [Value], type: hid_t, shape: [Int]? = nil, filter: H5Z_filter_t? = nil
  ) {
    change { file in
      H5Ldelete(file, name, 0)
      var count = hsize_t(values.count)
      let shape = (shape ?? [values.count]).map { hsize_t($0) }
      let space = H5Screate_simple(Int32(shape.count), shape, nil)
      let properties = H5Pcreate(hdf5_dataset_creation_class())
      if let filter {
        H5Pset_chunk(properties, 1, &count)
        H5Pset_filter(properties, filter, 0, 0, nil)
      }
      let array = H5Dcreate2(file, name, type, space, 0, properties, 0)
      values.withUnsafeBytes { #expect(H5Dwrite(array, type, 0, 0, 0, $0.baseAddress) >= 0) }
      for id in [array, properties, space] { H5Idec_ref(id) }
    }
  }

  /// What loading it says; empty if nothing.
  var complaint: String {
    do {
      _ = try Dataset.load(path: path)
      return ""
    } catch {
      return "\(error)"
    }
  }
}

@Suite(.serialized) struct ForeignDatasetTests {
  private let file: ForeignFile

  init() throws { file = try ForeignFile() }

  @Test func `a file without a seal is read`() throws {
    #expect(try Dataset.load(path: file.path) == sampleDataset())
  }

  // MARK: Whole numbers

  @Test func `a task that is no whole number is refused, and the cure is named`() {
    file.setAttribute("task", of: "episode_0", [0.9], type: hdf5_float64())
    #expect(file.complaint.contains("episode_0: attribute 'task' is 0.9; give a whole number for each task"))
    #expect(file.complaint.contains("'parameters'"))
  }

  @Test func `a whole number of any type counts`() throws {
    file.setAttribute("task", of: "episode_0", [7.0], type: hdf5_float64())
    file.setAttribute("task", of: "episode_1", [UInt64(8)], type: hdf5_uint64())
    #expect(try Dataset.load(path: file.path).episodes.map(\.task) == [7, 8])
  }

  @Test func `a number that 63 bits do not hold is refused, not bent`() {
    file.setAttribute("task", of: "episode_1", [UInt64(1) << 63], type: hdf5_uint64())
    #expect(file.complaint.contains("episode_1: attribute 'task' is 9223372036854775808"))
    file.setAttribute("task", of: "episode_1", [1e30], type: hdf5_float64())
    #expect(file.complaint.contains("attribute 'task' is 1e+30"))
    file.setAttribute("task", of: "episode_1", [Double.nan], type: hdf5_float64())
    #expect(file.complaint.contains("attribute 'task' is nan"))
  }

  @Test func `a size that is no whole number is refused`() {
    for name in ["observation_size", "action_size", "period_nanoseconds", "total_episodes", "total_steps"] {
      guard let file = try? ForeignFile() else { return }
      file.setAttribute(name, of: "/", [3.9], type: hdf5_float64())
      #expect(file.complaint.contains("attribute '\(name)' is 3.9; give a whole number"))
    }
  }

  // MARK: Named channels

  /// Splits the three channels of both episodes: `arm/position` has two, `speed` is a column.
  private func split(_ episodes: [String]) {
    for (number, place) in episodes.enumerated() {
      let values = sampleDataset().episodes[number].observations
      file.change { id in
        H5Ldelete(id, place + "/observations", 0)
        for group in ["/observations", "/observations/arm"] { H5Gclose(H5Gcreate2(id, place + group, 0, 0, 0)) }
      }
      let rows = values.count / 3
      file.setArray(
        place + "/observations/speed", (0..<rows).map { values[3 * $0 + 2] }, type: hdf5_float32())
      file.setArray(
        place + "/observations/arm/position", (0..<rows).flatMap { values[3 * $0..<3 * $0 + 2] }, type: hdf5_float32(),
        shape: [rows, 2])
    }
  }

  @Test func `observations in a group of arrays are read as named channels, and written and read again`() throws {
    split(["episode_0", "episode_1"])
    let dataset = try Dataset.load(path: file.path)
    #expect(dataset.observationChannels.map(\.name) == ["arm.position.0", "arm.position.1", "speed"])
    #expect(dataset.episodes == sampleDataset().episodes)
    try dataset.save(path: file.path)
    #expect(try Dataset.load(path: file.path) == dataset)
  }

  @Test func `groups of arrays that do not fit are refused by what they have`() {
    split(["episode_0", "episode_1"])
    file.setAttribute("observation_size", of: "/", [Int64(4)], type: hdf5_int64())
    #expect(file.complaint.contains("episode_0: observations has 3 channels in its arrays, not 4"))
    file.setAttribute("observation_size", of: "/", [Int64(3)], type: hdf5_int64())
    file.change { id in
      #expect(H5Lmove(id, "episode_1/observations/speed", id, "episode_1/observations/rate", 0, 0) >= 0)
    }
    #expect(file.complaint.contains("episode_1: observations has other arrays than the episodes before it"))
  }

  // MARK: Limits, groups, ends

  @Test func `limits of single channels are each channel's own`() throws {
    file.setAttribute("action_limit", of: "/", [1.0, 1.0], type: hdf5_float64())
    #expect(try Dataset.load(path: file.path).actionLimit == 1)
    file.setAttribute("action_limit", of: "/", [1.0, 0.5], type: hdf5_float64())
    #expect(file.complaint.contains("episode_0: actions[0][1] is"), "\(file.complaint)")
    #expect(file.complaint.contains("clamp it to action_limit 0.5"), "\(file.complaint)")
    file.setAttribute("action_limit", of: "/", [1.0, 2.0], type: hdf5_float64())
    let limits = try Dataset.load(path: file.path).actionChannels.map { [$0.lower, $0.upper] }
    #expect(limits == [[-1, 1], [-2, 2]])
    file.setAttribute("action_limit", of: "/", [1.0, 1.0, 1.0], type: hdf5_float64())
    #expect(file.complaint.contains("has 3 numbers for 2 channels"))
  }

  @Test func `episodes that total_episodes leaves out are told`() {
    file.setAttribute("total_episodes", of: "/", [Int64(1)], type: hdf5_int64())
    file.setAttribute("total_steps", of: "/", [Int64(4)], type: hdf5_int64())
    #expect(file.complaint.contains("'total_episodes' is 1, but there are 2 groups"))
    file.setAttribute("total_episodes", of: "/", [Int64(3)], type: hdf5_int64())
    #expect(file.complaint.contains("episode_2 is missing"))
  }

  @Test func `an end in the middle of an episode is refused, be it a termination or a truncation`() throws {
    for name in ["terminations", "truncations"] {
      let file = try ForeignFile()
      file.setArray("episode_0/\(name)", [Int8(0), 1, 0, 0], type: hdf5_int8())
      #expect(file.complaint.contains("episode_0: \(name)[1] is set before the end"))
      // A fraction is not nothing, and what ends in eight zero bits is not either.
      file.setArray("episode_0/\(name)", [0, 0.5, 0, 0], type: hdf5_float64())
      #expect(file.complaint.contains("episode_0: \(name)[1] is set before the end"))
      file.setArray("episode_0/\(name)", [Int64(0), 1 << 40, 0, 0], type: hdf5_int64())
      #expect(file.complaint.contains("episode_0: \(name)[1] is set before the end"))
    }
  }

  @Test func `what no model can have is refused before anybody trains on it`() throws {
    for (name, value, words) in [
      ("period_nanoseconds", 3600e9, "period_nanoseconds is 3600000000000; give the control period"),
      ("period_nanoseconds", 1000, "period_nanoseconds is 1000"), ("action_limit", 1e7, "action_limit is 10000000.0"),
      ("action_limit", 1e-9, "action_limit is 1e-09"), ("action_limit", -1, "action_limit is -1.0"),
      ("action_limit", .nan, "action_limit is nan"),
    ] {
      let file = try ForeignFile()
      file.setAttribute(name, of: "/", [value], type: hdf5_float64())
      #expect(file.complaint.contains(words), "\(file.complaint)")
    }
    for (family, words) in [
      ("", "family is empty"), (String(repeating: "x", count: 64), "family has 64 bytes, more than 63"),
      ("a\nb", "family has characters that cannot be seen"),
    ] {
      var dataset = sampleDataset()
      dataset.family = family
      let error = #expect(throws: DataError.self) { try dataset.check(file: "a.hdf5") }
      #expect(error?.description.hasPrefix("a.hdf5: \(words)") == true)
    }
    var wide = sampleDataset()
    wide.observationChannels = .unnamed(1025)
    #expect(throws: DataError.self) { try wide.check(file: "") }
    var unknown = sampleDataset()
    unknown.episodes[0].parameters = [1, .nan]
    let error = #expect(throws: DataError.self) { try unknown.check(file: "a.hdf5") }
    #expect(error?.description.contains("episode_0: parameters[1] is nan") == true)
  }

  // MARK: Sound files that cannot be read

  @Test func `a file that is being written is not called damaged`() throws {
    let descriptor = open(file.path, O_RDWR)
    #expect(flock(descriptor, LOCK_EX) == 0)
    #expect(file.complaint.contains("cannot open: another program has it open for writing"))
    #expect(!file.complaint.contains("damaged"))
    close(descriptor)
    #expect(file.complaint == "")
  }

  @Test func `a file that a killed writer has left is told with the cure`() throws {
    let properties = H5Pcreate(hdf5_file_access_class())
    defer { H5Pclose(properties) }
    H5Pset_libver_bounds(properties, H5F_LIBVER_V110, H5F_LIBVER_V110)
    let open = hdf5_create_file(file.path, 0, properties)
    H5Fflush(open, H5F_SCOPE_GLOBAL)
    let asLeft = try Data(contentsOf: URL(fileURLWithPath: file.path))
    H5Fclose(open)
    try asLeft.write(to: URL(fileURLWithPath: file.path))
    #expect(file.complaint.contains("was killed") && file.complaint.contains("h5clear -s '\(file.path)'"))
    #expect(!file.complaint.contains("damaged"))
  }

  @Test func `a compression that is not here is named`() throws {
    // As h5py registers it: LZF has number 32000. This one changes nothing, so that the file is sound.
    var filter = H5Z_class2_t()
    filter.version = H5Z_CLASS_T_VERS
    filter.id = 32000
    (filter.encoder_present, filter.decoder_present) = (1, 1)
    filter.filter = { _, _, _, count, _, _ in count }
    "lzf".withCString { name in
      filter.name = name
      #expect(H5Zregister(&filter) >= 0)
      file.setArray("episode_0/rewards", [Float](repeating: 1, count: 4), type: hdf5_float32(), filter: 32000)
      #expect(H5Zunregister(32000) >= 0)
    }
    #expect(file.complaint.contains("episode_0: rewards is compressed with the filter 'lzf'"))
    #expect(file.complaint.contains("compression='gzip'"))
  }

  @Test func `a format newer than the library is not called damaged`() throws {
    // The superblock's version, behind the signature; the seal's place is before it.
    try file.patch { $0[512 + 8] = 9 }
    #expect(file.complaint.contains("newer format than HDF5 1."))
    #expect(file.complaint.contains("libver"))
    #expect(!file.complaint.contains("damaged"))
  }

  @Test func `a file that ends too early is called truncated`() throws {
    try file.patch { $0 = $0.prefix($0.count - 700) }
    #expect(file.complaint.contains("is truncated"))
  }
}
