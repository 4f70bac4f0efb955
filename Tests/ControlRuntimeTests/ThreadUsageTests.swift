// What the threads of a loop cost is counted on each of them, and the stack is touched where the loop will use it.

import CAllocationCounter
import CRealTime
import ControlRuntime
import Glibc
import PlannerRuntime
import Synchronization
import Testing

/// Uses `frames` times 4 KiB of stack.
@inline(never) private func descend(_ frames: Int) -> Int {
  let page = InlineArray<4096, UInt8>(repeating: UInt8(truncatingIfNeeded: frames))
  let below = frames > 1 ? descend(frames - 1) : 0
  return below + Int(page[frames % 4096])
}

/// Page faults of the first use of `frames` · 4 KiB of stack on a thread that has touched 128 KiB of it.
private func faultsOfFirstUse(frames: Int) -> UInt64 {
  struct Call {
    let frames: Int
    var faults: UInt64 = 0
  }
  var call = Call(frames: frames)
  var thread: UInt64 = 0
  withUnsafeMutablePointer(to: &call) { call in
    let code = rt_start(
      { context in
        let call = context!.assumingMemoryBound(to: Call.self)
        rt_touch_stack(128 * 1024)
        // What counting itself needs is not counted.
        _ = ThreadUsage.now(allocationCount: nil)
        let before = ThreadUsage.now(allocationCount: nil)
        _ = descend(call.pointee.frames)
        call.pointee.faults = (ThreadUsage.now(allocationCount: nil) - before).minorFaults
      }, call, 512 * 1024, &thread)
    precondition(code == 0)
    rt_join(thread)
  }
  return call.faults
}

@Suite("Thread usage") struct ThreadUsageTests {
  @Test func `a stack that was touched meets no page fault in the half that is used first, nor in the other`() {
    // The code itself is paged in by the first call.
    _ = faultsOfFirstUse(frames: 1)
    #expect(faultsOfFirstUse(frames: 8) == 0)
    #expect(faultsOfFirstUse(frames: 28) == 0)
    // And beyond what was touched they are seen: the test can fail.
    #expect(faultsOfFirstUse(frames: 100) > 40)
  }

  @Test func `allocations and page faults of the planner's helper count, and those of other threads do not`() throws {
    let model = try makeModel()
    var options = PlannerOptions()
    options.candidates = 2
    let planner = try Planner(weights: model.weights, options: options, threads: 2)
    let count: @Sendable () -> UInt64 = { ac_allocations() }
    let before = ThreadUsage.now(with: planner, allocationCount: count)
    let idle = ThreadUsage.now(with: planner, allocationCount: count) - before
    #expect(idle.allocations == 0)
    #expect(idle.minorFaults == 0)

    let start = ThreadUsage.now(with: planner, allocationCount: count)
    planner.onHelper({ _ in
      for size in [16, 64, 1024] {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
        memory.storeBytes(of: 1, as: UInt8.self)
        memory.deallocate()
      }
      // Memory that nobody has touched, which an allocator might not have: a page fault for each 4 KiB of it.
      let size = 1 << 20
      let fresh = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
      for offset in stride(from: 0, to: size, by: 4096) {
        fresh.storeBytes(of: 1, toByteOffset: offset, as: UInt8.self)
      }
      munmap(fresh, size)
    })
    let cost = ThreadUsage.now(with: planner, allocationCount: count) - start
    #expect(cost.allocations == 3)
    #expect(cost.minorFaults > 0)
  }
}
