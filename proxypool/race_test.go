//go:build race

package proxypool_test

// The detector makes the simulation some ten times slower.
const (
	defaultSeeds = 1
	raced        = true
)
