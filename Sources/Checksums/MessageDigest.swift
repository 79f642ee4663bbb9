// A running hash: the one owner of an `EVP_MD_CTX`.

internal import COpenSSL
package import NIOCore

/// Hashes bytes as they pass.
///
/// **One thread at a time.** It is `Sendable` so that it can be handed over (a body's writer moves from
/// thread to thread, its hasher lives in heap state), not so that it can be shared: whoever holds it
/// orders the calls, by a lock or by having one caller.
package final class MessageDigest: @unchecked Sendable {
    package let algorithm: HashAlgorithm
    private let context: OpaquePointer
    private var isFinished = false

    package init(_ algorithm: HashAlgorithm) {
        self.algorithm = algorithm
        context = Self.makeContext()
        let status = EVP_DigestInit_ex2(context, algorithm.implementation, nil)
        precondition(status == 1, "OpenSSL refused to start \(algorithm)")
    }

    private init(copying original: MessageDigest) {
        algorithm = original.algorithm
        context = Self.makeContext()
        let status = EVP_MD_CTX_copy_ex(context, original.context)
        precondition(status == 1, "OpenSSL refused to copy a state of \(algorithm)")
    }

    deinit { EVP_MD_CTX_free(context) }

    private static func makeContext() -> OpaquePointer {
        guard let context = EVP_MD_CTX_new() else {
            preconditionFailure("out of memory for a hash state")
        }
        return context
    }

    /// Must not be called after `finish`.
    package func update(_ bytes: UnsafeRawBufferPointer) {
        precondition(!isFinished, "update of a finished \(algorithm)")
        guard bytes.count > 0 else { return }
        let status = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count)
        precondition(status == 1, "OpenSSL refused to go on with \(algorithm)")
    }

    /// An independent hash that has seen the same bytes. Copying does not change the original, so that
    /// several threads may copy one state that nobody updates.
    package func copy() -> MessageDigest {
        precondition(!isFinished, "copy of a finished \(algorithm)")
        return MessageDigest(copying: self)
    }

    /// Ends the hash; the state cannot be used afterwards.
    package func finish() -> [UInt8] {
        precondition(!isFinished, "\(algorithm) was finished before")
        isFinished = true
        return [UInt8](unsafeUninitializedCapacity: algorithm.byteCount) { output, count in
            let status = EVP_DigestFinal_ex(context, output.baseAddress, nil)
            precondition(status == 1, "OpenSSL refused to end \(algorithm)")
            count = algorithm.byteCount
        }
    }
}

extension MessageDigest: ByteSink {
    /// The digest of bytes that are all here.
    package static func hash(
        _ algorithm: HashAlgorithm, _ bytes: UnsafeRawBufferPointer
    ) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: algorithm.byteCount) { output, count in
            let status = EVP_Digest(
                bytes.baseAddress, bytes.count, output.baseAddress, nil,
                algorithm.implementation, nil)
            precondition(status == 1, "OpenSSL refused \(algorithm)")
            count = algorithm.byteCount
        }
    }

    package static func hash(_ algorithm: HashAlgorithm, _ bytes: [UInt8]) -> [UInt8] {
        bytes.withUnsafeBytes { hash(algorithm, $0) }
    }

    package static func hash(_ algorithm: HashAlgorithm, _ bytes: ByteBuffer) -> [UInt8] {
        bytes.withUnsafeReadableBytes { hash(algorithm, $0) }
    }
}
