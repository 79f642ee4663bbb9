// A few sealed bytes that carry all it takes to open them but the key: the form of secrets and of wrapped
// keys at rest, and of small bodies.
//
//      0  1  form, 1
//      1  8  key id, little-endian
//      9 12  nonce
//     21  …  what is sealed, then the tag of 16 bytes

/// What the seal stands for (the purpose, the name of what is sealed) is the associated data: given at
/// both ends and stored at neither, so that sealed bytes that were put elsewhere do not open there.
package struct SealedBytes: Sendable, Hashable {
    package var keyID: UInt64
    package var nonce: [UInt8]
    /// The sealed bytes and behind them the tag.
    package var payload: [UInt8]

    /// Bytes that sealing adds to what is sealed.
    package static let overheadBytes = 1 + 8 + AES256GCM.nonceBytes + AES256GCM.tagBytes
    private static let form: UInt8 = 1
    private static let headBytes = 1 + 8 + AES256GCM.nonceBytes

    /// Seals under a fresh random nonce.
    package init(sealing clear: [UInt8], with key: SealKey, associatedData: [UInt8]) {
        let nonce = [UInt8].random(AES256GCM.nonceBytes)
        self.init(sealing: clear, with: key, nonce: nonce, associatedData: associatedData)
    }

    init(sealing clear: [UInt8], with key: SealKey, nonce: [UInt8], associatedData: [UInt8]) {
        keyID = key.id
        self.nonce = nonce
        let length = clear.count + AES256GCM.tagBytes
        payload = [UInt8](unsafeUninitializedCapacity: length) { output, count in
            var cipher = AES256GCM(key: key.bytes)
            let space = UnsafeMutableRawBufferPointer(output)
            clear.withUnsafeBytes {
                cipher.seal(
                    [$0], nonce: nonce, associatedData: associatedData,
                    into: UnsafeMutableRawBufferPointer(rebasing: space[..<length]))
            }
            count = length
        }
    }

    /// What was sealed. `key` is the one that `keyID` names.
    package func open(with key: SealKey, associatedData: [UInt8]) throws(SealBroken) -> [UInt8] {
        guard key.id == keyID, payload.count >= AES256GCM.tagBytes else { throw SealBroken() }
        var clear = [UInt8](repeating: 0, count: payload.count - AES256GCM.tagBytes)
        var cipher = AES256GCM(key: key.bytes)
        let payload = payload
        let nonce = nonce
        var failure: SealBroken?
        clear.withUnsafeMutableBytes { output in
            payload.withUnsafeBytes { sealed in
                do throws(SealBroken) {
                    try cipher.open(
                        sealed, nonce: nonce, associatedData: associatedData, into: output)
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw failure }
        return clear
    }

    package var encoded: [UInt8] {
        var bytes = [Self.form]
        withUnsafeBytes(of: keyID.littleEndian) { bytes += $0 }
        return bytes + nonce + payload
    }

    /// `nil` where the bytes are not of this form.
    package init?(encoded bytes: [UInt8]) {
        guard bytes.count >= Self.overheadBytes, bytes[0] == Self.form else { return nil }
        keyID = bytes[1..<9].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        nonce = Array(bytes[9..<Self.headBytes])
        payload = Array(bytes[Self.headBytes...])
        guard keyID != 0 else { return nil }
    }
}
