import Checksums
import Testing

@Suite struct SealingTests {
    /// NIST's CAVP vectors and McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B,
    /// test cases 13 to 16: the ones of 256 bits.
    struct Vector: Sendable {
        var key: String
        var nonce: String
        var clear: String
        var associatedData: String
        var sealed: String
        var tag: String
    }

    static let vectors = [
        Vector(
            key: String(repeating: "00", count: 32), nonce: String(repeating: "00", count: 12),
            clear: "", associatedData: "", sealed: "", tag: "530f8afbc74536b9a963b4f1c4cb738b"),
        Vector(
            key: String(repeating: "00", count: 32), nonce: String(repeating: "00", count: 12),
            clear: String(repeating: "00", count: 16), associatedData: "",
            sealed: "cea7403d4d606b6e074ec5d3baf39d18",
            tag: "d0d1c8a799996bf0265b98b5d48ab919"),
        Vector(
            key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            nonce: "cafebabefacedbaddecaf888",
            clear: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
            associatedData: "",
            sealed: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
            tag: "b094dac5d93471bdec1a502270e3cc6c"),
        Vector(
            key: "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
            nonce: "cafebabefacedbaddecaf888",
            clear: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                + "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            associatedData: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            sealed: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
                + "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
            tag: "76fc6ece0f4e1768cddf8853bb2d551b"),
    ]

    @Test(arguments: vectors)
    func sealsAsTheStandardsExamplesSay(_ vector: Vector) throws {
        let clear = bytes(vector.clear)
        let expected = bytes(vector.sealed) + bytes(vector.tag)
        // In two pieces, as the bodies of uploads come.
        let cut = clear.count / 3
        var sealed = [UInt8](repeating: 0, count: expected.count)
        var cipher = AES256GCM(key: bytes(vector.key))
        sealed.withUnsafeMutableBytes { output in
            clear.withUnsafeBytes { input in
                cipher.seal(
                    [.init(rebasing: input[..<cut]), .init(rebasing: input[cut...])],
                    nonce: bytes(vector.nonce), associatedData: bytes(vector.associatedData),
                    into: output)
            }
        }
        #expect(sealed == expected)
        #expect(try opened(sealed, vector) == clear)
    }

    @Test func aChangedBitAnywhereBreaksTheSeal() throws {
        let vector = Self.vectors[3]
        let sealed = bytes(vector.sealed) + bytes(vector.tag)
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1 << UInt8(index % 8)
            #expect(throws: SealBroken.self) { try opened(changed, vector) }
        }
        var other = vector
        other.associatedData.removeLast(2)
        #expect(throws: SealBroken.self) { try opened(sealed, other) }
        other = vector
        other.nonce = String(repeating: "00", count: 12)
        #expect(throws: SealBroken.self) { try opened(sealed, other) }
        other = vector
        other.key = String(repeating: "00", count: 32)
        #expect(throws: SealBroken.self) { try opened(sealed, other) }
        #expect(throws: SealBroken.self) { try opened(Array(sealed.prefix(15)), vector) }
    }

    /// RFC 5869, appendix A.1 to A.3.
    @Test(arguments: [
        (
            String(repeating: "0b", count: 22), "000102030405060708090a0b0c",
            "f0f1f2f3f4f5f6f7f8f9",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
                + "34007208d5b887185865"
        ),
        (
            hexadecimal(0x00...0x4f), hexadecimal(0x60...0xaf), hexadecimal(0xb0...0xff),
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
                + "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
                + "cc30c58179ec3e87c14c01d5c1f3434f1d87"
        ),
        (
            String(repeating: "0b", count: 22), "", "",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
                + "9d201395faa4b61a96c8"
        ),
    ])
    func derivesKeysAsTheRFCsExamplesSay(
        _ key: String, _ salt: String, _ info: String, _ output: String
    ) {
        let expected = bytes(output)
        let derived = HKDF.sha256(
            key: bytes(key), salt: bytes(salt), info: bytes(info), count: expected.count)
        #expect(derived == expected)
    }

    @Test func sealedBytesOpenUnderTheirKeyAndForTheirPurposeOnly() throws {
        let key = SealKey.random()
        let secret = Array("a secret".utf8)
        let sealed = SealedBytes(sealing: secret, with: key, associatedData: [1, 2])
        let encoded = sealed.encoded
        #expect(encoded.count == secret.count + SealedBytes.overheadBytes)
        let read = try #require(SealedBytes(encoded: encoded))
        #expect(read == sealed)
        #expect(try read.open(with: key, associatedData: [1, 2]) == secret)
        #expect(throws: SealBroken.self) { try read.open(with: key, associatedData: [1]) }
        #expect(throws: SealBroken.self) {
            try read.open(with: key.derived(for: "another"), associatedData: [1, 2])
        }
        #expect(throws: SealBroken.self) {
            try read.open(with: .random(), associatedData: [1, 2])
        }
        #expect(SealedBytes(encoded: Array(encoded.prefix(SealedBytes.overheadBytes - 1))) == nil)
        #expect(SealedBytes(encoded: [2] + encoded.dropFirst()) == nil)
        #expect(SealedBytes(encoded: [1] + repeatElement(0, count: 60)) == nil)
        // The same bytes are never sealed alike.
        #expect(SealedBytes(sealing: secret, with: key, associatedData: [1, 2]) != sealed)
    }

    @Test func aKeyIsNamedButNeverPrinted() {
        let key = SealKey(id: 0x2a, bytes: [UInt8](repeating: 7, count: 32))
        #expect("\(key)" == "key 000000000000002a")
        #expect(key.derived(for: "a").bytes != key.derived(for: "b").bytes)
        #expect(key.derived(for: "a").id == key.id)
    }

    private func opened(_ sealed: [UInt8], _ vector: Vector) throws -> [UInt8] {
        var clear = [UInt8](repeating: 0, count: max(sealed.count - AES256GCM.tagBytes, 0))
        var cipher = AES256GCM(key: bytes(vector.key))
        var failure: SealBroken?
        clear.withUnsafeMutableBytes { output in
            sealed.withUnsafeBytes { input in
                do throws(SealBroken) {
                    try cipher.open(
                        input, nonce: bytes(vector.nonce),
                        associatedData: bytes(vector.associatedData), into: output)
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
        return clear
    }
}

private func hexadecimal(_ range: ClosedRange<UInt8>) -> String {
    range.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

private func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = Array(hexadecimal.utf8).map { UInt8(String(UnicodeScalar($0)), radix: 16) ?? 0 }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}
