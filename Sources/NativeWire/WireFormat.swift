// The binary format of the peer protocol. This comment is its grammar; the golden bytes in
// `NativeWireTests` hold it. What regions say to each other changes on its own schedule, so it is apart
// from what the journal keeps on disk, although both tell of the same objects.
//
//     document = frame* end              ; the body of a request or an answer
//     frame    = length check payload    ; length: u32, bytes of payload; check: u32, CRC-32C of payload
//     payload  = kind field*             ; kind: u8, a `FrameKind`
//     end      = frame of kind 255       ; field 1: u32, the number of frames before it
//     field    = tag size value          ; tag: u8
//     size     = u8 below 255 | 255 u32  ; bytes of value; the short form wherever it fits
//
// Numbers are little-endian and of the width that the field's type says: u8, u16, u32, u64, i64. Text is
// UTF-8. A value may be a list of fields itself (a message), nested no deeper than the messages below.
// Fields stand in ascending order of tag; only those marked `*` may repeat, and what a value does not have
// is left out. An unknown field below 128 is skipped; one from 128 up must be
// understood, or the document is refused: so fields can be added that old readers may miss, and fields
// that they must not. A frame of a kind that does not belong in its document is refused.
//
//     hello (1)        1 lowest u16, 2 highest u16, 3 region u64, 4 name text, 5 incarnation u64,
//                      6 features u64, 7 clock i64, 8* cursor {1 origin u64, 2 incarnation, 3 number},
//                      9* seen {…}: the last place of that origin's feed of which anything is known; of the
//                      region itself, the last number and the incarnation that it is in
//     feed request (2) 1 wait u32 (milliseconds), 2* cursor {…}, 3* seen {…}
//     range (3)        1 origin u64, 2 after {1 incarnation, 2 number}, 3 through {…}, 4 entries u32,
//                      5 head {…} (absent: `through`); that many frames of kind `entry` follow
//     entry (4)        an entry message
//     names (5)        1* name
//     named answer (6) 1 name, 2 entry message (absent: no published version), 3 1 as u8 (absent: no):
//                      a put waits there to be published
//     keys (7)         1 bucket text, 2 after bytes, 3 limit u32
//     blobs (8)        1* blob (32 bytes)
//     states (9)       1 one byte for each blob asked for: `WireBlobState`
//
//     name             1 bucket text, 2 key bytes
//     position         1 incarnation u64, 2 number u64
//     version          1 stamp u64, 2 region u64
//     entry            1 name, 2 version, 3 position, 4 state u8, 5 put content | 6 tombstone (empty)
//                      | 7 purge version; 8 inline bytes; 9 recorded at i64; 128 the version's id: a
//                      version, or empty for `null` of a bucket whose versioning was suspended
//                      (absent: of one without)
//     content          1 blob, 2 size u64, 3 last modified i64, 4 etag text, 5 type, 6 encoding,
//                      7 language, 8 disposition, 9 cache control, 10 expires, 11 checksum, 12 part sizes
//                      (u64 each), 13* user metadata, 14* tags, 15 principal text, 16 request id text,
//                      17 quarantined since i64, 18 storage class text, 128 1 as u8 (absent: no): its bytes
//                      are sealed wherever they are kept
//     checksum         1 algorithm u8, 2 kind u8, 3 bytes
//     metadata         1 name text, 2 value text
//
// `after` of the key list is absent at the start. Absent part sizes, principal and request id are empty;
// the seven headers of a content tell absent (not set) from empty.

/// What a frame holds.
package enum FrameKind: UInt8, Sendable, CaseIterable {
    case hello = 1
    case feedRequest = 2
    case range = 3
    case entry = 4
    case names = 5
    case namedAnswer = 6
    case keys = 7
    case blobs = 8
    case states = 9
    case end = 255
}

/// The limits of the format: a decoder refuses what exceeds them before it allocates for it.
package enum WireLimits {
    package static let frameBytes = 1 << 20
    /// Of an entry message: a key is at most 1 KiB, part sizes at most 80 KiB, inline bytes 64 KiB, headers
    /// and metadata what a request's head may hold. Far below a frame, so that what was accepted can be
    /// passed on within any other message.
    package static let entryBytes = 512 << 10
    /// Of the bytes that an object may have, more than 10 000 parts of 5 GiB.
    package static let blobBytes: UInt64 = 1 << 50
    /// From 0000-01-01 to 9999-12-31.
    package static let dateMilliseconds: ClosedRange<Int64> =
        -62_167_219_200_000...253_402_300_799_999
    package static let requestBytes = 2 << 20
    /// An answer is ended once it exceeds `answerTargetBytes`, by at most one entry.
    package static let answerTargetBytes = 1 << 20
    package static let answerBytes = 4 << 20
    package static let entriesPerAnswer = 1000
    package static let namesPerRequest = 256
    package static let blobsPerRequest = 256
    package static let cursorsPerRequest = 1024
    package static let rangesPerAnswer = 1024
    package static let keyBytes = 1024
    package static let nameBytes = 256
    package static let parts = 10_000
    package static let metadataFields = 1024
    /// The largest blob that rides along with its entry, as this version sends and as it accepts.
    package static let inlineBytesSent = 8 << 10
    package static let inlineBytesAccepted = 64 << 10
    package static let errorBytes = 64 << 10
    package static let waitMilliseconds: UInt32 = 60_000
}

/// Why a document was refused.
package struct WireError: Error, Sendable, Hashable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case truncated
        case checksumMismatch
        case unexpectedFrame
        case unknownField
        case disorderedField
        case missingField
        case invalidValue
        case limitExceeded
        case trailingBytes
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code.rawValue): \(message)" }
}
