// The onboard controller: reads its options, loads the model, and hands the process to the control loop.

import ArgumentParser
import CAllocationCounter
import CConsole
import CommandOptions
import ControlCore
import ControlRuntime
import Foundations
import Glibc
import PlannerModel
import PlannerRuntime
import RobotLink

@main
struct MetaDiffuserDaemon: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "metadiffuserd",
    abstract: "Drive a robot with a trained MetaDiffuser model, a plan inside every control period.",
    discussion: """
      Waits for the robot at the link's address, and again whenever it falls silent or restarts. Ends with Control-C \
      or SIGTERM and then prints a summary. A latched SAFE, the robot's or the controller's own, is lifted by a person \
      who has had a look, with SIGUSR1; never by itself.
      """,
    version: versionText("metadiffuserd"),
    subcommands: [FindPortCommand.self, MakeKeyCommand.self]
  )

  static func main() {
    // Before any file is opened: text must never go onto the line to the robot.
    console_open()
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      // By way of the console, which shows what would steer a terminal.
      let (text, code) = (fullMessage(for: error), exitCode(for: error))
      if code.isSuccess { console_print(text + "\n") } else if !text.isEmpty { console_say(text + "\n") }
      Glibc.exit(code.rawValue)
    }
  }

  // Demanded in `run`, so that subcommands need none.
  @Option(help: "Model file (safetensors); without it nothing is driven.")
  var model: String?

  @Option(help: "Address of the robot: udp://HOST:PORT or serial://DEVICE?baud=RATE.")
  var link = "udp://127.0.0.1:5600"

  @Option(
    help:
      "Key file that the robot has too; 'make-key' makes one. Needed for udp:// to other machines, taken for no line.")
  var key: String?

  @Flag(help: "Drive over udp:// to another machine without a key: whoever can send there may drive, or be driven.")
  var allowUnkeyed = false

  @Option(help: "Warm-start file to infer the context from; in place of --warm-start-episodes.")
  var warmStart: String?

  @Option(parsing: .unconditional, help: "Episodes that gather the warm start (default: 1).")
  var warmStartEpisodes: Int?

  @Option(
    help: ArgumentHelp(
      "How the task is found out (default: belief where the model has a bank of training tasks, otherwise encoder).",
      discussion: """
        encoder: once, from the warm start. belief: from every step, by comparing the robot with the training tasks; \
        changes of task or body are noticed, and robots that no training task explains.
        """))
  var contextInference: ContextInference?

  @Option(help: "While nothing the model knows explains the robot: carry-on, hold (the last command) or stop (SAFE).")
  var whenUnexplained = UnexplainedReaction.carryOn

  @Option(parsing: .unconditional, help: "Seed of the planner's noise.")
  var seed: UInt64 = 1

  @Option(parsing: .unconditional, help: "Milliseconds a plan may take (default: half the robot's period).")
  var budget: Double?

  @Option(
    parsing: .unconditional,
    help: "Entries of a plan, 0 … 3, that go along for when the next is late (default: 3 on UDP, 1 on a line).")
  var laterEntries: Int?

  @Option(
    parsing: .unconditional,
    help: "Most that any entry of a command may change by per second, its own unit (default: what robot and model say)."
  )
  var slew: Float?

  @Option(help: "Guide of the plans: none, reward or dual (default: the model's).")
  var guide: Guide?

  @OptionGroup
  var planner: PlannerArguments

  @Option(parsing: .unconditional, help: "2: a second thread, on another core, computes half of a plan's candidates.")
  var threads = 1

  @Option(parsing: .unconditional, help: "CPU to bind the control thread to (default: the system's choice).")
  var cpu: Int?

  @Flag(help: "Fail if the machine refuses any step of the real-time set-up.")
  var requireRT = false

  @Flag(help: "End where the robot's host or device is not known or not there; the default is to wait for it.")
  var noWait = false

  @Flag(help: "End when the robot says goodbye.")
  var exitWithRobot = false

  @Flag(help: "Print the summary as JSON.")
  var json = false

  @Flag(help: "No live line, no news.")
  var quiet = false

  func validate() throws {
    if let budget, !(budget > 0 && budget <= 10_000) {
      throw ValidationError("--budget is \(budget), give milliseconds in 0 … 10000")
    }
    if let warmStartEpisodes, warmStartEpisodes < 0 {
      throw ValidationError("--warm-start-episodes is \(warmStartEpisodes), give 0 or more")
    }
    if let slew, !(slew > 0 && slew.isFinite) { throw ValidationError("--slew is \(slew), give a number above 0") }
    if let laterEntries, !(0...LinkLimits.laterEntries).contains(laterEntries) {
      throw ValidationError("--later-entries is \(laterEntries), give 0 … \(LinkLimits.laterEntries)")
    }
    guard (1...2).contains(threads) else { throw ValidationError("--threads is \(threads), give 1 or 2") }
    if let kernel = planner.kernel, Planner.kernelName(kernel) == nil {
      throw ValidationError("\(PlannerError.kernels(name: kernel))")
    }
    if warmStart != nil, warmStartEpisodes != nil {
      throw ValidationError("give --warm-start or --warm-start-episodes, not both")
    }
  }

  func run() throws {
    guard let model else { throw ValidationError("--model is missing, give the model file to drive with") }
    do throws(ControlError) {
      try drive(model)
    } catch {
      console_say_line("Error: \(error)")
      throw ExitCode(error.exitStatus)
    }
  }

  private func drive(_ model: String) throws(ControlError) {
    ControlThread.holdSignals()
    RealTimeSetup.beginLoading()
    var options = ControlOptions()
    options.seed = seed
    options.budgetNanoseconds = budget.map { UInt64($0 * 1e6) }
    options.laterEntries = laterEntries
    options.slewPerSecond = slew
    options.whenUnexplained = whenUnexplained
    options.warmStartEpisodes = warmStartEpisodes ?? 1
    options.exitsWithRobot = exitWithRobot
    options.kernel = planner.kernel
    options.threads = threads
    options.cpu = cpu
    options.requiresRealTime = requireRT
    options.allocationCount = { ac_allocations() }
    options.modelName = model.split(separator: "/").last.map(String.init) ?? model
    do throws(ModelError) {
      if let warmStart {
        options.warmStart = try WarmStart(path: warmStart)
        options.warmStartPath = warmStart
      }
    } catch {
      throw .model(error)
    }
    let address: LinkAddress
    do throws(LinkError) {
      address = try LinkAddress(link)
      options.key = try key.map { file throws(LinkError) in try LinkKey(file: file) }
      try address.requireKey(options.key, unlessAllowed: allowUnkeyed)
    } catch {
      throw .link(error)
    }

    let (loop, description) = try makeLoop(model, options, address)
    let thread = ControlThread(loop: loop, options: options)
    try thread.start()
    let ready = ProcessUsage.ageNanoseconds
    let view = DaemonView(
      address: address, periodNanoseconds: description.periodNanoseconds, budgetNanoseconds: loop.budgetNanoseconds,
      isQuiet: quiet)
    view.news(
      "\(options.modelName): ready after \(decimal(Double(ready) / 1e6, 0)) ms, waiting for the robot at \(address), "
        + "\(loop.kernelName) kernels")
    if loop.refusedTransitions > 0, let warmStart = options.warmStart {
      view.news(
        "warning: \(options.warmStartPath): \(loop.refusedTransitions) of \(warmStart.count) transitions were "
          + "passed over, absurdly far from what the model was trained on; look at their units and order")
    }
    for warning in loop.paceWarnings { view.news("warning: \(warning)") }
    for warning in thread.warnings { view.news("warning: \(warning)") }
    var isAsked = false
    var unreachable: LinkReach? = nil
    while !loop.status.isOver {
      // This thread only waits: what it says is written by another, so that no terminal can keep a stop from it.
      switch ControlThread.waitForSignal(milliseconds: isAsked ? 2 : 100) {
      case .stop:
        isAsked = true
        loop.status.stop()
      case .rearm: loop.status.rearm()
      case nil: break
      }
      if !isAsked { view.update(loop) }
      if noWait, !isAsked, ![.unknown, .open].contains(loop.status.reach) {
        isAsked = true
        unreachable = loop.status.reach
        loop.status.stop()
      }
    }
    thread.join()
    view.update(loop)
    view.finish()
    // A moment for a terminal that works; a stuck one holds up nobody.
    console_settle(30)
    if let failure = loop.failure { throw failure }
    if let unreachable { throw .unreachable(address, unreachable) }
    let report = DaemonReport(
      loop: loop, description: description, warnings: thread.warnings, readyNanoseconds: ready,
      residentBytes: ProcessUsage.residentBytes, messagesDropped: console_dropped())
    console_report((json ? report.json : report.text) + "\n")
  }

  /// The loop, and what its model says about itself; the weights as read are gone when this returns.
  private func makeLoop(
    _ model: String, _ options: ControlOptions, _ address: LinkAddress
  ) throws(ControlError) -> (ControlLoop, ModelDescription) {
    let loaded: LoadedModel
    do throws(ModelError) {
      loaded = try LoadedModel(path: model)
    } catch {
      throw .model(error)
    }
    var options = options
    do throws(PlannerError) {
      var settings = try planner.given.applied(to: loaded, contextInference: contextInference)
      settings.guide = guide ?? settings.guide
      options.planner = settings
    } catch {
      throw .planner(error)
    }
    return (try ControlLoop(model: loaded, options: options, address: address), loaded.description)
  }
}

extension UnexplainedReaction: ExpressibleByArgument {}

extension LinkError {
  /// As below.
  var exitStatus: Int32 {
    switch self {
    case .badAddress, .keyMissing: EX_USAGE
    case .badKey: EX_DATAERR
    case .unreadableKey, .noEntropy: EXIT_FAILURE
    default: EX_UNAVAILABLE
    }
  }
}

extension ControlError {
  /// 64 wrong usage, 65 bad data, 69 peer unavailable, 1 anything else (sysexits.h).
  var exitStatus: Int32 {
    switch self {
    case .link(let error): error.exitStatus
    case .model(.system), .realTime, .thread: EXIT_FAILURE
    case .unreachable: EX_UNAVAILABLE
    case .model, .planner, .unfit, .refused: EX_DATAERR
    }
  }
}
