// What the store knows of a staged body, between its durable end and the commit that refers to it.

package import ChunkFiles
package import Storage
internal import Synchronization

/// Where the bytes of a body are.
package enum StoredForm: Hashable, Sendable {
    /// Small enough to ride in its record.
    case inline([UInt8])
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
/// from the moment it leaves this table.
final class StagedBodies: Sendable {
    private struct State: Sendable {
        var contents: [UInt64: StagedContent] = [:]
        var lastTicket: UInt64 = 0
    }

    private let state = Mutex(State())

    func content(of ticket: UInt64) -> StagedContent? {
        state.withLock { $0.contents[ticket] }
    }

    /// Enters a durable body; it leaves when the last reference to the result is let go of.
    func enter(_ body: HashedBody, form: StoredForm) -> StagedBlob {
        let content = StagedContent(blob: body.blob, sizeBytes: body.sizeBytes, form: form)
        let ticket = state.withLock { state in
            state.lastTicket += 1
            state.contents[state.lastTicket] = content
            return state.lastTicket
        }
        return StagedBlob(
            ticket: ticket, blob: body.blob, sizeBytes: body.sizeBytes, md5: body.md5,
            sha512: body.sha512, checksums: body.checksums
        ) { [weak self] ticket in
            self?.state.withLock { state in _ = state.contents.removeValue(forKey: ticket) }
        }
    }

    var count: Int { state.withLock { $0.contents.count } }
}
