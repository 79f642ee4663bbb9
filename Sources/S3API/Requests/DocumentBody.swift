// A body that is a small document: collected within a limit, and compared with what was promised of it.

internal import Checksums
internal import HTTPServer
internal import NIOCore
internal import Storage

extension S3Request {
    /// The whole body, counted as a document (`book`). `checksum` is the one that the head announced for it, where
    /// the operation has one.
    func document(
        limitBytes: Int, checksum: ChecksumAnnouncement? = nil
    ) async throws -> ByteBuffer {
        let md5 = try contentMD5
        let announcedBytes = try bodyLengthBytes
        if let announcedBytes, announcedBytes > UInt64(limitBytes) {
            throw BodyTooLarge(limitBytes: limitBytes)
        }
        let body = try IncomingBody(self)
        var bytes = ByteBuffer()
        while var next = try await body.next() {
            guard bytes.readableBytes + next.readableBytes <= limitBytes else {
                throw BodyTooLarge(limitBytes: limitBytes)
            }
            try book(documentBytes: bytes.readableBytes + next.readableBytes)
            bytes.writeBuffer(&next)
        }
        guard announcedBytes == nil || announcedBytes == UInt64(bytes.readableBytes) else {
            throw S3Error.incompleteBody
        }
        if let signed = body.signedSHA256, MessageDigest.hash(.sha256, bytes) != signed {
            throw S3Error.contentSHA256Mismatch
        }
        if let md5, MessageDigest.hash(.md5, bytes) != md5 {
            throw S3Error.badDigest("Content-MD5")
        }
        if let checksum {
            let hasher = ChecksumHasher(checksum.algorithm.kind)
            hasher.update(bytes)
            guard try checksum.bytes(trailers: body.trailers) == hasher.finish() else {
                throw S3Error.badDigest(checksum.algorithm.wireName)
            }
        }
        return bytes
    }
}

extension S3Error {
    static func badDigest(_ what: String) -> S3Error {
        S3Error(.badDigest, "The \(what) you specified did not match what was received.")
    }
}
