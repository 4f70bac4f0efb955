// Recording of simulated robots: reproducible on any number of threads, complete or not at all.

import DataCollection
import OfflineData
import Synchronization
import Tasks
import Testing

@Suite struct CollectionTests {
  private let family = TaskFamily.pointRobot

  private func jobs() -> [RecordingJob] {
    family.trainTasks.prefix(4).enumerated().flatMap { task, parameters in
      [0, 1].map { _ in
        RecordingJob(task: task, parameters: parameters, behaviour: .random(family))
      }
    }
  }

  @Test func `one thread and many record the same data`() throws {
    let one = try Dataset.collect(family: family, jobs: jobs(), seed: 5, threads: 1)
    #expect(try Dataset.collect(family: family, jobs: jobs(), seed: 5, threads: 4) == one)
    #expect(try Dataset.collect(family: family, jobs: jobs(), seed: 6, threads: 1) != one)
  }

  @Test func `episodes are complete, in order and pass the check`() throws {
    let dataset = try Dataset.collect(family: family, jobs: jobs(), seed: 5)
    try dataset.check(file: "")
    #expect(dataset.episodes.map(\.task) == [0, 0, 1, 1, 2, 2, 3, 3])
    #expect(dataset.episodes.allSatisfy { $0.length == 20 && !$0.terminated })
    #expect(dataset.episodes[0] != dataset.episodes[1])
  }

  @Test func `what is recorded is the action that the robot carried out`() throws {
    let wild = Behaviour(name: "wild") { { _, _, _ in [-9, 0.05] } }
    let job = RecordingJob(task: 0, parameters: [0, 1], behaviour: wild)
    let episode = try Dataset.collect(family: family, jobs: [job], seed: 1).episodes[0]
    #expect(Array(episode.actions.prefix(2)) == [-0.1, 0.05])
    #expect(Array(episode.observations[2..<4]) == [-0.1, 0.05])
  }

  @Test func `a stumble comes before the recording and is not part of it`() throws {
    let still = Behaviour(name: "still", stumblesFirst: true) { { _, _, _ in [0, 0] } }
    let job = RecordingJob(task: 0, parameters: [0, 1], behaviour: still)
    let episode = try Dataset.collect(family: family, jobs: [job], seed: 1).episodes[0]
    #expect(episode.length == 20)
    #expect(episode.actions.allSatisfy { $0 == 0 })
    // A robot that does nothing is elsewhere than where it was reset only because it stumbled.
    #expect(episode.observations.prefix(2).contains { $0 != 0 })
  }

  @Test func `a behaviour led astray acts on what it is told, and is paid for what the task is`() throws {
    let toGoal = Behaviour(name: "to goal") { { _, _, goal in [goal[0] > 0 ? 0.1 : -0.1, 0] } }
    let job = RecordingJob(task: 0, parameters: [-1, 0], behaviour: toGoal, told: [1, 0])
    let episode = try Dataset.collect(family: family, jobs: [job], seed: 1).episodes[0]
    #expect(episode.actions[0] == 0.1)
    #expect(episode.parameters == [-1, 0])
    #expect(abs(episode.rewards[0] + 1.1) < 1e-6)
  }

  @Test func `progress counts every episode`() throws {
    let counts = Mutex<[Int]>([])
    _ = try Dataset.collect(
      family: family, jobs: jobs(), seed: 5, progress: { count in counts.withLock { $0.append(count) } })
    #expect(counts.withLock { $0.sorted() } == Array(1...8))
  }

  @Test func `a cancelled recording throws`() {
    #expect(throws: DataError.cancelled) {
      try Dataset.collect(family: family, jobs: jobs(), seed: 5, isCancelled: { true })
    }
  }

  @Test func `a behaviour that cannot start is named`() {
    let broken = Behaviour(name: "expert") { throw DataError.damaged(file: "a.safetensors", reason: "is empty") }
    let job = RecordingJob(task: 0, parameters: [0, 1], behaviour: broken)
    let error = #expect(throws: DataError.self) { try Dataset.collect(family: family, jobs: [job], seed: 5) }
    #expect(error?.description.hasPrefix("behaviour 'expert' cannot drive the robot: a.safetensors: is empty") == true)
  }

  @Test func `a mixture has all levels in its proportions`() {
    #expect(Quality.mixed.counts(episodes: 75).map(\.episodes) == [20, 5, 10, 25, 15])
    #expect(Quality.mixed.counts(episodes: 3).map(\.episodes).reduce(0, +) == 3)
    #expect(Quality.medium.counts(episodes: 7).map(\.level) == [.medium])
  }

  @Test func `the progress line says how long it will still take`() {
    #expect(
      ProgressBar.line("collect", 225, 900, "episodes", elapsed: .seconds(30))
        == "collect [#####---------------] 25 % 225/900 episodes, 1 min 30 s left")
    #expect(
      ProgressBar.line("collect", 4, 4, "episodes", elapsed: .seconds(3))
        == "collect [####################] 100 % 4/4 episodes, took 3 s")
  }
}
