// What ends an episode, and "ends" of a family.json.

import Foundations

/// A number that ends the episode when it gets too low or too high.
struct EndCondition: Sendable {
  let name: String
  let readings: [Reading]
  let lowest: Double
  let highest: Double

  func holds(_ plant: Plant) -> Bool {
    readings.contains { reading in
      let value = plant.value(reading)
      return value <= lowest || value >= highest
    }
  }
}

enum EndKey: String, FieldKey {
  case name, quantity, of, axes, from
  case atMost = "at most"
  case atLeast = "at least"
}

extension EndCondition {
  init(_ field: Field, quantities: QuantityReader) throws(TaskError) {
    let keys = try field.object(EndKey.self)
    name = try keys.required(.name).name()
    readings = try quantities.quantities(
      try keys.required(.quantity).choice(QuantityKind.self), of: try keys.required(.of), axes: keys[.axes],
      from: keys[.from]
    ).map(\.reading)
    lowest = try keys[.atMost]?.number() ?? -.infinity
    highest = try keys[.atLeast]?.number() ?? .infinity
    guard lowest > -.infinity || highest < .infinity else {
      throw field.error("says no number", "add \"at most\", \"at least\", or both")
    }
    guard lowest < highest else { throw field.error("always holds", "give \"at most\" below \"at least\"") }
  }
}
