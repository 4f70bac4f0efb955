// What the link brings beside observations: robots come, fall silent, go, and contradict themselves.

import RobotLink

extension ControlCycle {
  /// Takes note of an event of the link at the time `now`. A refusal by a robot that never fitted is the caller's to
  /// judge. Real-time: yes.
  public mutating func note(_ event: ControllerEndpoint.Event, now: UInt64) {
    switch event {
    case .timeout, .link(.none), .link(.observation), .link(.taskRefused): break
    case .link(.connected): connect()
    case .silent: leave(.silent)
    case .link(.goodbye): leave(.goodbye)
    case .link(.busy): if busyNews.isDue(now: now) { news.add(.busy) }
    case .link(.contradiction): if contradictionNews.isDue(now: now) { news.add(.contradiction) }
    // It did fit: whatever is there now, what was driven may come back.
    case .link(.refused): if refusalNews.isDue(now: now) { news.add(.refused) }
    }
  }

  private mutating func connect() {
    news.add(isConnected ? .robotRestarted : .connected)
    isConnected = true
    // Hand-shakes come by themselves after a silence: they unlatch nothing.
    failsafe.standDown()
    deadlines = DeadlineClock(periodNanoseconds: periodNanoseconds, budgetNanoseconds: budgetNanoseconds)
    busyNews = SparseNews()
  }

  /// The robot is gone: nothing is sent until it is back.
  private mutating func leave(_ event: LoopEvent) {
    isConnected = false
    news.add(event)
    _ = episodes.end()
    idleWatch = IdleWatch()
    latchWatch = LatchWatch()
  }
}
