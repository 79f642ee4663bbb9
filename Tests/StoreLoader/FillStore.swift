// Fills a store through its own door: bodies are staged, and names committed, as the daemon does it for its
// clients. Only the protocol around is left out, and many names are committed at once, so that one sync
// serves thousands.

import LocalStore
import Storage

struct FillStore: Sendable {
    let store: DurableStore
    let bucket: String
    /// Numbers of the objects.
    let numbers: Range<UInt64>
    let bodyBytes: Int
    /// Every so many objects, one is larger and stands in a chunk file; 0 for none.
    let chunkedEvery: UInt64
    let chunkedBytes: Int
    let progress: @Sendable (_ more: UInt64) -> Void

    /// Names that are committed together.
    private static let namesPerCommit: UInt64 = 1000
    /// Commits under way: some stage while others sync.
    private static let writers: UInt64 = 4

    /// Puts all objects.
    func put() async throws {
        try await inCommits { object in
            let staged = try await store.stage(bytes: object.body(sizeBytes: size(of: object)))
            guard let blob = staged.blob, let md5 = staged.md5 else {
                preconditionFailure("a body is staged with SHA-256 and MD5")
            }
            let content = ObjectContent(
                blob: blob, sizeBytes: staged.sizeBytes, lastModifiedMilliseconds: 0,
                etag: Hexadecimal.encode(md5))
            return .put(object.name(in: bucket), content, staged, .none)
        }
    }

    /// Deletes all objects: what they named is garbage.
    func delete() async throws {
        try await inCommits { .delete($0.name(in: bucket), .none) }
    }

    private func size(of object: LoadedObject) -> Int {
        chunkedEvery > 0 && object.number % chunkedEvery == 0 ? chunkedBytes : bodyBytes
    }

    private func inCommits(
        _ change: @escaping @Sendable (LoadedObject) async throws -> ObjectMutation
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<Self.writers {
                group.addTask { try await inCommits(of: writer, change) }
            }
            try await group.waitForAll()
        }
    }

    /// The writers take turns.
    private func inCommits(
        of writer: UInt64, _ change: (LoadedObject) async throws -> ObjectMutation
    ) async throws {
        var first = numbers.lowerBound + writer * Self.namesPerCommit
        while first < numbers.upperBound {
            let end = min(first + Self.namesPerCommit, numbers.upperBound)
            try await commit(first..<end, change)
            progress(end - first)
            first += Self.writers * Self.namesPerCommit
        }
    }

    private func commit(
        _ numbers: Range<UInt64>, _ change: (LoadedObject) async throws -> ObjectMutation
    ) async throws {
        var mutations: [ObjectMutation] = []
        for number in numbers { mutations.append(try await change(LoadedObject(number: number))) }
        for result in await store.commit(mutations) { _ = try result.get() }
    }
}
