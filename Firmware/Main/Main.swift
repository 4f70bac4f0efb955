// The main loop: carries bytes between the board and the application. The same on the microcontroller and on Linux.

import CBoard

#if !hasFeature(Embedded)  // There everything is one module.
  import FirmwareApplication
  import RobotLink
#endif

@main
struct Main {
  static func main() {
    board_start()
    var application = Application(robot: .halfCheetah, now: board_now(), wasAtWork: board_recall() != 0)
    run(&application, chunk: takeStorage(repeating: 0, count: chunkBytes))
  }

  private static var chunkBytes: Int { @_noAllocation @_noLocks get { 64 } }

  @_noAllocation @_noLocks
  private static func run(_ application: inout Application, chunk: UnsafeMutablePointer<UInt8>) {
    var fed: UInt64 = 0
    while true {
      let now = board_now()
      // A chunk a turn from each line: neither can hold the other, or time, up.
      let fromBus = board_read(BOARD_BUS, chunk, chunkBytes)
      application.receiveFromBus(UnsafeRawBufferPointer(start: chunk, count: fromBus), now: now)
      let fromLink = board_read(BOARD_LINK, chunk, chunkBytes)
      application.receiveFromLink(UnsafeRawBufferPointer(start: chunk, count: fromLink), now: now)
      application.drive.stackBytes = board_stack_bytes()
      application.poll(now: now)
      board_remember(application.isAtWork ? 1 : 0)
      let toBus = application.busOutput
      application.busTook(board_write(BOARD_BUS, toBus.baseAddress, toBus.count))
      let toLink = application.linkOutput
      application.linkTook(board_write(BOARD_LINK, toLink.baseAddress, toLink.count))
      if now - fed >= 1_000_000 {
        board_feed_watchdog()
        fed = now
      }
      if fromBus == 0, fromLink == 0 { board_wait() }
    }
  }
}
