//go:build race

package godwit

const raceEnabled = true
