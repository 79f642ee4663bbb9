// What the connections of one event loop share, so that none of it needs a lock or a timer of its own:
// the list of them, the date, the names of fields, and one tick a second that looks at every deadline.
// A deadline is therefore met one or two ticks late, never early, and costs a connection eight bytes.

internal import Logging
internal import NIOCore

/// Confined to its event loop.
final class LoopConnections {
    /// How often deadlines are looked at and the date is renewed.
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
    /// The date of the last tick, as a field's value.
    private(set) var date: String
    private(set) var isDraining = false

    private let unixSeconds: @Sendable () -> Int64
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
        self.date = HTTPDate.format(unixSeconds: unixSeconds())
    }

    func insert(_ handler: ConnectionHandler) { members[ObjectIdentifier(handler)] = handler }

    func remove(_ handler: ConnectionHandler) { members[ObjectIdentifier(handler)] = nil }

    /// A deadline that is not met before `amount` has passed: `now` may be a tick old.
    func deadline(in amount: TimeAmount) -> NIODeadline { now + Self.tick + amount }

    /// Renews time and date and closes what has passed its deadline.
    func renew() {
        now = eventLoop.now
        date = HTTPDate.format(unixSeconds: unixSeconds())
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
