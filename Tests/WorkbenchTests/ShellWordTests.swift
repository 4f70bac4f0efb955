// Provenance can be pasted into a shell.

import Foundation
import Testing
import Workbench

@Suite struct ShellWordTests {
  @Test func `a shell takes a line apart again as it was`() throws {
    let words = ["train", "a b", "it's", "", "-o", "x\ny", "é", "$HOME `id`", "tab\t'q'\u{1B}7", "a=b,c:d/e@f%g"]
    let shell = Process()
    let output = Pipe()
    shell.executableURL = URL(fileURLWithPath: "/bin/bash")
    shell.arguments = ["-c", "printf '%s\\0' " + shellLine(words)]
    shell.standardOutput = output
    try shell.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    shell.waitUntilExit()
    #expect(text.split(separator: "\0", omittingEmptySubsequences: false).dropLast().map(String.init) == words)
  }

  @Test func `plain words stay as they are`() { #expect(shellLine(["a-b", "1.5", "x/y"]) == "a-b 1.5 x/y") }
}
