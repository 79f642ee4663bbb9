// Every limit of the server, by name. Reaching one is an answer of its own (a 4xx, or a closed
// connection), never growth: what one connection may hold in memory is the sum of the limits below.

package import NIOCore

/// What a client may ask of the server. All of it is per connection unless said otherwise.
package struct HTTPLimits: Sendable, Hashable {
    /// Method, target and version in one line. Above: 414.
    package var requestLineBytes = 16 << 10
    /// The whole head: request line and fields. Above: 431.
    package var headBytes = 64 << 10
    /// Fields in a head, and in the trailer of a chunked body. Above: 431.
    package var fieldCount = 128
    /// One line of chunked framing (size and extensions) or of a trailer. Above: 400.
    package var chunkLineBytes = 4 << 10

    /// From the first byte of a head (for the first request: from the connect, so that a TLS handshake is
    /// part of it) to its last. Then: 408.
    package var headTimeout = TimeAmount.seconds(30)
    /// Between two arrivals of body bytes while somebody waits for them. Then the body's reader throws.
    package var bodyIdleTimeout = TimeAmount.seconds(60)
    /// Between two moments in which the client took bytes of a response. Then the connection is cut.
    package var responseIdleTimeout = TimeAmount.seconds(60)
    /// Between the end of a response and the first byte of the next request. Then the connection closes.
    package var keepAliveTimeout = TimeAmount.seconds(120)
    /// Of that, how long a connection keeps what it takes to answer at once.
    package var restAfter = TimeAmount.zero

    /// The largest buffer that bytes of a body are received into.
    package var receiveBytes = 128 << 10
    /// Received bytes that no one has asked for yet. At the limit reading stops until they are taken.
    package var unreadBytes = 256 << 10
    /// A request's body that its handler left unread is read and dropped up to here, so that the
    /// connection can be kept; beyond, the connection closes after the response.
    package var discardBytes = 64 << 10
    /// After the last response of a connection whose client is still sending: so much is read and
    /// dropped, for so long, so that the client sees the response instead of a reset. (The parts that S3
    /// clients send are smaller.)
    package var lingerBytes = 32 << 20
    package var lingerTimeout = TimeAmount.seconds(5)

    /// Response bytes handed to the connection and not taken by the socket: above the high mark the
    /// response's source is not asked for more, until they fall below the low one. Parts of 1 MiB go out two
    /// at a time, and other connections of the event loop have their turn in between.
    package var unsentLowBytes = 512 << 10
    package var unsentHighBytes = 1 << 20

    /// So much is encrypted at once; the event loop's other connections have their turn in between. TLS keeps a
    /// buffer for each connection that holds the largest of these encrypted: seven of its records, with what is
    /// added to each, are just less than 128 KiB.
    package var encryptedBytes = 7 << 14

    /// Over all listeners. Above: 503 and close; without a word where the connection is encrypted.
    package var connectionCount = 16_384
    /// How long requests under way may take after a stop was asked for; then they are cut.
    package var drainTimeout = TimeAmount.seconds(30)

    package init() {}
}
