// What the connections of one event loop share, so that none of it needs a lock or a timer of its own:
// the list of them, the date's text, the names of fields, and one tick a second that looks at every deadline.
// A deadline is therefore met one or two ticks late, never early, and costs a connection eight bytes.

internal import Logging
internal import NIOCore

/// Confined to its event loop.
final class LoopConnections {
    /// How often deadlines are looked at.
    static let tick = TimeAmount.seconds(1)

    let eventLoop: any EventLoop
    let limits: HTTPLimits
    let logger: Logger
    let names = FieldNameCache()
    /// Heads are written here; what is in flight holds its own reference to the storage.
    var scratch: ByteBuffer
    /// What goes out encrypted is read here from its file; it is empty again as soon as that has been done.
    var cleartext = ByteBuffer()

    /// The time of the last tick.
    private(set) var now: NIODeadline
    private(set) var isDraining = false

    private let unixSeconds: @Sendable () -> Int64
    /// The second that was last asked for, and its text.
    private var dated: (unixSeconds: Int64, text: String)
    private var members: [ObjectIdentifier: ConnectionHandler] = [:]

    init(
        eventLoop: any EventLoop, limits: HTTPLimits, logger: Logger,
        unixSeconds: @escaping @Sendable () -> Int64
    ) {
        self.eventLoop = eventLoop
        self.limits = limits
        self.logger = logger
        self.unixSeconds = unixSeconds
        self.scratch = ByteBufferAllocator().buffer(capacity: 1024)
        self.now = eventLoop.now
        let seconds = unixSeconds()
        self.dated = (seconds, HTTPDate.format(unixSeconds: seconds))
    }

    /// The date of this moment, as a field's value. One that is kept from tick to tick would be earlier than the
    /// `Last-Modified` of what has just been written (RFC 9110, section 8.8.2.1: it must not).
    var date: String {
        let seconds = unixSeconds()
        if seconds != dated.unixSeconds {
            dated = (seconds, HTTPDate.format(unixSeconds: seconds))
        }
        return dated.text
    }

    func insert(_ handler: ConnectionHandler) { members[ObjectIdentifier(handler)] = handler }

    func remove(_ handler: ConnectionHandler) { members[ObjectIdentifier(handler)] = nil }

    /// A deadline that is not met before `amount` has passed: `now` may be a tick old.
    func deadline(in amount: TimeAmount) -> NIODeadline { now + Self.tick + amount }

    /// Renews the time and closes what has passed its deadline.
    func renew() {
        now = eventLoop.now
        for handler in Array(members.values) { handler.checkDeadlines() }
    }

    /// Idle connections close now, the others after the response that is under way.
    func beginDrain() {
        isDraining = true
        for handler in Array(members.values) { handler.beginDrain() }
    }

    /// Cuts every connection.
    func cutAll() {
        isDraining = true
        for handler in Array(members.values) { handler.cut() }
    }
}
