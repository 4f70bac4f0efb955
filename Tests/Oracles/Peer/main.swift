// Our side of the oracle tests: steps the half-cheetah from given states, and reads and writes data sets again.
//
// step SPEED      Records of doubles on standard input, one answer for each on standard output.
//                 In: [set state? 1 or 0, positions 9, velocities 9, action 6]  Out: [positions 9, velocities 9, reward]
// copy FROM TO    Loads a data set and saves it.

import Foundation
import OfflineData
import Tasks

func step(speed: Double) throws {
  guard let task = try TaskFamily.cheetahVelocity.task(parameters: [speed]) as? HalfCheetahTask else {
    fatalError("cheetah-vel is no longer a half-cheetah")
  }
  let recordSize = 25
  let numbers = FileHandle.standardInput.readDataToEndOfFile().withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
  precondition(numbers.count.isMultiple(of: recordSize), "the input is not made of records of \(recordSize) doubles")

  var answers: [Double] = []
  for start in stride(from: 0, to: numbers.count, by: recordSize) {
    let record = numbers[start..<start + recordSize]
    if record[start] != 0 {
      task.state = (Array(record[start + 1..<start + 10]), Array(record[start + 10..<start + 19]))
    }
    let result = task.step(action: record[(start + 19)...].map { Float($0) })
    answers += task.state.positions + task.state.velocities + [result.reward]
  }
  FileHandle.standardOutput.write(answers.withUnsafeBytes { Data($0) })
}

let arguments = CommandLine.arguments.dropFirst()
do {
  if arguments.first == "step", arguments.count == 2, let speed = Double(arguments[2]) {
    try step(speed: speed)
  } else if arguments.first == "copy", arguments.count == 3 {
    try Dataset.load(path: arguments[2]).save(path: arguments[3])
  } else {
    print("usage: oracle-peer step SPEED | copy FROM TO")
    exit(64)
  }
} catch let error as DataError {
  print(error)
  exit(65)
}
