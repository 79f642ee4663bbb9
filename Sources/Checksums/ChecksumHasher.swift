// Any of the checksums that S3 clients may ask for, behind one interface. The names of protocols are
// mapped to kinds above this module.

/// The checksums of the `x-amz-checksum-…` headers.
package enum ChecksumKind: Sendable, Hashable, CaseIterable {
    case crc32
    case crc32c
    case crc64nvme
    case sha1
    case sha256

    package var byteCount: Int {
        switch self {
        case .crc32, .crc32c: 4
        case .crc64nvme: 8
        case .sha1: 20
        case .sha256: 32
        }
    }

    /// Whether the checksum of a whole follows from those of its parts (`combine`).
    package var isCombinable: Bool {
        switch self {
        case .crc32, .crc32c, .crc64nvme: true
        case .sha1, .sha256: false
        }
    }

    /// The checksum of two stretches in a row, from their checksums, most significant byte first; `nil`
    /// where the kind is not combinable or a checksum has the wrong length.
    package func combine(
        _ first: [UInt8], _ second: [UInt8], secondLengthBytes: UInt64
    ) -> [UInt8]? {
        guard first.count == byteCount, second.count == byteCount else { return nil }
        switch self {
        case .crc32:
            return combine(first, second, secondLengthBytes, with: CRC32.self)
        case .crc32c:
            return combine(first, second, secondLengthBytes, with: CRC32C.self)
        case .crc64nvme:
            return combine(first, second, secondLengthBytes, with: CRC64NVME.self)
        case .sha1, .sha256:
            return nil
        }
    }

    private func combine<Check: CyclicRedundancyCheck>(
        _ first: [UInt8], _ second: [UInt8], _ secondLengthBytes: UInt64, with: Check.Type
    ) -> [UInt8] {
        func value(_ bytes: [UInt8]) -> Check.Value {
            bytes.reduce(0) { $0 << 8 | Check.Value($1) }
        }
        return Check(
            value: Check.combine(
                value(first), value(second), secondLengthBytes: secondLengthBytes)
        ).bytes
    }
}

/// A running checksum of any kind. **One thread at a time**, like `MessageDigest`.
package final class ChecksumHasher: @unchecked Sendable {
    private enum State {
        case crc32(CRC32)
        case crc32c(CRC32C)
        case crc64nvme(CRC64NVME)
        case digest(MessageDigest)
    }

    package let kind: ChecksumKind
    private var state: State

    package init(_ kind: ChecksumKind) {
        self.kind = kind
        state =
            switch kind {
            case .crc32: .crc32(CRC32())
            case .crc32c: .crc32c(CRC32C())
            case .crc64nvme: .crc64nvme(CRC64NVME())
            case .sha1: .digest(MessageDigest(.sha1))
            case .sha256: .digest(MessageDigest(.sha256))
            }
    }

    private init(kind: ChecksumKind, state: State) {
        self.kind = kind
        self.state = state
    }

    /// An independent checksum that has seen the same bytes.
    package func copy() -> ChecksumHasher {
        if case .digest(let digest) = state {
            return ChecksumHasher(kind: kind, state: .digest(digest.copy()))
        }
        return ChecksumHasher(kind: kind, state: state)
    }

    /// Ends the checksum: the bytes that a header carries in base64, most significant first.
    package func finish() -> [UInt8] {
        switch state {
        case .crc32(let check): check.bytes
        case .crc32c(let check): check.bytes
        case .crc64nvme(let check): check.bytes
        case .digest(let digest): digest.finish()
        }
    }
}

extension ChecksumHasher: ByteSink {
    /// Must not be called after `finish`.
    package func update(_ bytes: UnsafeRawBufferPointer) {
        switch state {
        case .crc32(var check):
            check.update(bytes)
            state = .crc32(check)
        case .crc32c(var check):
            check.update(bytes)
            state = .crc32c(check)
        case .crc64nvme(var check):
            check.update(bytes)
            state = .crc64nvme(check)
        case .digest(let digest):
            digest.update(bytes)
        }
    }
}
