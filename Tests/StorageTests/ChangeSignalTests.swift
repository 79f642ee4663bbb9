import Storage
import Testing

@Suite("The change signal")
struct ChangeSignalTests {
    @Test("who saw an older generation does not wait")
    func immediate() async {
        let signal = ChangeSignal()
        let seen = signal.generation
        signal.advance()
        await signal.wait(beyond: seen, timeout: .seconds(3600))
        #expect(signal.generation == seen + 1)
    }

    @Test("an advance wakes everyone who waits")
    func wakes() async {
        let signal = ChangeSignal()
        let seen = signal.generation
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask { await signal.wait(beyond: seen, timeout: .seconds(3600)) }
            }
            group.addTask {
                await Task.yield()
                signal.advance()
            }
        }
        #expect(signal.generation == seen + 1)
    }

    @Test("a deadline and a cancellation end the wait")
    func ends() async {
        let signal = ChangeSignal()
        await signal.wait(beyond: signal.generation, timeout: .milliseconds(1))
        let waiting = Task {
            await signal.wait(beyond: 0, timeout: .seconds(3600))
            return Task.isCancelled
        }
        waiting.cancel()
        #expect(await waiting.value)
    }
}
