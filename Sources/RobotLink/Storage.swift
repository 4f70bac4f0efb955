// Where the link's buffers come from: the heap, once, at the start. The firmware, which has no heap, compiles a file of
// its own in place of this one (Firmware/Link/Storage.swift).

/// `count` elements that hold `value`, at addresses that never change. Real-time: no.
package func takeStorage<Element>(repeating value: Element, count: Int) -> UnsafeMutablePointer<Element> {
  let storage = UnsafeMutablePointer<Element>.allocate(capacity: count)
  // Written once, so that no page of it is new to the loop.
  storage.initialize(repeating: value, count: count)
  return storage
}

/// Gives back what `takeStorage` gave. Real-time: no.
package func returnStorage<Element>(_ storage: UnsafeMutablePointer<Element>) { storage.deallocate() }
