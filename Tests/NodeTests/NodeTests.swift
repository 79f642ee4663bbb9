// The real binary with real clients. One at a time: each starts daemons and registries of its own, and
// two cores carry no more.

import Testing

@Suite("Nodes", .serialized)
enum NodeTests {}
