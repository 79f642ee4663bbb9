// Plain lines to the person at the terminal.

internal import Glibc

enum Terminal {
    /// What others wrote, as text of one line: a terminal would act on some characters, and turn the direction of
    /// others.
    static func plain(_ text: String) -> String {
        var plain = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                plain += "\\u{\(String(scalar.value, radix: 16))}"
            default: plain.unicodeScalars.append(scalar)
            }
        }
        return plain
    }

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
