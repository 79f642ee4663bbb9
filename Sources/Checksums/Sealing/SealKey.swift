// A key to seal with, and the name that what was sealed remembers it by.

/// 256 random bits and an id that is no secret. Never printed, never logged.
package struct SealKey: Sendable, Hashable, CustomStringConvertible {
    /// Never 0, which says "in the clear".
    package let id: UInt64
    package let bytes: [UInt8]

    package init(id: UInt64, bytes: [UInt8]) {
        precondition(id != 0, "key id 0 says that nothing is sealed")
        precondition(bytes.count == AES256GCM.keyBytes, "a key of AES-256 has 32 bytes")
        self.id = id
        self.bytes = bytes
    }

    /// From the kernel's generator.
    package static func random() -> SealKey {
        SealKey(id: UInt64.random(in: 1...UInt64.max), bytes: .random(AES256GCM.keyBytes))
    }

    /// The key for one purpose, under the same id. A master key seals nothing itself: what it seals for
    /// one purpose can so never be taken for another's.
    package func derived(for purpose: String) -> SealKey {
        SealKey(
            id: id,
            bytes: HKDF.sha256(
                key: bytes, info: Array(purpose.utf8), count: AES256GCM.keyBytes))
    }

    package var description: String { "key " + idText }

    /// The id as people and files write it: sixteen hexadecimal digits.
    package var idText: String { Self.text(of: id) }

    package static func text(of id: UInt64) -> String {
        let digits = String(id, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

extension [UInt8] {
    /// Bytes of the kernel's generator, fit for keys and nonces.
    package static func random(_ count: Int) -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
