// The door through which other regions' requests come.

package import Storage

/// Verifies requests of peers. One for each process, since it remembers what it accepted. Any number of
/// threads may use it.
package struct PeerVerifier: Sendable {
    private let region: RegionID
    private let window: ReplayWindow

    /// `region` is this one, whose own requests are refused: somebody sent them back.
    package init(region: RegionID, limits: AccessLimits = AccessLimits()) {
        self.region = region
        window = ReplayWindow(limits: limits)
    }

    /// Returns when `signature` is that of the pair's `key` over this request, recent, and new, and where
    /// `isAddressed` (every call but a handshake) meant for this region. Throws `signatureDoesNotMatch`,
    /// `requestTimeTooSkewed` or `replayed`. `target` is the request target as it came. The body is still to be checked (`PeerSignature.check`).
    package func verify(
        _ signature: PeerSignature, method: String, target: String, isAddressed: Bool,
        key: PeerKey, nowMilliseconds: Int64
    ) throws(AccessError) {
        guard signature.region != region,
            key.verifies(
                signature, method: method, target: target,
                addressee: isAddressed ? region : nil)
        else {
            throw AccessError(
                .signatureDoesNotMatch,
                "the request is not signed with the key of this pair, or meant for another region")
        }
        try window.accept(
            signature.nonce, timestampMilliseconds: signature.timestampMilliseconds,
            nowMilliseconds: nowMilliseconds)
    }
}
