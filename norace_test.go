//go:build !race

package godwit

// RaceEnabled tells the tests that the race detector slows everything down.
const RaceEnabled = false
