// What is fuzzed: every decoder of bytes that a disk, a client or a peer may have made up. Each target
// checks more than that nothing traps: what was decoded encodes to what decodes to the same, or a
// second, simpler reading agrees.

struct FuzzTarget: Sendable {
    let name: String
    let run: @Sendable ([UInt8]) -> Void

    static let all = [
        FuzzTarget(name: "journal-records", run: fuzzJournalRecords),
        FuzzTarget(name: "journal-file", run: fuzzJournalFile),
        FuzzTarget(name: "journal-manifest", run: fuzzJournalManifest),
        FuzzTarget(name: "chunk-file", run: fuzzChunkFile),
        FuzzTarget(name: "index-values", run: fuzzIndexValues),
        FuzzTarget(name: "index-keys", run: fuzzIndexKeys),
        FuzzTarget(name: "http-head", run: fuzzHTTPHead),
        FuzzTarget(name: "http-body", run: fuzzHTTPBody),
        FuzzTarget(name: "signature", run: fuzzSignature),
        FuzzTarget(name: "aws-chunked", run: fuzzAWSChunked),
        FuzzTarget(name: "s3-documents", run: fuzzS3Documents),
        FuzzTarget(name: "bucket-documents", run: fuzzBucketDocuments),
        FuzzTarget(name: "s3-target", run: fuzzS3Target),
        FuzzTarget(name: "manifest", run: fuzzManifest),
        FuzzTarget(name: "layout-path", run: fuzzLayoutPath),
        FuzzTarget(name: "wire", run: fuzzWire),
        FuzzTarget(name: "settings", run: fuzzSettings),
        FuzzTarget(name: "json", run: fuzzJSONDocuments),
        FuzzTarget(name: "configuration", run: fuzzConfiguration),
        FuzzTarget(name: "dates", run: fuzzDates),
        FuzzTarget(name: "codings", run: fuzzCodings),
    ]
}

/// An input taken apart from its front: a few bytes decide, the rest is the matter.
struct FuzzInput {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isEmpty: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func take(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }

    /// Bytes up to the next zero byte, which is dropped.
    mutating func field() -> [UInt8] {
        let field = rest.prefix { $0 != 0 }
        rest = rest.dropFirst(field.count + 1)
        return Array(field)
    }

    mutating func text() -> String { String(decoding: field(), as: UTF8.self) }
}
