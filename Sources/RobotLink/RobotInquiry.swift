// Asking whatever is at an address what it is, without driving it.

import CRobotProtocol

/// What an inquiry found. Real-time: yes, a value.
public enum InquiryAnswer: Sendable, Equatable {
  /// A robot that describes itself.
  case robot(RobotDescription)
  /// Something that speaks this protocol but does not answer inquiries.
  case otherSpeaker
  /// Pieces of something else, this many: another baud rate, or another device.
  case noise(Int)
  case silence
}

/// Asks who is at `address`: ten times per second, for at most `nanoseconds`. Nothing changes at the other end. Throws
/// when the address cannot be opened. Real-time: no.
public func inquire(_ address: LinkAddress, nanoseconds: UInt64) throws(LinkError) -> InquiryAnswer {
  let transport = try LinkTransport(.connecting, address)
  let isUDP = if case .udp = address { true } else { false }
  var channel = FrameChannel(epoch: randomEpoch())
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: LinkLimits.datagramBytes, alignment: 16)
  defer { buffer.deallocate() }
  let nobody = RobotProfile(family: FixedText(), observationSize: 0, actionSize: 0, periodNanoseconds: 0, schema: 0)
  var sender = PeerAddress.line
  var nextQuestion: UInt64 = 0
  var (pieces, hasSpeaker) = (0, false)
  let end = monotonicNanoseconds() + nanoseconds
  while true {
    let now = monotonicNanoseconds()
    if now >= nextQuestion {
      nextQuestion = now + ControllerSession.helloNanoseconds
      _ = transport.send(
        channel.encode(hello: nobody, model: FixedText(), bytes: isUDP ? LinkLimits.helloBytes : 0), to: nil)
    }
    switch transport.receive(into: buffer, from: &sender) {
    case .frame(let count):
      switch channel.decode(UnsafeRawBufferPointer(start: buffer.baseAddress, count: count)) {
      case .rejected: pieces += 1
      case .frame(let frame):
        hasSpeaker = true
        guard frame.pointee.body_case == ROBOT__FRAME__BODY_DESCRIPTION,
          frame.pointee.description.pointee.hello_epoch == channel.epoch,
          let description = RobotDescription(frame.pointee.description.pointee)
        else { break }
        return .robot(description)
      }
    case .rejected: pieces += 1
    case .handled: break
    case .nothing: transport.wait(until: min(end, nextQuestion))
    }
    if now >= end { return hasSpeaker ? .otherSpeaker : pieces > 0 ? .noise(pieces) : .silence }
  }
}
