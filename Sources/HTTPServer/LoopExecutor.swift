// Runs the tasks of connections on their event loop. As the task's preferred executor (not as that of an
// actor), because a continuation is then resumed on the loop itself: with an actor it is resumed on the
// global pool first and hops from there, which costs two thread switches for every wait (measured: 40 % of
// the requests of a keep-alive connection).

internal import NIOCore

final class LoopExecutor: TaskExecutor {
    let eventLoop: any EventLoop

    init(_ eventLoop: any EventLoop) { self.eventLoop = eventLoop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
