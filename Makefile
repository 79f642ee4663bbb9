# The commands of the house. Each is one script in Tools/, which says what it does.

# The clients that the tests use live beside the build where the machine does not have them.
export PATH := $(CURDIR)/.build/clients/bin:$(PATH)

.PHONY: run test build format check bench soak

# Two regions on this machine, with their data under ./.holdfast/.
run:
	@Tools/run

# Everything: install, build, check, all tests; ends with "N passed, N failed".
test:
	@Tools/test

# Leaves the release binary at .build/release/holdfast.
build:
	@Tools/build

# Formats the sources in place.
format:
	@Tools/format

# Format and imports, without building tests.
check:
	@Tools/check

# The table of BENCHMARKS.md, measured here.
bench: build
	@swift build -c release --product StoreLoader
	@swift build -c release --product DriverStream
	@Tools/benchmark

# The long forms, about two hours: everything at once for ten minutes, 10000 seeds of the simulation, an hour
# of fuzzing. Ends with what passed and what failed.
soak:
	@Tools/soak
