// The schema of a training's settings: it knows them all by the names that recipes use, and `check` goes by it.

import Foundation
import Learning
import ModelLayout
import Testing

@Suite struct TrainingSettingsTests {
  static let settings = TrainingConfiguration.settings

  @Test func `every stored property has one setting of its name, as in recipes and in models`() throws {
    let names = Self.settings.map(\.name).sorted()
    #expect(Mirror(reflecting: TrainingConfiguration()).children.compactMap(\.label).sorted() == names)
    let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(TrainingConfiguration()))
    #expect(try #require(json as? [String: Any]).keys.sorted() == names)
  }

  @Test(arguments: settings)
  func `a default is allowed, and what is written is read back`(setting: Setting<TrainingConfiguration>) {
    let defaults = TrainingConfiguration()
    #expect(setting.holds(for: defaults))
    var copy = defaults
    #expect(setting.read(setting.text(of: defaults), into: &copy))
    #expect(copy == defaults)
    #expect(setting.sentence.hasSuffix("."))
  }

  @Test(arguments: settings)
  func `what is no value is not read and changes nothing`(setting: Setting<TrainingConfiguration>) {
    for text in ["", " 1", "nan", "inf", "-1", "none at all", "99999999999999999999", "16,,32", "16,24,x"] {
      var configuration = TrainingConfiguration()
      #expect(!setting.read(text, into: &configuration), "'\(text)' as \(setting.name)")
      #expect(configuration == TrainingConfiguration())
    }
  }

  @Test(arguments: settings)
  func `what is out of range is refused by name, with what is right`(setting: Setting<TrainingConfiguration>) throws {
    var wrong: [TrainingConfiguration] = []
    func add<Value>(_ path: WritableKeyPath<TrainingConfiguration, Value>, _ values: [Value]) {
      for value in values {
        wrong.append(TrainingConfiguration())
        wrong[wrong.count - 1][keyPath: path] = value
      }
    }
    switch setting.kind {
    case .whole(let path, let range, let even):
      add(path, [range.lowerBound - 1, range.upperBound + 1] + (even ? [range.lowerBound + 1] : []))
    case .real(let path, let bounds): add(path, [bounds.lower.nextDown, bounds.upper.nextUp, .nan])
    case .precise(let path, let bounds): add(path, [bounds.lower.nextDown, bounds.upper.nextUp, .nan])
    case .list(let path, let count, let each, let multiple):
      add(path, [[], [each.lowerBound + 1], [each.lowerBound - multiple], [each.upperBound + multiple]])
      add(path, [Array(repeating: each.lowerBound, count: count.upperBound + 1)])
    case .seed, .word: return
    }
    for configuration in wrong {
      let refusal = setting.refusal(of: setting.text(of: configuration))
      #expect(throws: refusal) { try configuration.check() }
      #expect(refusal.description.hasPrefix("\(setting.name): is ") && refusal.description.hasSuffix(setting.range))
    }
  }

  @Test func `settings that do not go together are refused by name`() {
    func refused(_ change: (inout TrainingConfiguration) -> Void) -> String {
      var configuration = TrainingConfiguration()
      change(&configuration)
      let error = #expect(throws: LearningError.self) { try configuration.check() }
      return error?.description ?? ""
    }
    #expect(
      refused { $0.advantageWeight = 2 } == "advantageWeight: is 2.0, expected 0 without a value: give valueSteps")
    #expect(
      refused { $0.mostContextTransitions = 10 }
        == "fewestContextTransitions: is 20, expected at most mostContextTransitions, 10")
    #expect(
      refused { $0.fewestContextTransitions = 3 }
        == "mostContextEpisodes: is 4, expected at most fewestContextTransitions, 3")
    #expect(
      refused { ($0.context, $0.queriesPerTask) = (.contrastive, 1) }
        == "queriesPerTask: is 1, expected at least 2, for two contexts of each task")
  }
}
