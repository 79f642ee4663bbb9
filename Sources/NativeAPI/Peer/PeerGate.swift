// Who asks: the signature of a request is held against the key of the pair, and the answer is signed with
// the same.

internal import Access
internal import HTTPServer
internal import HTTPTypes
internal import NIOCore
internal import NativeWire
internal import Storage

/// A region that has proven itself, by this request.
struct PeerCaller: Sendable {
    let signature: PeerSignature
    let key: PeerKey
    /// Who answers: this region.
    let region: RegionID

    private static let field: HTTPField.Name = {
        guard let name = HTTPField.Name(PeerAnswerSignature.headerName) else {
            preconditionFailure("“\(PeerAnswerSignature.headerName)” is no header name")
        }
        return name
    }()

    /// A body that is in memory is covered by the signature; one that is streamed is bytes of a blob.
    func sign(_ response: ServerResponse) -> ServerResponse {
        let body: PeerBody =
            switch response.body {
            case .none: PeerBody(ByteBuffer())
            case .bytes(let bytes): PeerBody(bytes)
            case .stream: .unsigned
            }
        var signed = response
        signed.fields[Self.field] =
            key.sign(
                answerTo: signature, status: response.status.code, body: body, region: region
            ).headerValue
        return signed
    }
}

struct PeerGate: Sendable {
    /// The request is not let in. `caller` is set where its signature held all the same (its time did
    /// not, or it came before), so that the refusal can be signed.
    struct Closed: Error {
        let refusal: Refusal
        let caller: PeerCaller?
    }

    private let region: RegionID
    private let verifier: PeerVerifier
    private let clock: any WallClock
    private let keys: @Sendable (RegionID) -> PeerKey?

    init(
        region: RegionID, clock: any WallClock, limits: AccessLimits,
        keys: @escaping @Sendable (RegionID) -> PeerKey?
    ) {
        self.region = region
        verifier = PeerVerifier(region: region, limits: limits)
        self.clock = clock
        self.keys = keys
    }

    func identify(_ request: ServerRequest) throws(Closed) -> PeerCaller {
        let caller: PeerCaller
        do throws(AccessError) {
            caller = try self.caller(of: request)
        } catch {
            throw Closed(refusal: Refusal(error), caller: nil)
        }
        do throws(AccessError) {
            let target = request.head.path ?? ""
            try verifier.verify(
                caller.signature, method: request.head.method.rawValue, target: target,
                isAddressed: PeerCall(target: target) != .handshake, key: caller.key,
                nowMilliseconds: clock.milliseconds())
        } catch {
            let isProven = error.code != .signatureDoesNotMatch
            throw Closed(refusal: Refusal(error), caller: isProven ? caller : nil)
        }
        return caller
    }

    private func caller(of request: ServerRequest) throws(AccessError) -> PeerCaller {
        guard let value = request.head.headerFields[.authorization] else {
            throw AccessError(.missingAuthentication, "the request carries no peer signature")
        }
        let signature = try PeerSignature(headerValue: value)
        guard let key = keys(signature.region) else {
            throw AccessError(
                .signatureDoesNotMatch, "region \(signature.region) is no peer of this one")
        }
        return PeerCaller(signature: signature, key: key, region: region)
    }
}
