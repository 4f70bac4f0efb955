// Which episodes make the warm start.

import ControlCore
import Testing

@Suite("Context gathering") struct ContextGatheringTests {
  @Test func `the first episodes are gathered, and the last of them completes the warm start`() {
    var gathering = ContextGathering(.firstEpisodes(2))
    #expect(gathering.isGathering)
    #expect(gathering.episodeEnded() == false)
    #expect(gathering.isGathering)
    #expect(gathering.episodeEnded() == true)
    #expect(!gathering.isGathering)
    #expect(gathering.episodeEnded() == false)
  }

  @Test func `another start of the robot is gathered anew; a given context stays`() {
    var gathering = ContextGathering(.firstEpisodes(1))
    _ = gathering.episodeEnded()
    #expect(gathering.restart() == true)
    #expect(gathering.isGathering)
    var given = ContextGathering(.given)
    #expect(!given.isGathering)
    #expect(given.restart() == false)
  }

  @Test func `without episodes there is never a context`() {
    var gathering = ContextGathering(.firstEpisodes(0))
    #expect(!gathering.isGathering)
    #expect(gathering.episodeEnded() == false)
  }
}
