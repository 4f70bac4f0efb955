// Hands out the activation buffers of a workspace and frees them together.

/// Zeroed, aligned float buffers that live as long as the arena. Real-time: no.
package final class FloatArena {
  private var buffers: [FloatBuffer] = []

  package init() {}

  package func floats(_ count: Int) -> UnsafeMutablePointer<Float> {
    let buffer = FloatBuffer(count: count)
    buffers.append(buffer)
    return buffer.pointer
  }
}
