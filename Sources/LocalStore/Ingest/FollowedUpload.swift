// One upload whose digest is followed: what was hashed, what is being hashed, and what waits. A pure value
// but for the hash states it hands over.

internal import Checksums
internal import Storage

/// Where hashing can go on from.
struct FollowedProgress: Sendable {
    /// Parts that were hashed whole.
    var parts: Int
    var digest: MessageDigest
    /// The next part, where some of it was hashed too.
    var partial: PartInProgress?
}

/// A part that is being hashed.
struct PartInProgress: Sendable {
    let part: FollowedPart
    let digest: MessageDigest
    /// `nil` until the first step.
    var rest: PartBytes?
    /// Tells this step from any other.
    var step: UInt64 = 0

    /// The beginning of a part after those that `digest` has seen. The first part is through at once where
    /// its own hash is remembered: that of a blob it was copied from, or the one its signature promised.
    init(part: FollowedPart, after digest: MessageDigest?, recent: RecentDigests) {
        self.part = part
        if digest == nil, let identity = part.identity, let end = recent.end(of: identity) {
            self.digest = end
            rest = PartBytes.none
        } else {
            self.digest = digest ?? MessageDigest(.sha256)
            rest = nil
        }
    }

    private init(part: FollowedPart, digest: MessageDigest, rest: PartBytes?) {
        self.part = part
        self.digest = digest
        self.rest = rest
    }

    /// The same, independent of this one.
    func copy() -> PartInProgress {
        PartInProgress(part: part, digest: digest.copy(), rest: rest)
    }

    /// Hashes about as many bytes, and says how many. Blocks.
    mutating func advance(
        _ limitBytes: Int, _ reads: ChunkReads
    ) throws(StorageError) -> Int {
        var rest = self.rest ?? PartBytes(part)
        defer { self.rest = rest }
        guard !rest.isEmpty else { return 0 }
        return try rest.read(limitBytes, from: reads) { digest.update($0) }
    }

    var isDone: Bool { rest?.isEmpty ?? false }
}

struct FollowedUpload {
    private(set) var chain: DigestChain
    /// Parts that were not hashed, by number.
    private(set) var waiting: [Int: FollowedPart] = [:]
    /// What was hashed of the part after the chain, while no step is at it.
    private var partial: PartInProgress?
    /// The step that is at the part after the chain.
    private(set) var step: UInt64?
    /// How many are completing the upload; meanwhile no step is begun.
    var claims = 0
    var isQueued = false
    var lastTouch: UInt64 = 0

    init(chain: DigestChain) { self.chain = chain }

    /// A part came, perhaps in place of another.
    mutating func take(_ part: FollowedPart) {
        guard !chain.holds(part.key), waiting[part.number]?.key != part.key else { return }
        let next = nextNumber
        chain.replace(part.key)
        // What is being hashed is not what will follow.
        if nextNumber != next || part.number == next {
            partial = nil
            step = nil
        }
        waiting[part.number] = part
    }

    /// Numbers may have gaps; whether these do is known when the upload is completed.
    private var nextNumber: Int { chain.keys.count + 1 }

    var hasWork: Bool {
        claims == 0 && step == nil && (partial != nil || waiting[nextNumber] != nil)
    }

    /// Begins a step. `touch` is unlike that of any other.
    mutating func begin(_ recent: RecentDigests, touch: UInt64) -> PartInProgress? {
        guard hasWork, let part = waiting[nextNumber] else { return nil }
        var work =
            partial ?? PartInProgress(part: part, after: chain.end, recent: recent)
        work.step = touch
        step = touch
        partial = nil
        return work
    }

    /// A step is over.
    mutating func end(_ work: PartInProgress) {
        step = nil
        guard work.isDone else {
            partial = work
            return
        }
        waiting[work.part.number] = nil
        chain.append(work.part.key, work.digest)
    }

    /// Where hashing these parts can go on from. Only while no step is at it.
    func progress(for keys: [PartKey]) -> FollowedProgress {
        let (parts, digest) = chain.furthest(for: keys) ?? (0, MessageDigest(.sha256))
        let next = keys.dropFirst(parts).first
        let goesOn = parts == chain.keys.count && next != nil && partial?.part.key == next
        return FollowedProgress(
            parts: parts, digest: digest, partial: goesOn ? partial?.copy() : nil)
    }
}
