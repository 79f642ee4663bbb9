// The calls of the storage driver API. Every call names its path in the query: what a path may consist of
// stands there as it is, and generators of clients need no rule of their own for slashes. This table is what the
// daemon routes by, what its OpenAPI document is made of, and what our own client calls by.

package import Storage

package enum DriverCall: String, Sendable, CaseIterable {
    case readContent
    case putContent
    case delete
    case stat
    case list
    case walk
    case move
    case redirect
    case openWriter
    case statWriter
    case append
    case commit
    case cancel

    package static let prefix = "/-/driver/v1/"
    /// GET, without a key: the OpenAPI document of these calls.
    package static let document = prefix + "openapi.json"
    package static let documentType = "application/json"
    package static let contentType = "application/octet-stream"
    /// In the head of a read: the size of the whole file.
    package static let sizeField = "x-file-size"

    package var method: String {
        switch self {
        case .readContent, .stat, .list, .walk, .redirect, .statWriter: "GET"
        case .putContent, .commit: "PUT"
        case .append: "PATCH"
        case .move, .openWriter: "POST"
        case .delete, .cancel: "DELETE"
        }
    }

    /// The segment behind the bucket's.
    package var resource: String {
        switch self {
        case .readContent, .putContent, .delete: "content"
        case .stat: "stat"
        case .list: "list"
        case .walk: "walk"
        case .move: "move"
        case .redirect: "redirect"
        case .openWriter, .statWriter, .append, .commit, .cancel: "writers"
        }
    }

    /// Whether the id of a writer is the last segment.
    package var namesWriter: Bool {
        switch self {
        case .statWriter, .append, .commit, .cancel: true
        case .readContent, .putContent, .delete, .stat, .list, .walk, .move, .redirect,
            .openWriter:
            false
        }
    }

    /// What stands in the query, in the order of the document.
    package var parameters: [DriverParameter] {
        switch self {
        case .readContent: [.path, .offset, .length]
        case .putContent: [.path, .digest]
        case .delete, .stat, .statWriter, .cancel: [.path]
        case .list: [.path, .after, .limit]
        case .walk: [.path, .after, .behind, .limit]
        case .move: [.from, .to]
        case .redirect: [.path, .method]
        case .openWriter: [.path, .append]
        case .append: [.path, .offset, .digest]
        case .commit: [.path, .digest]
        }
    }

    /// What it refuses beyond what every call does.
    package var errors: [DriverError.Code] {
        switch self {
        case .readContent: [.pathNotFound, .invalidPath, .invalidOffset, .damaged]
        case .putContent:
            [.invalidPath, .digestMismatch, .sizeMismatch, .limitExceeded, .insufficientStorage]
        case .delete, .stat, .list, .walk: [.pathNotFound, .invalidPath]
        case .move:
            [.pathNotFound, .invalidPath, .digestMismatch, .damaged, .insufficientStorage]
        case .redirect: [.invalidPath, .unsupported]
        case .openWriter: [.pathNotFound, .invalidPath, .writerBusy, .insufficientStorage]
        case .statWriter: [.invalidPath, .writerNotFound, .writerBusy]
        case .append:
            [
                .invalidPath, .invalidOffset, .digestMismatch, .sizeMismatch, .writerNotFound,
                .writerBusy, .writerClosed, .limitExceeded, .insufficientStorage,
            ]
        case .commit:
            [
                .invalidPath, .digestMismatch, .writerNotFound, .writerBusy, .writerClosed,
                .damaged, .insufficientStorage,
            ]
        case .cancel: [.invalidPath, .writerNotFound, .writerBusy, .writerClosed]
        }
    }

    /// What every call may answer.
    package static let commonErrors: [DriverError.Code] = [
        .invalidRequest, .unauthenticated, .accessDenied, .bucketNotFound, .noSuchCall,
        .methodNotAllowed, .failed, .unavailable,
    ]

    /// The calls at the path of a target: they differ by their method.
    package static func calls(at path: some StringProtocol) -> [DriverCall] {
        let segments = path.dropFirst(prefix.count)
            .split(separator: "/", omittingEmptySubsequences: false)
        guard path.hasPrefix(prefix), (2...3).contains(segments.count) else { return [] }
        return allCases.filter {
            $0.resource == segments[1] && $0.namesWriter == (segments.count == 3)
        }
    }

    /// The target of a request. What paths, numbers and digests consist of stands in a query as it is.
    package func target(
        bucket: String, writer: UploadID? = nil, _ values: [(DriverParameter, String)]
    ) -> String {
        precondition(
            namesWriter == (writer != nil), "\(self) of writer \(String(describing: writer))")
        let query = values.map { "\($0.rawValue)=\($1)" }.joined(separator: "&")
        return Self.prefix + bucket + "/" + resource + (writer.map { "/\($0)" } ?? "") + "?" + query
    }
}

/// A parameter of the query.
package enum DriverParameter: String, Sendable, CaseIterable {
    case path
    case offset
    case length
    case after
    case behind
    case limit
    case from
    case to
    case method
    case append
    case digest

    /// Whether a call that has it cannot do without.
    package func isRequired(by call: DriverCall) -> Bool {
        switch self {
        case .path, .from, .to: true
        case .offset: call == .append
        case .length, .after, .behind, .limit, .method, .append, .digest: false
        }
    }
}
