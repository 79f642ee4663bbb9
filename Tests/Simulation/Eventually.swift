// Waiting in tests for what other tasks and threads do. Every wait has an end: what never comes is an error
// that says so, and not a test that hangs.

/// What a test waited for in vain.
package struct NeverHappened: Error, CustomStringConvertible {
    package let what: String

    package var description: String { "never happened: \(what)" }
}

/// Gives way to others until the condition holds. `what` says what is waited for. How often it is asked is
/// bounded, far beyond what any machine needs; how long it took is no verdict.
package func eventually(
    _ what: @autoclosure () -> String, _ condition: () async throws -> Bool
) async throws {
    // At first others need no more than a turn; then threads that wait for a disk need the processor.
    for attempt in 0..<61_000 {
        if try await condition() { return }
        if attempt < 1000 {
            await Task.yield()
        } else {
            try await Task.sleep(for: .milliseconds(1))
        }
    }
    throw NeverHappened(what: what())
}
