// Every bound that authentication keeps.

package struct AccessLimits: Sendable, Hashable {
    /// How far a signed request's time may be from ours (Amazon S3: 15 minutes).
    package var skewSeconds: Int64 = 900
    /// The longest life of a presigned URL (Amazon S3: seven days).
    package var presignedLifeSeconds: Int64 = 604_800
    /// Derived signing keys that are kept.
    package var signingKeys = 256
    /// Headers that one signature may cover.
    package var signedHeaders = 128
    /// The size line of a chunk of an aws-chunked body, with its signature.
    package var chunkHeaderBytes = 256
    /// All trailers of an aws-chunked body together.
    package var trailerBytes = 8192
    package var trailers = 16
    /// How far a peer's clock may be from ours.
    package var peerSkewMilliseconds: Int64 = 300_000
    /// Nonces of peers that are remembered: ten minutes at 400 requests a second.
    package var peerNonces = 262_144

    package init() {}
}
