// The memory that documents of clients may take, all of them together. A list of parts may have 4 MiB, so that
// some hundred clients who send one and never end it would hold as much memory as there is. Nobody waits for
// another here, or who never ends would hold up everyone: what is too much is refused, and its sender tries again.
// Small documents are not counted, so that most clients notice nothing of it.

internal import Synchronization

final class DocumentBudget: Sendable {
    private let limitBytes: Int
    private let bookedBytes = Mutex(0)

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// Whether there was room for so many more.
    func book(_ bytes: Int) -> Bool {
        bookedBytes.withLock { booked in
            guard booked + bytes <= limitBytes else { return false }
            booked += bytes
            return true
        }
    }

    func giveBack(_ bytes: Int) {
        bookedBytes.withLock { booked in
            precondition(bytes <= booked, "\(bytes) bytes of \(booked) booked ones are given back")
            booked -= bytes
        }
    }
}
