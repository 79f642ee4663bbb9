import RegionClient

extension ClientLimits {
    /// For tests, which share a machine with whatever else runs: only a test of a timeout meets one.
    static var patient: ClientLimits {
        var limits = ClientLimits()
        limits.connectMilliseconds = 300_000
        limits.stallMilliseconds = 300_000
        limits.documentMilliseconds = 300_000
        return limits
    }
}
