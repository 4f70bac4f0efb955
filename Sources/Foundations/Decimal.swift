// Numbers for people, the same on every machine and without Foundation.

import Glibc

/// `value` with `digits` decimals, correctly rounded. Real-time: no.
public func decimal(_ value: Double, _ digits: Int) -> String {
  // The largest Double has 309 digits before the point.
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { text in
    _ = withVaList([Int32(digits), value]) { vsnprintf(text.baseAddress!, text.count, "%.*f", $0) }
    return String(cString: text.baseAddress!)
  }
}
