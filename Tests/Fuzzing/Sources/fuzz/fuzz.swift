// Hands libFuzzer's inputs to one target: the one named by the environment's FUZZ_TARGET.
//
// With FUZZ_SEEDS set to a folder it writes the target's seeds there instead, and ends.

import FuzzTargets
import Glibc

private func setting(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

private let target: FuzzTarget = {
  let name = setting("FUZZ_TARGET") ?? ""
  guard let target = FuzzTarget(rawValue: name) else {
    fatalError("FUZZ_TARGET is \"\(name)\", set one of \(FuzzTarget.allCases.map(\.rawValue))")
  }
  return target
}()

@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>>
) -> CInt {
  guard let folder = setting("FUZZ_SEEDS") else { return 0 }
  do {
    for (name, bytes) in try target.seeds() {
      let path = "\(folder)/\(name)"
      guard let file = fopen(path, "wb") else { fatalError("cannot write \(path)") }
      fwrite(bytes, 1, bytes.count, file)
      fclose(file)
    }
  } catch {
    fatalError("\(error)")
  }
  exit(0)
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  target.check(UnsafeRawBufferPointer(start: bytes, count: count))
  return 0
}
