// The peer API: what other regions ask of this one. Who asks is proven first, before the body is read;
// then the body is held against what was signed; only then is anything looked up. Every answer to a proven
// request is signed for that request, refusals included.

package import Access
package import HTTPServer
internal import HTTPTypes
package import Logging
internal import NIOCore
internal import NativeWire
package import Replication
package import Storage

package struct PeerHandler: RequestHandler {
    private let gate: PeerGate
    private let calls: PeerAnswers
    private let region: RegionID
    private let confirmed: ConfirmedPositions
    private let removed: RemovedRegions
    private let heard: HeardRegions
    private let logger: Logger

    /// `keys` gives the key of the pair with a region, `nil` for one that is no peer.
    package init(
        region: RegionID, answers: RegionAnswers, blobs: any BlobStore,
        confirmed: ConfirmedPositions, removed: RemovedRegions = RemovedRegions(),
        heard: HeardRegions? = nil, clock: any WallClock, limits: AccessLimits = AccessLimits(),
        logger: Logger,
        keys: @escaping @Sendable (RegionID) -> PeerKey?
    ) {
        gate = PeerGate(region: region, clock: clock, limits: limits, keys: keys)
        calls = PeerAnswers(answers: answers, blobs: blobs)
        self.region = region
        self.confirmed = confirmed
        self.removed = removed
        self.heard = heard ?? HeardRegions(clock: clock)
        self.logger = logger
    }

    package func respond(to request: ServerRequest) async -> ServerResponse {
        let caller: PeerCaller
        do {
            caller = try gate.identify(request)
        } catch {
            let response = ServerResponse.refusal(error.refusal, to: request)
            return error.caller.map { $0.sign(response) } ?? response
        }
        request.trace.note(principal: "region \(caller.signature.region)")
        let response = await ServerResponse.of(request, logger: logger) {
            try await answer(request, from: caller)
        }
        return caller.sign(response)
    }

    private func answer(
        _ request: ServerRequest, from caller: PeerCaller
    ) async throws -> ServerResponse {
        let region = caller.signature.region
        heard.note(region)
        guard !removed.contains(region) else {
            throw Refusal(
                .forbidden, .refused,
                "region \(region) was removed here: it can join again only from an empty data directory, as a"
                    + " new region")
        }
        guard let call = PeerCall(target: request.head.path ?? ""),
            request.head.method == (call.isDocument ? .post : .get)
        else { throw Refusal.noSuchCall(request) }
        request.trace.note(operation: call.name)
        let body = try await request.body.collect(
            limitBytes: call.isDocument ? WireLimits.requestBytes : 0)
        try caller.signature.check(body: body)
        if case .bytes(let blob, let range) = call {
            request.trace.note(resource: blob.description)
            return try await calls.bytes(of: blob, range: range)
        }
        try await note(call, body, from: region)
        return .document(
            .ok, type: PeerCall.documentType, try await calls.document(call, body, for: region))
    }

    /// Takes note of how far the other region has this one's feed.
    private func note(
        _ call: PeerCall, _ body: ByteBuffer, from caller: RegionID
    ) async throws {
        switch call {
        case .handshake:
            let hello = try HelloDocument(decoding: body)
            heard.note(caller, named: hello.name)
            let lost = try await calls.answers.lost(hello.cursors, hello.seen)
            confirmed.begin(caller, at: lost == nil ? hello.cursors[region] ?? .start : nil)
        case .feed:
            let request = try FeedRequest(decoding: body)
            guard let position = request.cursors[region],
                try await calls.answers.lost(request.cursors, request.seen) == nil
            else { return }
            confirmed.note(caller, position)
        case .relay, .names, .keys, .blobs, .bytes: return
        }
    }
}
