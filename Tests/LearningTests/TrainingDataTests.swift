// How a data set becomes batches.

import Learning
import OfflineData
import PlannerRuntime
import Testing

@Suite struct TrainingDataTests {
  let configuration = quickConfiguration()
  let dataset = pointDataset()
  let shape = PlannerShape(
    observationSize: 2, actionSize: 2, contextSize: 4, horizon: 4, channels: [16, 24], denoisingSteps: 10)

  @Test func `channels are normalised to mean 0 and variance 1, in the encoder's order`() throws {
    let data = try TrainingData(dataset, shape, configuration)
    let rows = dataset.transitionCount
    // Statistics count the last observation of an episode too, which begins no transition: hence the wide bounds.
    for channel in 0..<shape.transitionSize {
      let values = (0..<rows).map { Double(data.transition($0)[channel]) }
      let mean = values.reduce(0, +) / Double(rows)
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(rows)
      #expect(abs(mean) < 0.01 && abs(variance - 1) < 0.05, "channel \(channel): mean \(mean), variance \(variance)")
    }
    // Back in physical units, the second transition's first channels are what was recorded.
    let second = data.transition(1)
    let episode = dataset.episodes[0]
    let s = data.statistics
    #expect(abs(second[0] * s.observation.deviation[0] + s.observation.mean[0] - episode.observations[2]) < 1e-6)
    #expect(abs(second[2] * s.action.deviation[0] + s.action.mean[0] - episode.actions[2]) < 1e-6)
    #expect(abs(second[4] * s.reward.deviation[0] + s.reward.mean[0] - episode.rewards[1]) < 1e-6)
    let change = episode.observations[4] - episode.observations[2]
    #expect(abs(second[5] * s.difference.deviation[0] + s.difference.mean[0] - change) < 1e-6)
  }

  @Test func `windows lie within the better half of each task's episodes`() throws {
    let data = try TrainingData(dataset, shape, configuration)
    var random = RandomSource(seed: 3)
    var starts = Set<Int>()
    for _ in 0..<20_000 {
      let (task, start) = data.window(random.index(below: data.windowCount))
      let episode = start / 20
      #expect(start % 20 <= 16)
      #expect(dataset.episodes[episode].task == 10 * task)
      // Those that seek the goal are the better ones.
      #expect(dataset.episodes[episode].behaviour == "seeks")
      starts.insert(start)
    }
    #expect(starts.count == 6 * 3 * 17)
  }

  @Test func `a context of one episode is a subset of it, each transition at most once`() throws {
    var configuration = configuration
    configuration.mostContextEpisodes = 1
    let data = try TrainingData(dataset, shape, configuration)
    var random = RandomSource(seed: 4)
    let target = FloatBuffer(count: 20 * shape.transitionSize)
    var counts = Set<Int>()
    for _ in 0..<200 {
      let count = data.drawContext(from: data.tasks[2].sources, configuration, &random, target.pointer)
      counts.insert(count)
      let rows = (0..<count).map { row in (0..<7).map { target.pointer[row * 7 + $0] } }
      #expect(Set(rows).count == count)
      let episodes = data.tasks[2].training.filter { episode in
        let all = Set((0..<episode.length).map { step in (0..<7).map { data.transition(episode.start + step)[$0] } })
        return all.isSuperset(of: rows)
      }
      #expect(episodes.count == 1)
    }
    #expect(counts == Set(10...20))
  }

  @Test func `a context of several episodes has its number of transitions from one to so many of them`() throws {
    var configuration = configuration
    configuration.mostContextEpisodes = 3
    let data = try TrainingData(dataset, shape, configuration)
    var random = RandomSource(seed: 4)
    let target = FloatBuffer(count: 20 * shape.transitionSize)
    let episodes = data.tasks[2].training
    let rows = episodes.map { episode in
      Set((0..<episode.length).map { step in (0..<7).map { data.transition(episode.start + step)[$0] } })
    }
    var sources = Set<Int>()
    for _ in 0..<200 {
      let count = data.drawContext(from: EpisodePool(episodes), configuration, &random, target.pointer)
      #expect((10...20).contains(count))
      let drawn = Set((0..<count).map { row in (0..<7).map { target.pointer[row * 7 + $0] } })
      #expect(drawn.isSubset(of: rows.reduce([]) { $0.union($1) }))
      sources.insert(rows.count { !$0.isDisjoint(with: drawn) })
    }
    #expect(sources == [1, 2, 3])
  }

  @Test func `contexts come from each behaviour as often, however rare its episodes`() throws {
    var configuration = configuration
    configuration.mostContextEpisodes = 1
    var dataset = dataset
    // Of task 20's six episodes, one alone keeps the rarer behaviour.
    for index in 12..<17 { dataset.episodes[index].behaviour = "seeks" }
    dataset.episodes[17].behaviour = "wanders"
    let data = try TrainingData(dataset, shape, configuration)
    let task = data.tasks[2]
    let rare = (task.training + task.heldOut).first { $0.start == 17 * 20 }!
    let pool = EpisodePool(task.training + task.heldOut)
    let target = FloatBuffer(count: 20 * shape.transitionSize)
    var random = RandomSource(seed: 5)
    let fromRare = (0..<1000).count { _ in
      let count = data.drawContext(from: pool, configuration, &random, target.pointer)
      let drawn = (0..<7).map { target.pointer[(count - 1) * 7 + $0] }
      return (0..<rare.length).contains { step in drawn == (0..<7).map { data.transition(rare.start + step)[$0] } }
    }
    #expect((430...570).contains(fromRare), "\(fromRare) of 1000")
  }

  @Test func `held-out episodes are no training episodes, and tasks with few episodes keep them all`() throws {
    let data = try TrainingData(dataset, shape, configuration)
    for task in data.tasks {
      #expect(task.heldOut.count == 1 && task.training.count == 5)
      #expect(!task.training.contains(task.heldOut[0]))
    }
    let few = try TrainingData(pointDataset(episodesPerTask: 4), shape, configuration)
    #expect(few.tasks.allSatisfy { $0.heldOut.isEmpty && $0.training.count == 4 })
  }

  @Test func `episodes shorter than a plan are an error that says so`() {
    #expect(throws: LearningError.self) { try TrainingData(pointDataset(length: 3), shape, configuration) }
  }
}
