// The admin API's calls about buckets. Served on the socket in the data directory alone, as the rest of it.

package import HTTPServer
internal import HTTPTypes
package import Logging
package import NativeWire
package import Storage

package struct AdminBuckets: RequestHandler {
    private let buckets: Buckets
    private let maintenance: any Maintenance
    private let logger: Logger

    package init(buckets: Buckets, maintenance: any Maintenance, logger: Logger) {
        self.buckets = buckets
        self.maintenance = maintenance
        self.logger = logger
    }

    package func respond(to request: ServerRequest) async -> ServerResponse {
        await ServerResponse.of(request, logger: logger) {
            switch (request.head.method, request.head.path) {
            case (.get, AdminCall.buckets):
                request.trace.note(operation: "AdminListBuckets")
                return try .json(.ok, BucketListDocument(buckets: try await all()))
            case (.post, AdminCall.buckets):
                return try .json(.ok, try await change(request, "AdminCreateBucket", create))
            case (.post, AdminCall.setBucket):
                return try .json(.ok, try await change(request, "AdminSetBucket", set))
            case (.post, AdminCall.deleteBucket):
                return try .json(.ok, try await change(request, "AdminDeleteBucket", delete))
            default: throw Refusal.noSuchCall(request)
            }
        }
    }

    /// Every bucket, in order.
    private func all() async throws -> [BucketEntryDocument] {
        var entries: [BucketEntryDocument] = []
        for bucket in try await buckets.list() { entries.append(try await entry(bucket)) }
        return entries
    }

    /// Buckets that hold as much as they should, or more.
    package func beyondQuota() async throws -> [BucketEntryDocument] {
        try await all().filter { entry in
            entry.quota.flatMap(BucketQuota.State.init).map { $0 != .within } ?? false
        }
    }

    private func change(
        _ request: ServerRequest, _ operation: String,
        _ make: (BucketRequestDocument) async throws -> BucketEntryDocument
    ) async throws -> BucketEntryDocument {
        let asked = try await request.adminDocument(BucketRequestDocument.self)
        let settings = (asked.settings ?? [:]).sorted { $0.key < $1.key }
        request.trace.note(
            operation: operation, resource: asked.name,
            change: settings.map { "\($0.key)=\($0.value)" }.joined(separator: " "))
        return try await make(asked)
    }

    private func create(_ asked: BucketRequestDocument) async throws -> BucketEntryDocument {
        // What cannot be set is refused before there is a bucket.
        var probe = BucketSettings.standard
        try probe.set(asked.settings)
        try await buckets.create(asked.name)
        return try await set(asked)
    }

    private func set(_ asked: BucketRequestDocument) async throws -> BucketEntryDocument {
        if let settings = asked.settings, !settings.isEmpty {
            try await buckets.changeSettings(of: asked.name) { try $0.set(settings) }
        }
        return try await entry(asked.name)
    }

    private func delete(_ asked: BucketRequestDocument) async throws -> BucketEntryDocument {
        let entry = try await entry(asked.name)
        try await buckets.delete(asked.name)
        return entry
    }

    private func entry(_ name: String) async throws -> BucketEntryDocument {
        guard let bucket = try await buckets.bucket(name) else {
            throw StorageError(.noSuchBucket, "bucket “\(name)” does not exist")
        }
        return try await entry(bucket)
    }

    private func entry(_ bucket: Bucket) async throws -> BucketEntryDocument {
        let usage = try await maintenance.usage(of: bucket.name)
        var entry = BucketEntryDocument(
            name: bucket.name, createdMilliseconds: bucket.createdMilliseconds,
            objects: usage.objects, bytes: usage.bytes, settings: [:])
        do {
            let settings = try await buckets.settings(of: bucket.name)
            entry.settings = settings.texts
            if settings.quota != .none { entry.quota = settings.quota.state(usage).rawValue }
        } catch let error as StorageError where error.code == .invalidArgument {
            entry.settings = BucketSettings.standard.texts
            entry.unreadable = error.message
        }
        return entry
    }
}

extension BucketSettings {
    fileprivate mutating func set(_ texts: [String: String]?) throws(StorageError) {
        for (name, text) in (texts ?? [:]).sorted(by: { $0.key < $1.key }) {
            try set(name, to: text)
        }
    }
}
