// What a controller says it believes: carried as it is, and held to its rules by the receiver.

import CRobotProtocol
import RobotLink
import Testing

@Suite("Belief in an action") struct BeliefMessageTests {
  let still = [Float](repeating: 0, count: 6)

  func action(
    sequence: UInt32 = 9, confidence: Float? = nil, parameters: [Float] = [], unexplained: Bool = false
  ) -> [UInt8] {
    actionDatagram(
      epoch: LinkPair.controllerEpoch, sequence: sequence, command: still, answering: LinkPair.robotEpoch,
      confidence: confidence, parameters: parameters, unexplained: unexplained)
  }

  func parameters(_ pair: LinkPair) -> [Float] {
    (0..<(pair.action.belief?.parameterCount ?? 0)).map { pair.action.believedParameters[$0] }
  }

  @Test
  func `what is sent arrives, with sixteen parameters, one, or none, and at both ends of the confidence's range`() {
    let pair = LinkPair()
    pair.shakeHands()
    for (count, confidence, unexplained) in [(16, 0.97, false), (1, 1, true), (0, 0, false)] as [(Int, Float, Bool)] {
      var message = ActionMessage()
      message.observationEpoch = LinkPair.robotEpoch
      message.belief = StatedBelief(parameterCount: count, confidence: confidence, isUnexplained: unexplained)
      for index in 0..<count { message.believedParameters[index] = Float(index) - 7.5 }
      let event = pair.toRobot(Array(pair.controller.encode(message)))
      #expect(event == .action)
      #expect(pair.action.belief == message.belief)
      #expect(parameters(pair) == (0..<count).map { Float($0) - 7.5 })
    }
  }

  @Test func `an action without a belief, as older controllers send it, is taken and clears the one before`() {
    let pair = LinkPair()
    pair.shakeHands()
    let first = pair.toRobot(action(confidence: 0.5, parameters: [1.5]))
    #expect(first == .action)
    #expect(pair.action.belief?.confidence == 0.5)
    let second = pair.toRobot(action(sequence: 10))
    #expect(second == .action)
    #expect(pair.action.belief == nil)
  }

  @Test func `too many parameters, a number that is not finite or a confidence outside 0 … 1 spoil the action`() {
    var bad: [(Rejection, [UInt8])] = [
      (.wrongSize, action(confidence: 1, parameters: [Float](repeating: 0, count: 17))),
      (.wrongSize, action(confidence: 1, parameters: [Float](repeating: 0, count: 900))),
      (.outOfRange, action(confidence: -0.001)), (.outOfRange, action(confidence: 1.001)),
      (.outOfRange, action(parameters: [1])), (.outOfRange, action(unexplained: true)),
    ]
    for value in HostileValueTests.bad {
      bad.append((.notFinite, action(confidence: value)))
      for index in 0..<16 {
        var parameters = [Float](repeating: 0, count: 16)
        parameters[index] = value
        bad.append((.notFinite, action(confidence: 1, parameters: parameters)))
      }
    }
    for (reason, bytes) in bad {
      let pair = LinkPair()
      pair.shakeHands()
      pair.action.belief = StatedBelief(parameterCount: 1, confidence: 0.25, isUnexplained: false)
      pair.action.believedParameters[0] = 77
      let before = pair.action.belief
      let event = pair.toRobot(bytes)
      #expect(event == .none)
      #expect(pair.robot.counters[reason] == 1)
      #expect(pair.robot.counters.rejected == 1)
      #expect(pair.action.belief == before)
      #expect(parameters(pair) == [77])
    }
  }
}
