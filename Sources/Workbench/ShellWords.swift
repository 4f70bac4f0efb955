// Command lines for provenance: words quoted so that a shell takes the line apart again as it was.

/// `words` as one line for a POSIX shell.
package func shellLine(_ words: [String]) -> String { words.map(shellWord).joined(separator: " ") }

/// `word` as it is where a shell leaves it alone, otherwise quoted; what cannot be seen is written as bash's $'...' has
/// it.
private func shellWord(_ word: String) -> String {
  let plain = !word.isEmpty && word.utf8.allSatisfy { isPlain($0) }
  if plain { return word }
  guard word.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else {
    return "'" + word.replacing("'", with: #"'\''"#) + "'"
  }
  var text = ""
  for scalar in word.unicodeScalars {
    switch scalar {
    case "\n": text += #"\n"#
    case "'", "\\": text += "\\\(scalar)"
    case _ where scalar.value < 0x20 || scalar.value == 0x7F:
      // Always three digits: one more must not belong to it.
      let digits = String(scalar.value, radix: 8)
      text += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
    default: text.unicodeScalars.append(scalar)
    }
  }
  return "$'\(text)'"
}

private func isPlain(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"):
    true
  default: "_@%+=:,./-".utf8.contains(byte)
  }
}
