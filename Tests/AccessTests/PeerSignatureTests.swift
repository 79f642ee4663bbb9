import Access
import Checksums
import NIOCore
import Storage
import Testing

@Suite("Signatures between regions")
struct PeerSignatureTests {
    static let now: Int64 = 1_700_000_000_000
    static let east = RegionID(0xEA57)
    static let west = RegionID(0x3E57)
    static let body = ByteBuffer(string: "{\"cursors\":[]}")
    static let target = "/-/peer/v1/feed?wait=30"

    private func key(_ secret: String = "a secret of two regions") throws -> PeerKey {
        try #require(PeerKey(secret: Array(secret.utf8)))
    }

    private func signed(
        by key: PeerKey, nonce: UInt64 = 1, at time: Int64 = now
    ) -> PeerSignature {
        key.sign(
            method: "POST", target: Self.target,
            bodySHA256: MessageDigest.hash(.sha256, Self.body), region: Self.east,
            addressee: Self.west, timestampMilliseconds: time, nonce: PeerNonce(high: 7, low: nonce)
        )
    }

    private func code(_ body: () throws(AccessError) -> Void) -> AccessError.Code? {
        do {
            try body()
            return nil
        } catch {
            return error.code
        }
    }

    @Test("a request that was signed with the pair's key is accepted once")
    func acceptance() throws {
        let key = try key()
        let verifier = PeerVerifier(region: Self.west)
        let received = try PeerSignature(headerValue: signed(by: key).headerValue)
        #expect(received == signed(by: key))
        try verifier.verify(
            received, method: "POST", target: Self.target, isAddressed: true, key: key,
            nowMilliseconds: Self.now)
        try received.check(body: Self.body)
        #expect(
            code { () throws(AccessError) in
                try verifier.verify(
                    received, method: "POST", target: Self.target, isAddressed: true, key: key,
                    nowMilliseconds: Self.now + 1)
            } == .replayed)
        #expect(
            code { () throws(AccessError) in
                try received.check(body: ByteBuffer(string: "other"))
            } == .contentHashMismatch)
    }

    @Test(
        "whatever is changed of a request breaks its signature",
        arguments: ["method", "target", "key", "time", "nonce", "body", "region"])
    func tampering(what: String) throws {
        var signature = signed(by: try key())
        var method = "POST"
        var target = Self.target
        var nonce = signature.nonce
        var time = signature.timestampMilliseconds
        var body = signature.bodySHA256
        var region = signature.region
        switch what {
        case "method": method = "GET"
        case "target": target += "0"
        case "time": time += 1
        case "nonce": nonce = PeerNonce(high: 7, low: 2)
        case "body": body[0] ^= 1
        case "region": region = RegionID(0x5011)
        default: break
        }
        signature = PeerSignature(
            region: region, timestampMilliseconds: time, nonce: nonce, bodySHA256: body,
            code: signature.code)
        let verifier = PeerVerifier(region: Self.west)
        let key = try key(what == "key" ? "another secret" : "a secret of two regions")
        #expect(
            code { () throws(AccessError) in
                try verifier.verify(
                    signature, method: method, target: target, isAddressed: true, key: key,
                    nowMilliseconds: Self.now)
            } == .signatureDoesNotMatch)
    }

    @Test("a region's own request does not come back to it")
    func reflection() throws {
        let key = try key()
        #expect(
            code { () throws(AccessError) in
                try PeerVerifier(region: Self.east).verify(
                    signed(by: key), method: "POST", target: Self.target, isAddressed: true,
                    key: key, nowMilliseconds: Self.now)
            } == .signatureDoesNotMatch)
    }

    @Test("of regions that share a key only the one that is meant accepts; a handshake names none")
    func addressee() throws {
        let key = try key()
        func verify(
            _ signature: PeerSignature, at region: RegionID, isAddressed: Bool
        ) -> AccessError.Code? {
            code { () throws(AccessError) in
                try PeerVerifier(region: region).verify(
                    signature, method: "POST", target: Self.target, isAddressed: isAddressed,
                    key: key, nowMilliseconds: Self.now)
            }
        }
        let north = RegionID(0x4027)
        let addressed = signed(by: key)
        #expect(verify(addressed, at: Self.west, isAddressed: true) == nil)
        #expect(verify(addressed, at: north, isAddressed: true) == .signatureDoesNotMatch)
        #expect(verify(addressed, at: Self.west, isAddressed: false) == .signatureDoesNotMatch)
        let handshake = key.sign(
            method: "POST", target: Self.target,
            bodySHA256: MessageDigest.hash(.sha256, Self.body), region: Self.east, addressee: nil,
            timestampMilliseconds: Self.now, nonce: PeerNonce(high: 7, low: 1))
        #expect(verify(handshake, at: north, isAddressed: false) == nil)
        #expect(verify(handshake, at: north, isAddressed: true) == .signatureDoesNotMatch)
    }

    @Test("five minutes of skew are accepted, more is refused", arguments: [-1, 1])
    func skew(direction: Int64) throws {
        let key = try key()
        let verifier = PeerVerifier(region: Self.west)
        for (distance, expected) in [(300_000, nil), (300_001, .requestTimeTooSkewed)]
            as [(Int64, AccessError.Code?)]
        {
            let signature = signed(
                by: key, nonce: UInt64(distance), at: Self.now + direction * distance)
            #expect(
                code { () throws(AccessError) in
                    try verifier.verify(
                        signature, method: "POST", target: Self.target, isAddressed: true,
                        key: key, nowMilliseconds: Self.now)
                } == expected)
        }
    }

    @Test("an answer belongs to one request, status and body")
    func answers() throws {
        let key = try key()
        let request = signed(by: key)
        let answer = try PeerAnswerSignature(
            headerValue: key.sign(
                answerTo: request, status: 200, body: PeerBody(Self.body), region: Self.west
            ).headerValue)
        try key.verify(answer, to: request, status: 200, from: Self.west)
        try key.verify(answer, to: request, status: 200, from: nil)
        try answer.check(body: Self.body)
        let other = signed(by: key, nonce: 2)
        let changed = PeerAnswerSignature(region: Self.west, body: .unsigned, code: answer.code)
        let renamed = PeerAnswerSignature(region: Self.east, body: answer.body, code: answer.code)
        for (answer, request, status, region) in [
            (answer, request, 404, Self.west), (answer, other, 200, Self.west),
            (changed, request, 200, Self.west), (renamed, request, 200, nil),
            (answer, request, 200, Self.east),
        ] {
            #expect(
                code { () throws(AccessError) in
                    try key.verify(answer, to: request, status: status, from: region)
                } == .signatureDoesNotMatch)
        }
        #expect(
            code { () throws(AccessError) in try answer.check(body: ByteBuffer()) }
                == .contentHashMismatch)
    }

    @Test("an unsigned body is told apart and never passes as a signed one")
    func unsignedAnswers() throws {
        let key = try key()
        let request = signed(by: key)
        let answer = try PeerAnswerSignature(
            headerValue: key.sign(
                answerTo: request, status: 206, body: .unsigned, region: Self.west
            ).headerValue)
        try key.verify(answer, to: request, status: 206, from: Self.west)
        #expect(answer.body == .unsigned)
        #expect(
            code { () throws(AccessError) in try answer.check(body: Self.body) }
                == .contentHashMismatch)
    }

    @Test(
        "a header that is no peer signature is refused",
        arguments: [
            ("", AccessError.Code.missingAuthentication),
            ("Bearer x", .missingAuthentication),
            ("Holdfast-Peer-1 ", .malformedAuthorization),
            ("Holdfast-Peer-1 1;2;3;4;5", .malformedAuthorization),
            ("Holdfast-Peer-1 000000000000ea57;-1;;;", .malformedAuthorization),
        ])
    func malformedHeaders(value: String, expected: AccessError.Code) {
        #expect(
            code { () throws(AccessError) in _ = try PeerSignature(headerValue: value) }
                == expected)
    }
}

@Suite("The window of nonces")
struct ReplayWindowTests {
    private func code(
        _ window: ReplayWindow, _ nonce: UInt64, at time: Int64, now: Int64
    ) -> AccessError.Code? {
        do throws(AccessError) {
            try window.accept(
                PeerNonce(high: 0, low: nonce), timestampMilliseconds: time, nowMilliseconds: now)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("a nonce is remembered for as long as its time is accepted")
    func memory() {
        let window = ReplayWindow()
        let start: Int64 = 10_000_000
        #expect(code(window, 1, at: start + 300_000, now: start) == nil)
        for later in stride(from: start, through: start + 600_000, by: 50_000) {
            #expect(code(window, UInt64(later), at: later, now: later) == nil)
            #expect(code(window, 1, at: start + 300_000, now: later) == .replayed)
        }
        #expect(
            code(window, 1, at: start + 300_000, now: start + 600_001) == .requestTimeTooSkewed)
    }

    @Test("a full window forgets the oldest and refuses their time, so that none comes twice")
    func bound() {
        var limits = AccessLimits()
        limits.peerNonces = 4
        let window = ReplayWindow(limits: limits)
        let start: Int64 = 10_000_000
        for step in 0..<6 as Range<Int64> {
            #expect(code(window, UInt64(step), at: start + step * 10_000, now: start) == nil)
        }
        for step in 0..<6 as Range<Int64> {
            #expect(code(window, UInt64(step), at: start + step * 10_000, now: start) != nil)
        }
    }
}
