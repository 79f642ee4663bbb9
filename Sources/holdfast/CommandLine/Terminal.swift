// Plain lines to the person at the terminal.

internal import Glibc

enum Terminal {
    static func printError(_ line: String) {
        write(line + "\n", to: STDERR_FILENO)
    }

    static func isTerminal(_ descriptor: CInt) -> Bool { isatty(descriptor) == 1 }

    /// All of `text`, or as much as the descriptor takes. Whether it took all of it, for whom that matters: for
    /// what a person is told there is nowhere left to complain to.
    @discardableResult
    static func write(_ text: String, to descriptor: CInt) -> Bool {
        write(Array(text.utf8)[...], to: descriptor)
    }

    @discardableResult
    static func write(_ bytes: ArraySlice<UInt8>, to descriptor: CInt) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { return false }
            rest = rest.dropFirst(written)
        }
        return true
    }
}
