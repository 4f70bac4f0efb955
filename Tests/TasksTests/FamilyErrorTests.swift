// What is wrong in a family.json is named: file, place, problem and cure.

import Foundation
import Foundations
import Tasks
import Testing

@Suite struct FamilyErrorTests {
  /// What is replaced in the arm's family.json, by what, and words that the error has.
  @Test(
    arguments: [
      ("\"period\": \"20 ms\"", "\"perod\": \"20 ms\"", "perod there is no such key; there are: period"),
      ("\"summary\": \"a tip that reaches for a place\",", "", "has no \"summary\"; add one"),
      ("\"period\": \"20 ms\"", "\"period\": 20", "period is the number 20.0; give a text"),
      ("\"20 ms\"", "\"20 years\"", "period is no time; give a number and s, ms or us"),
      ("\"20 ms\"", "\"21 ms\"", "physics steps; give a multiple of the timestep in robot.xml, 0.005 s"),
      ("\"episode length\": 50", "\"episode length\": 1.5", "episode length is 1.5; give a whole number in 1 … 100000"),
      (
        "\"of\": \"encoder\"", "\"of\": \"encder\"",
        "observation[4].of names no sensor: 'encder'; the robot has: encoder"
      ),
      (
        "\"of\": [\"shoulder\", \"elbow\"], \"limits\"", "\"of\": [\"sholder\"], \"limits\"",
        "observation[2].of[0] names no joint: 'sholder'; the robot has: shoulder, elbow, float"
      ),
      ("\"joint sine\"", "\"joint sin\"", "observation[0].quantity is 'joint sin'; there are: joint sine"),
      ("\"axes\": \"xz\" },", "\"axes\": \"xw\" },", "observation[3].axes is 'xw'; give some of x, y and z"),
      (
        "\"limits\": [-2, 2]", "\"limits\": [2, -2]",
        "observation[2].limits is [2.0, -2.0]; give the lower number first"
      ),
      ("\"limits\": [-2, 2]", "\"limits\": [2]", "observation[2].limits has 1 entries; give two numbers"),
      (
        "\"joint cosine\", \"of\": \"shoulder\"", "\"joint cosine\", \"of\": \"float\"",
        "observation[1].of 'float' is a joint without a cosine"
      ),
      ("\"of\": \"encoder\"", "\"of\": \"encoder\", \"axes\": \"x\"", "observation[4].axes means nothing"),
      ("{ \"of\": \"*\" }", "{ \"of\": \"*\", \"limits\": [-3, 3] }", "is wider than 'shoulder' allows"),
      ("{ \"of\": \"*\" }", "{ \"of\": [\"elbow\", \"elbow\"] }", "actions[0].of[1] names the actuator again"),
      ("[{ \"of\": \"*\" }]", "[]", "actions is empty; name at least one actuator"),
      ("\"target\": [\"goal x\", \"goal y\"]", "\"target\": [\"goal x\"]", "reward[0].target has 1 entries"),
      (
        "\"target\": [\"goal x\", \"goal y\"]", "\"target\": [\"goal\", \"goal y\"]",
        "reward[0].target[0] names no parameter: 'goal'; there are: goal x, goal y"
      ),
      ("\"as\": \"distance\"", "\"as\": \"distnce\"", "reward[0].as is 'distnce'; there are: distance"),
      ("\"as\": \"distance\"", "\"as\": \"nearness\"", "reward[0] is a nearness without \"scale\"; add one"),
      ("\"as\": \"distance\"", "\"as\": \"value\"", "reward[0] measures 2 numbers"),
      ("\"quantity\": \"control\",", "\"quantity\": \"control\", \"of\": \"elbow\",", "reward[1].of means nothing"),
      ("\"name\": \"control\"", "\"name\": \"reach\"", "reward[1].name is used twice"),
      (", \"at least\": 6, \"at most\": -6", "", "ends[0] says no number"),
      (
        "\"keyframe\": \"home\"", "\"keyframe\": \"hme\"",
        "start.keyframe names no keyframe: 'hme'; the robot has: home"
      ),
      ("{ \"normal\": 0.1 }", "{ \"normal\": 0.1, \"uniform\": 1 }", "start.velocities is not one law"),
      ("{ \"disc\": 0.5 }", "{ \"uniform\": [0, 1] }", "parameters[0].outside is of another kind"),
      ("\"outside\": { \"disc\": 0.7 }", "\"range\": [0, 1]", "parameters[0].range does not hold all that is drawn"),
      ("{ \"disc\": 0.5 }", "{ \"disc\": 0.5, \"choice\": [1] }", "parameters[0].law is 2 laws"),
      (
        "\"law\": { \"uniform\": [0, 1] }", "\"law\": { \"uniform\": [-3, 1] }",
        "parameters[1].changes lets a body mass be -"
      ),
      (
        "\"law\": { \"choice\": [0, 1, 2] }", "\"law\": { \"choice\": [0, 900] }",
        "lets the delay be 0.0 … 900.0 periods"
      ),
      ("\"what\": \"actuator lag\"", "\"what\": \"lag\"", "parameters[2].changes.what is 'lag'; there are: "),
      (
        "\"what\": \"actuator lag\"", "\"what\": \"actuator lag\", \"of\": \"elbow\"",
        "parameters[2].changes.of means nothing"
      ),
      ("\"* strength\"", "\"strength\"", "parameters[4].name is the same for each; put a *"),
      (
        "\"each\": [\"shoulder\", \"elbow\"]", "\"each\": [\"shoulder\", \"wrist\"]",
        "parameters[4].each[1] names no actuator: 'wrist'"
      ),
      (", \"changes\": { \"what\": \"actuator lag\" }", "", "parameters has 'lag', which changes nothing"),
      ("\"train\": 6,", "", "tasks has no \"train\"; add one"),
      ("\"train\": 6,", "\"train\": 0,", "tasks.train is 0.0; give a whole number in 1 … 1000"),
      ("{ \"train\": 6, \"held-out\": 3, \"test\": 4, \"outside\": 5 }", "\"all\"", "tasks is \"all\", but 'goal x'"),
      ("\"name\": \"arm\"", "\"name\": \"my arm\"", "name is 'my arm'; give at most 40 letters"),
      ("\"name\": \"arm\",", "\"name\": \"arm\", \"robot\": \"arm.xml\",", "arm.xml: MuJoCo rejects the robot"),
      ("\"arm\",", "\"arm\"", "is no JSON"),
    ])
  func `an error names the file, the place, the problem and the cure`(old: String, new: String, words: String) throws {
    let fixture = try FamilyFixture.arm(replacing: old, with: new)
    let error = try #require(throws: TaskError.self) { try fixture.family() }
    #expect("\(error)".contains(words), "\(error)")
    #expect("\(error)".contains(fixture.folder))
    #expect(error.isAboutAFile)
  }

  @Test func `a folder without a family.json, and one that is not there, are named`() throws {
    let error = try #require(throws: TaskError.self) { try TaskFamily.named("/tmp/no/such/folder") }
    #expect("\(error)".contains("/tmp/no/such/folder/family.json: cannot be read"))
  }

  @Test func `a robot that MuJoCo rejects is named with its reason`() throws {
    let fixture = try FamilyFixture(robot: "<mujoco><worldbody><body><joint/></body></worldbody></mujoco>")
    let error = try #require(throws: TaskError.self) { try fixture.family() }
    #expect("\(error)".contains("robot.xml: MuJoCo rejects the robot: "))
    #expect("\(error)".contains("mass and inertia"))
  }

  /// Every byte of the description is changed once, dropped, or doubled, by a seed.
  @Test func `no mutation of a description traps; each is a family or a named error`() throws {
    var random = RandomSource(seed: 11)
    let good = Array(FamilyFixture.arm.utf8)
    let alphabet = Array("{}[]\",:0123456789-.e*abz\u{0}\u{FF} ".utf8)
    var refused = 0
    let fixture = try FamilyFixture()
    for _ in 0..<3000 {
      var bytes = good
      for _ in 0...random.index(below: 3) {
        let place = random.index(below: bytes.count)
        switch random.index(below: 4) {
        case 0: bytes[place] = alphabet[random.index(below: alphabet.count)]
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(alphabet[random.index(below: alphabet.count)], at: place)
        default:
          // A stretch from elsewhere.
          let from = random.index(below: bytes.count)
          let stretch = bytes[from..<min(from + 30, bytes.count)]
          bytes.replaceSubrange(place..<min(place + random.index(below: 30), bytes.count), with: stretch)
        }
      }
      do {
        let family = try TaskFamily.described(Data(bytes), inFolder: fixture.folder)
        let task = try family.task(parameters: family.trainTasks[0])
        _ = task.step(action: family.randomAction(&random))
      } catch {
        refused += 1
        #expect("\(error)".contains("family.json") || "\(error)".contains("MuJoCo"), "\(error)")
      }
    }
    #expect((1500..<3000).contains(refused))
  }

  /// Structure-aware: every value of the JSON is replaced, one at a time, by values of other kinds.
  @Test func `every value replaced by one of every other kind is a family or a named error`() throws {
    let fixture = try FamilyFixture()
    let object = try JSONSerialization.jsonObject(with: Data(FamilyFixture.arm.utf8))
    let others: [Any] = [
      NSNull(), true, -1, 0, 1e300, 0.5, "", "*", "goal x", [Any](), [1, 2], [String: Any](), ["uniform": [1, 0]],
    ]
    var (variants, refused) = (0, 0)
    for other in others {
      for variant in Self.replaced(object, by: other) where JSONSerialization.isValidJSONObject(variant) {
        variants += 1
        do {
          let data = try JSONSerialization.data(withJSONObject: variant)
          let family = try TaskFamily.described(data, inFolder: fixture.folder)
          _ = try family.task(parameters: family.testTasks[0])
        } catch {
          refused += 1
          #expect(error is TaskError, "\(error)")
        }
      }
    }
    #expect(variants > 1000 && refused > 9 * variants / 10)
  }

  /// `value` with each of the values in it replaced by `other`, one at a time.
  private static func replaced(_ value: Any, by other: Any) -> [Any] {
    var all: [Any] = [other]
    if let object = value as? [String: Any] {
      for (key, inner) in object {
        for variant in replaced(inner, by: other) {
          var copy = object
          copy[key] = variant
          all.append(copy)
        }
      }
    } else if let list = value as? [Any] {
      for (index, inner) in list.enumerated() {
        for variant in replaced(inner, by: other) {
          var copy = list
          copy[index] = variant
          all.append(copy)
        }
      }
    }
    return all
  }
}
