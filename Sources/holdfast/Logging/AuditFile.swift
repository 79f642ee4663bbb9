// The files of the audit log in the data directory, `audit.log` of changes and `audit-refused.log` of what was refused:
// lines are only ever appended, and each is on the disk before the request is answered. A file that has grown to its
// limit becomes `audit.log.1`, and so on; the oldest goes. Any key can be refused as often as it likes, which must not
// push out what was changed.

internal import Dispatch
internal import Foundation
internal import Glibc

final class AuditFile: Sendable {
    enum Kind: String, CaseIterable {
        case changes = "audit.log"
        case refusals = "audit-refused.log"
    }

    /// Of one file.
    static let limitBytes: Int64 = 16 << 20
    /// Files that are kept beside the one that is written.
    static let kept = 9

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let name: String
    private let path: String
    private let limitBytes: Int64
    /// One line at a time, off the threads that serve.
    private let queue = DispatchQueue(label: "holdfast.audit")

    init(_ kind: Kind, in directory: String, limitBytes: Int64 = AuditFile.limitBytes) {
        name = kind.rawValue
        path = directory + "/" + name
        self.limitBytes = limitBytes
    }

    /// Returns when the line is on the disk.
    func append(_ line: String) async throws {
        try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Void, any Error>) in
            queue.async { continuation.resume(with: Result { try self.write(line) }) }
        }
    }

    /// The files that there are, the oldest first.
    static func files(_ kind: Kind, in directory: String) -> [String] {
        let path = directory + "/" + kind.rawValue
        let all = stride(from: kept, through: 1, by: -1).map { "\(path).\($0)" } + [path]
        return all.filter { access($0, F_OK) == 0 }
    }

    private func write(_ line: String) throws {
        // Opened for each line: they are few, and an operator may move the file away.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure("cannot open \(name)") }
        var status = stat()
        let isDurable =
            Terminal.write(line, to: descriptor) && fsync(descriptor) == 0
            && fstat(descriptor, &status) == 0
        guard close(descriptor) == 0, isDurable else {
            throw Self.failure("cannot write \(name)")
        }
        if Int64(status.st_size) >= limitBytes { try rotate() }
    }

    private func rotate() throws {
        for number in stride(from: Self.kept - 1, through: 1, by: -1) {
            // There are fewer at first.
            rename("\(path).\(number)", "\(path).\(number + 1)")
        }
        guard rename(path, path + ".1") == 0 else {
            throw Self.failure("cannot begin another \(name)")
        }
    }

    private static func failure(_ what: String) -> Failure {
        Failure(description: what + ": " + String(cString: strerror(errno)))
    }
}
