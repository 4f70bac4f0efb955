// The schema of the planning settings: what it reads, writes and refuses, and that it knows them all.

import ModelLayout
import Testing

@Suite("Settings") struct SettingTests {
  static let all = PlannerOptions.all
  static let shape = PlannerShape(
    observationSize: 3, actionSize: 2, contextSize: 4, horizon: 8, channels: [16, 32], denoisingSteps: 10)

  @Test func `every stored property has exactly one setting, but for what the context comes from`() {
    let properties = Mirror(reflecting: PlannerOptions()).children.compactMap(\.label)
    let names: [String] = Self.all.map { setting in
      let words = setting.name.split(separator: "_")
      return words[0] + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
    #expect(names.sorted() == properties.filter { $0 != "contextInference" }.sorted())
  }

  @Test(arguments: all)
  func `what is written is read back, and the defaults are allowed`(setting: Setting<PlannerOptions>) {
    let defaults = PlannerOptions()
    #expect(setting.holds(for: defaults))
    var copy = defaults
    #expect(setting.read(setting.text(of: defaults), into: &copy))
    #expect(copy == defaults)
    #expect(setting.sentence.hasSuffix("."))
  }

  @Test(arguments: all)
  func `what is no value of a setting is refused and changes nothing`(setting: Setting<PlannerOptions>) {
    for text in ["", " 1", "nan", "inf", "-1", "1e9", "none at all", "99999999999999999999"] {
      var options = PlannerOptions()
      #expect(!setting.read(text, into: &options), "'\(text)' as \(setting.name)")
      #expect(options == PlannerOptions())
    }
  }

  @Test(arguments: all)
  func `the ends of a range are allowed, what lies beyond them is not`(setting: Setting<PlannerOptions>) {
    var options = PlannerOptions()
    switch setting.kind {
    case .whole(_, let range, _):
      for value in [range.lowerBound, range.upperBound] { #expect(setting.read("\(value)", into: &options)) }
      for value in [range.lowerBound - 1, range.upperBound + 1] { #expect(!setting.read("\(value)", into: &options)) }
    case .real(_, let bounds):
      for value in [bounds.lower, bounds.upper] { #expect(setting.read("\(value)", into: &options)) }
      for value in [bounds.lower.nextDown, bounds.upper.nextUp] {
        #expect(!setting.read("\(value)", into: &options))
      }
    case .word(let words, _, _):
      for word in words {
        #expect(setting.read(word, into: &options))
        #expect(setting.text(of: options) == word)
      }
    case .precise, .seed, .list: Issue.record("planning has no such setting")
    }
  }

  @Test
  func `a setting out of range, and steps that the model's levels have no room for, are named with what is right`() {
    var options = PlannerOptions()
    #expect(options.defect(for: Self.shape) == nil)
    options.temperature = .nan
    #expect(options.defect(for: Self.shape)?.field == "temperature")
    options = PlannerOptions()
    options.coldSteps = 11
    #expect(options.defect(for: Self.shape)?.expected == "1...10")
    options = PlannerOptions()
    (options.warmLevel, options.warmSteps) = (0.3, 4)
    #expect(options.defect(for: Self.shape)?.expected == "1...3")
    options.warmLevel = 0
    #expect(options.defect(for: Self.shape) == nil)
  }

  @Test func `the command line writes names with dashes, as files and as recipes have them`() {
    struct Options { var seed: UInt64 = 1 }
    #expect(PlannerOptions.setting("warm_guide_strength").option == "--warm-guide-strength")
    #expect(Setting<Options>("worldModelSteps", .seed(\.seed), "").option == "--world-model-steps")
    #expect(Setting<Options>("bankSize", .seed(\.seed), option: nil, "").option == nil)
  }
}
