// A family as its folder describes it: family.json, checked against the robot that it names.

import CMuJoCo
import Foundations

/// The description of a family of simulated robots. Never changes; shared by all of its tasks.
struct FamilyDefinition: Sendable {
  let name: String
  let summary: String
  let model: PlantModel
  let periodNanoseconds: UInt64
  /// Physics steps in a control period.
  let physicsSteps: Int
  let episodeLength: Int
  let observation: [Observed]
  let actions: ActionSet
  let reward: Reward
  let ends: [EndCondition]
  let start: Start
  let groups: [ParameterGroup]
  let lists: TaskLists

  /// One entry of an observation.
  struct Observed: Sendable {
    var quantity: Quantity
    /// What is observed is held within the channel's limits.
    var isClipped: Bool
  }

  /// Something is observed, paid for, or ends an episode, that MuJoCo's kinematics must be brought up to.
  var isDerived: Bool {
    observation.contains { $0.quantity.reading.isDerived } || reward.measures.contains(where: \.isDerived)
      || ends.contains { $0.readings.contains(where: \.isDerived) }
  }

  /// All changes of the robot, with the number of the parameter that each follows.
  var changes: [(parameter: Int, change: BodyChange)] {
    var changes: [(Int, BodyChange)] = []
    var first = 0
    for group in groups {
      for (index, change) in group.changes.enumerated() { changes.append((first + index, change)) }
      first += group.names.count
    }
    return changes
  }

  /// For each action, the entry of the observation that is the velocity of the joint it pushes; empty where that is not
  /// so of all.
  var drivenVelocities: [Int] {
    let driven = actions.actuators.compactMap { actuator -> Int? in
      guard model.isMotor(actuator), let joint = model.drivenJoint(actuator) else { return nil }
      return observation.firstIndex { $0.quantity.reading == .velocity(model.joint(joint).velocity) }
    }
    return driven.count == actions.actuators.count ? driven : []
  }
}

enum FamilyKey: String, FieldKey {
  case name, summary, robot, period
  case episodeLength = "episode length"
  case observation, actions, reward, ends, start,
    parameters, tasks
}

enum ObservationKey: String, FieldKey {
  case quantity, of, axes, from, limits
}

enum PeriodUnit: String, CaseIterable {
  case s, ms, us

  var nanoseconds: Double {
    switch self {
    case .s: 1e9
    case .ms: 1e6
    case .us: 1e3
    }
  }
}

extension FamilyDefinition {
  /// Reads the family of `folder`.
  init(folder: String) throws(TaskError) {
    try self.init(Field(file: "\(folder)/family.json"), folder: folder)
  }

  /// Reads a `family.json` that lies in `folder`.
  init(_ field: Field, folder: String) throws(TaskError) {
    let keys = try field.object(FamilyKey.self)
    name = try Self.name(keys)
    summary = try keys.required(.summary).name(of: 200)
    let robot = try keys[.robot]?.text() ?? "robot.xml"
    model = try PlantModel.shared(path: robot.hasPrefix("/") ? robot : "\(folder)/\(robot)")
    let period = try keys.required(.period)
    periodNanoseconds = try Self.nanoseconds(period)
    let steps = Double(periodNanoseconds) * 1e-9 / model.timestep
    guard steps > 0.5, steps < 10_000.5, abs(steps - steps.rounded()) < 1e-6 * steps else {
      throw period.error(
        "is \(steps) physics steps",
        "give a multiple of the timestep in robot.xml, \(model.timestep) s, of at most 10000")
    }
    physicsSteps = Int(steps.rounded())
    episodeLength = try keys.required(.episodeLength).integer(in: 1...100_000)

    let quantities = QuantityReader(model: model)
    observation = try Self.observation(keys.required(.observation), quantities)
    start = try Start(keys[.start], model: model)
    actions = try ActionSet(try keys.required(.actions), model: model, start: start.controls)
    var groups: [ParameterGroup] = []
    let parameters = try keys.required(.parameters)
    for entry in try parameters.list() {
      let group = try ParameterGroup(entry, model: model)
      for name in group.names where groups.contains(where: { $0.names.contains(name) }) {
        throw entry.error("names '\(name)' again", "rename one")
      }
      groups.append(group)
    }
    let count = groups.reduce(0) { $0 + $1.names.count }
    guard (1...256).contains(count) else { throw parameters.error("has \(count) parameters", "give 1 … 256") }
    self.groups = groups
    reward = try Reward(try keys.required(.reward), quantities: quantities, parameters: groups.flatMap(\.names))
    ends =
      try keys[.ends].map { field throws(TaskError) in
        var ends: [EndCondition] = []
        for entry in try field.list() { ends.append(try EndCondition(entry, quantities: quantities)) }
        return ends
      } ?? []
    lists = try TaskLists(try keys.required(.tasks), groups: groups)
    try Self.checkUse(of: groups, in: reward, parameters)
  }

  static func name(_ keys: Fields<FamilyKey>) throws(TaskError) -> String {
    let field = try keys.required(.name)
    let name = try field.name()
    let isPlain = name.unicodeScalars.allSatisfy {
      ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "-" || $0 == "_"
    }
    guard isPlain, name.count <= 40 else {
      throw field.error("is '\(name)'", "give at most 40 letters, digits, - and _: files are named after it")
    }
    return name
  }

  /// `"50 ms"`.
  private static func nanoseconds(_ field: Field) throws(TaskError) -> UInt64 {
    let words = try field.text().split(separator: " ")
    guard words.count == 2, let number = Double(words[0]), let unit = PeriodUnit(rawValue: String(words[1])),
      number > 0, number * unit.nanoseconds >= 1000, number * unit.nanoseconds <= 1e10
    else { throw field.error("is no time", "give a number and s, ms or us, such as \"50 ms\", of 1 us … 10 s") }
    return UInt64((number * unit.nanoseconds).rounded())
  }

  private static func observation(_ field: Field, _ quantities: QuantityReader) throws(TaskError) -> [Observed] {
    var observation: [Observed] = []
    for entry in try field.list() {
      let keys = try entry.object(ObservationKey.self)
      let kind = try keys.required(.quantity).choice(QuantityKind.self)
      let found = try quantities.quantities(
        kind, of: try keys.required(.of), axes: keys[.axes], from: keys[.from])
      let limits = try keys[.limits]?.range(in: -1e9...1e9)
      for var quantity in found {
        if let limits {
          quantity.channel.lower = Float(limits.lowerBound)
          quantity.channel.upper = Float(limits.upperBound)
        }
        guard !observation.contains(where: { $0.quantity.channel.name == quantity.channel.name }) else {
          throw entry.error("observes '\(quantity.channel.name)' again", "leave it out")
        }
        observation.append(Observed(quantity: quantity, isClipped: limits != nil))
      }
    }
    guard (1...1024).contains(observation.count) else {
      throw field.error("has \(observation.count) entries in all", "give 1 … 1024")
    }
    return observation
  }

  /// A parameter that changes nothing makes all tasks the same.
  private static func checkUse(of groups: [ParameterGroup], in reward: Reward, _ field: Field) throws(TaskError) {
    let used = Set(reward.terms.flatMap(\.parameters))
    var index = 0
    for group in groups {
      for name in group.names {
        guard !group.changes.isEmpty || used.contains(index) else {
          throw field.error(
            "has '\(name)', which changes nothing", "add \"changes\" to it, or name it in a term of the reward")
        }
        index += 1
      }
    }
  }
}
