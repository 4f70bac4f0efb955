// The planner for callers in Swift: sizes are part of what is handed over, and are checked.
//
// What takes spans adds a comparison to the call with pointers, whose real-time attributes the compiler checks; it
// cannot check them through `withUnsafeBufferPointer`.

extension Planner {
  /// Plans for `observation`, `[observationSize]`; otherwise as `plan(observation:budgetNanoseconds:)`. Real-time: yes.
  public mutating func plan(observation: Span<Float>, budgetNanoseconds: UInt64 = .max) -> PlanResult {
    precondition(observation.count == observationSize, "an observation has observationSize entries")
    return plan(observation: start(observation), budgetNanoseconds: budgetNanoseconds)
  }

  /// Shows one transition, `observation` and `next` `[observationSize]`, `action` `[actionSize]`; otherwise as
  /// `addTransition(observation:action:reward:next:)`. Real-time: yes.
  public mutating func addTransition(
    observation: Span<Float>, action: Span<Float>, reward: Float, next: Span<Float>
  ) -> Bool {
    precondition(observation.count == observationSize && next.count == observationSize && action.count == actionSize)
    return addTransition(
      observation: start(observation), action: start(action), reward: reward, next: start(next))
  }

  /// Copies command `index` of the current plan, 0 the one to execute now, into `command`, `[actionSize]`, physical
  /// units, within the limits. Real-time: yes.
  @_noAllocation @_noLocks
  public func copyAction(_ index: Int, to command: inout MutableSpan<Float>) {
    precondition(command.count == actionSize, "a command has actionSize entries")
    let source = action(index)
    for entry in 0..<actionSize { command[entry] = source[entry] }
  }

  /// Copies state `index` of the current plan, 0 the observed one, into `state`, `[observationSize]`, physical units.
  /// Real-time: yes.
  @_noAllocation @_noLocks
  public func copyState(_ index: Int, to state: inout MutableSpan<Float>) {
    precondition(state.count == observationSize, "a state has observationSize entries")
    let source = self.state(index)
    for entry in 0..<observationSize { state[entry] = source[entry] }
  }
}

/// The first entry of a span that is not empty; its caller holds the span while the pointer is used.
private func start(_ span: Span<Float>) -> UnsafePointer<Float> {
  span.withUnsafeBufferPointer { $0.baseAddress! }
}
