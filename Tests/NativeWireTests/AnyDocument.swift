// One random document of each kind, and what reading one of its kind back gives.

import NIOCore
import NativeWire
import Storage

/// A document without its type.
struct AnyDocument: Sendable {
    let kind: String
    let bytes: ByteBuffer
    /// Decodes bytes as this kind, and encodes what was read.
    let reencode: @Sendable (ByteBuffer) throws -> ByteBuffer
    /// Whether these bytes decode to the very value this was made from.
    let isEqual: @Sendable (ByteBuffer) throws -> Bool

    init<Document: WireDocument & Equatable>(_ document: Document) {
        kind = "\(Document.self)"
        bytes = document.encode()
        reencode = { try Document(decoding: $0).encode() }
        isEqual = { try Document(decoding: $0) == document }
    }

    static func random(seed: UInt64) throws -> [AnyDocument] {
        var random = RandomValues(seed: seed)
        let cursors = random.array(0...5) { ($0.region(), $0.position()) }
        let seen = random.array(0...5) { ($0.region(), $0.position()) }
        return [
            AnyDocument(
                HelloDocument(
                    protocolVersions: 1...random.number(1...9), region: random.region(),
                    name: random.text(), incarnation: random.word(), features: random.word(),
                    clockMilliseconds: Int64(bitPattern: random.word()),
                    cursors: Dictionary(cursors) { first, _ in first },
                    seen: Dictionary(seen) { first, _ in first })),
            AnyDocument(
                FeedRequest(
                    cursors: Dictionary(cursors) { first, _ in first },
                    seen: Dictionary(seen) { first, _ in first },
                    waitMilliseconds: UInt32(random.number(0...90_000)))),
            AnyDocument(FeedAnswer(ranges: try random.array(0...3) { try $0.range() })),
            AnyDocument(NamesRequest(names: random.array(0...8) { $0.name() })),
            AnyDocument(
                NamesAnswer(
                    items: try random.array(0...8) {
                        let entry = try $0.entry()
                        return NamesAnswer.Item(
                            name: entry.object.name, entry: $0.bool() ? entry : nil,
                            isPending: $0.bool())
                    })),
            AnyDocument(
                KeysRequest(
                    bucket: "registry", after: random.bool() ? random.key() : nil,
                    limit: random.number(0...5000))),
            AnyDocument(KeysAnswer(entries: try random.array(0...8) { try $0.entry() })),
            AnyDocument(BlobStatesRequest(blobs: try random.array(0...8) { try $0.blob() })),
            AnyDocument(
                BlobStatesAnswer(
                    states: random.array(0...8) { WireBlobState.allCases[$0.number(0...3)] })),
        ]
    }
}
