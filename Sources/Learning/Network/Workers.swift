// A tiny persistent pool of threads that runs the shards of a batch; results do not depend on the number of threads.

import Glibc

/// Runs a fixed number of shards on one thread or several. Not thread-safe itself: one caller. Real-time: no.
public final class Workers {
  /// Threads that work, the caller among them.
  public let threads: Int
  private let shared = Shared()
  private var handles: [pthread_t] = []

  /// `threads` ≥ 1; the pool starts `threads - 1` helpers that sleep between calls.
  public init(threads: Int) {
    precondition(threads >= 1)
    self.threads = threads
    for _ in 1..<threads {
      var handle = pthread_t()
      let context = Unmanaged.passRetained(shared).toOpaque()
      let status = pthread_create(&handle, nil, { Workers.serve($0!) }, context)
      precondition(status == 0, "pthread_create: error \(status)")
      handles.append(handle)
    }
  }

  deinit {
    shared.locked { shared.stopping = true }
    pthread_cond_broadcast(shared.wake)
    for handle in handles { pthread_join(handle, nil) }
  }

  /// Calls `body` once for each of `0..<shards`, in any order and on any thread; returns when all are done.
  public func run(shards: Int, _ body: @escaping (Int) -> Void) {
    guard threads > 1, shards > 1 else {
      for shard in 0..<shards { body(shard) }
      return
    }
    shared.locked {
      shared.body = body
      shared.next = 0
      shared.shards = shards
      shared.unfinished = shards
    }
    pthread_cond_broadcast(shared.wake)
    while let shard = shared.take() { shared.perform(shard, body) }
    shared.locked {
      while shared.unfinished > 0 { pthread_cond_wait(shared.done, shared.mutex) }
      shared.body = nil
    }
  }

  private static func serve(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    let shared = Unmanaged<Shared>.fromOpaque(context).takeRetainedValue()
    while let (shard, body) = shared.waitForWork() { shared.perform(shard, body) }
    return nil
  }

  /// What caller and helpers share; every field is read and written under the mutex.
  private final class Shared: @unchecked Sendable {
    let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    let done = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    var body: ((Int) -> Void)?
    var next = 0
    var shards = 0
    var unfinished = 0
    var stopping = false

    init() {
      pthread_mutex_init(mutex, nil)
      pthread_cond_init(wake, nil)
      pthread_cond_init(done, nil)
    }

    deinit {
      pthread_cond_destroy(done)
      pthread_cond_destroy(wake)
      pthread_mutex_destroy(mutex)
      done.deallocate()
      wake.deallocate()
      mutex.deallocate()
    }

    func locked<Result>(_ body: () -> Result) -> Result {
      pthread_mutex_lock(mutex)
      defer { pthread_mutex_unlock(mutex) }
      return body()
    }

    /// The next shard that nobody has, if any.
    func take() -> Int? {
      locked {
        guard next < shards else { return nil }
        defer { next += 1 }
        return next
      }
    }

    /// Sleeps until there is a shard or the pool stops (nil).
    func waitForWork() -> (Int, (Int) -> Void)? {
      locked {
        while !stopping {
          if next < shards, let body {
            defer { next += 1 }
            return (next, body)
          }
          pthread_cond_wait(wake, mutex)
        }
        return nil
      }
    }

    func perform(_ shard: Int, _ body: (Int) -> Void) {
      body(shard)
      let last = locked {
        unfinished -= 1
        return unfinished == 0
      }
      if last { pthread_cond_signal(done) }
    }
  }
}
