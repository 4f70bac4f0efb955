// The other end of a link is missing.

/// Exit status 69.
package struct LinkPeerError: Error, CustomStringConvertible {
  package let description: String

  package init(description: String) { self.description = description }
}
