// Both endpoints on real UDP sockets, each served in turn by one thread.

import CAllocationCounter
import RobotLink
import Testing

@Suite("Loopback") struct LoopbackTests {
  /// The two ends on a free port of this machine.
  final class Link {
    var robot: RobotEndpoint
    var controller: ControllerEndpoint
    var outgoing = ObservationMessage()
    var answer = ActionMessage()

    init(key: LinkKey? = nil) throws {
      robot = try RobotEndpoint(
        listeningAt: LinkAddress(host: "127.0.0.1", port: 0), description: describe(cheetah),
        silenceNanoseconds: 10_000 * millisecond, key: key)
      controller = try ControllerEndpoint(
        connectingTo: LinkAddress(host: "127.0.0.1", port: robot.port), profile: cheetah, model: "test",
        silenceNanoseconds: 10_000 * millisecond, key: key)
    }

    func shakeHands() -> (RobotEvent, ControllerEndpoint.Event) {
      // Nothing has come yet: this sends the Hello and returns.
      _ = controller.next(until: 0)
      let accepted = robot.next(until: soon())
      return (accepted, controller.next(until: soon()))
    }

    /// The same in turns of a millisecond: with a key it takes more than one message each.
    func meet() -> Bool {
      let limit = soon()
      while monotonicNanoseconds() < limit {
        if controller.next(until: monotonicNanoseconds() + millisecond) == .link(.connected) { return true }
        _ = robot.next(until: monotonicNanoseconds() + millisecond)
      }
      return false
    }

    /// One control period's messages; true if both arrived.
    func exchange() -> Bool {
      let sequence = robot.send(outgoing)
      guard controller.next(until: soon()) == .link(.observation) else { return false }
      answer.answer(controller.observation)
      (answer.mode, answer.laterEntries) = (.plan, LinkLimits.laterEntries)
      controller.send(answer)
      return robot.next(until: soon()) == .action && robot.action.observationSequence == sequence
    }

    func soon() -> UInt64 { monotonicNanoseconds() + 5_000 * millisecond }
  }

  @Test func `the two ends meet and exchange a thousand periods without loss and without an allocation`() throws {
    let link = try Link()
    let (accepted, connected) = link.shakeHands()
    #expect(accepted == .connected)
    #expect(connected == .link(.connected))
    _ = link.exchange()
    let before = ac_allocations()
    var exchanged = 0
    for _ in 0..<1_000 where link.exchange() { exchanged += 1 }
    let allocations = ac_allocations() - before
    #expect(exchanged == 1_000)
    #expect(allocations == 0)
    #expect(link.robot.session.counters.lost == 0)
    #expect(link.controller.session.counters.lost == 0)
  }

  @Test func `with a key they do the same, the hand-shake included, without an allocation`() throws {
    let link = try Link(key: testKey)
    let before = ac_allocations()
    let met = link.meet()
    var exchanged = 0
    for _ in 0..<1_000 where link.exchange() { exchanged += 1 }
    let allocations = ac_allocations() - before
    #expect(met)
    #expect(exchanged == 1_000)
    #expect(allocations == 0)
    #expect(link.robot.session.counters.rejected == 0)
    #expect(link.controller.session.counters.rejected == 0)
  }

  @Test func `without the key, or with another one, a controller is not heard, and its datagrams are counted`() throws {
    let other = try LinkKey(bytes: [UInt8](repeating: 9, count: 32))
    for (key, reason) in [(nil, Rejection.unauthenticated), (other, .forged)] {
      var robot = try RobotEndpoint(
        listeningAt: LinkAddress(host: "127.0.0.1", port: 0), description: describe(cheetah),
        silenceNanoseconds: 10_000 * millisecond, key: testKey)
      var controller = try ControllerEndpoint(
        connectingTo: LinkAddress(host: "127.0.0.1", port: robot.port), profile: cheetah, model: "test",
        silenceNanoseconds: 10_000 * millisecond, key: key)
      let limit = monotonicNanoseconds() + 5_000 * millisecond
      while robot.session.counters.rejected < 3, monotonicNanoseconds() < limit {
        _ = controller.next(until: monotonicNanoseconds() + 20 * millisecond)
        let event = robot.next(until: monotonicNanoseconds() + millisecond)
        #expect(event == .none)
      }
      let (rejected, heard) = (robot.session.counters[reason], controller.session.counters.accepted)
      #expect(rejected == 3)
      #expect(heard == 0)
    }
  }

  @Test func `hand-shakes, refusals and garbage cost no allocation either`() {
    let pair = LinkPair(model: RobotProfile(family: "x", observationSize: 1, actionSize: 1, periodNanoseconds: 1))
    let garbage = [UInt8](repeating: 1, count: 100)
    var buffer = [UInt8](repeating: 0, count: 500)
    func carry() {
      _ = pair.controller.poll(now: pair.now)
      pair.now += 200 * millisecond
      let count = pair.controller.reply.count
      buffer.withUnsafeMutableBytes { $0.copyMemory(from: pair.controller.reply) }
      buffer.withUnsafeBytes {
        let bytes = UnsafeRawBufferPointer(rebasing: $0[..<count])
        _ = pair.robot.receive(bytes, from: pair.address, now: pair.now, action: &pair.action)
      }
      let replied = pair.robot.reply.count
      buffer.withUnsafeMutableBytes { $0.copyMemory(from: pair.robot.reply) }
      buffer.withUnsafeBytes {
        let bytes = UnsafeRawBufferPointer(rebasing: $0[..<replied])
        _ = pair.controller.receive(bytes, now: pair.now, observation: &pair.observation)
      }
      garbage.withUnsafeBytes {
        _ = pair.robot.receive($0, from: pair.address, now: pair.now, action: &pair.action)
      }
    }
    carry()
    let before = ac_allocations()
    for _ in 0..<100 { carry() }
    let allocations = ac_allocations() - before
    #expect(allocations == 0)
    #expect(pair.controller.peerText.description.contains("family"))
  }

  @Test func `the allocation counter counts`() {
    let before = ac_allocations()
    let array = [Int](repeating: Int(before), count: 1_000)
    #expect(ac_allocations() > before)
    #expect(array.count == 1_000)
  }

  @Test func `a port in use is an error that names the port and the cure`() throws {
    let first = try RobotEndpoint(
      listeningAt: LinkAddress(host: "127.0.0.1", port: 0), description: describe(cheetah), silenceNanoseconds: 1)
    let taken = LinkAddress(host: "127.0.0.1", port: first.port)
    do throws(LinkError) {
      _ = try RobotEndpoint(listeningAt: taken, description: describe(cheetah), silenceNanoseconds: 1)
      Issue.record("the second bind succeeded")
    } catch {
      #expect(error == .addressInUse(taken))
      #expect(error.description.contains("port \(first.port) is in use"))
    }
    #expect(first.port != 0)
  }

  @Test func `an address of another machine or an unknown name cannot be bound`() {
    // No name server is asked for a name longer than any can be.
    let impossible = String(repeating: "x", count: 300)
    for (host, word) in [("192.0.2.1", "bind failed"), (impossible, "cannot find")] {
      do throws(LinkError) {
        _ = try RobotEndpoint(
          listeningAt: LinkAddress(host: host, port: 5600), description: describe(cheetah), silenceNanoseconds: 1)
        Issue.record("\(host) was bound")
      } catch {
        #expect(error.description.contains(word))
      }
    }
  }

  @Test func `a controller without a robot times out, and finds it when it comes`() throws {
    let link = try Link()
    let port = link.robot.port
    let event = link.controller.next(until: 0)
    #expect(event == .timeout)
    // The Hello waits in the robot's socket.
    let accepted = link.robot.next(until: link.soon())
    #expect(accepted == .connected)
    #expect(port != 0)
  }
}
