// The audit log: a line for each administrative change that was asked for. Fields are only ever added.

package struct AuditEntryDocument: Sendable, Hashable, Codable {
    /// `2026-01-31T12:34:56.789Z`, always so wide: entries can be compared by it.
    package var time: String
    /// A key's name; absent on the socket in the data directory, where `client` says who it was.
    package var principal: String?
    /// `address:port`, or the user and the process at the other end of the socket.
    package var client: String
    /// The API's call, e.g. `AdminRevokeKey` or `PutBucketPolicy`.
    package var call: String
    /// What it is about: a bucket, an access key, a region, a kind of job.
    package var subject: String?
    /// What was to change, in words.
    package var change: String?
    /// The answer's.
    package var status: Int
    /// Why it was refused.
    package var error: String?
    /// The request's id, which log lines and answers have too.
    package var request: String

    package init(
        time: String, principal: String?, client: String, call: String, subject: String?,
        change: String?, status: Int, error: String?, request: String
    ) {
        self.time = time
        self.principal = principal
        self.client = client
        self.call = call
        self.subject = subject
        self.change = change
        self.status = status
        self.error = error
        self.request = request
    }
}
