// The nonces of requests that were accepted lately, so that none is accepted twice.
//
// A nonce must be remembered for as long as its timestamp would be accepted. Memory is bounded: when
// the limit is reached, the nonces with the oldest timestamps are forgotten and every timestamp up to
// theirs is refused from then on. So a flood costs peers with slow clocks their requests for a while,
// and never lets one through twice.

internal import Synchronization

/// Any number of threads may use it.
package final class ReplayWindow: Sendable {
    /// Nonces whose timestamps fall into the same ten seconds are forgotten together.
    private static let sliceMilliseconds: Int64 = 10_000

    private let limits: AccessLimits
    private let state = Mutex(RememberedNonces())

    package init(limits: AccessLimits = AccessLimits()) { self.limits = limits }

    /// Remembers an authentic request. Throws `requestTimeTooSkewed` for a timestamp that is too far from
    /// now or that the window has forgotten, `replayed` for one that was accepted before.
    package func accept(
        _ nonce: PeerNonce, timestampMilliseconds: Int64, nowMilliseconds: Int64
    ) throws(AccessError) {
        let skew = limits.peerSkewMilliseconds
        guard (nowMilliseconds - skew...nowMilliseconds + skew).contains(timestampMilliseconds)
        else {
            throw AccessError(
                .requestTimeTooSkewed,
                "the peer's clock is more than \(skew / 1000) seconds from ours")
        }
        let slice = timestampMilliseconds / Self.sliceMilliseconds
        let expired = (nowMilliseconds - skew) / Self.sliceMilliseconds
        let limit = limits.peerNonces
        try state.withLock { state throws(AccessError) in
            state.forget(below: expired)
            if state.count >= limit { state.forgetOldest() }
            guard slice >= state.firstSlice else {
                throw AccessError(
                    .requestTimeTooSkewed, "the request is older than those that are remembered")
            }
            guard state.slices[slice, default: []].insert(nonce).inserted else {
                throw AccessError(.replayed, "this request was received before")
            }
            state.count += 1
        }
    }
}

/// Nonces by the slice of time that their timestamps fall into.
private struct RememberedNonces {
    var slices: [Int64: Set<PeerNonce>] = [:]
    var count = 0
    /// Slices below this one are refused.
    var firstSlice: Int64 = .min

    mutating func forget(below slice: Int64) {
        guard slice > firstSlice else { return }
        firstSlice = slice
        for key in slices.keys where key < slice {
            count -= slices.removeValue(forKey: key)?.count ?? 0
        }
    }

    mutating func forgetOldest() {
        guard let oldest = slices.keys.min() else { return }
        forget(below: oldest + 1)
    }
}
