// Where the link's buffers come from in the firmware: a fixed region. Stands in place of
// Sources/RobotLink/Storage.swift.

import CBoard

/// `count` elements that hold `value`, forever.
package func takeStorage<Element>(repeating value: Element, count: Int) -> UnsafeMutablePointer<Element> {
  let storage = board_take(count * MemoryLayout<Element>.stride).assumingMemoryBound(to: Element.self)
  storage.initialize(repeating: value, count: count)
  return storage
}

/// Nothing is ever given back: what takes storage lives as long as the processor runs.
package func returnStorage<Element>(_ storage: UnsafeMutablePointer<Element>) {}
