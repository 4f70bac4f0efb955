// A short damage run; `metadiffuser link-damage` is the long one.

import LinkFaults
import Testing

@Suite("Damage") struct DamageTests {
  @Test(
    arguments: DamageRun.Link.allCases, [1, 2] as [UInt64])
  func `no wrong payload passes, the next whole frame is read, and every count is what was predicted`(
    link: DamageRun.Link, seed: UInt64
  ) {
    var run = DamageRun(link, seed: seed)
    run.run(frames: 20_000)
    let account = run.account
    #expect(account.isExact, "\(account)")
    // The damage was real, and so were the frames that passed.
    #expect(account.accepted > 7_000)
    #expect(account.damaged > 4_000)
    #expect(account.duplicate > 200 && account.stale > 200 && account.lost > 4_000)
  }
}
