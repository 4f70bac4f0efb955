// Our side of the oracle tests: steps a robot from given states, and reads and writes data sets again.
//
// step FAMILY PARAMETERS  Records of doubles on standard input, one answer for each on standard output.
//                         In: [set state? 1 or 0, positions, velocities, action]  Out: [positions, velocities, reward]
// copy FROM TO            Loads a data set and saves it.

import Foundation
import OfflineData
import Tasks

func step(family: String, parameters: [Double]) throws {
  guard let task = try TaskFamily.named(family).task(parameters: parameters) as? RobotTask else {
    fatalError("\(family) is not a robot of MuJoCo's")
  }
  let (positions, velocities) = (task.state.positions.count, task.state.velocities.count)
  let recordSize = 1 + positions + velocities + task.family.actionSize
  let numbers = FileHandle.standardInput.readDataToEndOfFile().withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
  precondition(numbers.count.isMultiple(of: recordSize), "the input is not made of records of \(recordSize) doubles")

  var answers: [Double] = []
  for start in stride(from: 0, to: numbers.count, by: recordSize) {
    let record = Array(numbers[start..<start + recordSize])
    if record[0] != 0 {
      task.state = (Array(record[1...positions]), Array(record[(1 + positions)...(positions + velocities)]))
    }
    let result = task.step(action: record[(1 + positions + velocities)...].map { Float($0) })
    answers += task.state.positions + task.state.velocities + [result.reward]
  }
  FileHandle.standardOutput.write(answers.withUnsafeBytes { Data($0) })
}

let arguments = CommandLine.arguments.dropFirst()
do {
  if arguments.first == "step", arguments.count == 3 {
    try step(family: arguments[2], parameters: arguments[3].split(separator: ",").compactMap { Double($0) })
  } else if arguments.first == "copy", arguments.count == 3 {
    try Dataset.load(path: arguments[2]).save(path: arguments[3])
  } else {
    print("usage: oracle-peer step FAMILY PARAMETERS | copy FROM TO")
    exit(64)
  }
} catch let error as DataError {
  print(error)
  exit(65)
}
