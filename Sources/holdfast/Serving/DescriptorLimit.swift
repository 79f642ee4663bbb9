// How many files and sockets the process may have open, and how many connections that leaves. Many systems start a
// process with 1024, for the sake of programs that use select(); the hard limit is what the operator meant.

internal import Glibc
internal import HTTPServer
internal import Logging

struct DescriptorLimit: Sendable, Hashable {
    /// For chunk files (512 at most), the index, the journal, and what goes to other regions.
    private static let ownFiles = 1536

    let descriptors: Int

    init(descriptors: Int) { self.descriptors = descriptors }

    /// Raises the limit that counts to the one that it may have; what it is then.
    static func raised() -> DescriptorLimit {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return DescriptorLimit(descriptors: 1024)
        }
        var wanted = limit
        wanted.rlim_cur = wanted.rlim_max
        // Where that is refused the old one counts on.
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &wanted) == 0 { limit = wanted }
        return DescriptorLimit(descriptors: Int(clamping: limit.rlim_cur))
    }

    /// What is left for clients, of `wanted` connections; half of a limit that is very small.
    func connections(of wanted: Int) -> Int {
        max(1, min(wanted, descriptors - min(Self.ownFiles, descriptors / 2)))
    }

    /// Says so where it is less than what the server would take.
    func note(_ limits: HTTPLimits, wanted: Int, _ logger: Logger) {
        guard limits.connectionCount < wanted else { return }
        logger.warning(
            "few files may be open: fewer connections are served at a time; raise the limit (ulimit -n, LimitNOFILE)",
            metadata: [
                "openFiles": "\(descriptors)", "connections": "\(limits.connectionCount)",
                "enough": "\(wanted + Self.ownFiles)",
            ])
    }
}
