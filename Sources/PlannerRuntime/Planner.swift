// The planner: its memory, its life cycle, and what a robot's control loop calls.

import CKernels

/// How a plan came out. Real-time: yes in a `switch`; `==` may compare the raw values, which are strings.
public enum PlanStatus: String, Sendable {
  /// All denoising steps were taken.
  case converged
  /// The budget ended the denoising early; the plan is complete, finite, and less refined.
  case outOfBudget
  /// The observation was not finite or absurdly far from the training data, or every candidate held a NaN or an
  /// infinity. The last plan stands; after a reset that is one of zeros.
  case nonFinite
}

/// What `Planner.plan` returns. Real-time: yes, a value.
public struct PlanResult: Equatable, Sendable {
  /// How the plan came out.
  public var status: PlanStatus
  /// Denoising steps taken, and how many there would have been.
  public var stepsTaken: Int, stepsPlanned: Int
  /// Which candidate was chosen.
  public var candidate: Int
  /// Sum of rewards over the horizon as the reward model predicts it, physical units; 0 without a context.
  public var predictedReturn: Float
  /// Mean squared violation of the dynamics model per step, normalised units; 0 without a context.
  public var discrepancy: Float

  /// No plan yet.
  @_noAllocation @_noLocks
  init(stepsPlanned: Int) {
    status = .nonFinite
    stepsTaken = 0
    self.stepsPlanned = stepsPlanned
    candidate = 0
    predictedReturn = 0
    discrepancy = 0
  }
}

/// Where the time of the last plan went, in nanoseconds. Real-time: yes, a value.
public struct StageTimes: Equatable, Sendable {
  /// Shift of the last plan and noise; next to nothing when `prepare` was called in the slack before.
  public internal(set) var prepare: UInt64 = 0
  /// Observation to the planner's units, checks.
  public internal(set) var condition: UInt64 = 0
  /// The denoiser and the steps between noise levels, all denoising steps together.
  public internal(set) var denoise: UInt64 = 0
  /// The dual guide, all denoising steps together.
  public internal(set) var guide: UInt64 = 0
  /// Evaluation and choice of a candidate, back to physical units.
  public internal(set) var select: UInt64 = 0
}

/// Why a planner could not be made. Real-time: no (strings).
public enum PlannerError: Error, Equatable, CustomStringConvertible {
  /// A size or setting is out of range.
  case invalid(field: String, found: String, expected: String)
  /// There are no kernels of that name, or this processor cannot run them.
  case kernels(name: String)
  /// The system refused the helper's thread, with this errno.
  case thread(code: Int32)

  public var description: String {
    switch self {
    case .invalid(let field, let found, let expected): "planner setting '\(field)' is \(found), expected \(expected)"
    case .kernels(let name):
      "no kernels called '\(name)' for this processor, which has \(Planner.kernelNames.joined(separator: ", ")); "
        + "leave the choice out to get the first"
    case .thread(let code):
      "the second thread was refused (errno \(code)); it takes two CPUs that this process may use: plan with one thread"
    }
  }
}

/// Receding-horizon planning with a context-conditioned diffusion model and the dual guide.
///
/// A control cycle calls `plan` when an observation arrives, executes `action(0)`, and calls `prepare` in the slack
/// until the next one. All memory is taken in `init`; from then on nothing allocates, locks or calls the system.
///
/// Three kinds of state: `options` (settings), memory (what survives a plan: the last plan, the context, the random
/// state) and workspace (scratch). The same seed, weights, options, kernels and inputs give the same plans bit for bit,
/// as long as no budget cuts them short. Not thread-safe. Real-time: yes, where a member does not say otherwise.
public struct Planner: ~Copyable {
  /// Settings, fixed for the planner's life.
  public let options: PlannerOptions
  /// Sizes of the model: channels of state and command, rows of a plan.
  public let observationSize: Int, actionSize: Int, horizon: Int
  /// Bytes of the arena: weights, memory and workspace.
  public let arenaBytes: Int
  /// Name of the instruction set in use: `avx2`. Real-time: no.
  public var kernelName: String { String(cString: kernels.pointee.name) }

  /// The instruction sets that this processor has kernels for, best first. Real-time: no.
  public static var kernelNames: [String] {
    (0...).lazy.map { ck_kernels_name($0) }.prefix { $0 != nil }.map { String(cString: $0!) }
  }

  /// The name of the kernels that `name` selects here, nil when there are none. Real-time: no.
  public static func kernelName(_ name: String? = nil) -> String? {
    ck_kernels_select(name).map { String(cString: $0.pointee.name) }
  }

  private let resources: Resources
  /// The second thread, if there is one, and what it is to do.
  let helper: OpaquePointer?
  let helperWork: UnsafeMutablePointer<CandidateWork>
  let parts: Parts
  let kernels: Kernels

  // Memory.
  var random = RandomSource(seed: 0)
  var isPrepared = false
  /// A plan exists that the next one may start from.
  var hasPlan = false
  /// Transitions that the encoder has seen since `clearContext`.
  public internal(set) var transitionCount = 0
  /// Of them, those that had been shown when the present context was inferred.
  var inferredCount = 0
  /// Plans are conditioned on a context; otherwise they are what the data did on average, unguided.
  public internal(set) var hasContext = false
  /// Changes of task or body that were noticed since the planner was made; with a belief only. Real-time: yes.
  public var changes: Int { @_noAllocation @_noLocks get { parts.belief?.changeCount ?? 0 } }
  /// A transition was shown and not yet weighed.
  var isPending = false
  var seed: UInt64 = 0
  /// Where the time of the last plan went.
  public internal(set) var stageTimes = StageTimes()
  var stepTime = DurationEstimate()
  var finishTime = DurationEstimate()

  /// Bytes of memory a planner of these weights and options needs. Real-time: no.
  public static func requiredBytes(_ weights: PlannerWeights, options: PlannerOptions) -> Int {
    var arena = Arena()
    _ = Parts(&arena, weights: weights, options: options)
    _ = arena.carve(CandidateWork.self, 1)
    return arena.used
  }

  /// Takes all memory and loads the weights. Real-time: no.
  ///
  /// - Parameters:
  ///   - weights: every tensor of `weights.shape.tensors`, finite (PlannerModel sees to that).
  ///   - options: settings, which must fit `weights.shape`.
  ///   - name: instruction set by name, or nil for the best one.
  ///   - threads: 2 for a helper that computes half of the candidates: it sleeps between plans and spins during one,
  ///     which costs one system call per plan to wake it. Plans are bit-identical with 1 and 2.
  /// - Throws: `PlannerError` where a size or setting is out of range, there are no such kernels, or the system refuses
  ///   the second thread.
  public init(
    weights: PlannerWeights, options: PlannerOptions, kernels name: String? = nil, threads: Int = 1
  ) throws(PlannerError) {
    if let defect = weights.shape.defect ?? options.defect(for: weights.shape) {
      throw .invalid(field: defect.field, found: defect.found, expected: defect.expected)
    }
    if case .belief = options.contextInference, weights.bank == nil {
      throw .invalid(
        field: "context_inference", found: "belief",
        expected: "encoder: the model has no bank of contexts ('metadiffuser train bank' gives it one)")
    }
    guard (1...2).contains(threads) else { throw .invalid(field: "threads", found: "\(threads)", expected: "1...2") }
    guard let kernels = ck_kernels_select(name) else { throw .kernels(name: name ?? "default") }
    // Whatever may fail comes before anything is set.
    var arena = Arena(capacity: Self.requiredBytes(weights, options: options))
    let parts = Parts(&arena, weights: weights, options: options)
    parts.load(weights, kernels)
    let helperWork = arena.carve(CandidateWork.self, 1)
    helperWork.initialize(to: CandidateWork(parts: parts, kernels: kernels, options: options, conditioned: false))
    arena.seal()
    let arenaBytes = arena.used
    let resources = try Resources(arena: arena, threads: threads, work: helperWork)
    helper = resources.helper
    self.resources = resources
    self.arenaBytes = arenaBytes
    self.parts = parts
    self.helperWork = helperWork
    self.kernels = kernels
    self.options = options
    observationSize = weights.shape.observationSize
    actionSize = weights.shape.actionSize
    horizon = weights.shape.horizon
    reset(seed: 0)
    clearContext()
  }

  /// The helper's pthread_t, to set its priority and CPU; nil with one thread. Real-time: no.
  public var helperThread: UInt64? { helper.map { ck_helper_thread($0) } }

  /// Calls `body(context)` on the helper's thread and waits for it; does nothing with one thread. For what only a
  /// thread itself can count or set; between plans. Real-time: no.
  public func onHelper(
    _ body: @convention(c) (UnsafeMutableRawPointer?) -> Void, _ context: UnsafeMutableRawPointer? = nil
  ) {
    if let helper { ck_helper_visit(helper, body, context) }
  }

  /// Starts an episode: forgets the last plan, keeps the context, restarts the random numbers from `seed`.
  /// Until the first plan every action is zero. Real-time: yes.
  @_noAllocation @_noLocks
  public mutating func reset(seed: UInt64) {
    random = RandomSource(seed: seed)
    self.seed = seed
    isPrepared = false
    hasPlan = false
    for index in 0..<(horizon * actionSize) { parts.actions[index] = 0 }
    for index in 0..<(horizon * observationSize) { parts.states[index] = 0 }
  }

  // MARK: The plan

  /// Command `index` of the current plan, 0 the one to execute now: `[actionSize]`, physical units, within the limits.
  /// Valid until the next call of a mutating method. Real-time: yes.
  @_noAllocation @_noLocks
  public func action(_ index: Int) -> UnsafePointer<Float> {
    precondition(index >= 0 && index < horizon)
    return UnsafePointer(parts.actions + index * actionSize)
  }

  /// State `index` of the current plan, 0 the observed one: `[observationSize]`, physical units. Real-time: yes.
  @_noAllocation @_noLocks
  public func state(_ index: Int) -> UnsafePointer<Float> {
    precondition(index >= 0 && index < horizon)
    return UnsafePointer(parts.states + index * observationSize)
  }
}

/// True when none of `count` values is a NaN or an infinity.
@_noAllocation @_noLocks
func allFinite(_ values: UnsafePointer<Float>, _ count: Int) -> Bool {
  for index in 0..<count where ck_is_finite(values[index]) == 0 { return false }
  return true
}

/// True when every normalised value is a number within a million spreads of the training data: beyond, it is no
/// measurement, and the networks' sums may overflow.
@_noAllocation @_noLocks
func allPlausible(_ values: UnsafePointer<Float>, _ count: Int) -> Bool {
  for index in 0..<count where !(abs(values[index]) < 1e6) { return false }
  return true
}

/// What must be given back, the helper first: it works in the arena.
private struct Resources: ~Copyable {
  private let arena: Arena
  let helper: OpaquePointer?

  init(arena: consuming Arena, threads: Int, work: UnsafeMutablePointer<CandidateWork>) throws(PlannerError) {
    var code: Int32 = 0
    // One candidate cannot be split.
    helper = threads == 1 || work.pointee.options.candidates == 1 ? nil : ck_helper_start(helperBody, work, &code)
    self.arena = arena
    if code != 0 { throw .thread(code: code) }
  }

  deinit {
    if let helper { ck_helper_stop(helper) }
  }
}

/// The helper's half of the work.
private let helperBody: @convention(c) (UnsafeMutableRawPointer?) -> Void = { work in
  let work = work!.assumingMemoryBound(to: CandidateWork.self).pointee
  work.runRest(after: (work.options.candidates + 1) / 2)
}
