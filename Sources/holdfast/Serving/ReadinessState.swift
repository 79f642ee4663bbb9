// Whether the region serves now, as the probes ask it.

internal import NativeAPI
internal import Synchronization

final class ReadinessState: Sendable {
    private let state = Mutex(Readiness.unavailable("starting"))

    var current: Readiness { state.withLock { $0 } }

    func set(_ readiness: Readiness) { state.withLock { $0 = readiness } }
}
