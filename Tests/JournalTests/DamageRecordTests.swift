// The fields that blob state records gained: which chunks are damaged, and why.

import Foundation
import Storage
import Testing

@testable import Journal

@Suite("The record of damage")
struct DamageRecordTests {
    private static let golden = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Golden/damage-record.hex")

    private static let record = BlobStateRecord(
        blob: Samples.blob(3), change: .damaged, chunks: Samples.chunks,
        reason: "the payload fails its checksum")

    @Test("is written as it was when it gained its fields, and decodes")
    func golden() throws {
        let golden = try String(contentsOf: Self.golden, encoding: .utf8).filter { $0 != "\n" }
        #expect(Hexadecimal.encode(Self.record.encode()) == golden)
        let bytes = try #require(Hexadecimal.decode(golden))
        #expect(try BlobStateRecord(encoded: bytes[...]) == Self.record)
    }

    @Test("says to who does not know its fields that all of the blob is damaged")
    func older() throws {
        var reader = FieldReader(Self.record.encode()[...], of: "record")
        var critical: [UInt64] = []
        while let field = try reader.next() {
            if field.isCritical { critical.append(field.tag) }
        }
        #expect(critical == [1, 2])
    }
}
