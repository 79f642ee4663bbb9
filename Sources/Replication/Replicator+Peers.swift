// Meeting peers: the handshake, the identity that a name stands for, and what follows when a peer comes
// or goes.

internal import DequeModule
internal import Storage

extension Replicator {
    mutating func connect(_ peer: String) {
        guard peers[peer]?.phase == .apart else { return }
        peers[peer]?.phase = .greeting
        directives.append(.handshake(peer: peer))
    }

    mutating func greetAgain(_ peer: String) {
        guard let state = peers[peer], state.isConnected, !state.isGreetingAgain,
            nowMilliseconds >= state.nextGreetingMilliseconds
        else { return }
        peers[peer]?.isGreetingAgain = true
        directives.append(.handshake(peer: peer))
    }

    mutating func greeted(
        by peer: String, _ hello: Hello, clockMilliseconds: Int64, lost: LostStretch?
    ) {
        guard let state = peers[peer], state.phase == .greeting || state.isGreetingAgain else {
            return
        }
        peers[peer]?.isGreetingAgain = false
        if hello.region == region {
            return refuse(peer, met: hello.region, "it is this region itself")
        }
        let skew = Self.difference(hello.clockMilliseconds, clockMilliseconds)
        let before = peers[peer]?.skewMilliseconds ?? 0
        let bound = limits.skewMilliseconds.magnitude
        if skew.magnitude > bound, before.magnitude <= bound {
            report(.clockSkew(peer: peer, milliseconds: skew))
        }
        peers[peer]?.skewMilliseconds = skew
        if removed.contains(hello.region) {
            return refuse(peer, met: hello.region, Self.removedReason(peer))
        }
        // The name of a region that was removed is free.
        guard let pinned = pins[peer], !removed.contains(pinned) else {
            peers[peer]?.phase = .pinning
            peers[peer]?.region = hello.region
            self.lost(lost, to: peer, in: hello.run)
            return directives.append(.pin(peer: peer, hello.region))
        }
        guard pinned == hello.region else {
            return refuse(
                peer, met: hello.region,
                "“\(peer)” is known to be region \(pinned); remove it before another takes its name"
            )
        }
        self.lost(lost, to: peer, in: hello.run)
        peers[peer]?.heardMilliseconds = nowMilliseconds
        if state.isConnected { setGreeting(peer) } else { connected(peer) }
    }

    /// Whoever is connected to one of them is so no more, and does not become it again.
    mutating func remove(_ regions: Set<RegionID>) {
        removed.formUnion(regions)
        for peer in peerNames {
            guard let region = peers[peer]?.region, regions.contains(region) else { continue }
            disconnected(peer, Self.removedReason(peer))
        }
        // Nobody waits for what only they could have had.
        for name in nameRequests.keys.sorted() { excuse(name) }
        for blob in fetches.stalled { retryFetch(blob) }
    }

    private static func removedReason(_ peer: String) -> String {
        "“\(peer)” was removed from this region; it can join again only from an empty data directory"
    }

    private mutating func setGreeting(_ peer: String) {
        guard let rest = limits.greetingMilliseconds else { return }
        peers[peer]?.nextGreetingMilliseconds = nowMilliseconds + rest
        setTimer(.greet(peer: peer), inMilliseconds: rest)
    }

    /// A peer may say anything of its clock.
    private static func difference(_ left: Int64, _ right: Int64) -> Int64 {
        let (difference, isTooLarge) = left.subtractingReportingOverflow(right)
        guard isTooLarge else { return difference }
        return left < right ? .min : .max
    }

    mutating func pinned(_ peer: String) {
        guard peers[peer]?.phase == .pinning else { return }
        pins[peer] = peers[peer]?.region
        peers[peer]?.heardMilliseconds = nowMilliseconds
        connected(peer)
    }

    private mutating func connected(_ peer: String) {
        guard let region = pins[peer] else { return }
        peers[peer]?.phase = .connected
        peers[peer]?.region = region
        peers[peer]?.lastError = nil
        report(.connected(peer: peer, region))
        setGreeting(peer)
        for blob in fetches.stalled { retryFetch(blob) }
        for name in nameRequests.keys.sorted() where nameRequests[name]?.peer == nil {
            retryName(name)
        }
    }

    private mutating func refuse(_ peer: String, met: RegionID, _ reason: String) {
        if peers[peer]?.lastError != reason {
            report(.refusedPeer(peer: peer, met: met, reason: reason))
        }
        peers[peer]?.phase = .apart
        peers[peer]?.lastError = reason
        setTimer(.reconnect(peer: peer), inMilliseconds: limits.lastReconnectMilliseconds)
    }

    mutating func peerFailed(_ peer: String, _ call: PeerStep, _ error: TransportError) {
        switch call {
        case .handshake, .pin, .feed, .lost:
            if call == .feed { peers[peer]?.polled = nil }
            let reason = "\(call.rawValue): \(error)"
            if [.unknownPosition, .refused].contains(error.code), peers[peer]?.lastAlarm != reason {
                peers[peer]?.lastAlarm = reason
                report(
                    error.code == .refused
                        ? .refused(by: peer, message: error.message)
                        : .unknownPosition(peer: peer, message: error.message))
            }
            guard call == .feed, error.code == .unknownPosition else {
                return disconnected(peer, reason)
            }
            feedRefused(by: peer, reason)
        case .names:
            peers[peer]?.lastError = "\(call.rawValue): \(error)"
            namesFailed(peer)
        case .states:
            peers[peer]?.lastError = "\(call.rawValue): \(error)"
            statesFailed(peer)
        }
    }

    /// It is there, and all else is asked of it: were both put back, each has to fetch back what the other knows.
    private mutating func feedRefused(by peer: String, _ reason: String) {
        guard peers[peer]?.isConnected == true else { return }
        peers[peer]?.isFeedRefused = true
        peers[peer]?.lastError = reason
        peers[peer]?.attempts += 1
        restPoll(
            peer,
            restMilliseconds(
                after: peers[peer]?.attempts ?? 1, last: limits.lastReconnectMilliseconds))
    }

    /// Drops the connection; what is asked of the peer meanwhile fails by itself.
    mutating func disconnected(_ peer: String, _ reason: String) {
        guard let phase = peers[peer]?.phase, phase != .apart else { return }
        if peers[peer]?.lastError != reason {
            report(.disconnected(peer: peer, reason: reason))
        }
        peers[peer]?.phase = .apart
        peers[peer]?.isGreetingAgain = false
        peers[peer]?.isFeedRefused = false
        peers[peer]?.lost = nil
        peers[peer]?.lastError = reason
        peers[peer]?.attempts += 1
        let rest = restMilliseconds(
            after: peers[peer]?.attempts ?? 1, last: limits.lastReconnectMilliseconds)
        setTimer(.reconnect(peer: peer), inMilliseconds: rest)
        let names = peers[peer]?.namesToAsk ?? []
        peers[peer]?.namesToAsk = []
        for name in names { routeName(name) }
        let blobs = peers[peer]?.blobsToAsk ?? []
        peers[peer]?.blobsToAsk = []
        for blob in blobs { restState(of: blob, from: peer) }
    }

    /// Starts what a connected peer has a free place for.
    mutating func pumpPeer(_ peer: String) {
        guard let state = peers[peer], state.isConnected else { return }
        pumpLost(peer)
        pumpNames(peer)
        pumpStates(peer)
        guard state.polled == nil, !state.isPollResting, isLoaded, let region = state.region,
            merges.count < limits.queuedMerges, hasRoom(for: region), !isRewinding(region)
        else { return }
        let cursors = cursorsToAsk()
        peers[peer]?.polled = cursors
        peers[peer]?.pollStartedMilliseconds = nowMilliseconds
        directives.append(.poll(peer: peer, cursors: cursors))
    }

    /// The feed of a region that was removed comes from whoever has it, and nobody is to send more of it than there
    /// is room for: it is asked behind the greatest of numbers.
    private func cursorsToAsk() -> [RegionID: FeedPosition] {
        var cursors = received
        for origin in removed where !hasRoom(for: origin) {
            cursors[origin] = FeedPosition(incarnation: .max, number: .max)
        }
        return cursors
    }
}
