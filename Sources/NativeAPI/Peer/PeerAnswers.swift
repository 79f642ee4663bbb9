// The calls of the peer protocol, from document to document, over what `RegionAnswers` says.

internal import HTTPServer
internal import HTTPTypes
internal import NIOCore
internal import NativeWire
internal import Replication
internal import Storage

struct PeerAnswers: Sendable {
    let answers: RegionAnswers
    let blobs: any BlobStore

    /// The answer for `region`, which asks.
    func document(
        _ call: PeerCall, _ body: ByteBuffer, for region: RegionID
    ) async throws -> ByteBuffer {
        switch call {
        case .handshake: try await handshake(HelloDocument(decoding: body)).encode()
        case .feed: try await feed(FeedRequest(decoding: body), for: region).encode()
        case .relay: try await relay(FeedRequest(decoding: body)).encode()
        case .names: try await names(NamesRequest(decoding: body)).encode()
        case .keys: try await keys(KeysRequest(decoding: body)).encode()
        case .blobs: try await states(BlobStatesRequest(decoding: body)).encode()
        case .bytes: preconditionFailure("bytes are no document")
        }
    }

    private func handshake(_ theirs: HelloDocument) async throws -> HelloDocument {
        let own = try await answers.handshake(
            Hello(
                protocolVersions: theirs.protocolVersions, region: theirs.region,
                name: theirs.name, incarnation: theirs.incarnation, features: theirs.features,
                clockMilliseconds: theirs.clockMilliseconds, cursors: theirs.cursors,
                seen: theirs.seen))
        return HelloDocument(
            protocolVersions: own.protocolVersions, region: own.region, name: own.name,
            incarnation: own.incarnation, features: own.features,
            clockMilliseconds: own.clockMilliseconds, cursors: own.cursors, seen: own.seen)
    }

    private func feed(
        _ request: FeedRequest, for region: RegionID
    ) async throws -> FeedAnswer {
        let wait = min(request.waitMilliseconds, WireLimits.waitMilliseconds)
        let ranges = try await answers.feed(
            after: request.cursors, seen: request.seen, wait: .milliseconds(wait), of: region)
        return FeedAnswer(ranges: ranges.map { $0.trimmedToAnswer() })
    }

    private func relay(_ request: FeedRequest) async throws -> FeedAnswer {
        guard let (origin, after) = request.cursors.first, request.cursors.count == 1 else {
            throw Refusal(.badRequest, .malformed, "one origin's feed is relayed at a time")
        }
        let range = try await answers.relay(of: origin, after: after)
        return FeedAnswer(ranges: [range.trimmedToAnswer()])
    }

    private func names(_ request: NamesRequest) async throws -> NamesAnswer {
        let found = try await answers.entries(named: request.names)
        var size = AnswerSize()
        return NamesAnswer(
            items: found.prefix { size.takes($0.entry) }.map {
                NamesAnswer.Item(name: $0.name, entry: $0.entry, isPending: $0.isPending)
            })
    }

    private func keys(_ request: KeysRequest) async throws -> KeysAnswer {
        let limit = min(max(request.limit, 1), WireLimits.entriesPerAnswer)
        let found = try await answers.entries(
            in: request.bucket, after: request.after, limit: limit)
        var size = AnswerSize()
        return KeysAnswer(entries: Array(found.prefix { size.takes($0) }))
    }

    private func states(_ request: BlobStatesRequest) async throws -> BlobStatesAnswer {
        let states = try await answers.states(of: request.blobs)
        return BlobStatesAnswer(states: states.map(WireBlobState.init))
    }

    /// Bytes that are here and intact, also of a blob that is damaged elsewhere; nothing is fetched for another
    /// region.
    func bytes(of blob: BlobID, range: Range<UInt64>) async throws -> ServerResponse {
        guard let info = try await blobs.stat(blob) else {
            throw Refusal(.notFound, .neverHad, "\(blob) is not here")
        }
        guard range.upperBound <= info.sizeBytes else {
            throw Refusal(
                .rangeNotSatisfiable, .invalidRange, "\(blob) has \(info.sizeBytes) bytes")
        }
        let source = SegmentResponse(try await blobs.read(blob, range: range))
        var response = ServerResponse(
            status: .ok, body: .stream(source, lengthBytes: range.upperBound - range.lowerBound))
        response.fields[.contentType] = "application/octet-stream"
        return response
    }
}

extension WireBlobState {
    fileprivate init(_ state: BlobState) {
        switch state {
        case .have: self = .have
        case .pending: self = .pending
        case .neverHad: self = .neverHad
        case .damaged: self = .damaged
        }
    }
}
