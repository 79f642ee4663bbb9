// What the store knows of a staged body, between its durable end and the commit that refers to it.

package import Checksums
package import ChunkFiles
package import Storage
internal import Synchronization

/// Where the bytes of a body are.
package enum StoredForm: Hashable, Sendable {
    /// Small enough to ride in its record.
    case inline([UInt8])
    /// Small enough as well, and sealed.
    case sealed(SealedBytes)
    /// In order; together they are the body.
    case chunks([ChunkReference])
}

/// What the committer writes into a blob or part record.
package struct StagedContent: Hashable, Sendable {
    /// `nil` where the body was staged without SHA-256.
    package var blob: BlobID?
    package var sizeBytes: UInt64
    package var form: StoredForm

    package init(blob: BlobID?, sizeBytes: UInt64, form: StoredForm) {
        self.blob = blob
        self.sizeBytes = sizeBytes
        self.form = form
    }
}

/// The bodies that are staged and not let go of. The chunks of one that was never committed are dead
/// from the moment it leaves this table; until then it holds the files they are in.
final class StagedBodies: Sendable {
    private struct Body: Sendable {
        var content: StagedContent
        var writers: [ChunkWriter]
    }

    private struct State: Sendable {
        var bodies: [UInt64: Body] = [:]
        var lastTicket: UInt64 = 0
    }

    private let state = Mutex(State())

    func content(of ticket: UInt64) -> StagedContent? {
        state.withLock { $0.bodies[ticket]?.content }
    }

    /// Enters a durable body; it leaves when the last reference to the result is let go of.
    func enter(
        _ body: HashedBody, form: StoredForm, writers: [ChunkWriter] = []
    ) -> StagedBlob {
        let content = StagedContent(blob: body.blob, sizeBytes: body.sizeBytes, form: form)
        let ticket = state.withLock { state in
            state.lastTicket += 1
            state.bodies[state.lastTicket] = Body(content: content, writers: writers)
            return state.lastTicket
        }
        return StagedBlob(
            ticket: ticket, blob: body.blob, sizeBytes: body.sizeBytes, md5: body.md5,
            sha512: body.sha512, checksums: body.checksums
        ) { [weak self] ticket in
            // Let go of behind the lock: with its last writer a file is closed.
            withExtendedLifetime(self?.state.withLock { $0.bodies.removeValue(forKey: ticket) }) {}
        }
    }

    var count: Int { state.withLock { $0.bodies.count } }
}
