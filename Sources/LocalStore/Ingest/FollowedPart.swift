// A part of a multipart body as those see it who hash the whole: a stretch of stored bytes, and a key by
// which the same stretch is known again.

internal import Checksums
internal import ChunkFiles
package import Storage

/// A durable part, and where its bytes are. They stay there for as long as it is hashed, or waits for that,
/// whatever becomes of the upload.
package struct FollowedPart: Sendable {
    package let number: Int
    package let sizeBytes: UInt64
    /// What the part's bytes alone hash to, where that is known: the state at their end may be remembered.
    package let identity: BlobID?
    let key: PartKey
    let form: PinnedForm
    let range: Range<UInt64>

    /// The bytes of `range` of what `form` says; all of it where no range is given.
    package init(
        number: Int, form: PinnedForm, range: Range<UInt64>? = nil, identity: BlobID? = nil
    ) {
        let range = range ?? 0..<form.sizeBytes
        self.number = number
        self.form = form
        self.range = range
        self.identity = identity
        sizeBytes = UInt64(range.count)
        key = PartKey(number: number, form: form, range: range)
    }
}

/// As `StoredForm`, for who will read the bytes: what rides in its record is in the clear in memory.
package enum PinnedForm: Sendable {
    case inline([UInt8])
    case chunks(PinnedChunks)
}

extension PinnedForm {
    package var sizeBytes: UInt64 {
        switch self {
        case .inline(let bytes): UInt64(bytes.count)
        case .chunks(let pinned):
            pinned.chunks.reduce(0) { $0 + UInt64($1.reference.bodyBytes) }
        }
    }
}

extension StoredForm {
    package var sizeBytes: UInt64 {
        switch self {
        case .inline(let bytes): UInt64(bytes.count)
        case .sealed(let sealed): UInt64(sealed.payload.count - AES256GCM.tagBytes)
        case .chunks(let chunks): chunks.reduce(0) { $0 + UInt64($1.bodyBytes) }
        }
    }
}

/// Two parts with the same key have the same bytes: the SHA-256 of what the part refers to, since a
/// chunk's id is never used for other bytes. Kept instead of the references, of which a large part has
/// thousands.
struct PartKey: Hashable, Sendable {
    let number: Int
    private let content: BlobID

    init(number: Int, form: PinnedForm, range: Range<UInt64>) {
        self.number = number
        let digest = MessageDigest(.sha256)
        func add(_ word: UInt64) {
            withUnsafeBytes(of: word.littleEndian) { digest.update($0) }
        }
        add(range.lowerBound)
        add(range.upperBound)
        switch form {
        case .inline(let bytes):
            digest.update(bytes)
        case .chunks(let pinned):
            for chunk in pinned.chunks {
                add(chunk.reference.id.file)
                add(chunk.reference.id.offsetBytes)
                add(UInt64(chunk.reference.lengthBytes))
            }
        }
        guard let content = BlobID(bytes: digest.finish()) else {
            preconditionFailure("SHA-256 has 32 bytes")
        }
        self.content = content
    }
}
