// The admin API's calls about keys. Served on the socket in the data directory alone, as the rest of it: an answer
// may hold a secret.

package import Access
package import HTTPServer
internal import HTTPTypes
package import Logging
internal import NativeWire
package import Storage

package struct AdminKeys: RequestHandler {
    private let keys: AccessKeys
    private let clock: any WallClock
    private let logger: Logger

    package init(keys: AccessKeys, clock: any WallClock, logger: Logger) {
        self.keys = keys
        self.clock = clock
        self.logger = logger
    }

    package func respond(to request: ServerRequest) async -> ServerResponse {
        await ServerResponse.of(request, logger: logger) {
            switch (request.head.method, request.head.path) {
            case (.get, AdminCall.keys):
                request.trace.note(operation: "AdminListKeys")
                let listed = try await keys.list()
                return try .json(.ok, KeyListDocument(keys: listed.map(KeyEntryDocument.init)))
            case (.post, AdminCall.keys): return try .json(.ok, try await create(request))
            case (.post, AdminCall.rotateKey): return try .json(.ok, try await rotate(request))
            case (.post, AdminCall.revokeKey): return try .json(.ok, try await revoke(request))
            default: throw Refusal.noSuchCall(request)
            }
        }
    }

    private func create(_ request: ServerRequest) async throws -> NewKeyDocument {
        let asked = try await request.adminDocument(KeyRequestDocument.self)
        request.trace.note(operation: "AdminCreateKey", change: asked.text)
        if let name = asked.name {
            guard (1...Self.nameCharacters).contains(name.count), !name.hasControls else {
                throw Refusal(
                    .badRequest, .malformed,
                    "a name is a line of 1 to \(Self.nameCharacters) characters")
            }
        }
        let expires = try asked.lifeSeconds.map { seconds in
            guard (1...Self.longestSeconds).contains(seconds) else {
                throw Refusal(.badRequest, .malformed, "a key is valid for a second at least")
            }
            return clock.milliseconds() + seconds * 1000
        }
        let key = try await keys.create(
            name: asked.name, limits: try KeyLimits(asked), expiresMilliseconds: expires)
        request.trace.note(resource: key.accessKey)
        return NewKeyDocument(key)
    }

    private func rotate(_ request: ServerRequest) async throws -> NewKeyDocument {
        let asked = try await request.adminDocument(KeyChangeDocument.self)
        let grace = asked.graceSeconds ?? Self.graceSeconds
        request.trace.note(
            operation: "AdminRotateKey", resource: asked.accessKey, change: "grace \(grace)s")
        guard (0...Self.longestSeconds).contains(grace) else {
            throw Refusal(.badRequest, .malformed, "a grace of \(grace) seconds")
        }
        return NewKeyDocument(
            try await keys.rotate(asked.accessKey, graceMilliseconds: grace * 1000))
    }

    private func revoke(_ request: ServerRequest) async throws -> RevokedKeyDocument {
        let asked = try await request.adminDocument(KeyChangeDocument.self)
        request.trace.note(operation: "AdminRevokeKey", resource: asked.accessKey, change: "")
        let isNew = try await keys.revoke(asked.accessKey)
        return RevokedKeyDocument(accessKey: asked.accessKey, wasRevoked: !isNew)
    }

    /// Of a key's name.
    private static let nameCharacters = 128
    /// A day.
    private static let graceSeconds: Int64 = 86_400
    /// A hundred years.
    private static let longestSeconds: Int64 = 36_525 * 86_400
}

extension KeyLimits {
    /// Throws a `Refusal` for limits that nobody can mean.
    fileprivate init(_ document: KeyRequestDocument) throws {
        let rights = try document.rights.map { text in
            guard let right = Right(rawValue: text) else {
                throw Refusal(
                    .badRequest, .malformed,
                    "“\(text)” is none of "
                        + Right.allCases.map(\.rawValue).joined(separator: ", "))
            }
            return right
        }
        guard !rights.isEmpty else {
            throw Refusal(.badRequest, .malformed, "a key that may do nothing is no key")
        }
        for bucket in document.buckets where !BucketName.isValid(bucket) {
            throw Refusal(.badRequest, .malformed, "“\(bucket)” is no name of a bucket")
        }
        for prefix in document.prefixes {
            if let reason = Self.fault(of: prefix) {
                throw Refusal(.badRequest, .malformed, "the prefix “\(prefix)” \(reason)")
            }
        }
        self.init(
            rights: Set(rights), buckets: Set(document.buckets),
            prefixes: document.prefixes.map { ObjectKey($0) })
    }

    /// What no key of a bucket begins with is a mistake, which would be found out by who is given the key.
    private static func fault(of prefix: String) -> String? {
        if prefix.isEmpty { return "is empty, which limits nothing" }
        if prefix.hasPrefix("/") { return "begins with a slash; the keys of a bucket do not" }
        if prefix.hasSuffix("*") { return "ends in “*”; a prefix has all that begins with it" }
        if prefix.utf8.count > 1024 { return "is longer than any key" }
        if prefix.hasControls || prefix.contains("\u{FFFD}") { return "is no text" }
        return nil
    }
}

extension String {
    /// Whether a terminal could take a part of it for something else than text.
    fileprivate var hasControls: Bool {
        unicodeScalars.contains {
            [.control, .format, .lineSeparator, .paragraphSeparator].contains(
                $0.properties.generalCategory)
        }
    }
}

extension KeyRequestDocument {
    /// For the audit log.
    fileprivate var text: String {
        var words = ["allow " + rights.joined(separator: ",")]
        words += buckets.map { "bucket=" + $0 } + prefixes.map { "prefix=" + $0 }
        if let name { words.append("name=" + name) }
        if let lifeSeconds { words.append("life \(lifeSeconds)s") }
        return words.joined(separator: " ")
    }
}

extension NewKeyDocument {
    fileprivate init(_ key: NewKey) {
        self.init(
            accessKey: key.accessKey, secretKey: key.secret,
            formerUntilMilliseconds: key.record.formerUntilMilliseconds,
            expiresMilliseconds: key.record.expiresMilliseconds)
    }
}

extension KeyEntryDocument {
    fileprivate init(_ key: ListedKey) {
        self.init(accessKey: key.accessKey, state: key.state.rawValue, reason: key.reason)
        guard let record = key.record else { return }
        name = record.name
        rights = KeyLimits.Right.allCases.filter(record.limits.rights.contains).map(\.rawValue)
        buckets = record.limits.buckets.sorted()
        prefixes = record.limits.prefixes.map(\.string)
        createdMilliseconds = record.createdMilliseconds
        expiresMilliseconds = record.expiresMilliseconds
        formerUntilMilliseconds = record.formerUntilMilliseconds
    }
}
