// What commands print as their result: text, or with `--json` one object.

import CConsole
import Workbench

func printJSON(_ value: some Encodable) throws { print(try jsonText(value)) }

/// Prints the summary of a command that was part of a driven robot: its end waits for a reader no longer than a second.
func printReport(_ text: String) { console_report(text + "\n") }

/// Prints `text` and the end of a line, in place of Swift's own: names in it, from files and peers, cannot steer the
/// terminal.
func print(_ text: String) { console_print(text + "\n") }
