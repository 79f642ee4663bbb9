// Who waits for the committer. Callers add a decision and suspend; the committer's thread takes everyone
// who waits at once, and blocks while nobody does.

internal import DequeModule
internal import Dispatch
internal import Storage
internal import Synchronization

/// A decision and the caller that waits for its answer.
protocol QueuedCommit: AnyObject, Sendable {
    func decide(_ context: inout CommitContext)
    /// Answers the caller: what was decided, or `failure` where the group came to nothing.
    func finish(_ failure: StorageError?)
}

final class CommitTicket<Choice: Decision>: QueuedCommit {
    typealias Outcome = Result<Choice.Answer, StorageError>

    private let decision: Choice
    private let answer: @Sendable (Outcome) -> Void
    private let outcome = Mutex<(decided: Outcome, standsAlone: Bool)?>(nil)

    init(_ decision: Choice, _ answer: @escaping @Sendable (Outcome) -> Void) {
        self.decision = decision
        self.answer = answer
    }

    func decide(_ context: inout CommitContext) {
        let standsAlone = !context.hasRecorded
        let decided = Outcome { () throws(StorageError) in try decision.decide(&context) }
        outcome.withLock { $0 = (decided, standsAlone) }
    }

    func finish(_ failure: StorageError?) {
        let outcome = outcome.withLock { $0 }
        guard let failure else {
            guard let outcome else {
                preconditionFailure("a commit is finished before its decision")
            }
            return answer(outcome.decided)
        }
        // A refusal stands where it was decided on the index alone, and not on what earlier commits of a
        // group that came to nothing would have done.
        if let outcome, outcome.standsAlone, case .failure = outcome.decided {
            answer(outcome.decided)
        } else {
            answer(.failure(failure))
        }
    }
}

final class CommitQueue: Sendable {
    /// What the committer takes at once.
    struct Taken {
        /// Run before the commits, with nothing under way.
        var interludes: [Interlude]
        var commits: Deque<any QueuedCommit>
    }

    /// Work for the committer's thread between two groups; called once, with what keeps it from being done.
    typealias Interlude = @Sendable (StorageError?) -> Void

    private struct State {
        var waiting: Deque<any QueuedCommit> = []
        var interludes: [Interlude] = []
        var isClosed = false
        /// Set once the store may not acknowledge any more.
        var refusal: StorageError?
    }

    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// The answer of a decision, once it is durable and visible.
    func submit<Choice: Decision>(
        _ decision: Choice
    ) async throws(StorageError) -> Choice.Answer {
        let outcome = await withCheckedContinuation { continuation in
            post(decision) { continuation.resume(returning: $0) }
        }
        return try outcome.get()
    }

    /// Hands over a decision. `answer` is called once, on the committer's thread, or at once where the queue
    /// takes none; it must not block.
    func post<Choice: Decision>(
        _ decision: Choice, answer: @escaping @Sendable (CommitTicket<Choice>.Outcome) -> Void
    ) {
        let ticket = CommitTicket(decision, answer)
        if let refusal = add(ticket) { ticket.finish(refusal) }
    }

    /// As `submit`, but blocks the calling thread, which is not the committer's.
    func wait<Choice: Decision>(for decision: Choice) throws(StorageError) -> Choice.Answer {
        try Self.blocking { answer in post(decision, answer: answer) }
    }

    /// Has the committer's thread do `work` while nothing is being committed, and blocks the calling thread,
    /// which is another, until it is done. Everyone who commits waits as well.
    func waitBetweenGroups<Value: Sendable>(
        _ work: @escaping @Sendable () -> Result<Value, StorageError>
    ) throws(StorageError) -> Value {
        try Self.blocking { answer in
            let interlude: Interlude = { refusal in
                answer(refusal.map(Result.failure) ?? work())
            }
            let refusal: StorageError? = state.withLock { state in
                if let refusal = state.refusal { return refusal }
                if state.isClosed { return Self.closed }
                state.interludes.append(interlude)
                return nil
            }
            if let refusal { interlude(refusal) } else { wake.signal() }
        }
    }

    /// Blocks until `begin` has been answered.
    private static func blocking<Value: Sendable>(
        _ begin: (@escaping @Sendable (Result<Value, StorageError>) -> Void) -> Void
    ) throws(StorageError) -> Value {
        let outcome = Mutex<Result<Value, StorageError>?>(nil)
        let isAnswered = DispatchSemaphore(value: 0)
        begin { answer in
            outcome.withLock { $0 = answer }
            isAnswered.signal()
        }
        isAnswered.wait()
        guard let answer = outcome.withLock({ $0 }) else {
            preconditionFailure("a commit was answered without an answer")
        }
        return try answer.get()
    }

    private static let closed = StorageError(.unavailable, "the store is closed")

    private func add(_ commit: any QueuedCommit) -> StorageError? {
        let (refusal, isFirst): (StorageError?, Bool) = state.withLock { state in
            if let refusal = state.refusal { return (refusal, false) }
            if state.isClosed { return (Self.closed, false) }
            if state.waiting.count >= limit {
                return (StorageError(.unavailable, "too many commits are waiting"), false)
            }
            state.waiting.append(commit)
            return (nil, state.waiting.count == 1)
        }
        if isFirst { wake.signal() }
        return refusal
    }

    /// Everyone who waits; blocks while nobody does, or until the time has passed. `nil` once the queue is
    /// closed and empty.
    func takeAll(waitingAtMost time: Duration? = nil) -> Taken? {
        while true {
            if let time {
                guard wake.wait(timeout: .now() + time / .seconds(1)) == .success else {
                    return Taken(interludes: [], commits: [])
                }
            } else {
                wake.wait()
            }
            let (taken, isClosed) = state.withLock { state in
                defer {
                    state.waiting.removeAll(keepingCapacity: true)
                    state.interludes = []
                }
                return (
                    Taken(interludes: state.interludes, commits: state.waiting), state.isClosed
                )
            }
            if !taken.commits.isEmpty || !taken.interludes.isEmpty { return taken }
            if isClosed { return nil }
            // The wake-up was for commits that were refused since.
        }
    }

    /// Everything from now on is refused with `error`.
    func refuse(_ error: StorageError) {
        let (waiting, interludes) = state.withLock { state in
            state.refusal = error
            defer {
                state.waiting.removeAll()
                state.interludes = []
            }
            return (state.waiting, state.interludes)
        }
        for commit in waiting { commit.finish(error) }
        for interlude in interludes { interlude(error) }
    }

    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// Why the store does not acknowledge any more, if it does not.
    var refusal: StorageError? { state.withLock { $0.refusal } }

    /// Lets those who wait through, and nobody else.
    func close() {
        state.withLock { $0.isClosed = true }
        wake.signal()
    }
}
