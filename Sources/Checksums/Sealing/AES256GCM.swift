// AES-256 in Galois/Counter Mode (NIST SP 800-38D): the one owner of an `EVP_CIPHER_CTX`.
//
// A nonce must never be used twice under one key: two messages under the same nonce give away their
// difference and the key of the tags. Nonces are random here (section 8.2.2), and whoever owns a key
// counts its messages: `messageLimit` says how many it may seal.

internal import COpenSSL

/// What was sealed cannot be opened: it was changed, or belongs to another key, nonce or associated data.
package struct SealBroken: Error, Hashable, CustomStringConvertible {
    package init() {}

    package var description: String { "the seal is broken" }
}

/// One key, ready to seal and to open. **One thread at a time**, like every context of OpenSSL.
package struct AES256GCM: ~Copyable {
    package static let keyBytes = 32
    package static let nonceBytes = 12
    package static let tagBytes = 16
    /// With random nonces a key may seal 2^32 messages (SP 800-38D, section 8.3), after which two nonces
    /// are equal with a likelihood of 2^-33. We stop at 2^28: 2^-41, and 256 TiB of full chunks.
    package static let messageLimit: UInt64 = 1 << 28

    private let context: OpaquePointer

    package init(key: [UInt8]) {
        precondition(key.count == Self.keyBytes, "a key of AES-256 has 32 bytes")
        guard let context = EVP_CIPHER_CTX_new() else {
            preconditionFailure("out of memory for a cipher's state")
        }
        self.context = context
        let status = EVP_CipherInit_ex2(context, Implementation.aes256gcm, key, nil, 1, nil)
        precondition(status == 1, "OpenSSL refused a key of AES-256-GCM")
    }

    // OpenSSL wipes the key with its context.
    deinit { EVP_CIPHER_CTX_free(context) }

    /// Seals the pieces, one after the other, into `output`: as many bytes, and the tag behind them.
    package mutating func seal(
        _ pieces: [UnsafeRawBufferPointer], nonce: [UInt8], associatedData: [UInt8],
        into output: UnsafeMutableRawBufferPointer
    ) {
        let length = pieces.reduce(0) { $0 + $1.count }
        precondition(output.count == length + Self.tagBytes, "no room for the tag")
        begin(nonce: nonce, associatedData: associatedData, seals: true)
        var done = 0
        for piece in pieces where piece.count > 0 {
            pass(piece, into: UnsafeMutableRawBufferPointer(rebasing: output[done...]))
            done += piece.count
        }
        var count: Int32 = 0
        let tag = output.baseAddress?.advanced(by: length)
        let isSealed =
            EVP_CipherFinal_ex(
                context, tag?.assumingMemoryBound(to: UInt8.self), &count) == 1
            && EVP_CIPHER_CTX_ctrl(
                context, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagBytes), tag) == 1
        precondition(isSealed, "OpenSSL refused to seal")
    }

    /// Opens what `seal` made into `output`, which is shorter by the tag. Where it throws, `output` holds
    /// nothing that may be shown.
    package mutating func open(
        _ sealed: UnsafeRawBufferPointer, nonce: [UInt8], associatedData: [UInt8],
        into output: UnsafeMutableRawBufferPointer
    ) throws(SealBroken) {
        guard sealed.count >= Self.tagBytes else { throw SealBroken() }
        let length = sealed.count - Self.tagBytes
        precondition(output.count == length, "what is opened is shorter by its tag")
        begin(nonce: nonce, associatedData: associatedData, seals: false)
        pass(UnsafeRawBufferPointer(rebasing: sealed.prefix(length)), into: output)
        var tag = Array(sealed.suffix(Self.tagBytes))
        var count: Int32 = 0
        var rest: UInt8 = 0
        let isTagSet =
            EVP_CIPHER_CTX_ctrl(
                context, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagBytes), &tag) == 1
        precondition(isTagSet, "OpenSSL refused a tag")
        guard EVP_CipherFinal_ex(context, &rest, &count) == 1 else { throw SealBroken() }
    }

    private func begin(nonce: [UInt8], associatedData: [UInt8], seals: Bool) {
        precondition(nonce.count == Self.nonceBytes, "a nonce has twelve bytes")
        let status = EVP_CipherInit_ex2(context, nil, nil, nonce, seals ? 1 : 0, nil)
        precondition(status == 1, "OpenSSL refused a nonce")
        guard !associatedData.isEmpty else { return }
        var count: Int32 = 0
        let isTaken =
            EVP_CipherUpdate(
                context, nil, &count, associatedData, Int32(associatedData.count)) == 1
        precondition(isTaken, "OpenSSL refused associated data")
    }

    /// OpenSSL counts in `Int32`; nobody here seals more than a chunk.
    private func pass(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) {
        guard input.count > 0 else { return }
        var count: Int32 = 0
        let status = EVP_CipherUpdate(
            context, output.baseAddress?.assumingMemoryBound(to: UInt8.self), &count,
            input.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(input.count))
        precondition(status == 1 && Int(count) == input.count, "OpenSSL refused to go on")
    }
}

/// `EVP_CIPHER` values are immutable and may be used by any number of threads (EVP_CIPHER_fetch(3)).
private enum Implementation {
    nonisolated(unsafe) static let aes256gcm = fetch()

    private static func fetch() -> OpaquePointer {
        guard let cipher = EVP_CIPHER_fetch(nil, "AES-256-GCM", nil) else {
            preconditionFailure("OpenSSL's default provider offers no AES-256-GCM")
        }
        return cipher
    }
}
