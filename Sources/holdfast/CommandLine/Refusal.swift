// How a command says no: one plain line for the person, one number for the script.

/// The exit statuses of every command.
enum ExitStatus: Int32, Sendable {
    case done = 0
    /// It found what it looked for, and it is bad.
    case bad = 1
    /// Wrong use, or a start that cannot succeed as things are.
    case usage = 2
    /// The daemon cannot be reached.
    case unreachable = 3
}

/// Ends the command. The message is one line that says what is wrong and, where it helps, the remedy.
struct Refusal: Error, Sendable {
    let message: String
    let status: ExitStatus

    init(_ message: String, status: ExitStatus = .usage) {
        self.message = message
        self.status = status
    }
}
