// What the robot has lived through, as one ring of rows; rewards are kept as outcomes so that any task can price them.

import Learning

/// A ring of transitions `[observation, action, next observation, outcome, task parameters, terminated]`. Real-time:
/// no.
final class ReplayBuffer {
  let observationSize: Int
  let actionSize: Int
  let outcomeSize: Int
  let parameterCount: Int
  let capacity: Int
  private(set) var count = 0
  private(set) var next = 0
  let rowSize: Int
  private let rows: FloatBuffer

  init(capacity: Int, observationSize: Int, actionSize: Int, outcomeSize: Int, parameterCount: Int) {
    self.capacity = capacity
    self.observationSize = observationSize
    self.actionSize = actionSize
    self.outcomeSize = outcomeSize
    self.parameterCount = parameterCount
    rowSize = 2 * observationSize + actionSize + outcomeSize + parameterCount + 1
    rows = FloatBuffer(count: capacity * rowSize)
  }

  /// One stored transition, read in place.
  struct Row {
    let observation: UnsafePointer<Float>
    /// In −1 … 1, as the policy's tanh gives it.
    let action: UnsafePointer<Float>
    let nextObservation: UnsafePointer<Float>
    let outcome: UnsafeBufferPointer<Float>
    let parameters: UnsafePointer<Float>
    let terminated: Bool
  }

  func add(
    observation: [Float], action: UnsafePointer<Float>, nextObservation: [Float], outcome: [Double],
    parameters: [Double], terminated: Bool
  ) {
    var target = rows.pointer + next * rowSize
    func put(_ value: Float) {
      target.pointee = value
      target += 1
    }
    observation.forEach(put)
    for i in 0..<actionSize { put(action[i]) }
    nextObservation.forEach(put)
    for value in outcome { put(Float(value)) }
    for value in parameters { put(Float(value)) }
    put(terminated ? 1 : 0)
    next = (next + 1) % capacity
    count = min(count + 1, capacity)
  }

  subscript(index: Int) -> Row {
    let start = UnsafePointer(rows.pointer + index * rowSize)
    let nextObservation = start + observationSize + actionSize
    let outcome = nextObservation + observationSize
    let parameters = outcome + outcomeSize
    return Row(
      observation: start, action: start + observationSize, nextObservation: nextObservation,
      outcome: UnsafeBufferPointer(start: outcome, count: outcomeSize),
      parameters: parameters, terminated: parameters[parameterCount] == 1)
  }

  /// The filled part of the ring, for checkpoints.
  var filled: UnsafeBufferPointer<Float> { UnsafeBufferPointer(start: rows.pointer, count: count * rowSize) }

  /// Continues from `filled` and `next` of an earlier buffer of the same shape.
  func restore(filled: [Float], next: Int) {
    precondition(filled.count % rowSize == 0 && filled.count <= rows.count && next < capacity)
    filled.withUnsafeBufferPointer { rows.pointer.update(from: $0.baseAddress!, count: filled.count) }
    count = filled.count / rowSize
    self.next = next
  }
}
