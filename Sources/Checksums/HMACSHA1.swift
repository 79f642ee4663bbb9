// HMAC-SHA1 (RFC 2104): only for signatures of version 2, which old clients still put into presigned URLs.

package enum HMACSHA1 {
    private static let blockBytes = 64

    package static func code(key: [UInt8], message: [UInt8]) -> [UInt8] {
        var padded = key.count > blockBytes ? MessageDigest.hash(.sha1, key) : key
        padded.append(contentsOf: repeatElement(0, count: blockBytes - padded.count))
        let inner = MessageDigest.hash(.sha1, padded.map { $0 ^ 0x36 } + message)
        return MessageDigest.hash(.sha1, padded.map { $0 ^ 0x5c } + inner)
    }
}
